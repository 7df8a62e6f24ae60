/**
 * Stores the steps of runs, with everything that goes with them: messages, alerts, the audit record. All state is in the
 * store; a step is compared with it and stored at once (compare-and-set).
 */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import { createKeyedLock, type KeyedLock } from '../base/keyed-lock.ts';
import { withoutLogFields } from '../base/log-context.ts';
import type { Alert, AlertKind, AlertOf } from '../model/alert.ts';
import type { Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { PausableStack } from '../model/pause.ts';
import type { Actor, Run, RunState, SavedPlan, Trigger } from '../model/run.ts';
import { mayDisturb, severityOf } from '../people/urgency.ts';
import type { Change, CommitResult } from '../ports/store.ts';
import { causeChanges } from './causes.ts';
import { ATTEMPTS, staleText, storeFresh } from './commit-fresh.ts';
import { type AlertContext, changesOf, newRun } from './effects.ts';
import { followedApply } from './followed-apply.ts';
import { holdChanges } from './hold-changes.ts';
import { transition } from './machine.ts';
import { countTransitions } from './meter.ts';
import type { RunEvent } from './run-event.ts';
import { createRunningPlans, type RunningPlans } from './running-plans.ts';
import { createWorkingOrder, type WorkingOrder } from './stack-order.ts';
import { pausableStackOf, STATES_WITH_WORK } from './work-order.ts';
import type { Eventually, StepResult, Worker, WorkerParts } from './worker-parts.ts';

/** States in which the plan may still be applied. In all others its file is deleted, because it holds secrets. */
const HOLDS_PLAN: readonly RunState[] = ['deciding', 'approved', 'applying'];
/** How many checks are queued in one transaction. */
const QUEUED_AT_ONCE = 20;

/** What the writer needs of the worker's parts. Of the runner only the deletion of plan files. */
export interface WriterParts extends Omit<WorkerParts, 'runner' | 'policies' | 'concurrency' | 'labels'> {
  readonly runner: Pick<WorkerParts['runner'], 'discard' | 'discardAllBut' | 'discardOfIdle'>;
}

export interface RunWriterParts extends WriterParts {
  /** Called after a change that may have left work. */
  readonly onWork: () => void;
  /** Called when somebody asks for checks of these stacks. */
  readonly onAsked: (stacks: readonly string[]) => void;
}

/** The condition that the exemptions which the event was made from are still those of the stack. Those with id 0 are new. */
function sameExemptions({ stack }: Run, event: RunEvent): readonly Change[] {
  if (!('exemptions' in event)) return [];
  const ids = event.exemptions.flatMap(({ id }) => (id === 0 ? [] : [id]));
  return [{ type: 'if.exemptions', stack, ids }];
}

/** The first alert of that kind; `alerts` are newest first. */
function newestOf<K extends AlertKind>(alerts: readonly Alert[], kind: K): AlertOf<K> | null {
  return alerts.find((alert): alert is AlertOf<K> => alert.kind === kind) ?? null;
}

function refusedStep(run: Run, refused: Extract<CommitResult, { readonly ok: false }>): StepResult {
  const refusal = staleText(refused);
  if ('refused' in refused) return { ok: false, refusal, because: refused.refused };
  if ('stale' in refused) return { ok: false, refusal, stale: refused.stale === run.id ? 'run' : 'other' };
  return 'staleAlert' in refused || 'moved' in refused
    ? { ok: false, refusal, stale: 'other' }
    : { ok: false, refusal };
}

/** What stores the steps of runs in this process. */
export interface RunWriter extends Pick<Worker, 'check' | 'checkAll' | 'submit' | 'write'> {
  readonly order: WorkingOrder;
  readonly runningPlans: RunningPlans;
  /** When somebody last asked this process for a check of the stack, in ms since epoch. */
  askedAt(stack: string): number | undefined;
  /**
   * Applies one event and stores the step with `also`. It is refused if another change of the run was stored first. An
   * event that is a function is made of the newest stored run; any other is only for the version it was made for.
   */
  step(
    run: Run,
    make: RunEvent | ((run: Run) => Eventually<RunEvent>),
    also?: readonly Change[],
  ): Promise<StepResult>;
  /** Deletes the plan file. Never rejects: an error is logged. */
  discard(run: Run, plan: SavedPlan): Promise<void>;
  /**
   * Deletes plan files that no run needs, of all stacks or of one that nobody plans at the moment: a process that was killed
   * left them, or the store failed before a step had one. They hold secrets. Never rejects: an error is logged.
   */
  discardLeftoverPlans(stack?: string): Promise<void>;
  /** The same for all stacks that nobody works on, while workers work on others. Never rejects: an error is logged. */
  discardPlansOfIdle(): Promise<void>;
  /** Tells of a change that this writer did not store. */
  changed(moved: readonly Run[] | null, hasWork: boolean): void;
}

export function createRunWriter(parts: RunWriterParts): RunWriter {
  const { store, clock, log, directory } = parts;
  /** When somebody last asked for a check of each stack, in ms since epoch. A queued check may serve several people. */
  const askedAt = new Map<string, number>();
  /** Serialises read-modify-write of a stack within this process. */
  const lockStack: KeyedLock = createKeyedLock();
  const order = createWorkingOrder({ store, directory, log });
  const runningPlans = createRunningPlans();
  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);
  const heldStackOf = (run: Run): PausableStack => pausableStackOf(directory, run);

  /** The people to ask at once. In quiet hours nobody, unless the drift is urgent; escalation.ts asks later. */
  async function peopleToAskNow(run: Run, now: number): Promise<AlertContext['peopleToAsk']> {
    const stack = stackOf(run.stack);
    if (!stack) return [];
    const open = approvable(openFindings(run, await store.exemptions(run.stack), now));
    if (!mayDisturb(stack, severityOf(stack, run, open), now)) return [];
    return (await parts.peopleToAsk(stack)).map(({ person, why }) => ({ person, why }));
  }

  /** The apply upstream that the run's drift only follows. */
  async function followedBy(run: Run, now: number): Promise<AlertContext['followed']> {
    return followedApply(store, run, (await order.of(run.stack)).follows, now);
  }

  async function alertContextOf(
    run: Run,
    { peopleToAsk, followed }: Pick<AlertContext, 'peopleToAsk' | 'followed'>,
  ): Promise<AlertContext> {
    const [open, ofRun, [lastEntry = null]] = await Promise.all([
      store.alerts({ subject: run.stack, state: 'open' }),
      store.alerts({ runId: run.id, kind: 'drift' }),
      store.audit({ stack: run.stack, limit: 1 }),
    ]);
    const conditions = newestOf(open, 'conditions');
    const drift = newestOf(open, 'drift');
    const told = conditions ? await store.run(conditions.runId) : undefined;
    return {
      drift,
      failure: newestOf(open, 'failure'),
      emptyState: newestOf(open, 'empty-state'),
      conditions,
      failed: (told?.checks ?? []).map((check) => check.address),
      ofRun,
      lastEntry,
      followed,
      openAlertRun: drift ? ((await store.run(drift.runId)) ?? null) : null,
      peopleToAsk,
    };
  }

  /**
   * Tells of a stored change. `moved`: the runs that it moved; null if it was no step of a run. `hasWork`: there may be
   * new work; a job looks for work by itself when it ends.
   */
  function changed(moved: readonly Run[] | null, hasWork: boolean): void {
    withoutLogFields(() => {
      parts.onChange(moved);
      if (hasWork) parts.onWork();
    });
  }

  /** Applies one event and stores the step. It is refused if another change of the run was stored first. */
  async function step(
    run: Run,
    make: RunEvent | ((run: Run) => Eventually<RunEvent>),
    also: readonly Change[] = [],
  ): Promise<StepResult> {
    return lockStack(run.stack, async () => {
      // Other processes, and other parts of this one, change what a step is made from without this lock: it is made again.
      for (let attempt = 1; ; attempt += 1) {
        const isMade = typeof make === 'function';
        const current = isMade ? ((await store.run(run.id)) ?? run) : run;
        const result = await storeStep(current, isMade ? await make(current) : make, also);
        if (result.ok || result.stale === undefined || attempt === ATTEMPTS) return result;
        // A given event is only for the version of the run that it was built for.
        if (result.stale === 'run' && !isMade) return result;
      }
    });
  }

  /** Stores the step. An apply begins only while no stack that its own follows is applied to. */
  async function storeStep(run: Run, event: RunEvent, also: readonly Change[]): Promise<StepResult> {
    if (event.type !== 'confirmed') return storeNow(run, event, also);
    // Another process may have learnt that this stack follows one more.
    if ((parts.shared ?? null) !== null) await order.refresh();
    const stacks = await order.allBefore(run.stack);
    return storeNow(run, event, stacks.length === 0 ? also : [...also, { type: 'unless.applying', stacks }]);
  }

  async function storeNow(run: Run, event: RunEvent, also: readonly Change[]): Promise<StepResult> {
    const now = clock();
    const result = transition(run, event, now);
    if (!result.ok) return result;
    const asksPeople = result.effects.some((effect) => effect.type === 'ask');
    const peopleToAsk = asksPeople ? await peopleToAskNow(result.run, now) : [];
    const announces = result.effects.some((effect) => effect.type === 'announce');
    const followed = announces ? await followedBy(result.run, now) : null;
    const state = await alertContextOf(run, { peopleToAsk, followed });
    const changes = changesOf(run, result.run, event, result.effects, state, now);
    const asked = stackOf(run.stack);
    const asks = asked !== undefined && parts.asksCauses?.(asked) === true;
    const done = await store.commit([
      ...sameExemptions(run, event),
      ...causeChanges(result.run, event, asks, now),
      ...holdChanges(run, result.run, event, heldStackOf(run), now),
      ...changes,
      ...also,
    ]);
    if (!done.ok) return refusedStep(run, done);
    log.info(
      { run: run.id, stack: run.stack, event: event.type, from: run.state, to: result.run.state },
      'run moved',
    );
    countTransitions(parts.meter, changes, [run, state.openAlertRun]);
    if (run.plan && run.plan.artifact !== result.run.plan?.artifact) await discard(run, run.plan);
    // The step may also have superseded another run: its plan file is deleted too.
    const moved = changes.flatMap((change) => (change.type === 'run.update' ? [change.run] : []));
    for (const each of moved) await discardUnneededPlan(each);
    const hasWork = moved.some((each) => STATES_WITH_WORK.includes(each.state));
    changed(moved, hasWork || changes.some((change) => change.type === 'run.insert'));
    return { ok: true, run: result.run };
  }

  async function discardUnneededPlan(run: Run): Promise<void> {
    if (run.plan && !HOLDS_PLAN.includes(run.state)) await discard(run, run.plan);
  }

  async function discard(run: Run, plan: SavedPlan): Promise<void> {
    try {
      await parts.runner.discard(plan);
    } catch (error) {
      // The stored step is valid without this; the next start tries to delete the file again.
      log.warn({ err: error, run: run.id, stack: run.stack }, 'a plan file could not be deleted');
    }
  }

  /** Supersedes older scheduled checks of the stack: somebody waits for `newer`, which finds the same and more. */
  async function supersedeScheduled(newer: Run): Promise<void> {
    for (const older of await store.runs({ stack: newer.stack, states: ['queued', 'planning'] })) {
      if (older.id >= newer.id || older.trigger !== 'schedule' || older.forceHuman !== null) continue;
      const result = await step(older, { type: 'supersede', by: newer.id });
      if (result.ok) runningPlans.abort(older);
      await letOthersWork();
    }
  }

  async function discardLeftoverPlans(stack?: string): Promise<void> {
    try {
      const holding = await store.runs({ states: HOLDS_PLAN, ...(stack === undefined ? {} : { stack }) });
      await parts.runner.discardAllBut(
        holding.flatMap((run) => run.plan?.artifact ?? []),
        stack,
      );
    } catch (error) {
      log.warn({ err: error }, 'plan files that are left could not be deleted');
    }
  }

  async function discardPlansOfIdle(): Promise<void> {
    try {
      await parts.runner.discardOfIdle(async () => {
        const active = await store.runs({ states: ['planning', ...HOLDS_PLAN, 'verifying'] });
        return active.map(({ stack }) => stack);
      });
    } catch (error) {
      log.warn({ err: error }, 'plan files that are left could not be deleted');
    }
  }

  /** Does the work while it holds the locks of all these stacks. Taken by name, so two callers never wait in a circle. */
  function lockStacks<T>(stacks: readonly Stack[], work: () => Promise<T>): Promise<T> {
    const names = [...new Set(stacks.map(({ name }) => name))].sort();
    return names.reduceRight<() => Promise<T>>((inner, name) => () => lockStack(name, inner), work)();
  }

  /** The runs that check these stacks, in their order: those that can be joined, and new ones, stored at once. */
  async function queueChecks(stacks: readonly Stack[], trigger: Trigger, by: Actor): Promise<readonly Run[]> {
    // A check by command or push needs a new plan: a running one may have missed the change that the person made,
    // or use the code from before the push.
    const mustPlanAfresh = trigger === 'command' || trigger === 'push';
    const joinableStates: readonly RunState[] = mustPlanAfresh ? ['queued'] : ['queued', 'planning'];
    const runs = await lockStacks(stacks, async () => {
      for (const { name } of stacks) askedAt.set(name, clock());
      const joined = new Map<string, Run>();
      for (const { name } of stacks) {
        const [run] = await store.runs({ stack: name, states: joinableStates, limit: 1 });
        // A scheduled check comes last in the order of work, so a check that somebody waits for does not join it.
        if (run && (!mustPlanAfresh || run.trigger !== 'schedule')) joined.set(name, run);
      }
      const fresh = stacks.flatMap((stack) =>
        joined.has(stack.name) ? [] : [newRun(stack, trigger, by, null, clock())],
      );
      if (fresh.length === 0) return stacks.flatMap(({ name }) => joined.get(name) ?? []);
      const done = await store.commit(fresh.map((run) => ({ type: 'run.insert', run })));
      for (const [i, run] of fresh.entries()) {
        const id = done.ok ? done.insertedRuns[i] : undefined;
        if (id === undefined) throw new Error(`queueing a check of ${run.stack}: the store did not keep it`);
        joined.set(run.stack, { ...run, id });
      }
      return stacks.flatMap(({ name }) => joined.get(name) ?? []);
    });
    parts.onAsked(stacks.map(({ name }) => name));
    if (mustPlanAfresh) for (const run of runs) await supersedeScheduled(run);
    changed(runs, true);
    return runs;
  }

  return {
    ...{ order, runningPlans, step, discard, discardLeftoverPlans, discardPlansOfIdle, changed },
    askedAt: (stack) => askedAt.get(stack),

    async check(stack, trigger, by) {
      const [run] = await queueChecks([stack], trigger, by);
      if (!run) throw new Error(`queueing a check of ${stack.name}: the store did not keep it`);
      return run;
    },

    async checkAll(stacks, trigger, by) {
      const runs: Run[] = [];
      for (let i = 0; i < stacks.length; i += QUEUED_AT_ONCE) {
        runs.push(...(await queueChecks(stacks.slice(i, i + QUEUED_AT_ONCE), trigger, by)));
        await letOthersWork();
      }
      return runs;
    },

    async submit(runId, event, also = []) {
      const run = await store.run(runId);
      if (!run) return { ok: false, refusal: `there is no run #${runId}` };
      return step(run, event, also);
    },

    async write(stack, changes) {
      const isStored = await lockStack(stack, () => storeFresh(store, changes));
      changed(null, true);
      return isStored;
    },
  };
}
