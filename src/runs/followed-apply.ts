/** Finds the apply upstream that drift follows, so that it is told where that apply was told. */
import type { Run } from '../model/run.ts';
import type { Store } from '../ports/store.ts';

/** Drift that began longer ago than this has another cause, in ms. */
const RECENT_MS = 24 * 3_600_000;

/** The card of an apply upstream. */
export interface FollowedApply {
  readonly stack: string;
  readonly run: number;
  readonly alertId: number;
}

/**
 * True if all that the run found to decide is new in what the code reads from elsewhere: no commit has changed the
 * stack's inputs since code and cloud last agreed, and nobody changed the cloud.
 */
function onlyFollows({ findings, code }: Run): boolean {
  const open = findings.filter((finding) => finding.actionable);
  return (
    open.length > 0 &&
    open.every(({ origin }) => origin === 'code') &&
    code?.inputs?.commits !== undefined &&
    code.inputs.commits.count === 0
  );
}

/**
 * The newest apply of one of the `upstream` stacks within a day before `now` (ms since epoch), if the run's drift only
 * follows from one; null: it does not, or the apply had no card. Rejects if the store fails.
 */
export async function followedApply(
  store: Pick<Store, 'runs' | 'alerts'>,
  run: Run,
  upstream: readonly string[],
  now: number,
): Promise<FollowedApply | null> {
  if (upstream.length === 0 || !onlyFollows(run)) return null;
  const newest = await Promise.all(
    upstream.map((stack) => store.runs({ stack, states: ['realigned'], limit: 1 })),
  );
  const [apply] = newest
    .flat()
    .filter(({ updatedAt }) => now - updatedAt <= RECENT_MS)
    .sort((a, b) => b.updatedAt - a.updatedAt);
  if (apply === undefined) return null;
  const [alert] = await store.alerts({ runId: apply.id, kind: 'drift' });
  return alert === undefined ? null : { stack: apply.stack, run: apply.id, alertId: alert.id };
}
