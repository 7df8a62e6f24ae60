import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { canonical } from '../../../src/drift/canonical.ts';
import type { Json } from '../../../src/drift/finding.ts';
import { readAnswer } from '../../../src/policy/ask.ts';
import { compilePolicy } from '../../../src/policy/compile.ts';
import { createFastPath } from '../../../src/policy/fast-path.ts';
import { askBundle, compileFiles, compiler, scratch, write } from './support.ts';

const PLAIN = `package m0

deny contains {"msg": "deleted", "address": r.address} if {
  some r in input.plan.changes
  "delete" in r.actions
}

deny contains "too many" if count(input.plan.changes) > 3

allow contains "small" if {
  count(input.plan.changes) <= data.most
  not hidden
}

hidden if walk(input.plan, [_, {"unknown": true}])
`;

const fastPath = createFastPath();
afterEach(() => fastPath.close());

async function plain(): ReturnType<typeof compileFiles> {
  return compileFiles({ 'p.rego': PLAIN, 'data.json': '{"most": 2}' });
}

function input(changes: readonly Json[], more: { readonly [key: string]: Json } = {}): Json {
  return { plan: { changes }, m0: { run: 7 }, ...more };
}

describe('the fast path', () => {
  it.each([
    ['nothing', []],
    ['one', [{ address: 'a', actions: ['update'] }]],
    ['a delete', [{ address: 'a', actions: ['delete', 'create'] }]],
    ['many', [1, 2, 3, 4].map((i) => ({ address: `a${i}`, actions: ['delete'] }))],
    ['unknown', [{ address: 'a', actions: ['update'], after: { name: { unknown: true } } }]],
    ['odd values', [null, 1, 'x', { actions: 'delete' }, { address: 3, actions: ['delete'] }]],
  ])('says what opa says, and which definition said it: %s', async (_name, changes) => {
    const bundle = await plain();
    expect(bundle.fast).toBe(true);
    const asked = input(changes as readonly Json[]);
    const answers = await fastPath.ask([bundle], 7, asked);
    if (answers === null) throw new Error('no answer');
    const [fast] = answers.map(readAnswer);
    const slow = await askBundle(bundle, JSON.stringify(asked));
    const sorted = (value: unknown): unknown =>
      Array.isArray(value) ? value.map((v) => canonical(v, 'json')).sort() : value;
    const comparable = (e: typeof slow | undefined) =>
      e?.ok &&
      [Object.entries(e.values), [...e.copies]].map((l) =>
        l.map(([key, v]) => [String(key), sorted(v)]).sort(),
      );
    expect(comparable(fast)).toEqual(comparable(slow));
  });

  it.each([
    ['a builtin of the host', 'deny contains sprintf("%s", [input.x])'],
    ['arithmetic', 'deny contains "x" if input.x + 0.1 == 0.3'],
    ['a pattern', 'deny contains "x" if regex.match("a+", input.x)'],
    ['a list made of a set', 'deny contains "x" if [x | some x in {1, 2}] == input.x'],
    ['the time', 'deny contains "x" if time.now_ns() > input.x'],
    ['another input', 'deny contains "x" if data.m0.y with input as {"y": 1}\n\ny if input.y'],
    ['a fraction', 'deny contains "x" if input.x == 1.5'],
    ['a large number', 'deny contains "x" if input.x == 9007199254740993'],
    ['a whole number in another spelling', 'deny contains "x" if input.list[1.0] == 2'],
    ['a whole number with an exponent', 'deny contains "x" if input.list[1e0] == 2'],
    ['an object whose keys may clash', 'deny contains "x" if {"k": v | some v in input.list}'],
    ['text made of a set', 'deny contains concat(",", {"a", "b"})'],
  ])('leaves a policy to opa that has %s', async (_name, rule) => {
    expect((await compileFiles({ 'p.rego': `package m0\n\n${rule}\n` })).fast).toBe(false);
  });

  it.each([
    ['{"n": 1.0}', false],
    ['{"n": 1e0}', false],
    ['{"n": 0.5}', false],
    ['{"n": 9007199254740993}', false],
    ['{"n": [1, {"1.0": "1.0"}]}', true],
  ])('a policy with the data %s: %s', async (data, fast) => {
    const rego = 'package m0\n\ndeny contains "x" if input.list[data.n] == 2\n';
    expect((await compileFiles({ 'p.rego': rego, 'data.json': data })).fast).toBe(fast);
  });

  it.each<[string, Json]>([
    ['a fraction', input([], { x: 0.5 })],
    ['a large number', input([], { x: 2 ** 60 })],
    ['a large input', input([], { x: 'x'.repeat(300 * 1024) })],
    ['another run', { plan: { changes: [] }, m0: { run: 8 } }],
    ['no run', { plan: { changes: [] } }],
  ])('leaves a question to opa that has %s', async (_name, asked) => {
    expect(await fastPath.ask([await plain()], 7, asked)).toBeNull();
  });

  it('leaves a question to opa that it does not answer in time, and goes on', async () => {
    const spins = await compileFiles({
      'p.rego': `package m0

deny contains "y" if {
  some a in input.list
  some b in input.list
  some c in input.list
  some d in input.list
  count({a, b, c, d}) == 9
}
`,
    });
    expect(spins.fast).toBe(true);
    const list = Array.from({ length: 300 }, (_, i) => `x${i}`);
    expect(await fastPath.ask([spins], 7, { list, m0: { run: 7 } })).toBeNull();
    expect(await fastPath.ask([await plain()], 7, input([]))).not.toBeNull();
  });

  it('answers for several policies, or leaves all of them to opa', async () => {
    const bundle = await plain();
    const other = await compileFiles({ 'p.rego': 'package m0\n\nallow contains "other"\n' });
    const answers = await fastPath.ask([bundle, other], 7, input([]));
    expect(answers?.map((a) => readAnswer(a).values['m0.allow'])).toEqual([['small'], ['other']]);
    expect(await fastPath.ask([bundle, { ...other, fast: false }], 7, input([]))).toBeNull();
  });
});

describe('the limits of what compiles', () => {
  const small = { timeMs: 30_000, memoryBytes: 64 * 1024 * 1024 };

  async function compileWithin(
    limits: typeof small,
    files: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const dir = await scratch();
    await write(dir, files);
    return compilePolicy(await compiler(limits), dir, join(await scratch(), 'compiled'), [dir]);
  }

  it('a test that takes more memory than it may have refuses the policy', async () => {
    const test = `package m0

test_big if count([x | some i in numbers.range(1, 5000000); x := sprintf("%d and a long text beside it", [i])]) > 0
`;
    const files = { 'p.rego': 'package m0\n\nallow contains "x"\n', 'p_test.rego': test };
    // Out of memory, or so short of it that opa's own time limit of a test ends it.
    const refused = expect(compileWithin(small, files)).rejects;
    await refused.toThrow(
      /^(?:running opa test: ran out of memory|its own opa test fails: p_test\.rego:3: test_big)/,
    );
  });

  it('a policy that takes more memory to build as Wasm than it may have is opa’s alone', async () => {
    // To build it takes over 2 GiB; with 1,200 rules it once found room in what Go reserves beside the limit.
    const rules = Array.from({ length: 3000 }, (_, i) => `deny contains "d${i}" if input.n == ${i}`);
    const files = { 'p.rego': `package m0\n\n${rules.join('\n')}\n` };
    expect(await compileWithin(small, files)).toMatchObject({ fast: false });
  });

  it('a test that its author skips refuses nothing', async () => {
    const test = 'package m0_test\n\ntest_a if true\n\ntodo_test_b if false\n';
    const files = { 'p.rego': 'package m0\n\nallow contains "x"\n', 'p_test.rego': test };
    expect(await compileWithin(small, files)).toMatchObject({ fast: true });
  });

  it('a file that takes more processor time to read than it may use refuses the policy', async () => {
    const chain = Array.from({ length: 3000 }, (_, i) => `else := ${i} if input.x == ${i}`).join('\n');
    const limits = { timeMs: 2000, memoryBytes: 1024 * 1024 * 1024 };
    const files = { 'p.rego': `package m0\n\nf := 1 if input.y\n${chain}\n\nallow contains "x" if f == 3\n` };
    await expect(compileWithin(limits, files)).rejects.toThrow(/^running opa (?:check|parse): /);
  });

  it('hundreds of files are one process to parse', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `p${i}.rego`,
        `# One of many.\npackage m0\n\nimport data.lib.l${i}\n\ndeny contains "é ${i}" if input.n == l${i}.value\n`,
      ]),
    );
    const libs = Object.fromEntries(
      Array.from({ length: 5 }, (_, i) => [`lib/l${i}.rego`, `package lib.l${i}\n\nvalue := ${i}\n`]),
    );
    const bundle = await compileFiles({ ...files, ...libs });
    expect(bundle.rules).toHaveLength(400);
    expect(new Set(bundle.rules.map((r) => r.line))).toEqual(new Set([6]));
    expect(await askBundle(bundle, '{"m0": {"run": 7}, "n": 3}')).toMatchObject({
      values: { 'm0.deny': ['é 3'] },
    });
  });
});
