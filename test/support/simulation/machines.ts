/** The machines of a simulation: two replicas of m0, of which one owns the database, and two workers. */
import { errorText } from '../../../src/base/error-text.ts';
import { type Core, createCore } from '../../../src/core.ts';
import type { Clock, Directory } from '../../../src/model/directory.ts';
import { M0 } from '../../../src/model/run.ts';
import { NO_LABEL } from '../../../src/model/worker-label.ts';
import { peopleToAsk } from '../../../src/people/asking.ts';
import { createOnCall } from '../../../src/people/on-call.ts';
import { LeaseLost } from '../../../src/ports/owner.ts';
import type { SharedWork } from '../../../src/ports/shared-work.ts';
import { StoreError } from '../../../src/ports/store-error.ts';
import { checkOnSchedule } from '../../../src/runs/scheduled-check.ts';
import { jobOf } from '../../../src/runs/work-order.ts';
import { createWorkerBeside } from '../../../src/runs/worker.ts';
import { repeat } from '../../../src/schedule/repeat.ts';
import type { AuditedStore } from '../../../src/store/audited-store.ts';
import { DANA } from '../runs.ts';
import { simPolicies } from './cloud.ts';
import { BEAT_MS, type Part, SUPERVISE_MS, silentLog } from './database.ts';
import type { SimProcess } from './engine.ts';
import { Inbox, type SimWorld, simChat, simRunner, simSharedWork, simStore } from './ports.ts';

/** How often a replica tries to become the owner, in ms. */
const POLL_MS = 700;
/** How often the owner looks for what waits, as in serve.ts. */
const WAITING_CHECK_MS = 15_000;
/** How long a process that has lost its lease may take to stop. */
const STOP_MS = 10_000;

export const LABEL = 'vpc';

/** A process that is up, and what ends it. */
interface Running {
  readonly process: SimProcess;
  readonly inbox: Inbox;
  /** Null while it only waits to become the owner, and in workers. */
  core: Core | null;
  store: AuditedStore | null;
  /** Checks a stack, as the schedule, a push or a person of the owner does. */
  check: ((stack: string, trigger: 'schedule' | 'push' | 'command') => Promise<void>) | null;
  drain: () => Promise<void>;
  /** False: its machine died with it, and so did its tools. */
  isMachineUp: boolean;
}

/** A place where one process runs after the other, each with the same settings. */
export class Machine {
  readonly name: string;
  readonly #kind: 'replica' | 'worker';
  readonly #world: SimWorld;
  readonly #directory: Directory;
  readonly #skewMs: number;
  readonly #labels: readonly string[];
  /** While set, signs of life are lost. */
  silentUntil = 0;
  running: Running | null = null;
  #starts = 0;

  constructor(
    world: SimWorld,
    name: string,
    kind: 'replica' | 'worker',
    options: { readonly directory: Directory; readonly skewMs: number; readonly labels: readonly string[] },
  ) {
    this.#world = world;
    this.name = name;
    this.#kind = kind;
    this.#directory = options.directory;
    this.#skewMs = options.skewMs;
    this.#labels = options.labels;
  }

  /** The part of the core that answers people; null: this process does not own the database, as far as it knows. */
  get core(): Core | null {
    return this.running?.core ?? null;
  }

  start(): void {
    const { engine } = this.#world;
    this.#starts += 1;
    const process: SimProcess = {
      ...{ name: `${this.name}.${this.#starts}`, skewMs: this.#skewMs, isAlive: true, frozenUntil: 0 },
    };
    const running: Running = {
      process,
      inbox: new Inbox(),
      core: null,
      store: null,
      check: null,
      drain: async () => {},
      isMachineUp: true,
    };
    this.running = running;
    engine.note(`${process.name} starts`);
    if (this.#kind === 'worker') this.#startWorker(running);
    else this.#stand(running);
  }

  /** Kills the process. `withMachine`: its tools end too. It starts again after so many ms. */
  kill(againInMs: number, withMachine: boolean): void {
    const { running } = this;
    const { engine, observer } = this.#world;
    if (running === null) return;
    observer.counts.kills += 1;
    engine.note(`${running.process.name} is killed${withMachine ? ' with its machine' : ''}`);
    running.process.isAlive = false;
    this.running = null;
    running.isMachineUp = !withMachine;
    engine.after(againInMs, null, `${this.name} starts again`, () => {
      this.start();
    });
  }

  freeze(ms: number): void {
    const { running } = this;
    const { engine, observer } = this.#world;
    if (running === null) return;
    observer.counts.freezes += 1;
    engine.note(`${running.process.name} is frozen for ${ms} ms`);
    running.process.frozenUntil = Math.max(running.process.frozenUntil, engine.now + ms);
  }

  /** Opens the database for the process. */
  #open(
    running: Running,
    part: Part,
  ): { readonly store: AuditedStore; readonly shared: SharedWork; readonly clock: Clock } {
    const { engine, db, bug } = this.#world;
    const { process } = running;
    const open = db.open(part, {
      jobOf,
      onLost: () => this.#lost(running),
      keptJobs: (jobs) => (bug.isJobLost ? jobs.filter(() => !engine.random.chance(0.2)) : jobs),
    });
    const shared = simSharedWork(this.#world, process, running.inbox);
    const stepped = simStore(this.#world, process, open);
    const store: AuditedStore = new Proxy(stepped, {
      get: (target, name) => (name === 'shared' ? shared : (Reflect.get(target, name) as unknown)),
    });
    running.store = open.store;
    return { store, shared, clock: () => engine.now + process.skewMs };
  }

  /** Gives signs of life until one shows that another process has taken the place of this one. */
  #beat(running: Running, beat: () => boolean): void {
    const { engine, faults } = this.#world;
    engine.after(BEAT_MS, running.process, 'a sign of life', () => {
      const isLost = engine.now < this.silentUntil || (faults > 0 && engine.random.int(8) === 0);
      if (isLost || beat()) this.#beat(running, beat);
      else this.#lost(running);
    });
  }

  #startWorker(running: Running): void {
    const { engine, db } = this.#world;
    const { process } = running;
    const id = db.enterWorker(process.name, this.#labels);
    const { store, shared, clock } = this.#open(running, { worker: id });
    const runner = simRunner(this.#world, process, running.store as AuditedStore, {
      ...{ clock, isMachineUp: () => running.isMachineUp },
    });
    const directory = this.#directory;
    const onCall = createOnCall(
      directory,
      async () => [],
      clock,
      () => {},
    );
    const worker = createWorkerBeside({
      ...{
        store,
        shared,
        labels: this.#labels,
        runner,
        policies: simPolicies,
        directory,
        clock,
        log: silentLog,
      },
      ...{ onCall: () => onCall(), concurrency: 2, onChange: () => {} },
      peopleToAsk: async (stack) => peopleToAsk(stack, await onCall.rotasNow()),
    });
    running.drain = () => worker.drain();
    this.#beat(running, () => db.extendWorker(id));
    engine.as(process, () => worker.start());
  }

  /** Waits for the lease. */
  #stand(running: Running): void {
    const { engine, db, bug, observer } = this.#world;
    engine.after(engine.random.int(POLL_MS), running.process, 'look for the lease', () => {
      const isFree = (expiresAt: number): boolean => !bug.isLeaseEndless && expiresAt <= engine.now;
      const fence = db.takeLease(running.process.name, isFree);
      if (fence === null) return this.#stand(running);
      observer.counts.takeovers += 1;
      engine.note(`${running.process.name} owns the database (${fence})`);
      engine
        .as(running.process, () => this.#own(running, fence))
        .catch((error: unknown) => {
          // A start that the database refuses is tried again; any other error is a bug.
          const isExpected = error instanceof StoreError || error instanceof LeaseLost;
          if (!isExpected)
            observer.report('nothing is stuck', `the owner could not start: ${errorText(error)}`);
          this.#lost(running);
        });
    });
  }

  /** What `serve` does in the owner, as far as the simulation has it. */
  async #own(running: Running, fence: number): Promise<void> {
    const { engine, db } = this.#world;
    const { process } = running;
    this.#beat(running, () => db.extendLease(fence));
    const supervise = (): void => {
      engine.after(SUPERVISE_MS, process, 'end silent jobs', () => {
        db.dropSilentJobs();
        supervise();
      });
    };
    supervise();
    const { store, shared, clock } = this.#open(running, { owner: fence });
    const runner = simRunner(this.#world, process, running.store as AuditedStore, {
      ...{ clock, isMachineUp: () => running.isMachineUp },
    });
    const core = createCore({
      ...{
        store,
        runner,
        policies: simPolicies,
        directory: this.#directory,
        clock,
        log: silentLog,
        key: 'simulated',
      },
      ...{ shared, labels: this.#labels, concurrency: 2, usergroup: async () => [] },
      chats: new Map([['slack', simChat(this.#world, process)]]),
    });
    running.drain = async () => {
      await core.worker.drain();
      await core.dispatcher.drain();
    };
    core.dispatcher.start();
    await core.worker.start();
    running.core = core;
    running.check = async (name, trigger) => {
      const stack = this.#directory.stacks.find((one) => one.name === name);
      if (stack === undefined) return;
      if (trigger === 'schedule') await checkOnSchedule({ store, worker: core.worker, clock }, stack);
      else await core.worker.check(stack, trigger, trigger === 'push' ? M0 : DANA);
    };
    repeat(WAITING_CHECK_MS, () => core.checkWaiting());
  }

  /** The process stops, because another one has taken its place, and starts again. */
  #lost(running: Running): void {
    if (this.running !== running || !running.process.isAlive) return;
    const { engine } = this.#world;
    const { process } = running;
    engine.note(`${process.name} has lost its place`);
    const end = (): void => {
      if (this.running === running) this.kill(500, false);
    };
    engine.after(STOP_MS, null, `${process.name} did not stop`, end);
    // Asked after the call that showed it, as a process does that hears of it.
    engine.after(0, process, 'stop', () => {
      running.core = null;
      void running.drain().then(() => engine.after(0, null, `${process.name} has stopped`, end));
    });
  }
}

/** The labels of a machine that works for the stacks without a label, and for those of the label. */
export const BOTH_LABELS: readonly string[] = [NO_LABEL, LABEL];
