/**
 * 400 stacks of a monorepo, with `terraform_data` only: what several people cost (people.ts), and rounds of m0 against the
 * bare tool, two at a time. Real plans of 400 roots take a while: M0_BENCH_STACKS says how many are planned for real.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import type { Variables } from '../../src/config/environment.ts';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { HEAP_FLAGS } from '../../src/setup/heap-flags.mjs';
import type { Tools } from '../../src/setup/tools.ts';
import { type Started, startWorld, type World } from '../support/world.ts';
import { cpuMsOfAll } from './cpu.ts';
import { keepAsking, peopleLimits, percentile } from './people.ts';
import type { Limit } from './table.ts';

const PEOPLE_STACKS = 400;
const TWO = 2;
const REST_MS = 30_000;
/** Node's other threads collect what the rounds left; rest is what comes after it. */
const SETTLE_MS = 20_000;
const LOOK_MS = 100;
const LATER_ROUNDS = 3;
const MIB = 2 ** 20;
/** Where `npm start` keeps compiled modules. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/m0');

/** How m0 is started. */
export interface RootsOrder {
  readonly variables: Variables;
  readonly tools: Tools;
}
/** `rest`: as `look`, and the benchmark's own watch of the event loop ends, which is not m0's work. */
export type RootsQuestion = 'check all' | 'look' | 'rest' | 'end';
export interface RootsAnswer {
  /** Stacks with a check that waits or runs, and stacks that were checked at least once. */
  readonly waiting: number;
  readonly known: number;
  readonly cpuMs: number;
  /** With the tools that it ran. */
  readonly allCpuMs: number;
  readonly rss: number;
  /** Of the event loop, since the last `check all`. */
  readonly delayMs: { readonly p999: number; readonly most: number };
}

/** What a round took, in ms: on the clock, and of CPU time (user and system) with all processes. */
interface Round {
  readonly wall: number;
  readonly cpu: number;
}

function next(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`measuring a fleet: m0 ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      resolve(answer);
    });
  });
}

const rootOf = (i: number): string => `roots/r${String(i).padStart(3, '0')}`;

/** Roots whose state is in a file beside the repository, all applied already. */
async function makeRoots(cloud: SandboxCloud, dir: string, terraform: string, count: number): Promise<void> {
  const states = join(dir, 'root-states');
  await mkdir(states, { recursive: true, mode: 0o777 });
  const stateOf = (i: number): string => join(states, `${i}.tfstate`);
  const files: Record<string, string> = {};
  for (let i = 0; i < count; i += 1) {
    files[`${rootOf(i)}/main.tf`] =
      `terraform {\n  backend "local" {\n    path = "${stateOf(i)}"\n  }\n}\n\nresource "terraform_data" "it" {\n  input = { lets_in = "443" }\n}\n`;
  }
  await commitAs(cloud.repos.infra, process.env, {
    ...{ author: KIM, at: Date.now() - 60_000, message: 'Add many roots', files },
  });
  const cwd = join(cloud.repos.infra, rootOf(0));
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    await execa(terraform, [...args, '-input=false', '-no-color'], { cwd, env: { CHECKPOINT_DISABLE: '1' } });
  }
  const state = await readFile(stateOf(0), 'utf8');
  for (let i = 0; i < count; i += 1) await writeFile(stateOf(i), state, { mode: 0o666 });
}

/** Does the work for each item, `TWO` at a time. Resolves with how long all took, in ms. */
async function twoAtATime(count: number, work: (i: number) => Promise<void>): Promise<number> {
  const begun = performance.now();
  let taken = 0;
  const lane = async (): Promise<void> => {
    while (taken < count) {
      taken += 1;
      await work(taken - 1);
    }
  };
  await Promise.all(Array.from({ length: TWO }, lane));
  return performance.now() - begun;
}

/** The bare tool in a clone: the first round, and a later one. */
async function bareTool(world: World, count: number) {
  const clone = join(world.dir, 'bare');
  await execa('git', ['clone', '--quiet', world.cloud.repos.infra, clone]);
  const run = async (i: number, ...args: string[]): Promise<void> => {
    const env = { CHECKPOINT_DISABLE: '1', TF_INPUT: '0', TF_CLI_CONFIG_FILE: world.tool.cliConfig };
    await execa(world.tool.terraform ?? 'terraform', args, { cwd: join(clone, rootOf(i)), env });
  };
  const plan = async (i: number): Promise<void> => {
    await run(i, 'plan', '-lock=false', '-out=plan');
    await run(i, 'show', '-json', 'plan');
  };
  const measured = async (work: (i: number) => Promise<void>): Promise<Round> => {
    const before = cpuMsOfAll();
    const wall = await twoAtATime(count, work);
    return { wall, cpu: cpuMsOfAll() - before };
  };
  return {
    first: () =>
      measured(async (i) => {
        await run(i, 'init');
        await plan(i);
      }),
    later: () => measured(plan),
  };
}

function withRoots(yaml: string, count: number): string {
  const config = parse(yaml) as { stacks: { source: object; policies?: unknown }[] };
  const [one] = config.stacks;
  const stacks = Array.from({ length: count }, (_, i) => ({
    ...one,
    ...{ name: `root-${i}`, environment: `env-${i % 8}`, source: { ...one?.source, path: rootOf(i) } },
  }));
  return stringify({ ...config, stacks });
}

/** The space that everything below the folder takes on the disk, in bytes. */
async function bytesIn(folder: string): Promise<number> {
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', folder]);
  return Number(stdout.split('\t')[0]);
}

export async function rootsLimits(count: number): Promise<Limit[]> {
  let child: ChildProcess | null = null;
  let startMs = 0;
  const running = (): ChildProcess => {
    if (child === null) throw new Error('measuring a fleet: m0 is not running');
    return child;
  };
  const ask = async (question: RootsQuestion): Promise<RootsAnswer> => {
    const answer = next(running());
    running().send(question);
    return (await answer) as RootsAnswer;
  };
  const start = async (variables: Variables, tools: Tools): Promise<Started> => {
    const begun = performance.now();
    const order: RootsOrder = { variables: { ...variables, M0_CONCURRENCY: String(TWO) }, tools };
    child = fork(join(import.meta.dirname, 'fleet400-m0.ts'), [JSON.stringify(order)], {
      // As src/setup/bootstrap.mjs starts `serve`.
      execArgv: ['--disable-warning=ExperimentalWarning', ...HEAP_FLAGS.serve],
      env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    });
    await next(child);
    startMs = performance.now() - begun;
    // The world's own questions to the store are not asked here.
    return { store: null as unknown as Started['store'], close: async () => void (await ask('end')) };
  };
  let dir = '';
  const world = await startWorld({
    ...{ cloud: 'plain', start },
    prepare: async (cloud) => {
      dir = join(cloud.repos.infra, '../..');
      const { testTools } = await import('../support/cloud.ts');
      await makeRoots(cloud, dir, (await testTools()).terraform ?? 'terraform', count);
    },
    config: (yaml) => withRoots(yaml, count),
  });
  try {
    const round = async (): Promise<Round> => {
      const begun = performance.now();
      const before = (await ask('look')).allCpuMs;
      await ask('check all');
      for (;;) {
        const { waiting, allCpuMs } = await ask('look');
        if (waiting === 0) return { wall: performance.now() - begun, cpu: allCpuMs - before };
        await sleep(LOOK_MS);
      }
    };
    const bare = await bareTool(world, count);
    const firsts = [{ bare: await bare.first(), m0: await round() }];
    const { known } = await ask('look');
    if (known !== count) throw new Error(`measuring a fleet: ${known} of ${count} roots were checked`);
    const laters: typeof firsts = [];
    for (let n = 0; n < LATER_ROUNDS; n += 1) laters.push({ bare: await bare.later(), m0: await round() });
    const asking = new AbortController();
    const statuses = keepAsking(world.workspace, 'U0EVE', (i) => `status root-${i % count}`, asking.signal);
    await round();
    const { delayMs } = await ask('look');
    asking.abort();
    const { ms, lost } = await statuses;
    await sleep(SETTLE_MS);
    const before = await ask('rest');
    await sleep(REST_MS);
    const after = await ask('look');
    const name = `${count} roots`;
    const seconds = ({ wall, cpu }: Round): string =>
      `${(wall / 1_000).toFixed(1)} s (CPU ${(cpu / 1_000).toFixed(1)} s)`;
    for (const each of [...firsts, ...laters])
      process.stderr.write(`  ${name}: bare ${seconds(each.bare)}, m0 ${seconds(each.m0)}\n`);
    process.stderr.write(
      `  ${name}: ${lost} of ${ms.length} status lost, load ${loadavg()[0]?.toFixed(1)}\n`,
    );
    const ratios = (rounds: typeof firsts, of: keyof Round): number[] =>
      rounds.map((each) => each.m0[of] / each.bare[of]);
    const disk = await bytesIn(join(world.dir, 'data', 'work'));
    const first = { what: `${name}: first round / init + plan + show`, most: 1.15, unit: '×' };
    const later = { what: `${name}: later round / plan + show`, most: 1, unit: '×' };
    return [
      { ...first, measured: ratios(firsts, 'wall') },
      { ...first, what: `${first.what}, CPU time`, measured: ratios(firsts, 'cpu') },
      { ...later, measured: ratios(laters, 'wall') },
      { ...later, what: `${later.what}, CPU time`, measured: ratios(laters, 'cpu') },
      { what: `${name}: disk a stack`, measured: [disk / count / MIB], most: 1, unit: ' MiB' },
      { what: `${name}: event loop p99.9`, measured: [delayMs.p999], most: 50, unit: ' ms' },
      { what: `${name}: event loop, longest`, measured: [delayMs.most], most: 250, unit: ' ms' },
      {
        what: `${name}: /m0 status during a round, p99`,
        measured: [percentile(ms, 0.99)],
        most: 250,
        unit: ' ms',
      },
      { what: `${name}: memory at rest`, measured: [after.rss / MIB], most: 250, unit: ' MiB' },
      {
        what: `${name}: CPU at rest, of a core`,
        measured: [(100 * (after.cpuMs - before.cpuMs)) / REST_MS],
        ...{ most: 1, unit: ' %' },
      },
      { what: `${name}: start`, measured: [startMs / 1_000], most: 3, unit: ' s' },
    ];
  } finally {
    await world.close();
  }
}

/** The limits of a fleet of 400 stacks, with measured values. */
export async function fleet400Limits(_runs: number, scratch: string): Promise<Limit[]> {
  const count = Number(process.env.M0_BENCH_STACKS ?? PEOPLE_STACKS);
  return [...(await peopleLimits(PEOPLE_STACKS, scratch)), ...(await rootsLimits(count))];
}
