import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readValues } from '../../../src/policy/answer.ts';
import { createBundleCache } from '../../../src/policy/cache.ts';
import { compilePolicy } from '../../../src/policy/compile.ts';
import { listPolicy, policyDirectory } from '../../../src/policy/stage.ts';
import {
  ALLOW_ALL,
  askBundle,
  askBundles,
  compileFiles as compile,
  compiler,
  scratch,
  write,
} from './support.ts';

const bundle = (rego: string): ReturnType<typeof compile> => compile({ 'p.rego': rego });

const GUARD = 'package m0\n\ndeny contains "no" if input.plan.bad\n';

describe('evaluate', () => {
  it.each([
    ['cut off', '{"m0": {"run": 7}, "plan": {"bad": true}'],
    ['of another run', '{"m0": {"run": 6}, "plan": {"bad": true}}'],
    ['without a run', '{"plan": {"bad": true}}'],
    ['empty', ''],
  ])('an input %s is an error, not silence', async (_name, json) => {
    const result = await askBundle(await bundle(GUARD), json);
    expect(result.ok).toBe(false);
  });

  it('an input that arrived is judged', async () => {
    const json = '{"m0": {"run": 7}, "plan": {"bad": true}}';
    const result = await askBundle(await bundle(GUARD), json);
    expect(result).toMatchObject({ ok: true, values: { 'm0.deny': ['no'] } });
  });

  it.each([
    ['to_number("x") > 1', 'to_number: strconv.ParseFloat'],
    ['1 / input.zero > 1', 'div: divide by zero'],
    ['5 % input.zero == 1', 'rem: modulo by zero'],
    ['json.unmarshal("{") == {}', 'json.unmarshal: unexpected EOF'],
    ['net.cidr_contains("x", "10.0.0.1")', 'net.cidr_contains: invalid CIDR'],
    ['base64.decode("%%") == "x"', 'base64.decode: illegal base64'],
    ['substring("abc", -1, 2) == "b"', 'substring: negative offset'],
    ['glob.match("[", [], "a")', 'glob.match: glob: syntax error'],
    ['time.parse_rfc3339_ns(input.at) < 10', 'time.parse_rfc3339_ns: parsing time "yesterday"'],
  ])('a builtin that fails is told with its line; its rule does not just vanish: %s', async (body, error) => {
    const rego = `package m0\n\nallow contains "fine"\n\ndeny contains "no" if {\n  ${body}\n}\n`;
    const result = await askBundle(await bundle(rego), '{"m0": {"run": 7}, "at": "yesterday", "zero": 0}');
    expect(result).toMatchObject({ ok: true, values: { 'm0.allow': ['fine'], 'm0.deny': [] } });
    expect(result.ok ? result.failures : []).toEqual([expect.stringContaining(`p.rego:6: ${error}`)]);
  });

  it('a value of a type that a builtin does not take leaves the rule undefined, as its author may intend', async () => {
    const rego = 'package m0\n\ndeny contains "no" if startswith(input.name, "prod")\n';
    const result = await askBundle(await bundle(rego), '{"m0": {"run": 7}, "name": null}');
    expect(result).toMatchObject({ ok: true, values: { 'm0.deny': [] }, failures: [] });
  });

  it('a failing builtin of a copied definition is told once, at the line of the definition', async () => {
    const rego = `package m0

deny contains "a" if to_number(input.text) > 1

deny contains "b" if input.text
`;
    const result = await askBundle(await bundle(rego), '{"m0": {"run": 7}, "text": "x"}');
    expect(result.ok ? result.failures : []).toEqual([expect.stringMatching(/^p\.rego:3: to_number/)]);
  });

  it('time stands still at the instant given', async () => {
    const rego = 'package m0\n\nwarn contains sprintf("%d", [time.now_ns()])\n';
    const json = '{"m0": {"run": 7}}';
    const at = Date.parse('2026-03-02T12:00:00Z');
    const result = await askBundle(await bundle(rego), json, { now: at });
    expect(result).toMatchObject({ ok: true, values: { 'm0.warn': ['1772452800000000000'] } });
  });

  it('takes an input of ten megabytes, and hands over every character', async () => {
    const rego = 'package m0\n\nwarn contains sprintf("%d %s", [count(input.list), input.last])\n';
    const list = Array.from({ length: 5000 }, (_, i) => ({ i, filler: 'é'.repeat(1000) }));
    const json = JSON.stringify({ m0: { run: 7 }, list, last: 'é😀\u0001"\\' });
    const result = await askBundle(await bundle(rego), json);
    expect(result).toMatchObject({ ok: true, values: { 'm0.warn': ['5000 é😀\u0001"\\'] } });
  });

  it.each([
    ['of a rule that is there', '{"m0": {"deny": []}}', /p\.rego:3: .*conflicting rule for data path/],
    ['of a package that m0 asks', '{"m0": {"deny": {"x": 1}}}', /p\.rego:3: .*conflicting rule/],
  ])('data can’t take the place %s', async (_name, data, error) => {
    const rego = 'package m0\n\ndeny contains "no"\n';
    await expect(compile({ 'p.rego': rego, 'data.json': data })).rejects.toThrow(error);
  });

  it('data can’t speak as a rule', async () => {
    const data =
      '{"m0": {"allow": ["y"]}, "m0_entry": {"decision": {"m0.allow": ["y"], "m0.deny": []}}, "env0": {"allow": true}}';
    const said = await askBundle(
      await compile({ 'p.rego': 'package m0\n\ndeny contains "no"\n', 'data.json': data }),
      '{"m0": {"run": 7}}',
    );
    expect(said).toMatchObject({ ok: true, values: { 'm0.deny': ['no'] } });
    expect(Object.keys(said.ok ? said.values : {})).toEqual(['m0.deny']);
  });

  it('two policies of one package, asked in one process, keep their helpers and verdicts apart', async () => {
    const yes = await compile({
      'p.rego':
        'package m0\n\nlimit := data.most\n\nfine(x) if x < limit\n\nallow contains "yes" if fine(5)\n',
      'data.json': '{"most": 10}',
    });
    const no = await compile({
      'p.rego':
        'package m0\n\nlimit := data.most\n\nfine(x) if x > limit\n\nallow contains "no" if fine(5)\n\ndeny contains "other" if data.m0.limit == 100\n',
      'data.json': '{"most": 100}',
    });
    const old = await compile({ 'p.rego': 'package m0\n\ndeny["v0"] { input.m0.run == 7 }\n' });
    expect(old.syntax).toBe('v0');
    expect(await askBundles([yes, no, old], '{"m0": {"run": 7}}')).toMatchObject([
      { ok: true, values: { 'm0.allow': ['yes'] } },
      { ok: true, values: { 'm0.allow': [], 'm0.deny': ['other'] } },
      { ok: true, values: { 'm0.deny': ['v0'] } },
    ]);
  });

  it('each policy gets what m0.yaml gives it, of any size and with odd keys, and nothing of the others’', async () => {
    const shown = await bundle(
      'package m0\n\nwarn contains {"msg": k, "value": v} if some k, v in input\n\ndeny contains "no" if input.policyData.name == "x"\n',
    );
    const odd = {
      'k"\\ ${x}\n😀\u2028\u0000': ['v"\\ ${x} {data.a} `', 1e21, 1.5, null, {}],
      __proto__: { a: 1 },
    };
    const long = { names: Array.from({ length: 30_000 }, (_, i) => `name ${i}`) };
    const json = '{"m0": {"run": 7}, "policyData": {}, "policyConfiguration": {}}';
    const said = await askBundles([shown, shown, shown, shown], json, {
      data: [odd, long, null, { name: 'x' }],
    });
    const expected = [odd, long, {}, { name: 'x' }].map((data, i) => ({
      ok: true,
      failures: [],
      values: {
        'm0.warn': [
          { msg: 'm0', value: { run: 7 } },
          { msg: 'policyConfiguration', value: data },
          { msg: 'policyData', value: data },
        ],
        'm0.deny': i === 3 ? ['no'] : [],
      },
    }));
    expect(said).toMatchObject(JSON.parse(JSON.stringify(expected)));
  });

  it('an answer that is too long is an error that shows nothing of the command', async () => {
    const long = await bundle(
      'package m0\n\nwarn contains $"{text} {i} {input.m0.run}" if some i in numbers.range(1, 40)\n\ntext := concat("", [t | some i in numbers.range(1, 300000); t := sprintf("%d", [i])])\n',
    );
    const said = await askBundle(long, '{"m0": {"run": 7}}', {
      limits: { timeMs: 60_000, memoryBytes: 2 ** 31 },
    });
    expect(said).toEqual({ ok: false, error: 'running opa eval: printed more than 64 MiB' });
  });

  it('one policy’s failure is not the others’', async () => {
    const fine = await bundle('package m0\n\ndeny contains "no"\n');
    const broken = await bundle(
      'package m0\n\nallow := true if input.m0.run\n\nallow := false if input.m0.run\n',
    );
    const [first, second] = await askBundles([fine, broken], '{"m0": {"run": 7}}');
    expect(first).toMatchObject({ ok: true, values: { 'm0.deny': ['no'] } });
    expect(second).toMatchObject({ ok: false, error: expect.stringMatching(/^p\.rego:\d: .*conflict/) });
    // Places inside the message are paths of the policy too, not of this machine.
    expect(second).toMatchObject({ error: expect.not.stringMatching(/bundle|m0_/) });
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

  it('a title of another file’s rule of the same name is not its title', async () => {
    const titled = '# METADATA\n# title: Theirs\n# scope: document\n';
    const { rules } = await compile({
      'a.rego': `package lib\n\n${titled}deny contains "a"\n`,
      'p.rego': 'package m0\n\ndeny contains "p"\n',
    });
    expect(rules.map((r) => r.title)).toEqual([null]);
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

  const files = { 'p.rego': ALLOW_ALL, 'data.json': '{"a": 1}' };

  async function put(dir: string): Promise<ReturnType<typeof createBundleCache>> {
    const cache = createBundleCache(dir);
    const source = await scratch();
    await write(source, files);
    const ready = await compiler();
    await cache.put(key, (into, identity) => compilePolicy(ready, source, into, identity));
    return cache;
  }

  it('gives back what was put, for exactly that key', async () => {
    const cache = await put(await scratch());
    const found = await cache.get(key);
    expect(found && (await askBundle(found, '{"m0": {"run": 7}}'))).toMatchObject({
      values: { 'm0.allow': ['fine'] },
    });
    expect(await cache.get({ ...key, path: '' })).toBeUndefined();
    expect(await cache.get({ ...key, opaVersion: 'Version: 2' })).toBeUndefined();
  });

  it('is readable by its owner only', async () => {
    const dir = join(await scratch(), 'compiled');
    await put(dir);
    expect((await stat(dir)).mode & 0o077).toBe(0);
  });

  it.each(['data.json', 'p.rego', '.manifest'])('an entry with a damaged %s is none', async (name) => {
    const dir = await scratch();
    const cache = await put(dir);
    const [file] = (await readdir(dir, { recursive: true })).filter((f) => f.endsWith(`/${name}`));
    await writeFile(join(dir, file ?? ''), `${await readFile(join(dir, file ?? ''), 'utf8')} `);
    expect(await cache.get(key)).toBeUndefined();
  });
});
