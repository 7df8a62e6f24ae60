import { describe, expect, it } from 'vitest';
import { moveText, proveMoved } from '../../../src/policy/namespace.ts';
import { parseFiles } from '../../../src/policy/parse.ts';
import { proveBundle } from '../../../src/policy/sync.ts';
import { askBundle, compileFiles, compiler, scratch } from './support.ts';

async function move(text: string): Promise<string> {
  const { opa } = await compiler();
  const [file] = await parseFiles(opa, await scratch(), [{ file: 'p.rego', text }], 'v1');
  if (file === undefined) throw new Error('not parsed');
  return moveText(file, 'NS');
}

describe('a policy in its namespace', () => {
  it.each([
    ['package m0\n\nx := data.a.b\n', 'package NS.m0\n\nx := data.NS.a.b\n'],
    ['package m0\n\nimport data.lib.util\n', 'package NS.m0\n\nimport data.NS.lib.util\n'],
    ['package m0\n\nimport data.lib.util as u\n', 'package NS.m0\n\nimport data.NS.lib.util as u\n'],
    ['package a.b["c d"]\n', 'package NS.a.b["c d"]\n'],
    ['# package x\n\npackage m0 # y\n', '# package x\n\npackage NS.m0 # y\n'],
    [
      'package m0\n\nx := "é data.a" == data["b c"][data.i]\n',
      'package NS.m0\n\nx := "é data.a" == data.NS["b c"][data.NS.i]\n',
    ],
    ['package m0\n\nx := y if y := data\n', 'package NS.m0\n\nx := y if y := data.NS\n'],
    [
      'package m0\n\nx if y with data.a as data.b\n\ny := 1\n',
      'package NS.m0\n\nx if y with data.NS.a as data.NS.b\n\ny := 1\n',
    ],
    ['package m0\n\nx := $"é {data.a} data.b"\n', 'package NS.m0\n\nx := $"é {data.NS.a} data.b"\n'],
    ['package m0\r\n\r\nx := data.a\r\n', 'package NS.m0\r\n\r\nx := data.NS.a\r\n'],
    ['package m0\n\nx := {"data": input.data.data}\n', 'package NS.m0\n\nx := {"data": input.data.data}\n'],
    [
      'package m0\n\nx := [data.a, data.b] if every z in data.c { z > data.d }\n',
      'package NS.m0\n\nx := [data.NS.a, data.NS.b] if every z in data.NS.c { z > data.NS.d }\n',
    ],
  ])('%j', async (before, after) => {
    expect(await move(before)).toBe(after);
  });

  it.each([
    'package m0\n\nimport input.data\n\nx := data.a\n',
    'package m0\n\nimport data.lib.data\n\nx := data.a\n',
  ])('is refused where an import has the name "data": %j', async (text) => {
    await expect(move(text)).rejects.toThrow('p.rego:3: this import makes "data" something else');
  });

  it.each([
    ['import data', 'import data.NS'],
    ['import input.data as d', 'import input.data as d'],
  ])('%s', async (before, after) => {
    expect(await move(`package m0\n\n${before}\n\nx := data.a\n`)).toBe(
      `package NS.m0\n\n${after}\n\nx := data.NS.a\n`,
    );
  });

  it.each<[string, Record<string, string>]>([
    ['a data file', { 'data.json': '{"m0": {"deny": ["no"]}}' }],
    ['a data file in a folder', { 'm0/data.yaml': 'deny: [no]' }],
    ['a package', { 'q.rego': 'package m0.deny\n\npublic contains "no"\n' }],
    ['a package that says nothing yet', { 'q.rego': 'package m0.deny.here\n\nx := 1 if input.never\n' }],
  ])('is refused where %s has the name of a rule, which nobody would ask', async (_name, files) => {
    const bundle = await compileFiles({ 'p.rego': 'package m0\n\nallow contains "fine"\n', ...files });
    await expect(proveBundle(await compiler(), bundle)).rejects.toThrow(
      'a data file or a package defines m0.deny, which m0 reads from rules only; rename it',
    );
  });

  it('is refused where anything else changed', async () => {
    const { opa } = await compiler();
    const parse = async (text: string) => {
      const [file] = await parseFiles(opa, await scratch(), [{ file: 'p.rego', text }], 'v1');
      if (file === undefined) throw new Error('not parsed');
      return file;
    };
    const before = await parse('package m0\n\nx := data.a\n\ny := 1\n');
    proveMoved(before, await parse('package NS.m0\n\nx := data.NS.a\n\ny := 1\n'), 'NS');
    for (const other of ['x := data.a', 'x := data.NS.b', 'x := data.NS.NS.a']) {
      const after = await parse(`package NS.m0\n\n${other}\n\ny := 1\n`);
      expect(() => proveMoved(before, after, 'NS'), other).toThrow('p.rego: m0 cannot give its packages');
    }
  });

  it('reads its own data, files and helpers, under every way of naming them', async () => {
    const bundle = await compileFiles({
      'p.rego': `package m0

import data.lib.names as known
import data.limits

deny contains "helper" if known.is_team(input.team)

deny contains "data" if limits.most == 3

deny contains "by name" if data[input.package].most == 3

deny contains "another document" if data.nested.deep.value
`,
      'lib/names.rego': 'package lib.names\n\nis_team(x) if x in data.teams\n',
      'data.json': '{"limits": {"most": 3}, "teams": ["network"]}',
      'nested/data.yaml': 'deep: {value: true}',
    });
    expect(
      await askBundle(bundle, '{"m0": {"run": 7}, "team": "network", "package": "limits"}'),
    ).toMatchObject({
      ok: true,
      values: { 'm0.deny': ['another document', 'by name', 'data', 'helper'] },
    });
  });
});
