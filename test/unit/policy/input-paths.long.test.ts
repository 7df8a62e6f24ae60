import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../../src/base/exact-json.ts';
import { type InputPaths, projectInput } from '../../../src/policy/input-paths.ts';
import { askBundle, compileDir as bundleOf, scratch, write } from './support.ts';

async function pathsOf(rego: string): Promise<InputPaths> {
  const dir = await scratch();
  await write(dir, { 'p.rego': rego });
  return (await bundleOf(dir)).inputPaths;
}

describe('what a policy can read of its input', () => {
  it.each<[string, string, InputPaths]>([
    [
      'constant names, no deeper than two',
      'package m0\ndeny contains "x" if input.plan.resource_changes[_].change.actions == ["delete"]',
      [['plan', 'resource_changes']],
    ],
    ['a name that is computed', 'package m0\ndeny contains k if { some k; input.plan[k] }', [['plan']]],
    ['a top-level name that is computed', 'package m0\ndeny contains k if { some k; input[k] }', null],
    ['input as a value', 'package m0\ndeny contains "x" if object.get(input, "plan", 1) == 1', null],
    ['input walked', 'package m0\ndeny contains "x" if { walk(input, [_, v]); v == 1 }', null],
    ['an import', 'package m0\nimport input.plan as p\ndeny contains "x" if p.a.b', [['plan']]],
    ['an import of all', 'package m0\nimport input as i\ndeny contains "x" if i.a.b', null],
    ['nothing', 'package m0\ndeny contains "x" if true', []],
    ['helpers of another package count', 'package m0\ndeny contains "x" if data.lib.f(1)\n', []],
  ])('%s', async (_name, rego, paths) => {
    if (rego.includes('data.lib')) {
      const dir = await scratch();
      await write(dir, { 'p.rego': rego, 'lib.rego': 'package lib\nf(_) if input.template.name == "x"\n' });
      expect((await bundleOf(dir)).inputPaths).toEqual([['template', 'name']]);
      return;
    }
    expect(await pathsOf(rego)).toEqual(paths);
  });

  it('is all it gets, where it stood', () => {
    const document = { plan: { a: [1], b: { c: 2 }, d: 3 }, m0: { run: 1, now: 'x' }, approvers: [{ e: 4 }] };
    expect(projectInput(document, null)).toEqual(document);
    expect(projectInput(document, [['plan', 'a'], ['m0', 'run'], ['approvers', 'e'], ['gone']])).toEqual({
      plan: { a: [1] },
      m0: { run: 1 },
      // A list, and a text, are what they are: names say nothing of them.
      approvers: [{ e: 4 }],
    });
    const big = parseExact('{"m0":{"id":12345678901234567890}}') as Parameters<typeof projectInput>[0];
    expect(JSON.stringify(projectInput(big, [['m0', 'id', 'x']]))).toBe('{"m0":{"id":12345678901234567890}}');
    expect(projectInput(document, [['plan'], ['plan', 'a']])).toEqual({ plan: document.plan });
    const odd = JSON.parse('{"__proto__": {"a": 1}, "plan": 1}') as typeof document;
    expect(JSON.stringify(projectInput(odd, [['__proto__', 'a']]))).toBe('{"__proto__":{"a":1}}');
  });

  it('is enough: every shipped policy says the same of the whole', async () => {
    const root = new URL('../../../policies', import.meta.url).pathname;
    const folders = (await readdir(root, { withFileTypes: true })).filter((f) => f.isDirectory());
    const findings = ['aws_security_group', 'aws_s3_bucket', 'aws_db_instance', 'aws_iam_role'].map(
      (type) => ({
        ...{ address: `${type}.it`, type, origin: 'cloud', action: 'update', actionable: true },
        attributes: [
          {
            path: 'tags.Owner',
            origin: 'cloud',
            kind: 'removed',
            recorded: 'a',
            actual: null,
            desired: 'a',
            sensitive: false,
          },
        ],
      }),
    );
    const input = {
      plan: {
        resource_changes: findings.map(({ address }) => ({ address, change: { actions: ['update'] } })),
      },
      approvers: [],
      deployerUser: { name: 'Dana', email: 'dana@acme.dev' },
      m0: { drift: true, run: 7, now: '2026-03-02T12:00:00Z', author: { name: '', email: '' }, findings },
      other: 'never read',
    };
    let spoken = 0;
    for (const { name } of folders) {
      const bundle = await bundleOf(join(root, name));
      const read = bundle.inputPaths === null ? null : [...bundle.inputPaths, ['m0', 'run']];
      const [whole, part] = await Promise.all(
        [input, projectInput(input, read)].map((document) => askBundle(bundle, JSON.stringify(document))),
      );
      expect(part, name).toEqual(whole);
      expect(whole?.ok, name).toBe(true);
      spoken += JSON.stringify(whole).includes('msg') ? 1 : 0;
    }
    expect(spoken).toBeGreaterThan(1);
  });
});
