/** Walks runs through their states. All truth is in the store: a worker that dies loses nothing but time. */
import type { Logger } from '../log.ts';
import type { Approver } from './asking.ts';
import { changesOf, newRun, type StackState } from './effects.ts';
import { type RunEvent, transition } from './machine.ts';
import type { Change, Clock, CodePort, Directory, PolicyPort, Runner, Stack, Store } from './ports.ts';
import type { Actor, Run, RunState, SavedPlan, Trigger } from './run.ts';
import { createSteps } from './steps.ts';

export interface WorkerParts {
  readonly store: Store;
  readonly runner: Runner & CodePort;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  /** Who is to be asked about a stack now. */
  readonly askers: (stack: Stack) => Promise<readonly Approver[]>;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many stacks are worked on at once. */
  readonly concurrency: number;
  /** Called after every stored change: something may have to be delivered. */
  readonly onChange: () => void;
}

export interface Worker {
  /** Queues a check of the stack, or answers the one that is already queued or planning. */
  check(stack: Stack, trigger: Trigger, by: Actor): Promise<Run>;
  /** Applies an event to a run with compare-and-set; a refusal is a sentence for the sender. */
  tell(runId: number, event: (run: Run) => RunEvent, also?: readonly Change[]): Promise<Told>;
  /** Stores changes that belong to no event of a run (keeps, alerts), and has them delivered. */
  write(changes: readonly Change[]): Promise<void>;
  /** Takes up what an earlier process left, then works until `drain`. */
  start(): Promise<void>;
  /** Stops taking work; plans under way are given back to the queue, an apply under way is finished. */
  drain(): Promise<void>;
  /** Resolves once the run rests; undefined when `timeoutMs` is over or the worker is drained before. */
  settled(runId: number, timeoutMs: number): Promise<Run | undefined>;
}

export type Told =
  | { readonly ok: true; readonly run: Run }
  | { readonly ok: false; readonly refusal: string };

/** States in which the worker has something to do, most urgent first. */
const WORK: readonly RunState[] = ['verifying', 'approved', 'queued'];
const UNDER_WAY: readonly RunState[] = ['planning', 'deciding', 'approved', 'applying', 'verifying'];
/** Elsewhere nothing can be applied any more, and the plan file, which holds secrets, goes. */
const HOLDS_PLAN: readonly RunState[] = ['deciding', 'approved', 'applying'];
/** Newest runs whose plan file a process that died may have left behind. */
const LOOK_BACK = 200;
const URGENCY: Record<Trigger, number> = { command: 0, verify: 1, push: 2, schedule: 3 };

export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, log, directory } = parts;
  const busy = new Map<string, Promise<void>>();
  const stop = new AbortController();
  const watchers = new Set<() => void>();
  let started = false;
  let pumping: Promise<void> | null = null;
  let again = false;

  const stackOf = (name: string): Stack | undefined => directory.stacks.find((s) => s.name === name);

  async function stateOf(run: Run): Promise<StackState> {
    const [open, ofRun] = await Promise.all([
      store.alerts({ stack: run.stack, state: 'open' }),
      store.alerts({ runId: run.id, kind: 'drift' }),
    ]);
    const drift = open.find((a) => a.kind === 'drift') ?? null;
    const stack = stackOf(run.stack);
    return {
      drift,
      failure: open.find((a) => a.kind === 'failure') ?? null,
      ofRun,
      told: drift ? ((await store.run(drift.runId)) ?? null) : null,
      toAsk: stack ? (await parts.askers(stack)).map(({ person, why }) => ({ person, why })) : [],
    };
  }

  function changed(): void {
    parts.onChange();
    for (const watcher of watchers) watcher();
    pump();
  }

  /** One stored step. Somebody else's step in between is answered by the run as it is now. */
  async function step(run: Run, event: RunEvent, also: readonly Change[] = []): Promise<Told> {
    const now = clock();
    const result = transition(run, event, now);
    if (!result.ok) return result;
    const state = await stateOf(run);
    const changes = changesOf(run, result.run, event, result.effects, state, now);
    const stored = await store.commit([...changes, ...also]);
    if (!stored.ok) return { ok: false, refusal: `run #${stored.stale} was changed by somebody else` };
    log.info(
      { run: run.id, stack: run.stack, event: event.e, from: run.state, to: result.run.state },
      'run moved',
    );
    if (run.plan && run.plan.artifact !== result.run.plan?.artifact) await discard(run, run.plan);
    // Also that of a run which this one has superseded.
    for (const change of changes) if (change.c === 'run.update') await discardOutlived(change.run);
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
      // The step is stored already; the next start tries again.
      log.warn({ err: error, run: run.id, stack: run.stack }, 'a plan file could not be deleted');
    }
  }

  const steps = createSteps({ ...parts, step, signal: stop.signal });

  /** Works on one run until it rests. */
  async function work(run: Run, stack: Stack): Promise<void> {
    let current: Run | null = run;
    // A stored `applying` is carried through: left there, the next start would have to call it unknown.
    while (current && (!stop.signal.aborted || current.state === 'applying')) {
      current = await steps.advance(current, stack);
    }
  }

  async function pumpOnce(): Promise<void> {
    const waiting = await store.runs({ states: WORK });
    const order = [...waiting].sort(
      (a, b) =>
        WORK.indexOf(a.state) - WORK.indexOf(b.state) ||
        URGENCY[a.trigger] - URGENCY[b.trigger] ||
        a.id - b.id,
    );
    for (const run of order) {
      if (busy.size >= parts.concurrency || stop.signal.aborted) return;
      if (busy.has(run.stack)) continue;
      const stack = stackOf(run.stack);
      const job = stack
        ? work(run, stack)
        : steps.fail(run, 'planning', `stack ${run.stack} is no longer in m0.yaml`);
      busy.set(
        run.stack,
        job
          .catch((error: unknown) => {
            log.error({ err: error, run: run.id, stack: run.stack }, 'working on a run broke');
            return steps.broke(run.id, error);
          })
          .catch((error: unknown) =>
            log.error({ err: error, run: run.id }, 'storing that a run broke, broke'),
          )
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
      .catch((error: unknown) => log.error({ err: error }, 'looking for work broke'))
      .finally(() => {
        pumping = null;
        if (again) {
          again = false;
          pump();
        }
      });
  }

  async function recover(): Promise<void> {
    for (const run of await store.runs({ limit: LOOK_BACK })) await discardOutlived(run);
    for (const run of await store.runs({ states: ['planning', 'deciding', 'applying'] })) {
      // An apply that was under way may have done anything: people are asked. Plans are just made again.
      await step(run, run.state === 'applying' ? { e: 'lost' } : { e: 'requeue' });
    }
  }

  return {
    async check(stack, trigger, by) {
      const waiting = await store.runs({ stack: stack.name, states: ['queued', ...UNDER_WAY] });
      const joinable = waiting.find((r) => r.state === 'queued' || r.state === 'planning');
      if (joinable) return joinable;
      const stored = await store.commit([
        { c: 'run.insert', run: newRun(stack, trigger, by, null, clock()) },
      ]);
      const id = stored.ok ? stored.insertedRuns[0] : undefined;
      const run = id === undefined ? undefined : await store.run(id);
      if (!run) throw new Error(`queueing a check of ${stack.name}: the store did not keep it`);
      changed();
      return run;
    },

    async tell(runId, event, also = []) {
      const run = await store.run(runId);
      if (!run) return { ok: false, refusal: `there is no run #${runId}` };
      return step(run, event(run), also);
    },

    async write(changes) {
      const stored = await store.commit(changes);
      if (!stored.ok) throw new Error(`storing a change: run #${stored.stale} moved in between`);
      changed();
    },

    async start() {
      await recover();
      started = true;
      pump();
    },

    async drain() {
      stop.abort();
      await pumping;
      await Promise.all(busy.values());
    },

    settled(runId, timeoutMs) {
      return new Promise((resolve, reject) => {
        const done = (run: Run | undefined): void => {
          clearTimeout(timer);
          watchers.delete(look);
          resolve(run);
        };
        const look = (): void => {
          store.run(runId).then((run) => {
            if (run && !UNDER_WAY.includes(run.state) && run.state !== 'queued') done(run);
          }, reject);
        };
        const timer = setTimeout(() => done(undefined), timeoutMs);
        stop.signal.addEventListener('abort', () => done(undefined), { once: true });
        watchers.add(look);
        look();
      });
    },
  };
}
