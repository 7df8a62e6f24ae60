/**
 * Checks what was never checked, after a start: a few at a time, so that checks that somebody waits for and checks that
 * are due do not queue behind hundreds. Each channel gets one message, which is an alert and so survives a restart.
 */
import type { Logger } from '../base/log.ts';
import type { FirstChecksAlert } from '../model/alert.ts';
import type { Place, Stack } from '../model/directory.ts';
import { M0 } from '../model/run.ts';
import type { Change } from '../ports/store.ts';
import { storeFresh } from '../runs/commit-fresh.ts';
import type { Worker } from '../runs/worker-parts.ts';
import { type FirstCheckParts, firstCheckStates, isChecked } from './first-checks-view.ts';
import { channelName } from './unreachable.ts';

export interface FirstChecksParts extends FirstCheckParts {
  readonly worker: Pick<Worker, 'check'>;
  readonly log: Logger;
  /** How many stacks are worked on at the same time. */
  readonly concurrency: number;
  /** Called after new messages were stored. */
  readonly onChange: () => void;
}

export interface FirstChecks {
  /**
   * The first time: finds the stacks that were never checked, says so, and goes on with those of an earlier start. Each
   * time: queues the next ones, and brings the messages up to date. Never rejects.
   */
  look(): Promise<void>;
}

/** How many first checks wait at a time, for each that can run: enough that no worker has nothing to do. */
const WAITING_PER_WORKER = 4;
/** A message is updated at most this often. */
const REFRESH_MS = 10_000;

export function createFirstChecks(parts: FirstChecksParts): FirstChecks {
  const { store, worker, directory, clock, log, concurrency } = parts;
  let begun = false;
  /** How many of its stacks were checked when each message was last brought up to date. */
  const told = new Map<number, number>();

  const openAlerts = async (): Promise<readonly FirstChecksAlert[]> =>
    store.alerts({ kind: 'first-checks', state: 'open' });

  function placesOf(stacks: readonly Stack[]): ReadonlyMap<string, { place: Place; names: string[] }> {
    const places = new Map<string, { place: Place; names: string[] }>();
    for (const stack of stacks) {
      for (const place of stack.channels) {
        const known = places.get(channelName(place)) ?? { place, names: [] };
        if (!known.names.includes(stack.name)) known.names.push(stack.name);
        places.set(channelName(place), known);
      }
    }
    return places;
  }

  /** Adds what was never checked to the message of each place, or to a new one. */
  async function announce(): Promise<void> {
    const { stacks } = directory;
    const states = await firstCheckStates(
      parts,
      stacks.map((s) => s.name),
    );
    const never = stacks.filter((stack) => states.get(stack.name) === 'never');
    if (never.length > 0)
      log.info({ stacks: never.length }, 'stacks that were never checked are checked now');
    const places = placesOf(never);
    await storeFresh(store, async () => {
      const now = clock();
      const open = await openAlerts();
      const goingOn = await Promise.all(
        open.map(async (alert): Promise<Change> => {
          const names = places.get(alert.subject)?.names ?? [];
          const all = [...new Set([...alert.details.stacks, ...names])];
          const checked = [...(await firstCheckStates(parts, all)).values()].filter(isChecked).length;
          // The time that m0 was down says nothing about its pace.
          const details = { ...alert.details, stacks: all, since: now, before: checked };
          return { type: 'alert.update', alert: { ...alert, lastSeenAt: now, details } };
        }),
      );
      const fresh = [...places]
        .filter(([subject]) => open.every((alert) => alert.subject !== subject))
        .map(
          ([subject, { place, names }]): Change => ({
            type: 'alert.insert',
            alert: {
              ...{
                kind: 'first-checks',
                subject,
                fingerprint: '',
                state: 'open',
                outcome: null,
                runId: null,
              },
              ...{ firstSeenAt: now, lastSeenAt: now, seenCount: 1 },
              details: { place, stacks: names, since: now, before: 0 },
            },
            deliveries: [{ type: 'card' }],
          }),
        );
      return [...goingOn, ...fresh];
    });
    parts.onChange();
  }

  /** Queues checks until enough wait. */
  async function queueMore(alerts: readonly FirstChecksAlert[]): Promise<void> {
    const names = [...new Set(alerts.flatMap((alert) => alert.details.stacks))];
    const states = await firstCheckStates(parts, names);
    const waiting = [...states.values()].filter((state) => state === 'checking').length;
    const next = names.filter((name) => states.get(name) === 'never');
    for (const name of next.slice(0, Math.max(0, concurrency * WAITING_PER_WORKER - waiting))) {
      const stack = directory.stacks.find((s) => s.name === name);
      if (stack !== undefined) await worker.check(stack, 'schedule', M0);
    }
  }

  /** Updates the message where something was checked, and ends it when all are. */
  async function tell(alert: FirstChecksAlert): Promise<void> {
    const states = [...(await firstCheckStates(parts, alert.details.stacks)).values()];
    const done = states.filter(isChecked).length;
    const isOver = done === states.length;
    if (!isOver && told.get(alert.id) === done) return;
    const now = clock();
    if (isOver) {
      await storeFresh(store, async () => {
        const current = await store.alert(alert.id);
        if (current?.kind !== 'first-checks' || current.state !== 'open') return [];
        const over = { ...current, state: 'resolved' as const, outcome: 'all of them were checked' };
        const delivery = { type: 'card', alertId: alert.id } as const;
        const key = `card:${alert.id}:first-checks:over`;
        return [
          { type: 'alert.update', alert: over },
          { type: 'outbox.add', key, delivery, at: now },
        ];
      });
    } else {
      const interval = Math.floor(now / REFRESH_MS) + 1;
      const delivery = { type: 'card', alertId: alert.id } as const;
      const key = `card:${alert.id}:first-checks:${interval}`;
      await store.commit([{ type: 'outbox.add', key, delivery, at: interval * REFRESH_MS }]);
    }
    told.set(alert.id, done);
    parts.onChange();
  }

  async function lookNow(): Promise<void> {
    const alerts = await openAlerts();
    if (alerts.length === 0) return;
    await queueMore(alerts);
    for (const alert of alerts) await tell(alert);
  }

  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      log.error({ err: error }, 'the checks of what was never checked could not go on; it is tried again');
    }
  }

  return {
    look: () =>
      guarded(async () => {
        if (!begun) await announce();
        begun = true;
        await lookNow();
      }),
  };
}
