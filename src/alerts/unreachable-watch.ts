/** Opens an alert in the channels if drift waits but nobody on call can be asked, and resolves it afterwards. */
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

interface UnreachableParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write'>;
  readonly directory: Directory;
  readonly clock: Clock;
}

/** Why nobody on call for the stack can be asked. Null if somebody can, or if the stack has no on-call rotation. */
export async function unreachableReasons(
  { store, directory }: Pick<UnreachableParts, 'store' | 'directory'>,
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
 * Opens one alert for each set of rotations in which nobody can be asked, and for each channel that refuses messages.
 * Resolves it when somebody can be asked, nothing waits any more, or the channel accepts messages. `unreachable` has
 * the reasons by stack. Rejects if the store fails.
 */
export async function updateUnreachableAlerts(
  { store, worker, clock, directory }: UnreachableParts,
  waiting: readonly { readonly stack: Stack }[],
  unreachable: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const now = clock();
  const expected = new Map(await lostChannels(store, directory));
  for (const { stack } of waiting) {
    const problems = unreachable.get(stack.name);
    if (problems === undefined) continue;
    const rotas = rotasOf(stack).map(onCallEntry).join(', ');
    const stacks = [...(expected.get(rotas)?.stacks ?? []), stack.name].sort();
    expected.set(rotas, { problems, stacks });
  }
  if ((await unreachableChanges(store, expected, now)).length === 0) return;
  await worker.write('', () => unreachableChanges(store, expected, now));
}

/** The changes after which exactly the alerts of `expected` (by subject) are open. */
async function unreachableChanges(
  store: Store,
  expected: ReadonlyMap<string, ReachAlert['details']>,
  now: number,
): Promise<readonly Change[]> {
  const open = await store.alerts({ kind: 'reach', state: 'open' });
  const notYetOpen = new Map(expected);
  const changes: Change[] = [];
  const card = (alert: ReachAlert, what: string): Change => ({
    type: 'outbox.add',
    key: `card:${alert.id}:${what}:${now}`,
    delivery: { type: 'card', alertId: alert.id },
    at: now,
  });
  for (const alert of open) {
    const details = expected.get(alert.subject);
    if (details === undefined) {
      const outcome = isOnCall(alert.subject)
        ? 'somebody can be asked again, or nothing waits any more'
        : 'it takes messages again';
      const ended: ReachAlert = { ...alert, state: 'resolved', outcome, lastSeenAt: now };
      changes.push({ type: 'alert.update', alert: ended }, card(alert, 'resolved'));
      continue;
    }
    notYetOpen.delete(alert.subject);
    const fingerprint = fingerprintOf(details);
    if (fingerprint === alert.fingerprint) continue;
    changes.push(
      { type: 'alert.update', alert: { ...alert, fingerprint, details, lastSeenAt: now } },
      card(alert, fingerprint),
    );
  }
  for (const [stack, details] of notYetOpen) {
    changes.push(
      {
        type: 'alert.insert',
        alert: {
          ...{
            kind: 'reach',
            subject: stack,
            fingerprint: fingerprintOf(details),
            state: 'open',
            runId: null,
          },
          ...{ firstSeenAt: now, lastSeenAt: now, seenCount: 1, outcome: null, details },
        },
        deliveries: [{ type: 'card' }],
      },
      {
        type: 'audit',
        entry: {
          ...{ at: now, actor: M0, place: null, action: 'nobody-reached', stack: details.stacks.join(', ') },
          ...{ runId: null, fingerprint: null, commit: null, bundles: null, scope: null },
          detail: details.problems.join('; '),
        },
      },
    );
  }
  return changes;
}

function fingerprintOf(details: ReachAlert['details']): string {
  return createHash('sha256')
    .update(JSON.stringify([details.problems, details.stacks]))
    .digest('hex')
    .slice(0, 16);
}
