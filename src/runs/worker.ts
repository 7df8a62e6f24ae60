/**
 * The worker moves runs through their states. All state is in the store, so a crash of the worker loses only time.
 */

import { createKeyedLock } from '../base/keyed-lock.ts';
import { withLogFields, withoutLogFields } from '../base/log-context.ts';
import type { Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { Run, RunState, SavedPlan } from '../model/run.ts';
import { mayDisturb, severityOf } from '../people/urgency.ts';
import type { Change } from '../ports/store.ts';
import { commitFresh, staleText, storeFresh } from './commit-fresh.ts';
import { type AlertContext, changesOf, newRun } from './effects.ts';
import { transition } from './machine.ts';
import { countTransitions } from './meter.ts';
import { endRunOfRemovedStack, endWorkOfRemovedStacks } from './removed-stacks.ts';
import type { RunEvent } from './run-event.ts';
import { createRunWaiter } from './run-waiter.ts';
import { createRunningPlans } from './running-plans.ts';
import { createSteps } from './steps.ts';
import { inWorkOrder, isDue, isUrgent, nextDue, STATES_WITH_WORK } from './work-order.ts';
import type { Eventually, StepResult, Worker, WorkerParts } from './worker-parts.ts';

/** States in which the plan may still be applied. In all others its file is deleted, because it holds secrets. */
const HOLDS_PLAN: readonly RunState[] = ['deciding', 'approved', 'applying'];
/** The default pause of a stack after the store failed. A new check of the stack ends the pause. */
const STACK_PAUSE_MS = 10_000;
/** Longest sleep before the worker reads the queue again: the clock may be changed during a sleep. */
const LONGEST_SLEEP_MS = 15_000;

/** Creates the worker. It does nothing before `start`. */
export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, log, directory } = parts;
  const busy = new Map<string, Promise<void>>();
  const pausedStacks = new Map<string, NodeJS.Timeout>();
  let wakeTimer: NodeJS.Timeout | undefined;
  /** When the worker last took a run of each stack, in ms since epoch. */
  const lastWorkedAt = new Map<string, number>();
  /** Serialises read-modify-write of a stack within this process. */
  const lockStack = createKeyedLock();
  const stop = new AbortController();
  const runningPlans = createRunningPlans(stop.signal);
  const runWaiter = createRunWaiter(store, stop.signal);
  let started = false;
  let pumping: Promise<void> | null = null;
  let pumpAgain = false;

  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);

  /** The people to ask at once. In quiet hours nobody, unless the drift is urgent; escalation.ts asks later. */
  async function peopleToAskNow(run: Run, now: number): Promise<AlertContext['peopleToAsk']> {
    const stack = stackOf(run.stack);
    if (!stack) return [];
    const open = approvable(openFindings(run, await store.exemptions(run.stack), now));
    if (!mayDisturb(stack, severityOf(stack, run, open), now)) return [];
    return (await parts.peopleToAsk(stack)).map(({ person, why }) => ({ person, why }));
  }

  async function alertContextOf(run: Run, peopleToAsk: AlertContext['peopleToAsk']): Promise<AlertContext> {
    const open = { subject: run.stack, state: 'open' } as const;
    const [[drift = null], [failure = null], [emptyState = null], [conditions = null], ofRun] =
      await Promise.all([
        store.alerts({ ...open, kind: 'drift' }),
        store.alerts({ ...open, kind: 'failure' }),
        store.alerts({ ...open, kind: 'empty-state' }),
        store.alerts({ ...open, kind: 'conditions' }),
        store.alerts({ runId: run.id, kind: 'drift' }),
      ]);
    const told = conditions ? await store.run(conditions.runId) : undefined;
    return {
      drift,
      failure,
      emptyState,
      conditions,
      failed: (told?.checks ?? []).map((check) => check.address),
      ofRun,
      openAlertRun: drift ? ((await store.run(drift.runId)) ?? null) : null,
      peopleToAsk,
    };
  }

  function changed(): void {
    withoutLogFields(() => {
      parts.onChange();
      runWaiter.recheck();
      pump();
    });
  }

  /** Applies one event and stores the step. It is refused if another change of the run was stored first. */
  async function step(
    run: Run,
    make: RunEvent | ((run: Run) => Eventually<RunEvent>),
    also: readonly Change[] = [],
  ): Promise<StepResult> {
    return lockStack(run.stack, async () => {
      // An event built here is for the newest stored run; a given event is only for the version it was built for.
      const current = typeof make === 'function' ? ((await store.run(run.id)) ?? run) : run;
      return storeStep(current, typeof make === 'function' ? await make(current) : make, also);
    });
  }

  async function storeStep(run: Run, event: RunEvent, also: readonly Change[]): Promise<StepResult> {
    const now = clock();
    const result = transition(run, event, now);
    if (!result.ok) return result;
    const asksPeople = result.effects.some((effect) => effect.type === 'ask');
    const peopleToAsk = asksPeople ? await peopleToAskNow(result.run, now) : [];
    let changes: readonly Change[] = [];
    let openAlertRun: Run | null = null;
    // Other parts change alerts without this lock, so the changes are built again if an alert changed in between.
    const done = await commitFresh(store, async () => {
      const state = await alertContextOf(run, peopleToAsk);
      openAlertRun = state.openAlertRun;
      changes = changesOf(run, result.run, event, result.effects, state, now);
      return [...changes, ...also];
    });
    if (!done.ok) return { ok: false, refusal: staleText(done) };
    log.info(
      { run: run.id, stack: run.stack, event: event.type, from: run.state, to: result.run.state },
      'run moved',
    );
    countTransitions(parts.meter, changes, [run, openAlertRun]);
    if (run.plan && run.plan.artifact !== result.run.plan?.artifact) await discard(run, run.plan);
    // The step may also have superseded another run: its plan file is deleted too.
    for (const change of changes) if (change.type === 'run.update') await discardUnneededPlan(change.run);
    changed();
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
    }
  }

  /**
   * Deletes plan files that no run needs: a crashed process left them, and they hold secrets. Runs before any plan.
   */
  async function discardLeftoverPlans(): Promise<void> {
    const holding = await store.runs({ states: HOLDS_PLAN });
    try {
      await parts.runner.discardAllBut(holding.flatMap((run) => run.plan?.artifact ?? []));
    } catch (error) {
      log.warn({ err: error }, 'plan files that an earlier process left could not be deleted');
    }
  }

  const beginPlan = runningPlans.begin;
  const steps = createSteps({ ...parts, step, discard, beginPlan, signal: stop.signal });
  const removedStackParts = { store, directory, clock, step, fail: steps.fail };

  /** Works on one run until m0 has no more work on it. */
  async function work(run: Run, stack: Stack): Promise<void> {
    let current: Run | null = run;
    // A stored `applying` is finished even while m0 stops: otherwise the next start must treat the apply as unknown.
    while (current && (!stop.signal.aborted || current.state === 'applying')) {
      current = await steps.advance(current, stack);
    }
  }

  async function pumpOnce(): Promise<void> {
    await recover();
    // This runs after every stored change, so it does not read the queue while all slots are in use.
    if (busy.size > parts.concurrency) return;
    const waiting = await store.runs({ states: STATES_WITH_WORK });
    const now = clock();
    wakeAt(nextDue(waiting, now), now);
    for (const run of inWorkOrder(waiting, (stack) => lastWorkedAt.get(stack) ?? 0)) {
      if (stop.signal.aborted) return;
      if (busy.size >= parts.concurrency + (isUrgent(run) ? 1 : 0)) continue;
      if (busy.has(run.stack) || pausedStacks.has(run.stack) || !isDue(run, now)) continue;
      const stack = stackOf(run.stack);
      lastWorkedAt.set(run.stack, clock());
      const about = { run: run.id, stack: run.stack };
      const job = withLogFields(about, () =>
        stack ? work(run, stack) : endRunOfRemovedStack(removedStackParts, run),
      );
      busy.set(
        run.stack,
        job
          .catch((error: unknown) => {
            log.error({ err: error, run: run.id, stack: run.stack }, 'working on a run failed');
            return steps.failAfterError(run.id, error);
          })
          .catch((error: unknown) => {
            log.error({ err: error, ...about }, 'storing that a run broke, broke');
            pauseStack(run.stack);
          })
          .finally(() => {
            busy.delete(run.stack);
            pump();
          }),
      );
    }
  }

  function pump(): void {
    if (!started || stop.signal.aborted) return;
    if (pumping) {
      pumpAgain = true;
      return;
    }
    pumping = pumpOnce()
      .catch((error: unknown) => {
        log.error({ err: error }, 'looking for work broke');
        pauseStack('');
      })
      .finally(() => {
        pumping = null;
        if (pumpAgain) {
          pumpAgain = false;
          pump();
        }
      });
  }

  /** Sets the timer to look for work at `at` (ms since epoch). Infinity: no timer, the next change starts it. */
  function wakeAt(at: number, now: number): void {
    clearTimeout(wakeTimer);
    if (at === Number.POSITIVE_INFINITY || stop.signal.aborted) return;
    wakeTimer = setTimeout(pump, Math.min(Math.max(0, at - now), LONGEST_SLEEP_MS));
  }

  /**
   * Takes no work of the stack for a while: it would probably fail again. With '' only the next look for work waits.
   */
  function pauseStack(stack: string): void {
    if (stop.signal.aborted || pausedStacks.has(stack)) return;
    const timer = setTimeout(() => {
      pausedStacks.delete(stack);
      pump();
    }, parts.stackPauseMs ?? STACK_PAUSE_MS);
    pausedStacks.set(stack, timer);
  }

  /** Continues runs that are stored as active, but that no job works on: a process crashed or the store failed. */
  async function recover(): Promise<void> {
    for (const run of await store.runs({ states: ['planning', 'deciding', 'applying'] })) {
      if (busy.has(run.stack) || pausedStacks.has(run.stack)) continue;
      // Nobody knows what an interrupted apply has changed, so people must decide. A plan is simply made again.
      await step(run, run.state === 'applying' ? { type: 'lost' } : { type: 'requeue' });
    }
  }

  /** Reads from the store when each stack was last worked on, because a restart must not change the order. */
  async function restoreLastWorkedAt(): Promise<void> {
    for (const { name } of directory.stacks) {
      const [run] = (await store.runs({ stack: name, limit: 2 })).filter((r) => r.state !== 'queued');
      if (run) lastWorkedAt.set(name, run.updatedAt);
    }
  }

  return {
    async check(stack, trigger, by) {
      // A check by command or push needs a new plan: a running one may have missed the change that the person made,
      // or use the code from before the push.
      const mustPlanAfresh = trigger === 'command' || trigger === 'push';
      const joinableStates: readonly RunState[] = mustPlanAfresh ? ['queued'] : ['queued', 'planning'];
      const run = await lockStack(stack.name, async () => {
        const [joinable] = await store.runs({ stack: stack.name, states: joinableStates, limit: 1 });
        // A scheduled check comes last in the order of work, so a check that somebody waits for does not join it.
        if (joinable && (!mustPlanAfresh || joinable.trigger !== 'schedule')) return joinable;
        const queued = newRun(stack, trigger, by, null, clock());
        const done = await store.commit([{ type: 'run.insert', run: queued }]);
        const id = done.ok ? done.insertedRuns[0] : undefined;
        return id === undefined ? undefined : store.run(id);
      });
      if (!run) throw new Error(`queueing a check of ${stack.name}: the store did not keep it`);
      for (const paused of [stack.name, '']) {
        clearTimeout(pausedStacks.get(paused));
        pausedStacks.delete(paused);
      }
      if (mustPlanAfresh) await supersedeScheduled(run);
      changed();
      return run;
    },

    async submit(runId, event, also = []) {
      const run = await store.run(runId);
      if (!run) return { ok: false, refusal: `there is no run #${runId}` };
      return step(run, event, also);
    },

    async write(stack, changes) {
      await lockStack(stack, () => storeFresh(store, changes));
      changed();
    },

    async start() {
      await discardLeftoverPlans();
      await recover();
      await endWorkOfRemovedStacks(removedStackParts);
      await restoreLastWorkedAt();
      started = true;
      pump();
    },

    async drain() {
      stop.abort();
      clearTimeout(wakeTimer);
      for (const timer of pausedStacks.values()) clearTimeout(timer);
      await pumping;
      await Promise.all(busy.values());
    },

    settled: runWaiter.settled,
  };
}
