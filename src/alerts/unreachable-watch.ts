/** Tells in the channels that something waits and nobody on call can be asked, and when somebody can again. */
import { createHash } from 'node:crypto';
import type { ReachAlert } from '../model/alert.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { isOnCall, onCallEntry } from '../model/rota.ts';
import { M0 } from '../model/run.ts';
import { rotasOf } from '../people/permissions.ts';
import type { RotaNow } from '../people/rota-now.ts';
import type { Change, Store } from '../ports/store.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { refusalOf } from './refused-messages.ts';
import { addressOf, lostChannels } from './unreachable.ts';

interface ReachParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write'>;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** Why none of those on call for the stack can be asked; null where somebody can, or it names no rota. */
export async function whyNobody(
  { store, directory }: Pick<ReachParts, 'store' | 'directory'>,
  stack: Stack,
  rotas: Readonly<Record<string, RotaNow>>,
): Promise<readonly string[] | null> {
  const names = rotasOf(stack);
  if (names.length === 0) return null;
  const problems: string[] = [];
  for (const name of names) {
    const { people = [], problem = null } = rotas[name] ?? {};
    if (people.length === 0) problems.push(`${name}: ${problem ?? 'nobody is on call'}`);
    for (const person of people) {
      const address = addressOf(directory, person);
      const why =
        address === null
          ? 'has no chat id under "people" in m0.yaml'
          : await refusalOf(store, person, address);
      if (why === null) return null;
      problems.push(`${name}: ${directory.people.find((p) => p.key === person)?.name ?? person}: ${why}`);
    }
  }
  return problems;
}

/**
 * One alert for each set of rotas of which nobody can be asked, and for each channel that takes nothing; it ends when
 * somebody can be, or nothing waits, or the channel takes something again.
 */
export async function tellUnreached(
  { store, worker, clock, directory }: ReachParts,
  waiting: readonly { readonly stack: Stack }[],
  unreached: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const now = clock();
  const wanted = new Map(await lostChannels(store, directory));
  for (const { stack } of waiting) {
    const problems = unreached.get(stack.name);
    if (problems === undefined) continue;
    const rotas = rotasOf(stack).map(onCallEntry).join(', ');
    const stacks = [...(wanted.get(rotas)?.stacks ?? []), stack.name].sort();
    wanted.set(rotas, { problems, stacks });
  }
  if ((await reachChanges(store, wanted, now)).length === 0) return;
  await worker.write('', () => reachChanges(store, wanted, now));
}

/** From the open alerts to one for each of `wanted`, by subject, and no other. */
async function reachChanges(
  store: Store,
  wanted: ReadonlyMap<string, ReachAlert['details']>,
  now: number,
): Promise<readonly Change[]> {
  const open = await store.alerts({ kind: 'reach', state: 'open' });
  const unopened = new Map(wanted);
  const changes: Change[] = [];
  const card = (alert: ReachAlert, what: string): Change => ({
    type: 'outbox.add',
    key: `card:${alert.id}:${what}:${now}`,
    delivery: { type: 'card', alertId: alert.id },
    at: now,
  });
  for (const alert of open) {
    const trouble = wanted.get(alert.subject);
    if (trouble === undefined) {
      const outcome = isOnCall(alert.subject)
        ? 'somebody can be asked again, or nothing waits any more'
        : 'it takes messages again';
      const ended: ReachAlert = { ...alert, state: 'resolved', outcome, lastSeenAt: now };
      changes.push({ type: 'alert.update', alert: ended }, card(alert, 'resolved'));
      continue;
    }
    unopened.delete(alert.subject);
    const fingerprint = fingerprintOf(trouble);
    if (fingerprint === alert.fingerprint) continue;
    changes.push(
      { type: 'alert.update', alert: { ...alert, fingerprint, details: trouble, lastSeenAt: now } },
      card(alert, fingerprint),
    );
  }
  for (const [stack, trouble] of unopened) {
    changes.push(
      {
        type: 'alert.insert',
        alert: {
          ...{
            kind: 'reach',
            subject: stack,
            fingerprint: fingerprintOf(trouble),
            state: 'open',
            runId: null,
          },
          ...{ firstSeenAt: now, lastSeenAt: now, seenCount: 1, outcome: null, details: trouble },
        },
        deliveries: [{ type: 'card' }],
      },
      {
        type: 'audit',
        entry: {
          ...{ at: now, actor: M0, place: null, action: 'nobody-reached', stack: trouble.stacks.join(', ') },
          ...{ runId: null, fingerprint: null, commit: null, bundles: null, scope: null },
          detail: trouble.problems.join('; '),
        },
      },
    );
  }
  return changes;
}

function fingerprintOf(trouble: ReachAlert['details']): string {
  return createHash('sha256')
    .update(JSON.stringify([trouble.problems, trouble.stacks]))
    .digest('hex')
    .slice(0, 16);
}
