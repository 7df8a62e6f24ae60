/** Announces each snooze that ended, once, and queues a check of its stack. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { M0 } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { SNOOZES_ANNOUNCED } from '../runs/after-restore.ts';
import { newRun } from '../runs/effects.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { cardsOfExemptions } from './exemption-end.ts';

export interface SnoozeWatchParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write'>;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The stored value: all snoozes that ended before this time (ms since epoch) have been announced. */
const ANNOUNCED_UP_TO = SNOOZES_ANNOUNCED;

/**
 * Finds the snoozes that ended since the last call, also if m0 was restarted in between. Each gets a line in the
 * history of its cards, an audit entry and a check of the stack. All of this and the new time are stored in one
 * transaction, so no snooze is announced twice or left out. Never rejects.
 */
export async function announceEndedSnoozes(parts: SnoozeWatchParts): Promise<void> {
  const { store, clock, log } = parts;
  try {
    const now = clock();
    const value = await store.value(ANNOUNCED_UP_TO);
    // If the clock was set back, snoozes that end from now on must still be announced.
    const announcedUpTo = value === undefined ? now : Math.min(Number(value), now);
    const over = await store.exemptionsEnded(announcedUpTo, now);
    if (over.length === 0 && value !== undefined && now - announcedUpTo < 60_000) return;
    await parts.worker.write('', async () => [
      ...(await changesOf(parts, over, now)),
      { type: 'value.set', name: ANNOUNCED_UP_TO, value: String(now) },
    ]);
  } catch (error) {
    log.error({ err: error }, 'announcing ended snoozes failed; it is tried again');
  }
}

async function changesOf(
  parts: SnoozeWatchParts,
  over: readonly Exemption[],
  now: number,
): Promise<readonly Change[]> {
  const { store, directory } = parts;
  const lines = await Promise.all(over.map((exemption) => historyOf(store, exemption, now)));
  const cards = await cardsOf(store, over);
  const checks: Change[] = [];
  for (const name of new Set(over.map((k) => k.stack))) {
    const stack = directory.stacks.find((s) => s.name === name);
    const [queued] = await store.runs({ stack: name, states: ['queued'], limit: 1 });
    // The trigger is `verify`: such a run asks again although the drift is the same as before the snooze.
    if (stack && queued?.trigger !== 'verify') {
      checks.push({ type: 'run.insert', run: newRun(stack, 'verify', M0, null, now) });
    }
  }
  return [...lines.flat(), ...cards, ...checks];
}

/** Updates the outcome of each alert once, although several of its snoozes may have ended. */
async function cardsOf(store: Store, over: readonly Exemption[]): Promise<readonly Change[]> {
  const cards = await Promise.all(
    over.map((exemption) => cardsOfExemptions(store, exemption.stack, [exemption])),
  );
  const older = cards.flatMap((each) => each.older).filter((alert) => alert.kind === 'drift');
  return [...new Map(older.map((alert) => [alert.id, alert])).values()]
    .filter((alert) => alert.state === 'resolved')
    .map((alert) => ({
      type: 'alert.update',
      alert: { ...alert, outcome: 'the snooze is over, checked again' },
    }));
}

async function historyOf(store: Store, exemption: Exemption, now: number): Promise<readonly Change[]> {
  const run = exemption.runId === null ? undefined : await store.run(exemption.runId);
  const { open, older } = await cardsOfExemptions(store, exemption.stack, [exemption]);
  const drift = older.filter((alert) => alert.kind === 'drift');
  const told = open === null ? drift : [open];
  const updated = open === null ? drift : [open, ...drift];
  const what = exemption.address ?? exemption.stack;
  const why = exemption.reason === '' ? '' : ` ("${exemption.reason}")`;
  const kind = exemption.kind === 'accept' ? 'accept' : 'snooze';
  const text = `The ${kind} of ${what} by ${exemption.by.name}${why} is over: checking again`;
  return [
    {
      type: 'audit',
      entry: {
        ...{ at: now, actor: M0, place: null, action: 'snooze-over', stack: exemption.stack },
        ...{
          runId: exemption.runId,
          fingerprint: run?.fingerprint ?? null,
          commit: run?.code?.commit ?? null,
        },
        bundles: null,
        scope:
          exemption.address === null || exemption.fingerprint === null
            ? null
            : [{ address: exemption.address, fingerprint: exemption.fingerprint }],
        detail: `${what}: ${exemption.kind === 'accept' ? 'accepted' : 'snoozed'} by ${exemption.by.name}`,
      },
    },
    ...told.map(
      ({ id }): Change => ({
        type: 'outbox.add',
        key: `thread:${id}:snooze-over:${exemption.id}`,
        delivery: { type: 'thread', alertId: id, text },
        at: now,
      }),
    ),
    ...updated.map(
      ({ id }): Change => ({
        type: 'outbox.add',
        key: `card:${id}:snooze-over:${exemption.id}`,
        delivery: { type: 'card', alertId: id },
        at: now,
      }),
    ),
  ];
}
