/** One simulation: the seed decides all that happens in it. First trouble, then calm, and then all must be well. */
import type { Stack } from '../../../src/model/directory.ts';
import type { RunState } from '../../../src/model/run.ts';
import { directory as aDirectory, stack as aStack } from '../directory.ts';
import { FakeChat } from '../fake-chat.ts';
import { seeded } from '../random.ts';
import { NOON } from '../runs.ts';
import { SimCloud } from './cloud.ts';
import { SharedDatabase } from './database.ts';
import { checkEnd, checkShown } from './end-state.ts';
import { Engine, type SimProcess } from './engine.ts';
import { BOTH_LABELS, LABEL, Machine } from './machines.ts';
import { Observer, type Violation } from './observer.ts';
import { CHANNEL, People } from './people.ts';
import { type PlantedBugName, plantedBug } from './planted-bugs.ts';
import type { SimWorld } from './ports.ts';

/** How long people wait until everything must be done again, in ms of virtual time. */
const PATIENCE_MS = 10 * 60_000;
const LOOK_MS = 1_000;
const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** A digest of everything that happened. */
  readonly hash: string;
  readonly events: number;
  /** How long it took in virtual time, in ms. */
  readonly virtualMs: number;
  readonly counts: Observer['counts'];
  /** One line an event; empty unless it was asked for. */
  readonly trace: readonly string[];
}

export interface SeedOptions {
  readonly bug?: PlantedBugName | null;
  readonly isTraced?: boolean;
}

function stacksOf(random: Engine['random']): readonly Stack[] {
  const policies = [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' as const }];
  const of = (name: string, more: Partial<Stack>): Stack =>
    aStack({ name, policies, approvers: { from: ['sre'], need: 1, notTheAuthor: false }, ...more });
  const two = [of('prod-a', {}), of('prod-b', random.chance(0.5) ? { worker: LABEL } : {})];
  if (random.chance(0.6)) return two;
  return [...two, of('prod-c', { approvers: { from: ['sre'], need: 2, notTheAuthor: false } })];
}

/** Runs the simulation of one seed. Never rejects because of what happens in it: that is a violation. */
export async function simulate(
  seed: number,
  { bug = null, isTraced = false }: SeedOptions = {},
): Promise<SeedResult> {
  const random = seeded(seed);
  const trace: string[] | null = isTraced ? [] : null;
  const engine = new Engine(random, NOON, trace);
  const restore = engine.install();
  const db = new SharedDatabase(() => engine.now);
  try {
    const observer = new Observer(engine, db);
    const stacks = stacksOf(random);
    const names = stacks.map(({ name }) => name);
    const machines: Machine[] = [];
    const world: SimWorld = {
      ...{ engine, db, observer, cloud: new SimCloud(names), chat: new FakeChat([CHANNEL]) },
      ...{ bug: plantedBug(bug), faults: random.pick([0.02, 0.1, 0.25]) },
      notify: (by, runs) => notify(world, machines, by, runs),
      stored: (by) => stopAtWorst(world, machines, by),
    };
    const directory = aDirectory({ stacks, oncall: {} });
    const skewMs = (): number => (random.chance(0.5) ? 0 : random.int(20_000) - 10_000);
    const options = (labels: readonly string[]) => ({ directory, skewMs: skewMs(), labels });
    const ownerLabels = random.chance(0.3) ? BOTH_LABELS : [];
    for (const name of ['bot-a', 'bot-b'])
      machines.push(new Machine(world, name, 'replica', options(ownerLabels)));
    for (const name of ['worker-a', 'worker-b'])
      machines.push(new Machine(world, name, 'worker', options(BOTH_LABELS)));
    const replicas = machines.slice(0, 2);
    const people = new People(world, replicas, names);
    for (const machine of machines) machine.start();
    await trouble(world, machines, people);
    const isCalm = await calm(world, machines, people, names);
    await checkEnd(world, people, names, isCalm);
    engine.note(`end: ${JSON.stringify(db.rows('SELECT id, stack, state, version FROM runs'))}`);
    const { hash, happened, now } = engine;
    const { violations, counts } = observer;
    const digest = hash.toString(16).padStart(8, '0');
    return {
      seed,
      violations,
      hash: digest,
      events: happened,
      virtualMs: now - NOON,
      counts,
      trace: trace ?? [],
    };
  } finally {
    db.close();
    restore();
  }
}

/** Kills or freezes a process that has just stored a step, before it hears that it was stored. */
function stopAtWorst({ engine, faults }: SimWorld, machines: readonly Machine[], by: SimProcess): void {
  if (faults === 0) return;
  const { random } = engine;
  const fate = random.int(32);
  const machine = machines.find(({ running }) => running?.process === by);
  if (fate === 0) machine?.kill(300 + random.int(3_000), random.chance(0.4));
  else if (fate <= 2) machine?.freeze(2_000 + random.int(14_000));
}

/** Notices come late, and some are lost: the connection that listens was cut. */
function notify(
  { engine, faults }: SimWorld,
  machines: readonly Machine[],
  by: SimProcess,
  runs: readonly number[],
): void {
  for (const { running } of machines) {
    if (running === null || (faults > 0 && engine.random.int(10) === 0)) continue;
    const { process, inbox } = running;
    const delay = engine.delay({ usualMs: 10, slowMs: 3_000 });
    engine.after(delay, process, `hears of ${runs.join(' ')}`, () => inbox.tell(runs, process === by));
  }
}

/** Processes are killed and frozen, signs of life are lost, people decide, and the cloud changes. */
async function trouble(world: SimWorld, machines: readonly Machine[], people: People): Promise<void> {
  const { engine, cloud } = world;
  const { random } = engine;
  const acts: (() => void)[] = [];
  const often = (times: number, act: () => void): void => {
    for (let i = 0; i < times; i += 1) acts.push(act);
  };
  often(3, () => people.drift());
  often(3, () => people.checkAny());
  often(6, () => people.act());
  often(1, () => people.push());
  often(1, () => random.pick(machines).kill(300 + random.int(4_000), random.chance(0.4)));
  often(1, () => random.pick(machines).freeze(500 + random.int(15_000)));
  often(1, () => {
    random.pick(machines).silentUntil = engine.now + random.int(12_000);
  });
  const rare = (): void => {
    if (random.chance(0.3)) engine.jump(random.int(3 * 3_600_000));
    else if (random.chance(0.5)) {
      const state = cloud.of('prod-a');
      if (state.lockedBy !== null) return;
      state.lockedBy = 'somebody@laptop';
      engine.after(random.int(8_000), null, 'somebody ends the lock', () => {
        state.lockedBy = null;
      });
    }
  };
  await engine.runUntil(engine.now + 1_500);
  people.drift();
  people.checkAny();
  for (let left = 10 + random.int(14); left > 0; left -= 1) {
    await engine.runUntil(engine.now + random.int(1_400));
    if (random.int(25) === 0) rare();
    else random.pick(acts)();
  }
}

/** Everything works again. Resolves with true when there is nothing left to do; reports what is stuck. */
async function calm(
  world: SimWorld,
  machines: readonly Machine[],
  people: People,
  stacks: readonly string[],
): Promise<boolean> {
  const { engine, db, observer } = world;
  world.faults = 0;
  engine.isSlow = false;
  for (const machine of machines) {
    machine.silentUntil = 0;
    if (machine.running !== null) machine.running.process.frozenUntil = 0;
  }
  engine.note('everything works again');
  const end = engine.now + PATIENCE_MS;
  const isUp = (): boolean =>
    machines.every(({ running }) => running !== null) && machines.some(({ core }) => core !== null);
  const states = BUSY.map((state) => `'${state}'`).join(',');
  const busy = () =>
    db.rows<{ id: number; stack: string; state: string }>(
      `SELECT id, stack, state FROM runs WHERE state IN (${states})`,
    );
  const messages = (): number =>
    db.row<{ n: number }>('SELECT count(*) AS n FROM outbox WHERE done_at IS NULL')?.n ?? 0;
  const isDone = (): boolean =>
    isUp() &&
    busy().length === 0 &&
    messages() === 0 &&
    !stacks.some((stack) => world.cloud.of(stack).lockedBy !== null);
  const until = async (isSo: () => boolean): Promise<boolean> => {
    while (!isSo() && engine.now < end) await engine.runUntil(engine.now + LOOK_MS);
    return isSo();
  };
  await until(isUp);
  // What people have sent before is answered first.
  await engine.runUntil(engine.now + LOOK_MS);
  const pauses = () => db.rows<{ target: string }>('SELECT target FROM pauses WHERE ended_at IS NULL');
  // A pause may have been asked for long ago, by a command that a frozen process had.
  const isCalm = (): boolean => {
    for (const { target } of pauses()) people.resume(target);
    return isDone() && pauses().length === 0;
  };
  if (await until(isCalm)) await checkShown(world);
  const unchecked = new Set(stacks);
  await until(() => {
    for (const stack of unchecked) people.check(stack, 'command', () => unchecked.delete(stack));
    return unchecked.size === 0;
  });
  if (await until(isCalm)) return true;
  const runs = busy().map(({ id, stack, state }) => `#${id} of ${stack} is ${state}`);
  const owner = isUp() ? [] : ['nobody owns the database'];
  observer.report('nothing is stuck', [...owner, ...runs, `${messages()} messages wait`].join('; '));
  return false;
}
