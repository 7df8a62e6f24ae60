/** The ports of one simulated process: each call is a step of the engine, which may be slow, refused or never answered. */
import type { Card } from '../../../src/messages/card.ts';
import type { Place, Stack } from '../../../src/model/directory.ts';
import type { SavedPlan } from '../../../src/model/run.ts';
import { ChatError, type ChatPort } from '../../../src/ports/chat.ts';
import type { CodePort, Runner } from '../../../src/ports/runner.ts';
import { RunnerError } from '../../../src/ports/runner-error.ts';
import type { OpenJob, SharedWork } from '../../../src/ports/shared-work.ts';
import type { Change } from '../../../src/ports/store.ts';
import { StoreError } from '../../../src/ports/store-error.ts';
import type { AuditedStore } from '../../../src/store/audited-store.ts';
import { startConsumer } from '../../../src/store/postgres/work/consumer.ts';
import type { BegunJob } from '../../../src/store/postgres/work/jobs.ts';
import type { FakeChat } from '../fake-chat.ts';
import type { PlanFile, SimCloud } from './cloud.ts';
import { type OpenStore, type SharedDatabase, silentLog } from './database.ts';
import type { Engine, Latency, SimProcess } from './engine.ts';
import type { Observer } from './observer.ts';
import type { PlantedBug } from './planted-bugs.ts';

const STORE: Latency = { usualMs: 4, slowMs: 300 };
const CHAT: Latency = { usualMs: 60, slowMs: 800 };
const GIT: Latency = { usualMs: 30, slowMs: 300 };
const PLAN: Latency = { usualMs: 300, slowMs: 2_500 };

/** Everything that simulated processes share. */
export interface SimWorld {
  readonly engine: Engine;
  readonly db: SharedDatabase;
  readonly cloud: SimCloud;
  readonly chat: FakeChat;
  readonly observer: Observer;
  readonly bug: PlantedBug;
  /** How likely a call fails, from 0 to 1; 0 when everything is well. */
  faults: number;
  /** Called when a process has just stored something: the worst moment to stop it. */
  stored(by: SimProcess): void;
  /** Tells all processes which runs one of them has moved. */
  notify(by: SimProcess, runs: readonly number[]): void;
}

/** Notices that reach one process. */
export class Inbox {
  readonly #listeners = new Set<(runs: readonly number[] | null, isOwn: boolean) => void>();

  listen(listener: (runs: readonly number[] | null, isOwn: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(runs: readonly number[] | null, isOwn: boolean): void {
    for (const listener of [...this.#listeners]) listener(runs, isOwn);
  }
}

/** The error with the chance of the world's faults, times `factor`. */
function perhaps({ engine, faults }: SimWorld, factor: number, error: () => Error): Error | null {
  return faults > 0 && engine.random.chance(faults * factor) ? error() : null;
}

export function simStore(
  world: SimWorld,
  process: SimProcess,
  { store, takeAnnounced }: OpenStore,
): AuditedStore {
  const { engine, db, observer, bug } = world;
  async function commit(changes: readonly Change[]) {
    const watched = observer.watchCommit(changes);
    const result = await store.commit(bug.changes?.(changes, db) ?? changes);
    const runs = takeAnnounced();
    if (result.ok) watched();
    world.stored(process);
    if (result.ok && runs !== null && runs.length > 0) world.notify(process, runs);
    return result;
  }

  const lost = (): Error => new StoreError('the connection to the database was lost');
  const busy = (): Error => new StoreError('another process writes', { problem: 'busy' });
  const step = <T>(name: string, call: () => Promise<T>): Promise<T> =>
    engine.step(process, name, STORE, call, (when) =>
      when === 'answer' ? null : (perhaps(world, 0.03, busy) ?? perhaps(world, 0.02, lost)),
    );
  const commitInSteps = (changes: readonly Change[]) =>
    step(
      `commit ${changes.map((change) => (change.type === 'run.update' ? `#${change.run.id} ${change.run.state}` : change.type)).join(', ')}`,
      () => commit(changes),
    );
  const methods = new Map<string, unknown>([
    ['commit', bug.commit?.(commitInSteps) ?? commitInSteps],
    // Its answer is not the same for all processes.
    ['proveOwner', () => step('proveOwner', () => store.proveOwner())],
  ]);
  return new Proxy(store, {
    get(target, name) {
      const known = methods.get(String(name));
      if (known !== undefined) return known;
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      const method = (...args: unknown[]) =>
        step(String(name), () =>
          db.read(String(name), args, () => Reflect.apply(value, target, args) as Promise<unknown>),
        );
      methods.set(String(name), method);
      return method;
    },
  });
}

export function simChat(world: SimWorld, process: SimProcess): ChatPort {
  const { engine, chat } = world;
  const noAnswer = (): Error => new ChatError('no answer');
  const step = <T>(name: string, call: () => Promise<T>): Promise<T> =>
    engine.step(process, name, CHAT, call, () => perhaps(world, 0.5, noAnswer));
  return {
    platform: chat.platform,
    post: (place: Place, card: Card, key) => step(`post ${key}`, () => chat.post(place, card, key)),
    find: (place, key) => step(`find ${key}`, () => chat.find(place, key)),
    update: (channel, id, card) => step(`update ${id}`, () => chat.update(channel, id, card)),
    reply: (channel, id, text, key, loud) =>
      step(`reply ${key}`, () => chat.reply(channel, id, text, key, loud)),
    linkTo: (channel, id) => chat.linkTo(channel, id),
    usergroup: (id) => chat.usergroup(id),
  };
}

/** Terraform, run by this process. A tool that has begun goes on when its process is killed, unless its machine dies. */
export function simRunner(
  world: SimWorld,
  process: SimProcess,
  store: AuditedStore,
  { clock, isMachineUp }: { readonly clock: () => number; readonly isMachineUp: () => boolean },
): Runner & CodePort {
  const { engine, cloud, observer, bug } = world;
  const { random } = engine;

  /** Why the tool changes nothing, as Terraform says it; null: it begins. */
  function refusalOf(stack: string, file: PlanFile | undefined): RunnerError | null {
    const { lockedBy, serial } = cloud.of(stack);
    if (lockedBy !== null) {
      const locked = { who: lockedBy, id: 'lock', operation: 'apply', since: null };
      return new RunnerError('apply', 'the state is locked', { locked });
    }
    const isStale = file?.serial !== serial;
    return isStale ? new RunnerError('apply', 'the saved plan is stale', { mayHaveApplied: true }) : null;
  }

  /** Runs the tool until it ends. */
  function tool(
    stack: string,
    artifact: string,
    run: number,
    end: (error: RunnerError | null) => void,
  ): void {
    const state = cloud.of(stack);
    const file = cloud.plans.get(artifact);
    const refusal = refusalOf(stack, file);
    if (refusal !== null || file === undefined) {
      // As with -lock-timeout: meanwhile people snooze and accept.
      const waits = refusal?.locked === undefined || refusal.locked === null ? 0 : random.int(6_000);
      engine.after(waits, null, `the tool of #${run} changes nothing`, () => end(refusal));
      return;
    }
    state.lockedBy = process.name;
    observer.begins(run);
    const fate = world.faults > 0 ? random.int(12) : 12;
    const left = fate === 0 ? [] : fate === 1 ? file.changes.slice(1) : [...file.changes];
    const total = left.length;
    const next = (): void => {
      const change = left.shift();
      // The machine is gone: the state is not saved. Its lock ends with it.
      if (!isMachineUp()) state.lockedBy = null;
      else if (change !== undefined) {
        cloud.change(stack, change);
        engine.after(20 + random.int(400), null, `the tool of #${run} has changed ${change.address}`, next);
      } else {
        if (total > 0) cloud.saveState(stack);
        state.lockedBy = null;
        end(fate <= 2 ? new RunnerError('apply', 'the cloud refused', { mayHaveApplied: true }) : null);
      }
    };
    engine.after(20 + random.int(fate === 11 ? 9_000 : 400), null, `the tool of #${run} works`, next);
  }

  async function applyOnce(stack: Stack, { artifact }: SavedPlan, run: number): Promise<{ log: string }> {
    let id: number | undefined;
    try {
      id = await engine.step(process, `admit the apply of #${run}`, STORE, async () => {
        const endsBy = clock() + 3_600_000;
        const begin = { stack: stack.name, phase: 'apply', pid: globalThis.process.pid, endsBy } as const;
        const admitted = bug.isUnproven ? 0 : await store.toolProcesses?.begin(begin);
        observer.admitted(run, artifact, cloud.plans.get(artifact));
        return admitted;
      });
    } catch (cause) {
      throw new RunnerError('apply', `recording the apply: ${String(cause)}`, { cause });
    }
    const error = await new Promise<RunnerError | null>((resolve) => {
      tool(stack.name, artifact, run, (ended) => {
        engine.after(
          random.int(20),
          process,
          `the apply of #${run} has ended: ${ended?.message ?? 'well'}`,
          () => resolve(ended),
        );
      });
    });
    if (id !== undefined && id !== 0) {
      const ended = id;
      await engine
        .step(process, 'forget the tool', STORE, async () => store.toolProcesses?.end(ended))
        .catch(() => {});
    }
    if (error !== null) throw error;
    return { log: '' };
  }

  const apply: Runner['apply'] = (stack, plan, _signal, _watch, run = 0) => applyOnce(stack, plan, run);
  return {
    head: (stack) =>
      engine.step(
        process,
        'fetch the code',
        GIT,
        async () => cloud.head(stack.name),
        () => perhaps(world, 0.1, () => new RunnerError('git', 'no answer of the git host')),
      ),
    async plan(stack, { only, run = 0, signal }) {
      const madeAt = clock();
      const result = await engine.step(
        process,
        `plan for #${run}`,
        PLAN,
        async () => cloud.plan(stack, only, run, madeAt),
        (when) =>
          when === 'answer' ? null : perhaps(world, 0.3, () => new RunnerError('plan', 'the cloud is slow')),
      );
      if (!signal.aborted) return result;
      cloud.plans.delete(result.plan.artifact);
      throw new RunnerError('plan', 'stopped', { stopped: 'aborted' });
    },
    apply: bug.apply?.(apply) ?? apply,
    discard: (plan) =>
      engine.step(process, 'discard', STORE, async () => void cloud.plans.delete(plan.artifact)),
    discardAllBut: (artifacts, stack) =>
      engine.step(process, 'discard all', STORE, async () => {
        for (const [name, plan] of [...cloud.plans]) {
          const isMeant = stack === undefined || plan.stack === stack;
          if (isMeant && !artifacts.includes(name)) cloud.plans.delete(name);
        }
      }),
    async discardOfIdle(busyStacks) {
      const listed = await engine.step(process, 'list plans', STORE, async () => [...cloud.plans]);
      const busy = await busyStacks();
      for (const [name, { stack }] of listed) {
        if (busy.includes(stack)) continue;
        await engine.step(process, 'discard', STORE, async () => void cloud.plans.delete(name));
      }
    },
  };
}

/** The delivery of jobs, in place of pg-boss; what takes jobs and keeps them alive is m0's own code. */
export function simSharedWork(world: SimWorld, process: SimProcess, inbox: Inbox): SharedWork {
  const { engine, db, bug } = world;
  const lost = (): Error => new StoreError('the connection to the database was lost');
  const step = <T>(name: string, call: () => T): Promise<T> =>
    engine.step(
      process,
      name,
      STORE,
      async () => call(),
      () => perhaps(world, 0.1, lost),
    );
  const all = (): ReadonlyMap<string, readonly OpenJob[]> => {
    const open = new Map<string, OpenJob[]>();
    for (const { stack, label, isBegun } of db.openJobs()) {
      open.set(stack, [...(open.get(stack) ?? []), { label, isBegun: isBegun === 1 }]);
    }
    return open;
  };
  const jobs = {
    addIn: async () => {},
    close: async () => {},
    add: (added: Parameters<SharedWork['add']>[0]) =>
      step('add jobs', () => {
        if (!bug.isJobLost) db.addJobs(added);
      }),
    all: () => step('read the jobs', all),
    begin: (label: string, minPriority: number) =>
      step('begin a job', (): BegunJob | null => {
        const job = db.beginJob(label, minPriority);
        return job && { ...job, id: String(job.id), retryCount: 0 };
      }),
    isMine: (job: BegunJob) => step(`keep the job of ${job.stack}`, () => db.extendJob(Number(job.id))),
    end: (job: BegunJob) => step(`end the job of ${job.stack}`, () => db.endJob(Number(job.id))),
  };
  return {
    add: jobs.add,
    jobs: jobs.all,
    consume: (options) =>
      startConsumer({ jobs, log: silentLog, onNews: (listener) => inbox.listen(() => listener()) }, options),
    onChange: (listener) =>
      inbox.listen((runs, isOwn) => {
        if (!isOwn) listener(runs);
      }),
    // Nothing depends on reports, and any may get lost: here all of them do.
    report: () => {},
    onReport: () => () => {},
    workers: () => step('read the workers', () => db.workers()),
    removeSilentWorkers: () => step('remove silent workers', () => db.removeSilentWorkers()),
  };
}
