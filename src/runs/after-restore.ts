/**
 * What m0 does once after a restore of a back-up. m0 does not know what people decided since, so nothing that was
 * approved in the back-up is applied, and a person decides about the first drift of each stack.
 */

import type { Clock, Directory } from '../model/directory.ts';
import { RESTORE_PENDING } from '../model/memory.ts';
import { M0, type Run, type RunState } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import { storeFresh } from './commit-fresh.ts';
import { newRun } from './effects.ts';
import type { RunEvent } from './run-event.ts';
import type { StepResult } from './worker-parts.ts';

/** The states that a decision led to. */
const DECIDED: readonly RunState[] = [
  ...(['clean', 'quiet', 'awaiting_approval', 'approved', 'applying', 'verifying', 'realigned'] as const),
  ...(['denied', 'state_empty', 'rejected'] as const),
];
const WHY_PERSON = 'm0 was restored from a back-up, and what people decided since then is not known';
const CARD_LINE =
  'm0 was restored from a back-up: this card shows what is known from it, and what was decided here since then is not known. The stack is checked again';
/** The name of the value up to which ended snoozes were announced, see snooze-watch.ts. */
export const SNOOZES_ANNOUNCED = 'snoozes-told';

/** Why a person decides about the drift of this run: it is the stack's first one since a restore. Null otherwise. */
export async function whyAfterRestore(
  store: Pick<Store, 'memory' | 'runs'>,
  { stack }: Pick<Run, 'stack'>,
): Promise<string | null> {
  const restore = (await store.memory()).restores.at(-1);
  if (restore === undefined) return null;
  const [newest] = await store.runs({ stack, states: DECIDED, limit: 1 });
  return newest !== undefined && newest.id > restore.runsAfter ? null : WHY_PERSON;
}

export interface AfterRestoreParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
  /** Stores one event of the run. */
  readonly step: (run: Run, event: RunEvent) => Promise<StepResult>;
}

/**
 * Follows a restore up, if that was not done yet: ends approvals, brings the cards of open alerts to what is known now
 * and queues a check of each stack. If m0 is stopped in between, the next start does the rest. Rejects if the store
 * fails. Call it before any work on runs begins.
 */
export async function followRestore(parts: AfterRestoreParts): Promise<void> {
  const { store, clock, step } = parts;
  if (!(await store.value(RESTORE_PENDING))) return;
  for (const run of await store.runs({ states: ['approved', 'awaiting_approval'] })) {
    if (run.state === 'approved' || run.approvals.length > 0) await step(run, { type: 'restored' });
  }
  await storeFresh(store, async () => {
    const now = clock();
    return [
      ...(await cardsOfOpenAlerts(store, now)),
      ...(await checksOfAllStacks(parts, now)),
      // A check of the stack tells what became of snoozes that ended since the back-up.
      { type: 'value.set', name: SNOOZES_ANNOUNCED, value: String(now) },
      { type: 'value.set', name: RESTORE_PENDING, value: '' },
    ];
  });
}

/** An update of each card, which also posts one that is not in the chat any more, with a line that says why. */
async function cardsOfOpenAlerts(store: Store, now: number): Promise<readonly Change[]> {
  return (await store.alerts({ state: 'open' })).flatMap(({ id }): readonly Change[] => [
    {
      ...{ type: 'outbox.add', key: `card:${id}:restored:${now}`, at: now },
      delivery: { type: 'card', alertId: id, found: true },
    },
    {
      ...{ type: 'outbox.add', key: `thread:${id}:restored:${now}`, at: now },
      delivery: { type: 'thread', alertId: id, text: CARD_LINE },
    },
  ]);
}

async function checksOfAllStacks(
  { store, directory }: AfterRestoreParts,
  now: number,
): Promise<readonly Change[]> {
  const queued = new Set((await store.runs({ states: ['queued'] })).map(({ stack }) => stack));
  return directory.stacks
    .filter(({ name }) => !queued.has(name))
    .map((stack) => ({ type: 'run.insert', run: newRun(stack, 'schedule', M0, null, now) }));
}
