import type { Change, CommitResult, Store } from '../ports/store.ts';
import { refusalText } from './hold-changes.ts';

/** How often something is stored anew that was made from what has changed meanwhile. */
export const ATTEMPTS = 5;

/**
 * Commits the changes that `make` reads and answers, where there are any. Where an alert moved in between, `make` is
 * asked again, a few times. Answers the last result; a run that moved is left to the caller.
 */
export async function commitFresh(
  store: Pick<Store, 'commit'>,
  make: () => readonly Change[] | Promise<readonly Change[]>,
): Promise<CommitResult> {
  for (let attempt = 1; ; attempt += 1) {
    const changes = await make();
    if (changes.length === 0) return { ok: true, insertedRuns: [], insertedAlerts: [] };
    const done = await store.commit(changes);
    if (done.ok || !('staleAlert' in done) || attempt === ATTEMPTS) return done;
  }
}

/** Why a commit was refused, in words: something it was made from has moved, or an apply is held back. */
export function staleText(refused: Extract<CommitResult, { readonly ok: false }>): string {
  if ('refused' in refused) return refusalText(refused.refused);
  if ('staleCodification' in refused) return 'it is on its way into the code already, or moved meanwhile';
  if ('applying' in refused) return `the apply waits for the one of ${refused.applying}`;
  if ('moved' in refused) return `what is snoozed or accepted on ${refused.moved} has just changed`;
  if ('taken' in refused) return `stack ${refused.taken} was taken by another worker`;
  return 'staleAlert' in refused
    ? `alert ${refused.staleAlert} was changed by somebody else`
    : `run #${refused.stale} was changed by somebody else`;
}

/**
 * As `commitFresh`. True once all is stored; false where a condition of the changes about a stack's runs or exemptions does
 * not hold. Rejects where something else that they were made from goes on moving.
 */
export async function storeFresh(
  store: Pick<Store, 'commit'>,
  make: () => readonly Change[] | Promise<readonly Change[]>,
): Promise<boolean> {
  const done = await commitFresh(store, make);
  if (!done.ok && 'moved' in done) return false;
  if (!done.ok) throw new Error(`storing a change: ${staleText(done)}`);
  return true;
}
