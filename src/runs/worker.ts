/** Walks runs through their states. All truth is in the store: a worker that dies loses nothing but time. */

import { createKeyedLock } from '../base/keyed-lock.ts';
import { withLogFields, withoutLogFields } from '../base/log-context.ts';
import type { Stack } from '../model/directory.ts';
import { approvable, openFindings } from '../model/open-findings.ts';
import type { Run, RunState, SavedPlan } from '../model/run.ts';
import { mayDisturb, severityOf } from '../people/urgency.ts';
import { commitFresh, staleText, storeFresh } from '../ports/commit-fresh.ts';
import type { Change } from '../ports/store.ts';
import { type AlertContext, changesOf, newRun } from './effects.ts';
import { leaveRun, leaveWhatIsGone } from './gone-stacks.ts';
import { transition } from './machine.ts';
import { countTransitions } from './meter.ts';
import { createPlannings } from './plannings.ts';
import type { RunEvent } from './run-event.ts';
import { createRunWaiter } from './run-waiter.ts';
import { createSteps } from './steps.ts';
import { inTurn, isDue, isUrgent, nextDue, WORK } from './turns.ts';
import type { Eventually, StepResult, Worker, WorkerParts } from './worker-parts.ts';

/** Elsewhere nothing can be applied any more, and the plan file, which holds secrets, goes. */
const HOLDS_PLAN: readonly RunState[] = ['deciding', 'approved', 'applying'];
/** After the memory broke a stack rests so long, unless told otherwise or somebody asks for a check of it. */
const REST_MS = 10_000;
/** Longest sleep before the queue is looked at again: a clock may be set while m0 sleeps. */
const LONGEST_NAP_MS = 15_000;

export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, log, directory } = parts;
  const busy = new Map<string, Promise<void>>();
  const resting = new Map<string, NodeJS.Timeout>();
  let alarm: NodeJS.Timeout | undefined;
  /** When each stack was last looked at. */
  const lookedAt = new Map<string, number>();
  /** Serialises read-modify-write of a stack within this process. */
  const alone = createKeyedLock();
  const stop = new AbortController();
  const plannings = createPlannings(stop.signal);
  const settling = createRunWaiter(store, stop.signal);
  let started = false;
  let pumping: Promise<void> | null = null;
  let again = false;

  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);

  /** Whom to ask at once: nobody in quiet hours, unless it is urgent; escalation.ts asks them after. */
  async function askersOf(run: Run, now: number): Promise<AlertContext['toAsk']> {
    const stack = stackOf(run.stack);
    if (!stack) return [];
    const open = approvable(openFindings(run, await store.exemptions(run.stack), now));
    if (!mayDisturb(stack, severityOf(stack, run, open), now)) return [];
    return (await parts.askers(stack)).map(({ person, why }) => ({ person, why }));
  }

  async function stateOf(run: Run, toAsk: AlertContext['toAsk']): Promise<AlertContext> {
    const [[drift = null], [failure = null], ofRun] = await Promise.all([
      store.alerts({ subject: run.stack, state: 'open', kind: 'drift' }),
      store.alerts({ subject: run.stack, state: 'open', kind: 'failure' }),
      store.alerts({ runId: run.id, kind: 'drift' }),
    ]);
    return {
      drift,
      failure,
      ofRun,
      openAlertRun: drift ? ((await store.run(drift.runId)) ?? null) : null,
      toAsk,
    };
  }

  function changed(): void {
    withoutLogFields(() => {
      parts.onChange();
      settling.recheck();
      pump();
    });
  }

  /** One stored step. Where somebody else's came first it is refused, and the run is as they left it. */
  async function step(
    run: Run,
    make: RunEvent | ((run: Run) => Eventually<RunEvent>),
    also: readonly Change[] = [],
  ): Promise<StepResult> {
    return alone(run.stack, async () => {
      // A made event is about the run as it is now; a given one is about the run it was made for.
      const current = typeof make === 'function' ? ((await store.run(run.id)) ?? run) : run;
      return stored(current, typeof make === 'function' ? await make(current) : make, also);
    });
  }

  async function stored(run: Run, event: RunEvent, also: readonly Change[]): Promise<StepResult> {
    const now = clock();
    const result = transition(run, event, now);
    if (!result.ok) return result;
    const asks = result.effects.some((effect) => effect.type === 'ask');
    const toAsk = asks ? await askersOf(result.run, now) : [];
    let changes: readonly Change[] = [];
    let openAlertRun: Run | null = null;
    // The alerts are also changed from elsewhere; what is said of them is made from how they are.
    const done = await commitFresh(store, async () => {
      const state = await stateOf(run, toAsk);
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
    // Also that of a run which this one has superseded.
    for (const change of changes) if (change.type === 'run.update') await discardOutlived(change.run);
    changed();
    return { ok: true, run: result.run };
  }

  async function discardOutlived(run: Run): Promise<void> {
    if (run.plan && !HOLDS_PLAN.includes(run.state)) await discard(run, run.plan);
  }

  async function discard(run: Run, plan: SavedPlan): Promise<void> {
    try {
      await parts.runner.discard(plan);
    } catch (error) {
      // What is stored stands without it; the next start tries again.
      log.warn({ err: error, run: run.id, stack: run.stack }, 'a plan file could not be deleted');
    }
  }

  /** Scheduled checks give way to the newer one that somebody waits for, rather than all being made. */
  async function giveWay(to: Run): Promise<void> {
    for (const older of await store.runs({ stack: to.stack, states: ['queued', 'planning'] })) {
      if (older.id >= to.id || older.trigger !== 'schedule' || older.forceHuman !== null) continue;
      const result = await step(older, { type: 'supersede', by: to.id });
      if (result.ok) plannings.abort(older);
    }
  }

  /** Before anything is planned: what no run holds is left from a process that died, and holds secrets. */
  async function discardLeftOver(): Promise<void> {
    const holding = await store.runs({ states: HOLDS_PLAN });
    try {
      await parts.runner.discardAllBut(holding.flatMap((run) => run.plan?.artifact ?? []));
    } catch (error) {
      log.warn({ err: error }, 'plan files that an earlier process left could not be deleted');
    }
  }

  const planningOf = plannings.of;
  const steps = createSteps({ ...parts, step, discard, planningOf, signal: stop.signal });
  const gone = { store, directory, clock, step, fail: steps.fail };

  /** Works on one run until it rests. */
  async function work(run: Run, stack: Stack): Promise<void> {
    let current: Run | null = run;
    // A stored `applying` is carried through: left there, the next start would have to call it unknown.
    while (current && (!stop.signal.aborted || current.state === 'applying')) {
      current = await steps.advance(current, stack);
    }
  }

  async function pumpOnce(): Promise<void> {
    await recover();
    // Every change looks for work: where no hand is free, the queue is not even read.
    if (busy.size > parts.concurrency) return;
    const waiting = await store.runs({ states: WORK });
    const now = clock();
    napUntil(nextDue(waiting, now), now);
    for (const run of inTurn(waiting, (stack) => lookedAt.get(stack) ?? 0)) {
      if (stop.signal.aborted) return;
      if (busy.size >= parts.concurrency + (isUrgent(run) ? 1 : 0)) continue;
      if (busy.has(run.stack) || resting.has(run.stack) || !isDue(run, now)) continue;
      const stack = stackOf(run.stack);
      lookedAt.set(run.stack, clock());
      const about = { run: run.id, stack: run.stack };
      const job = withLogFields(about, () => (stack ? work(run, stack) : leaveRun(gone, run)));
      busy.set(
        run.stack,
        job
          .catch((error: unknown) => {
            log.error({ err: error, run: run.id, stack: run.stack }, 'working on a run broke');
            return steps.broke(run.id, error);
          })
          .catch((error: unknown) => {
            log.error({ err: error, ...about }, 'storing that a run broke, broke');
            rest(run.stack);
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
      again = true;
      return;
    }
    pumping = pumpOnce()
      .catch((error: unknown) => {
        log.error({ err: error }, 'looking for work broke');
        rest('');
      })
      .finally(() => {
        pumping = null;
        if (again) {
          again = false;
          pump();
        }
      });
  }

  /** Looks for work again at `at` (ms since epoch; Infinity: when something happens). */
  function napUntil(at: number, now: number): void {
    clearTimeout(alarm);
    if (at === Number.POSITIVE_INFINITY || stop.signal.aborted) return;
    alarm = setTimeout(pump, Math.min(Math.max(0, at - now), LONGEST_NAP_MS));
  }

  /** Nothing of the stack is taken up for a while: what broke would only break again. */
  function rest(stack: string): void {
    if (stop.signal.aborted || resting.has(stack)) return;
    const timer = setTimeout(() => {
      resting.delete(stack);
      pump();
    }, parts.restMs ?? REST_MS);
    resting.set(stack, timer);
  }

  /** Takes up runs that an earlier process, or a job of this one that could not store its end, left under way. */
  async function recover(): Promise<void> {
    for (const run of await store.runs({ states: ['planning', 'deciding', 'applying'] })) {
      if (busy.has(run.stack) || resting.has(run.stack)) continue;
      // An apply that was under way may have done anything: people are asked. Plans are just made again.
      await step(run, run.state === 'applying' ? { type: 'lost' } : { type: 'requeue' });
    }
  }

  /** So that a restart does not change whose turn it is. */
  async function rememberLooks(): Promise<void> {
    for (const { name } of directory.stacks) {
      const [run] = (await store.runs({ stack: name, limit: 2 })).filter((r) => r.state !== 'queued');
      if (run) lookedAt.set(name, run.updatedAt);
    }
  }

  return {
    async check(stack, trigger, by) {
      // What a command asks for must be planned after it: whoever types it may just have changed something. And a
      // plan under way may have been begun with the code from before the push.
      const after = trigger === 'command' || trigger === 'push';
      const joins: readonly RunState[] = after ? ['queued'] : ['queued', 'planning'];
      const run = await alone(stack.name, async () => {
        const [joinable] = await store.runs({ stack: stack.name, states: joins, limit: 1 });
        // One of the schedule would stand behind all others: what somebody waits for takes its place.
        if (joinable && (!after || joinable.trigger !== 'schedule')) return joinable;
        const queued = newRun(stack, trigger, by, null, clock());
        const done = await store.commit([{ type: 'run.insert', run: queued }]);
        const id = done.ok ? done.insertedRuns[0] : undefined;
        return id === undefined ? undefined : store.run(id);
      });
      if (!run) throw new Error(`queueing a check of ${stack.name}: the store did not keep it`);
      for (const rested of [stack.name, '']) {
        clearTimeout(resting.get(rested));
        resting.delete(rested);
      }
      if (after) await giveWay(run);
      changed();
      return run;
    },

    async submit(runId, event, also = []) {
      const run = await store.run(runId);
      if (!run) return { ok: false, refusal: `there is no run #${runId}` };
      return step(run, event, also);
    },

    async write(stack, changes) {
      await alone(stack, () => storeFresh(store, changes));
      changed();
    },

    async start() {
      await discardLeftOver();
      await recover();
      await leaveWhatIsGone(gone);
      await rememberLooks();
      started = true;
      pump();
    },

    async drain() {
      stop.abort();
      clearTimeout(alarm);
      for (const timer of resting.values()) clearTimeout(timer);
      await pumping;
      await Promise.all(busy.values());
    },

    settled: settling.settled,
  };
}
