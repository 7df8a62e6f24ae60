/**
 * `npm run bench -- [RUNS] [PART …]`: measures what m0 costs, alternating each measurement with its baseline.
 * Parts (default: all): `explain` (a whole process on big plans, against a process that only parses the
 * same file), `policy`, `runner` (a check of a stack), `fleet` (a day of 400 stacks), `memory` (10,000 runs), `chat`
 * (commands and clicks while plans run), `codify` (a finding goes into the code), `fleet400` (rounds of 400 stacks, and several people at once; M0_BENCH_STACKS:
 * how many of them are planned for real), `scale` (workers on PostgreSQL, and 10,000 stacks). Each part has its own file. Exit code 1: a limit is exceeded; 2: wrong usage.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeBigPlan } from './big-plan.ts';
import { chatLimits } from './chat.ts';
import { codifyLimits } from './codify.ts';
import { fleetLimits } from './fleet.ts';
import { fleet400Limits } from './fleet400.ts';
import { memoryLimits } from './memory.ts';
import { policyLimits } from './policy.ts';
import { runnerLimits } from './runner.ts';
import { scaleLimits } from './scale.ts';
import { broken, type Limit, rowOf } from './table.ts';

const ROOT = join(import.meta.dirname, '../..');
const GIB = 2 ** 30;

interface Usage {
  /** Milliseconds from the start of the process to its end. */
  readonly wall: number;
  /** Peak memory, in bytes, of the largest process. */
  readonly peak: number;
}

interface Plan {
  readonly changes: number;
  readonly drifted: number;
}

/** Runs Node with these arguments and waits for its end. */
async function measure(args: readonly string[], scratch: string, expected: number): Promise<Usage> {
  const folder = mkdtempSync(join(scratch, 'usage-'));
  const hook = `--import=${join(import.meta.dirname, 'report-usage.mjs')}`;
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, M0_BENCH_USAGE: folder, NODE_OPTIONS: hook },
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const wall = performance.now() - started;
  if (code !== expected) throw new Error(`measuring ${args.join(' ')}: ended with ${String(code)}`);
  const peaks = readdirSync(folder).map((name) => Number(readFileSync(join(folder, name), 'utf8')));
  return { wall, peak: Math.max(...peaks) };
}

async function limitsOf(plan: Plan, runs: number, scratch: string): Promise<Limit[]> {
  const file = join(scratch, 'plan.json');
  writeBigPlan(file, plan);
  const { size } = statSync(file);
  const explain = [join(ROOT, 'src/setup/bootstrap.mjs'), 'explain', file, '--json'];
  const parse = [join(import.meta.dirname, 'parse-only.mjs'), file];
  const wall: number[] = [];
  const peak: number[] = [];
  for (let run = 0; run < runs; run++) {
    const bare = await measure(parse, scratch, 0);
    // Exit code 1 of explain means that there are findings.
    const whole = await measure(explain, scratch, plan.drifted > 0 ? 1 : 0);
    wall.push(whole.wall / bare.wall);
    peak.push(whole.peak);
  }
  rmSync(file);
  const name = `${plan.changes} changes, ${plan.drifted} drifted, ${Math.round(size / 1e6)} MB`;
  return [
    { what: `${name}: time / JSON.parse alone`, measured: wall, most: 3, unit: '×' },
    { what: `${name}: peak memory / file`, measured: peak.map((bytes) => bytes / size), most: 6, unit: '×' },
    { what: `${name}: peak memory`, measured: peak.map((bytes) => bytes / GIB), most: 2, unit: ' GiB' },
  ];
}

async function explainLimits(runs: number, scratch: string): Promise<Limit[]> {
  const table: Limit[] = [];
  for (const plan of [
    { changes: 10_000, drifted: 500 },
    { changes: 50_000, drifted: 2_500 },
  ]) {
    process.stderr.write(`  ${plan.changes} changes …\n`);
    table.push(...(await limitsOf(plan, runs, scratch)));
  }
  return table;
}

type Part = (runs: number, scratch: string) => Promise<Limit[]>;
const PARTS = new Map<string, Part>([
  ['explain', explainLimits],
  ['policy', policyLimits],
  ['runner', runnerLimits],
  ['fleet', fleetLimits],
  ['memory', memoryLimits],
  ['chat', chatLimits],
  ['codify', codifyLimits],
  ['fleet400', fleet400Limits],
  ['scale', scaleLimits],
]);

/** Runs the parts, prints the table and returns the exit code. */
async function bench(words: readonly string[]): Promise<number> {
  const counts = words.filter((word) => /^\d+$/.test(word));
  const named = words.filter((word) => !/^\d+$/.test(word));
  const unknown = named.filter((name) => !PARTS.has(name));
  if (unknown.length > 0 || counts.length > 1) {
    const usage = `npm run bench -- [RUNS] [PART …], parts: ${[...PARTS.keys()].join(', ')}`;
    process.stderr.write(`bench: can't read "${words.join(' ')}": ${usage}\n`);
    return 2;
  }
  const runs = Math.max(1, Number(counts[0] ?? 5));
  const scratch = mkdtempSync(join(tmpdir(), 'm0-bench-'));
  try {
    const table: Limit[] = [];
    for (const [name, part] of PARTS) {
      if (named.length > 0 && !named.includes(name)) continue;
      process.stderr.write(`measuring ${name}, ${runs} runs …\n`);
      table.push(...(await part(runs, scratch)));
    }
    const rows = [
      '| measured | median | least–most | limit | |',
      '|---|---|---|---|---|',
      ...table.map(rowOf),
    ];
    process.stdout.write(`${rows.join('\n')}\n`);
    return table.some(broken) ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = await bench(process.argv.slice(2));
