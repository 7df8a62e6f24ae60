import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readValues } from '../../../src/policy/answer.ts';
import type { Bundle } from '../../../src/policy/bundle.ts';
import { createBundleCache } from '../../../src/policy/cache.ts';
import { type CompiledFiles, compilePolicy, loadBundle } from '../../../src/policy/compile.ts';
import { evaluate } from '../../../src/policy/evaluate.ts';
import { createOpa } from '../../../src/policy/opa.ts';
import { listPolicy, policyDirectory } from '../../../src/policy/stage.ts';
import { ALLOW_ALL, OPA, scratch, write } from './support.ts';

const LIMITS = { timeMs: 10_000, memoryBytes: 256 * 1024 * 1024 };

async function compile(files: Readonly<Record<string, string>>): Promise<CompiledFiles> {
  const dir = await scratch();
  await write(join(dir, 'policy'), files);
  return compilePolicy(createOpa(OPA, 30_000), join(dir, 'policy'), join(dir, 'scratch'));
}

async function bundle(rego: string, data = '{}'): Promise<Bundle> {
  return loadBundle(await compile({ 'p.rego': rego, 'data.json': data }));
}

const GUARD = 'package m0\n\ndeny contains "no" if input.plan.bad\n';

describe('evaluate', () => {
  it.each([
    ['cut off', '{"m0": {"run": 7}, "plan": {"bad": true}'],
    ['of another run', '{"m0": {"run": 6}, "plan": {"bad": true}}'],
    ['without a run', '{"plan": {"bad": true}}'],
    ['empty', ''],
  ])('an input %s is an error, not silence', async (_name, json) => {
    const result = await evaluate(await bundle(GUARD), { run: 7, json }, 0, LIMITS);
    expect(result.ok).toBe(false);
  });

  it('an input that arrived is judged', async () => {
    const json = '{"m0": {"run": 7}, "plan": {"bad": true}}';
    const result = await evaluate(await bundle(GUARD), { run: 7, json }, 0, LIMITS);
    expect(result).toMatchObject({ ok: true, values: { 'm0.deny': ['no'] } });
  });

  it.each([
    ['cut off', '{"m0_proof":"x"'],
    ['without the proof', '{"limits":{"most":1}}'],
    ['with another proof', '{"m0_proof":"x"}'],
  ])('data %s is an error', async (_name, data) => {
    const good = await bundle(
      'package m0\n\ndeny contains "no" if data.limits.most < 2\n',
      '{"limits":{"most":1}}',
    );
    const json = '{"m0": {"run": 7}}';
    expect(await evaluate(good, { run: 7, json }, 0, LIMITS)).toMatchObject({
      ok: true,
      values: { 'm0.deny': ['no'] },
    });
    const result = await evaluate({ ...good, data }, { run: 7, json }, 0, LIMITS);
    expect(result.ok).toBe(false);
  });

  it('a builtin that fails ends the evaluation; its rule does not just vanish', async () => {
    const rego = `package m0
allow contains "fine"
deny contains "too old" if time.parse_rfc3339_ns(input.plan.at) < 10`;
    const json = '{"m0": {"run": 7}, "plan": {"at": "yesterday"}}';
    const result = await evaluate(await bundle(rego), { run: 7, json }, 0, LIMITS);
    expect(result).toEqual({
      ok: false,
      error: 'time.parse_rfc3339_ns: "yesterday" is no RFC 3339 time',
    });
  });

  it('time stands still at the instant given', async () => {
    const rego = 'package m0\n\nwarn contains sprintf("%d", [time.now_ns()])\n';
    const json = '{"m0": {"run": 7}}';
    const at = Date.parse('2026-03-02T12:00:00Z');
    const result = await evaluate(await bundle(rego), { run: 7, json }, at, LIMITS);
    expect(result).toMatchObject({ ok: true, values: { 'm0.warn': ['1772452800000000000'] } });
  });

  it('takes an input of ten megabytes, and hands over every character', async () => {
    const rego = 'package m0\n\nwarn contains sprintf("%d %s", [count(input.list), input.last])\n';
    const list = Array.from({ length: 5000 }, (_, i) => ({ i, filler: 'é'.repeat(1000) }));
    const json = JSON.stringify({ m0: { run: 7 }, list, last: 'é😀\u0001"\\' });
    const result = await evaluate(await bundle(rego), { run: 7, json }, 0, LIMITS);
    expect(result).toMatchObject({ ok: true, values: { 'm0.warn': ['5000 é😀\u0001"\\'] } });
  });

  it('a policy can’t take the place of the entrypoint or of the proof', async () => {
    await expect(compile({ 'p.rego': ALLOW_ALL, 'q.rego': 'package m0_proof\n\nx := 1\n' })).rejects.toThrow(
      "q.rego: package m0_proof is m0's own",
    );
    const files = await compile({ 'p.rego': ALLOW_ALL, 'data.json': '{"m0_proof": "x"}' });
    expect(() => loadBundle(files)).toThrow('its data has a key m0_proof');
  });
});

describe('a policy’s files', () => {
  it('a symbolic link is refused, whether to a file or on the way', async () => {
    const dir = await scratch();
    await write(dir, { 'policy/p.rego': ALLOW_ALL, 'secret.json': '{}' });
    await symlink(join(dir, 'policy'), join(dir, 'link'));
    await expect(policyDirectory(dir, 'link')).rejects.toThrow('path link is not a directory');
    await symlink(join(dir, 'secret.json'), join(dir, 'policy', 'data.json'));
    await expect(listPolicy(join(dir, 'policy'))).rejects.toThrow(
      'data.json: symbolic links are not followed',
    );
  });

  it('a directory without Rego is refused', async () => {
    await expect(compile({ 'README.md': 'later' })).rejects.toThrow('there is no .rego file');
  });
});

describe('what is known of a policy', () => {
  // Valid as v1 and as v0.
  const ALLOWS = 'package m0\n\nimport rego.v1\n\nallow contains "fine" if true\n';
  const body = (text: string): string => `package m0\n\n${text}\n`;

  it.each([
    ['by name', body('pending contains "x" if count(input.approvers) < 2')],
    ['in brackets', body('pending contains "x" if count(input["approvers"]) < 2')],
    ['by a name that is computed', body('pending contains "x" if input[_] == []')],
    ['in a helper’s package', 'package lib\n\nenough if count(input.approvers) > 1\n'],
    ['with the whole input', body('f(x) := x.approvers\n\npending contains "x" if f(input)')],
    ['by walking all of it', body('pending contains "x" if walk(input, [_, "kim@acme.dev"])')],
    ['by another name', body('all := input\n\npending contains "x" if all.approvers == []')],
    ['by an import', 'package m0\n\nimport input.approvers as who\n\npending if count(who) < 2\n'],
    ['by an import of all', 'package m0\n\nimport input as doc\n\npending if doc.approvers == []\n'],
    ['in a comprehension', body('emails := {a.email | some a in input.approvers}')],
    ['in an else', body('f(x) := 1 if x == 1 else := 2 if input.approvers[0]')],
    ['in v0', 'package env0\n\npending[msg] { count(input.approvers) < 2; msg := "two" }\n'],
  ])('it reads the approvers %s', async (_name, text) => {
    const files = await compile({ 'p.rego': text, 'q.rego': ALLOWS });
    expect(files.readsApprovers).toBe(true);
  });

  it.each([
    ['other keys', body('pending contains input.m0.stack if input.plan.resource_changes[_].address')],
    [
      'the word',
      body('# input.approvers\npending contains "approvers" if "input.approvers" != input.m0.stack'),
    ],
    ['a name of its own', body('approvers := ["kim"]\n\npending if count(approvers) > input.m0.run')],
    ['an import of another key', 'package m0\n\nimport input.plan\n\npending if plan.approvers\n'],
  ])('it does not: %s', async (_name, text) => {
    const files = await compile({ 'p.rego': text, 'q.rego': ALLOWS });
    expect(files.readsApprovers).toBe(false);
  });

  it('only its tests read them: it does not', async () => {
    const test = 'package m0_test\n\nimport data.m0\n\ntest_a if { m0.allow with input.approvers as [] }\n';
    expect((await compile({ 'p.rego': ALLOW_ALL, 'p_test.rego': test })).readsApprovers).toBe(false);
  });

  it('a definition has the title of its metadata', async () => {
    const { rules } = await compile({
      'p.rego': `# METADATA
# title: All of it
# scope: package
package m0

# METADATA
# title: Objections
# scope: document

# METADATA
# title: No root
deny contains "root" if input.plan.root

deny contains "user" if input.plan.user

allow contains "fine"
`,
    });
    expect(rules.map((r) => [r.rule, r.line, r.title])).toEqual([
      ['deny', 12, 'No root'],
      ['deny', 14, 'Objections'],
      ['allow', 16, null],
    ]);
  });
});

describe('reading values', () => {
  const set = [
    { package: 'm0', rule: 'deny', file: 'p.rego', line: 3, kind: 'set', title: null, mute: false },
  ] as const;

  it.each([
    [{ 'm0.deny': [] }, []],
    [{ 'm0.deny': ['no'] }, ['no']],
    [{ 'm0.deny': [{ msg: 'no', failed: false }] }, []],
    [{ 'm0.deny': [{ msg: 'no', failed: true }] }, ['no']],
    [{ 'm0.deny': true }, ['deny holds']],
    [{ 'm0.deny': false }, []],
    [{ 'm0.deny': ['no'], 'env0.deny': ['never'] }, ['never', 'no']],
  ])('%j', (values, texts) => {
    const reading = readValues(values, set, 'decide');
    expect(reading.ok ? reading.messages.map((m) => m.text) : reading).toEqual(texts);
  });

  it('a set that is undefined is an error; a boolean that is undefined is silence', () => {
    expect(readValues({}, set, 'decide')).toEqual({ ok: false, error: 'm0.deny is undefined' });
    expect(readValues({}, [{ ...set[0], kind: 'value' }], 'decide')).toEqual({ ok: true, messages: [] });
  });
});

describe('the cache of compiled policies', () => {
  const key = { commit: 'c'.repeat(40), path: 'approvals', opaVersion: 'Version: 1' };

  it('gives back what was put, for exactly that key', async () => {
    const cache = createBundleCache(await scratch());
    const files = await compile({ 'p.rego': ALLOW_ALL, 'data.json': '{"a": 1}' });
    await cache.put(key, files);
    expect(await cache.get(key)).toEqual(files);
    expect(await cache.get({ ...key, path: '' })).toBeUndefined();
    expect(await cache.get({ ...key, opaVersion: 'Version: 2' })).toBeUndefined();
  });

  it('a damaged entry is none', async () => {
    const dir = await scratch();
    const cache = createBundleCache(dir);
    await cache.put(key, await compile({ 'p.rego': ALLOW_ALL, 'data.json': '{"a": 1}' }));
    const [entry = ''] = await readdir(dir);
    const file = join(dir, entry, 'data.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('1', '2'));
    expect(await cache.get(key)).toBeUndefined();
  });
});
