import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { explain } from '../../../src/cli/explain.ts';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { PlanError, readPlan } from '../../../src/drift/read-plan.ts';
import { type Random, seeded } from '../../support/random.ts';

/** How long the test runs, and its first seed. To repeat a failing input: M0_FUZZ_SEED=n M0_FUZZ_MS=1. */
const FUZZ_MS = Number(process.env.M0_FUZZ_MS ?? 8000);
const FIRST_SEED = Number(process.env.M0_FUZZ_SEED ?? Date.now() % 1_000_000_000);
/** The longest time for one input: a hang is a failure as well. */
const HANG_MS = 20_000;

const CASES = join(import.meta.dirname, '../../cases');
const texts = readdirSync(CASES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => readFileSync(join(CASES, entry.name, 'plan.json'), 'utf8'));

const ODD: readonly Json[] = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  '\u0000\u202e',
  true,
  [],
  {},
  [[]],
  [null],
  { a: null },
  { true: true },
  '{"Statement":[',
  '[]',
];
const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'tags_all',
  'change',
  'before',
  'Statement',
  'a.b',
  '\ud800',
];

/** The value with random parts replaced. */
function warped(value: Json, random: Random, rate: number): Json {
  if (random.chance(rate)) return random.pick(ODD);
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => warped(item, random, rate));
    if (random.chance(rate * 4)) items.push(...items.slice(0, 3));
    return random.chance(rate * 4) ? items.toReversed() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, Json] => [
    random.chance(rate) ? random.pick(ODD_KEYS) : key,
    warped(child as Json, random, rate),
  ]);
  return Object.fromEntries(random.chance(rate) ? entries.slice(1) : entries);
}

/** The text with random bytes removed, duplicated or overwritten. */
function torn(text: string, random: Random): Uint8Array {
  let bytes = Buffer.from(text, random.chance(0.1) ? 'utf16le' : 'utf8');
  for (let i = 0; i <= random.int(3); i++) {
    const [from, to] = [random.int(bytes.length), random.int(bytes.length)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    const way = random.int(5);
    if (way === 0) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    else if (way === 1)
      bytes = Buffer.concat([
        bytes.subarray(0, to),
        bytes.subarray(from, Math.min(to, from + 5000)),
        bytes.subarray(to),
      ]);
    else if (way === 2) bytes = Buffer.concat([Buffer.from('2026-01-01 {info} "log"\n'), bytes]);
    else bytes[from] = random.pick([0, 0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0xff, random.int(256)]);
    if (bytes.length === 0) break;
  }
  return bytes;
}

function deep(random: Random): string {
  const depth = random.pick([100, 5000, 200_000]);
  const [open, close] = random.pick([['[', ']'] as const, ['{"a":', '}'] as const]);
  const value = `${open.repeat(depth)}1${random.chance(0.8) ? close.repeat(depth) : ''}`;
  const change = `{"actions":["update"],"before":{"v":${value}},"after":{"v":1}}`;
  const resource = `{"address":"a.b","mode":"managed","type":"a","name":"b","change":${change}}`;
  return `{"format_version":"1.2","resource_changes":[${resource}]}`;
}

function inputFor(seed: number): Uint8Array {
  const random = seeded(seed);
  if (random.chance(0.01)) return Buffer.from(deep(random));
  const text = random.pick(texts);
  if (random.chance(0.5)) return torn(text, random);
  const rate = random.pick([0.001, 0.01, 0.1]);
  return Buffer.from(JSON.stringify(warped(JSON.parse(text) as Json, random, rate)));
}

/** The result for an input: exit code and output. */
async function judged(
  input: Uint8Array,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await explain(['fuzz.json', ...args], {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    color: false,
    readFile: async () => input,
  });
  return { code, out, err };
}

it(
  `analyses or refuses any input (first seed ${FIRST_SEED})`,
  async () => {
    const until = performance.now() + FUZZ_MS;
    let seed = FIRST_SEED;
    let [answered, refused] = [0, 0];
    for (; performance.now() < until; seed++) {
      const input = inputFor(seed);
      const started = performance.now();
      try {
        const { code, out, err } = await judged(input, seed % 2 === 0 ? ['--json', '--noise'] : ['--noise']);
        if (code === 2) {
          refused += 1;
          expect(err).toMatch(/^explain: fuzz\.json: [^\n]+\n$/);
          expect(out).toBe('');
        } else {
          answered += 1;
          expect(err).toBe('');
          if (seed % 2 === 0) expect(() => JSON.parse(out)).not.toThrow();
          // The same input must give the same result each time.
          const again = analyzePlan(readPlan(input, 'fuzz'), { key: 'k' });
          expect(again.findings.some((finding) => finding.actionable)).toBe(code === 1);
        }
        expect(performance.now() - started).toBeLessThan(HANG_MS);
      } catch (error) {
        const what = error instanceof PlanError ? 'refused the second time' : String(error);
        throw new Error(`fuzz seed ${seed}: ${what}`, { cause: error });
      }
    }
    process.stdout.write(
      `fuzz: seeds ${FIRST_SEED} to ${seed - 1}: ${answered} answered, ${refused} refused\n`,
    );
    expect(answered + refused).toBeGreaterThan(0);
  },
  FUZZ_MS + 30_000,
);
