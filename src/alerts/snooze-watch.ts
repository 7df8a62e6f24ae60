/** Tells that a snooze is over, once, and has the stack checked again at once. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import { M0 } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { newRun } from '../runs/effects.ts';
import type { Worker } from '../runs/worker-parts.ts';

export interface SnoozeWatchParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'write'>;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Up to when the ends of snoozes have been announcedUpTo, ms since epoch. */
const ANNOUNCED_UP_TO = 'snoozes-told';

/**
 * Looks for snoozes that ended since the last look, also one before a restart: a line in the history of the cards
 * that showed them, one in the record, and a check of the stack. All of it is stored in one go with the time of
 * this look, so that none is told twice or left out. Never rejects.
 */
export async function tellEndedSnoozes(parts: SnoozeWatchParts): Promise<void> {
  const { store, clock, log } = parts;
  try {
    const now = clock();
    const value = await store.value(ANNOUNCED_UP_TO);
    // Where the clock was set back, what ends from here on is still to be told.
    const announcedUpTo = value === undefined ? now : Math.min(Number(value), now);
    const over = await store.exemptionsEnded(announcedUpTo, now);
    if (over.length === 0 && value !== undefined && now - announcedUpTo < 60_000) return;
    await parts.worker.write('', async () => [
      ...(await changesOf(parts, over, now)),
      { type: 'value.set', name: ANNOUNCED_UP_TO, value: String(now) },
    ]);
  } catch (error) {
    log.error({ err: error }, 'looking for snoozes that are over broke; it is tried again');
  }
}

async function changesOf(
  parts: SnoozeWatchParts,
  over: readonly Exemption[],
  now: number,
): Promise<readonly Change[]> {
  const { store, directory } = parts;
  const lines = await Promise.all(over.map((exemption) => linesOf(store, exemption, now)));
  const cards = await cardsOf(store, over);
  const checks: Change[] = [];
  for (const name of new Set(over.map((k) => k.stack))) {
    const stack = directory.stacks.find((s) => s.name === name);
    const [queued] = await store.runs({ stack: name, states: ['queued'], limit: 1 });
    // `verify`: what was told before the snooze is asked about again, though it may be the same drift.
    if (stack && queued?.trigger !== 'verify') {
      checks.push({ type: 'run.insert', run: newRun(stack, 'verify', M0, null, now) });
    }
  }
  return [...lines.flat(), ...cards, ...checks];
}

/** Several snoozes may have ended on one card: it is changed once. */
async function cardsOf(store: Store, over: readonly Exemption[]): Promise<readonly Change[]> {
  const runs = new Set(over.flatMap((exemption) => exemption.runId ?? []));
  const alerts = await Promise.all([...runs].map((runId) => store.alerts({ runId, kind: 'drift' })));
  return alerts
    .flat()
    .filter((alert) => alert.state === 'resolved')
    .map((alert) => ({
      type: 'alert.update',
      alert: { ...alert, outcome: 'the snooze is over, checked again' },
    }));
}

async function linesOf(store: Store, exemption: Exemption, now: number): Promise<readonly Change[]> {
  const run = exemption.runId === null ? undefined : await store.run(exemption.runId);
  const alerts =
    exemption.runId === null ? [] : await store.alerts({ runId: exemption.runId, kind: 'drift' });
  const what = exemption.address ?? exemption.stack;
  const why = exemption.reason === '' ? '' : ` ("${exemption.reason}")`;
  const text = `The snooze of ${what} by ${exemption.by.name}${why} is over: checking again`;
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
        detail: `${what}: snoozed by ${exemption.by.name}`,
      },
    },
    ...alerts.flatMap((alert): Change[] => [
      {
        type: 'outbox.add',
        key: `thread:${alert.id}:snooze-over:${exemption.id}`,
        delivery: { type: 'thread', alertId: alert.id, text },
        at: now,
      },
      {
        type: 'outbox.add',
        key: `card:${alert.id}:snooze-over:${exemption.id}`,
        delivery: { type: 'card', alertId: alert.id },
        at: now,
      },
    ]),
  ];
}
