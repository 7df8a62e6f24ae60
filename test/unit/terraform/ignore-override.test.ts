import { describe, expect, it } from 'vitest';
import { ignoredBy } from '../../../src/drift/ignore.ts';
import {
  type IgnoreEntry,
  ignoreOverride,
  type ModuleFile,
  OVERRIDE_FILE,
} from '../../../src/terraform/ignore-override.ts';
import { ignoredPlace, ignoreEntry, type ModuleCall } from '../../../src/terraform/ignored-places.ts';

const SIZE: IgnoreEntry = { type: 'aws_x', name: 'a', entry: 'size' };
const TAG: IgnoreEntry = { type: 'aws_x', name: 'a', entry: 'tags["Owner"]' };
const OTHER: IgnoreEntry = { type: 'aws_y', name: 'b', entry: 'count_of' };

const file = (name: string, text: string): ModuleFile => ({ name, text });
const main = (ignore: string): ModuleFile =>
  file('main.tf', `resource "aws_x" "a" {\n  lifecycle {\n    ignore_changes = ${ignore}\n  }\n}\n`);
const other = file('other.tf', 'resource "aws_y" "b" {\n}\n');

/** What the override ignores by block, or the reasons why it has nothing. */
function override(
  files: readonly ModuleFile[],
  entries: readonly IgnoreEntry[],
  tool = 'terraform' as const,
) {
  return outcomeOf(files, entries, tool);
}

function outcomeOf(
  files: readonly ModuleFile[],
  entries: readonly IgnoreEntry[],
  tool: 'terraform' | 'tofu',
): unknown {
  const { text, refused } = ignoreOverride(files, tool, entries);
  if (text === null) return [...refused.values()];
  const { resource } = JSON.parse(text) as {
    resource: Record<string, Record<string, { lifecycle: { ignore_changes: string[] } }>>[];
  };
  return resource.flatMap((types) =>
    Object.entries(types).flatMap(([type, names]) =>
      Object.entries(names).map(([name, body]) => [`${type}.${name}`, body.lifecycle.ignore_changes]),
    ),
  );
}

describe('an override', () => {
  it('has the entries of the code first', () => {
    expect(override([main('[season, tags["a"]]')], [SIZE, TAG])).toEqual([
      ['aws_x.a', ['season', 'tags["a"]', 'size', 'tags["Owner"]']],
    ]);
  });

  it('has each entry once', () => {
    expect(override([main('[size]')], [SIZE, SIZE, TAG])).toEqual([['aws_x.a', ['size', 'tags["Owner"]']]]);
  });

  it('is for several blocks', () => {
    expect(override([main('[]'), other], [SIZE, OTHER])).toEqual([
      ['aws_x.a', ['size']],
      ['aws_y.b', ['count_of']],
    ]);
  });

  it('says which entry is on which line', () => {
    const { text, lines } = ignoreOverride([main('[season]'), other], 'terraform', [SIZE, TAG, OTHER]);
    const written = text?.split('\n') ?? [];
    const found = [...lines].map(([number, { entry }]) =>
      (written[number - 1] ?? '').includes(JSON.stringify(entry)),
    );
    expect(found).toEqual([true, true, true]);
  });

  it.each<[string, readonly ModuleFile[], unknown]>([
    ['without the block', [other], ['m0 does not find the block aws_x.a']],
    ['with the block in a data source only', [file('main.tf', 'data "aws_x" "a" {\n}\n')], undefined],
    ['with the block twice', [main('[]'), { ...main('[]'), name: 'more.tf' }], undefined],
    ['with a block only in an override file', [{ ...main('[]'), name: 'override.tf' }], undefined],
    ['that ignores everything', [main('all')], ['its code has ignore_changes = all']],
    ['with entries that are not understood', [main('["*"]')], ['m0 does not understand its ignore_changes']],
    [
      'with another file that is not understood',
      [main('[]'), file('b.tf', '{')],
      ['m0 does not understand b.tf'],
    ],
    [
      'with an override file that comes last',
      [main('[]'), file('zzz_override.tf', '')],
      ['the override file zzz_override.tf comes after one of m0'],
    ],
  ])('is not made for code %s', (_, files, reasons) => {
    expect(override(files, [SIZE])).toEqual(reasons ?? ['m0 does not find the block aws_x.a']);
  });

  it('has what the last override file of the code says', () => {
    const files = [main('[one]'), { ...main('[two]'), name: 'a_override.tf' }];
    expect(override(files, [SIZE])).toEqual([['aws_x.a', ['two', 'size']]]);
    const last = [...files, { ...main('[three]'), name: 'override.tf' }];
    expect(override(last, [SIZE])).toEqual([['aws_x.a', ['three', 'size']]]);
    const empty = [...files, { ...main('[]'), name: 'override.tf' }];
    expect(override(empty, [SIZE])).toEqual([['aws_x.a', ['two', 'size']]]);
  });

  it('leaves out a refused entry only', () => {
    const { text, refused } = ignoreOverride([main('[]')], 'terraform', [SIZE, OTHER]);
    expect([...refused.keys()]).toEqual([OTHER]);
    expect(text).toContain('"size"');
  });

  it('reads .tofu files for OpenTofu only, in place of .tf files of the same name', () => {
    const files = [main('[one]'), { ...main('[two]'), name: 'main.tofu' }];
    expect(outcomeOf(files, [SIZE], 'terraform')).toEqual([['aws_x.a', ['one', 'size']]]);
    expect(outcomeOf(files, [SIZE], 'tofu')).toEqual([['aws_x.a', ['two', 'size']]]);
    const json = file('main.tofu.json', '{}');
    expect(outcomeOf([main('[one]'), json], [SIZE], 'tofu')).toEqual([['aws_x.a', ['one', 'size']]]);
  });

  it('has a name that the tools read as an override', () => {
    expect(OVERRIDE_FILE).toMatch(/_override\.tf\.json$/);
  });
});

describe('an entry for a path', () => {
  it.each<[string, string | null, string | null]>([
    ['desired_capacity', 'desired_capacity', 'desired_capacity'],
    ['tags.Owner', 'tags["Owner"]', 'tags.Owner'],
    ['tags["a.b/c"]', 'tags["a.b/c"]', 'tags["a.b/c"]'],
    ['tags["say \\"x\\""]', 'tags["say \\"x\\""]', 'tags["say \\"x\\""]'],
    ['tags["$' + '{x}"]', null, null],
    ['scaling_config[0].desired_size', 'scaling_config[0].desired_size', 'scaling_config[0].desired_size'],
    ['spec[0].labels.app', 'spec[0].labels["app"]', 'spec[0].labels.app'],
    ['input.nest.x', 'input.nest["x"]', 'input.nest.x'],
    ['ingress[*]', null, null],
    ['ingress[*].port', null, null],
  ])('%s', (path, key, attribute) => {
    expect([ignoreEntry(path, 'key'), ignoreEntry(path, 'attribute')]).toEqual([key, attribute]);
  });
});

describe('the place of an attribute', () => {
  const calls: readonly ModuleCall[] = [
    { key: '', source: '', dir: '.' },
    { key: 'one', source: './net', dir: 'net' },
    { key: 'a', source: './shared', dir: 'shared' },
    { key: 'b', source: './shared', dir: 'shared' },
    { key: 'one.sub', source: '../sub', dir: 'sub' },
    { key: 'far', source: 'acme/net/aws', dir: '/data/modules/far' },
    { key: 'far.sub', source: './sub', dir: '/data/modules/far/sub' },
  ];
  const place = (address: string, ...matches: string[]): unknown => {
    const ignores = ignoredBy(matches.map((match) => ({ match, reason: 'r' })));
    const found = ignoredPlace({ address, path: 'size' }, 'key', { ignores, calls, cwd: '/tree/a' });
    return typeof found === 'string' ? found : found.dir;
  };
  const SOME = expect.stringContaining('for all of its instances');
  it.each<[string, readonly string[], unknown]>([
    ['aws_x.a', ['aws_x.a.size'], '/tree/a'],
    ['aws_x.a', ['aws_x.*.size'], '/tree/a'],
    ['aws_x.a[0]', ['aws_x.a[*].size'], '/tree/a'],
    ['aws_x.a[0]', ['aws_x.*.size'], '/tree/a'],
    ['aws_x.a[0]', ['aws_x.a[0].size'], SOME],
    ['aws_x.a["x"]', ['aws_x.a["*"].size'], '/tree/a'],
    ['aws_x.a["x.y"]', ['aws_x.a["x*"].size'], SOME],
    ['aws_x.a["x"]', ['aws_x.a["x"].size', 'aws_x.a["y"].size'], SOME],
    ['module.one.aws_x.a', ['module.one.aws_x.a.size'], '/tree/a/net'],
    ['module.one[1].aws_x.a', ['module.one[*].aws_x.a.size'], '/tree/a/net'],
    ['module.one[1].aws_x.a', ['module.one[1].aws_x.a.size'], SOME],
    ['module.one.module.sub.aws_x.a', ['module.one.module.sub.aws_x.a.size'], '/tree/a/sub'],
    ['module.far.aws_x.a', ['module.far.aws_x.a.size'], 'its code is in a module from elsewhere'],
    [
      'module.far.module.sub.aws_x.a',
      ['module.far.module.sub.aws_x.*.size'],
      expect.stringMatching(/elsewhere/),
    ],
    ['module.unknown.aws_x.a', ['module.unknown.aws_x.*.size'], expect.stringMatching(/elsewhere/)],
    ['module.a.aws_x.a', ['module.a.aws_x.a.size'], expect.stringMatching(/called more than once/)],
    ['module.a.aws_x.a', ['module.*.aws_x.a.size'], '/tree/a/shared'],
  ])('%s with %j', (address, matches, expected) => {
    expect(place(address, ...matches)).toEqual(expected);
  });
});
