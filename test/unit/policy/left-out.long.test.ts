import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  compileDir,
  compileFiles,
  OPA,
  policies,
  policyRepository,
  question,
  scratch,
  source,
  write,
} from './support.ts';

const ALLOW = 'package m0\n\nallow contains "fine"\n';

/** What is left out of a folder, as `file:line: text`. */
async function leftOut(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const compiled = await compileFiles({ 'p.rego': ALLOW, ...files });
  return compiled.leftOut.map((w) => `${w.level} ${w.file}:${w.line}: ${w.text}`);
}

describe('what a folder leaves out', () => {
  it('nothing of an ordinary policy', async () => {
    expect(
      await leftOut({
        ...{ 'README.md': 'text', LICENSE: 'text', Makefile: 'x:', 'policy.rego.bak': 'package' },
        ...{ '.gitignore': 'x', '.github/workflows/ci.yml': 'on: push', '.regal/config.yaml': 'rules: {}' },
        ...{ '.git/hooks/x.rego': 'package', 'data.json': '{"a": 1}', 'lib/data.yaml': 'b: 2' },
        'p_test.rego': 'package m0_test\n\ntest_it if data.m0.allow\n\nallow := {"another package"}\n',
        'q.rego': 'package m0\n\ndeny contains "x" if data.lib.b == data.a\n',
      }),
    ).toEqual([]);
  });

  it.each([
    ['deny contains "no"', 3],
    ['test_x if true\n\ndeny contains "no" if input.m0.drift\n\nallow contains "y"', 5],
    ['default pending := false', 3],
  ])('rules in a test file: %s', async (text, line) => {
    const said = await leftOut({ 'b_test.rego': `package m0\n\n${text}\n` });
    expect(said[0]).toMatch(new RegExp(`^warning b_test\\.rego:${line}: this (deny|pending) is left out`));
    expect(said).toHaveLength(text.split('contains').length - 1 || 1);
  });

  it.each([
    ['.hidden.rego', 'it is hidden'],
    ['.team/rules/deny.rego', 'it is hidden'],
    ['.team/data.yaml', 'it is hidden'],
    ['.data.json', 'it is hidden'],
    ['deny.REGO', 'does not end with .rego in lower case'],
    ['limits.json', 'only data.json, data.yaml and data.yml are loaded'],
    ['lib/limits.yaml', 'only data.json, data.yaml and data.yml are loaded'],
    ['limits.yml', 'only data.json, data.yaml and data.yml are loaded'],
    ['DATA.JSON', 'only data.json, data.yaml and data.yml are loaded'],
  ])('a file: %s', async (file, why) => {
    const said = await leftOut({ [file]: file.endsWith('o') ? 'package m0\n\ndeny contains "x"\n' : '{}' });
    expect(said).toEqual([expect.stringMatching(/^warning .*:1: left out, because /)]);
    expect(said[0]).toContain(file);
    expect(said[0]).toContain(why);
  });

  it('many files under other names are counted', async () => {
    const said = await leftOut(
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`fixtures/${i}.json`, '{}'])),
    );
    expect(said).toHaveLength(11);
    expect(said.join()).toContain('left out like 19 more JSON and YAML files');
  });

  it('a hidden link is not followed', async () => {
    const dir = await scratch();
    await write(dir, { 'policy/p.rego': ALLOW, 'secret/x.rego': ALLOW });
    await symlink(join(dir, 'secret'), join(dir, 'policy', '.link'));
    const compiled = await compileDir(join(dir, 'policy'));
    expect(compiled.leftOut).toEqual([]);
  });

  it('is said where nothing else is there', async () => {
    const compiling = compileFiles({ '.hidden.rego': ALLOW });
    await expect(compiling).rejects.toThrow('there is no .rego file but .hidden.rego, which is left out');
  });
});

describe('data that nothing defines', () => {
  const deny = (body: string, before = ''): string =>
    `package m0\n\n${before}\ndeny contains "x" if {\n  ${body}\n}\n`;
  const DATA = { 'data.json': '{"limits": {"days": 3, "by": {"sre": 1}}, "names": ["a"]}' };

  it.each([
    [
      'data.limit.days > 1',
      '',
      'p.rego:5: nothing defines data.limit: this is always undefined; did you mean limits?',
    ],
    [
      'data.limits.day > 1',
      '',
      'p.rego:5: nothing defines data.limits.day: this is always undefined; did you',
    ],
    ['limits.strict', 'import data.limits', 'p.rego:5: nothing defines data.limits.strict'],
    ['l.x', 'import data.limit as l', 'p.rego:3: nothing defines data.limit'],
    ['strict', 'strict if data.other.strict', 'p.rego:3: nothing defines data.other'],
    ['l := data.limits\n  l.by.ops == 1', '', 'p.rego:6: nothing defines data.limits.by.ops'],
    ['over(data.limits)', 'over(l) if l.weeks > 1', 'p.rego:3: nothing defines data.limits.weeks'],
    ['not data.limits.off', '', 'nothing defines data.limits.off'],
    ['data.lib.minn > 1', '', 'nothing defines data.lib.minn: this is always undefined; did you mean min?'],
    ['some n in data.m0.nams\n  n == "a"', '', 'nothing defines data.m0.nams'],
    ['data.mocks.limit > 1', '', 'p_test.rego defines it, and tests are left out'],
    ['count([n | some n in data.namez]) > 0', '', 'nothing defines data.namez'],
  ])('%s', async (body, before, expected) => {
    const said = await leftOut({
      ...DATA,
      'p.rego': deny(body, before),
      'lib.rego': 'package lib\n\nmin := 1\n',
      'p_test.rego': 'package mocks\n\nlimit := 3\n',
    });
    expect(said).toEqual([expect.stringContaining(expected)]);
  });

  it('names a file that is left out and may define it', async () => {
    const said = await leftOut({ 'p.rego': deny('data.limits.days > 1'), 'limits.yaml': 'days: 3' });
    expect(said[0]).toContain(
      'nothing defines data.limits: this is always undefined; limits.yaml is left out',
    );
  });

  it.each([
    ['a part that is there', 'data.limits.by.sre == 1'],
    ['a computed part', 'data[input.m0.stack].x'],
    ['a computed part below', 'data.limits.by[input.m0.stack].y'],
    ['an element', 'data.names[0] == "a"'],
    ['a rule, and what is in its value', 'data.lib.all.days > 1'],
    ['a package', 'count(data.lib) > 0'],
    ['a value with a default', 'object.get(data.limits, "weeks", 1) > 1'],
    ['data that is replaced', 'helper with data.given.x as 1'],
    ['a variable of the same name as an import', 'f({"x": 1})'],
    ['data in a folder', 'data.deep.down.n == 1'],
    ['data in YAML', 'data.yaml.n == 1'],
  ])('no false alarm: %s', async (_, body) => {
    const rules = 'import data.limits\n\nf(limits) if limits.x == 1\n\ng if limits.days';
    expect(
      await leftOut({
        ...DATA,
        'p.rego': deny(body, body.includes('helper') ? `${rules}\n\nhelper if data.given.x == 1` : rules),
        'lib.rego': 'package lib\n\nall := {"days": 2}\n',
        'deep/down/data.json': '{"n": 1}',
        'yaml/data.yml': 'n: 1',
      }),
    ).toEqual([]);
  });
});

describe('the policies of a stack', () => {
  it('say what the commit in use leaves out, also from the cache', async () => {
    const repository = await policyRepository({ 'p.rego': ALLOW, 'limits.json': '{}' });
    const home = await scratch();
    for (let start = 0; start < 2; start++) {
      const [status] = await (await policies({}, OPA, home)).status([source(repository.url)]);
      expect(status?.leftOut).toEqual([
        { file: 'limits.json', line: 1, text: expect.stringContaining('left out') },
      ]);
    }
    const port = await policies({}, OPA, home);
    await repository.commit({
      'p.rego': 'package m0\n\nallow contains f.address if some f in input.m0.findings\n',
    });
    const asked = question([source(repository.url)]);
    const [answer] = await port.ask(asked);
    expect(answer?.outcome).toEqual({
      ok: true,
      messages: [
        {
          rule: 'warn',
          text: expect.stringContaining('allows nothing: its text is an address'),
          at: { file: 'p.rego', line: 3 },
        },
      ],
    });
  });
});
