/** Tells that a snooze is over, once, and has the stack checked again at once. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory } from '../model/directory.ts';
import type { Keep } from '../model/exemption.ts';
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

/** Up to when the ends of snoozes have been told, ms since epoch. */
const TOLD = 'snoozes-told';

/**
 * Looks for snoozes that ended since the last look, also one before a restart: a line in the history of the cards
 * that showed them, one in the record, and a check of the stack. All of it is stored in one go with the time of
 * this look, so that none is told twice or left out. Never rejects.
 */
export async function tellEndedSnoozes(parts: SnoozeWatchParts): Promise<void> {
  const { store, clock, log } = parts;
  try {
    const now = clock();
    const value = await store.value(TOLD);
    // Where the clock was set back, what ends from here on is still to be told.
    const told = value === undefined ? now : Math.min(Number(value), now);
    const over = await store.keepsOver(told, now);
    if (over.length === 0 && value !== undefined && now - told < 60_000) return;
    await parts.worker.write('', async () => [
      ...(await changesOf(parts, over, now)),
      { c: 'value.set', name: TOLD, value: String(now) },
    ]);
  } catch (error) {
    log.error({ err: error }, 'looking for snoozes that are over broke; it is tried again');
  }
}

async function changesOf(
  parts: SnoozeWatchParts,
  over: readonly Keep[],
  now: number,
): Promise<readonly Change[]> {
  const { store, directory } = parts;
  const lines = await Promise.all(over.map((keep) => linesOf(store, keep, now)));
  const checks: Change[] = [];
  for (const name of new Set(over.map((k) => k.stack))) {
    const stack = directory.stacks.find((s) => s.name === name);
    const [queued] = await store.runs({ stack: name, states: ['queued'], limit: 1 });
    // `verify`: what was told before the snooze is asked about again, though it may be the same drift.
    if (stack && queued?.trigger !== 'verify') {
      checks.push({ c: 'run.insert', run: newRun(stack, 'verify', M0, null, now) });
    }
  }
  return [...lines.flat(), ...checks];
}

async function linesOf(store: Store, keep: Keep, now: number): Promise<readonly Change[]> {
  const run = keep.runId === null ? undefined : await store.run(keep.runId);
  const alerts = keep.runId === null ? [] : await store.alerts({ runId: keep.runId, kind: 'drift' });
  const what = keep.address ?? keep.stack;
  const why = keep.reason === '' ? '' : ` ("${keep.reason}")`;
  const text = `The snooze of ${what} by ${keep.by.name}${why} is over: checking again`;
  return [
    {
      c: 'audit',
      entry: {
        ...{ at: now, actor: M0, place: null, action: 'snooze-over', stack: keep.stack },
        ...{ runId: keep.runId, fingerprint: run?.fingerprint ?? null, commit: run?.code?.commit ?? null },
        bundles: null,
        scope:
          keep.address === null || keep.fingerprint === null
            ? null
            : [{ address: keep.address, fingerprint: keep.fingerprint }],
        detail: `${what}: snoozed by ${keep.by.name}`,
      },
    },
    ...alerts.flatMap((alert): Change[] => [
      ...(alert.state === 'resolved'
        ? [{ c: 'alert.update' as const, alert: { ...alert, outcome: 'the snooze is over, checked again' } }]
        : []),
      {
        c: 'outbox.add',
        key: `thread:${alert.id}:snooze-over:${keep.id}`,
        delivery: { d: 'thread', alertId: alert.id, text },
        at: now,
      },
      {
        c: 'outbox.add',
        key: `card:${alert.id}:snooze-over:${keep.id}`,
        delivery: { d: 'card', alertId: alert.id },
        at: now,
      },
    ]),
  ];
}
