import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Finding } from '../../../src/drift/finding.ts';
import { type Planned, plan, THING } from '../../support/plan.ts';

function analyze(resources: readonly Planned[], rest = {}) {
  return analyzePlan(plan(resources, rest), { key: 'k' });
}

/** The only finding of a plan. */
function only(resources: readonly Planned[]): Finding {
  const { findings } = analyze(resources);
  expect(findings).toHaveLength(1);
  return findings[0] as Finding;
}

/** `path origin kind` of each attribute. */
function rows(finding: Finding): string[] {
  return finding.attributes.map((a) => `${a.path} ${a.origin} ${a.kind}`);
}

describe('recorded, actual and desired values', () => {
  const table: readonly (readonly [string, Planned, string, Finding['action'], string])[] = [
    [
      'by hand',
      { recorded: { a: 1 }, actual: { a: 2 }, desired: { a: 1 } },
      'cloud',
      'update',
      'a cloud changed',
    ],
    ['in the code', { recorded: { a: 1 }, desired: { a: 2 } }, 'code', 'update', 'a code changed'],
    [
      'in both, differently',
      { recorded: { a: 1 }, actual: { a: 2 }, desired: { a: 3 } },
      'both',
      'update',
      'a both changed',
    ],
    [
      'the same change in the code',
      { recorded: { a: 1 }, actual: { a: 2 } },
      'both',
      'none',
      'a both changed',
    ],
    [
      'under ignore_changes',
      { recorded: { a: 1 }, actual: { a: 2 }, expressions: { a: { constant_value: 1 } } },
      'cloud',
      'none',
      'a cloud changed',
    ],
    [
      'not set by the code',
      { recorded: { a: 1 }, actual: { a: 2 }, expressions: {} },
      'cloud',
      'none',
      'a cloud changed',
    ],
    [
      '0 is a value',
      { recorded: { a: 0 }, actual: { a: null }, desired: { a: 0 } },
      'cloud',
      'update',
      'a cloud removed',
    ],
    [
      'a zero that the provider filled in for an attribute that the code does not set',
      { recorded: { a: false }, actual: { a: true }, desired: { a: null }, expressions: {} },
      'cloud',
      'update',
      'a cloud changed',
    ],
    [
      'a zero for an attribute that the code sets',
      {
        recorded: { a: false },
        actual: { a: true },
        desired: { a: null },
        expressions: { a: { references: ['var.a'] } },
      },
      'both',
      'update',
      'a both changed',
    ],
    [
      'false is a value',
      { recorded: { a: null }, actual: { a: false }, desired: { a: null } },
      'cloud',
      'update',
      'a cloud added',
    ],
  ];
  it.each(table)('%s', (_name, planned, origin, action, row) => {
    const finding = only([planned]);
    expect([finding.origin, finding.action, finding.actionable]).toEqual([origin, action, action !== 'none']);
    expect(rows(finding)).toEqual([row]);
  });

  describe('a list of rules that the code sets and an apply would not change', () => {
    const written = (port: number) => ({ port, cidr: ['10.0.0.0/8'], self: null, description: null });
    const filled = (port: number) => ({ port, cidr: ['10.0.0.0/8'], self: false, description: '' });
    const moved = (recorded: readonly number[], actual: readonly number[], code: readonly number[]) =>
      only([
        {
          recorded: { rule: recorded.map(filled) },
          actual: { rule: actual.map(filled) },
          expressions: { rule: { constant_value: code.map(written) } },
        },
      ]);
    it.each([
      ['added by hand, ignored', [1, 2], [1, 2, 3], [1, 2], 'rule[*] cloud added'],
      ['removed by hand, ignored', [1, 2], [1], [1, 2], 'rule[*] cloud removed'],
      ['added by hand and in the code', [1, 2], [1, 2, 3], [1, 2, 3], 'rule[*] both added'],
      ['removed by hand and in the code', [1, 2, 3], [1, 2], [1, 2], 'rule[*] both removed'],
    ])('%s', (_what, recorded, actual, code, row) => {
      expect(rows(moved(recorded, actual, code))).toEqual([row]);
    });
  });

  it.each([
    [2, 'both'],
    [1, 'cloud'],
  ])('a variable with the value %i counts as the code', (value, origin) => {
    const resource = { recorded: { a: 1 }, actual: { a: 2 }, expressions: { a: { references: ['var.a'] } } };
    const { findings } = analyzePlan(plan([resource], { variables: { a: { value } } }), { key: 'k' });
    expect(findings[0]?.origin).toBe(origin);
  });

  it('names the data sources of a value, only on attributes that the code changed', () => {
    const a = { references: ['data.aws_x.y.value', 'data.aws_x.y', 'local.z'] };
    const [code, cloud] = [
      only([{ recorded: { a: 1 }, desired: { a: 2 }, expressions: { a } }]),
      only([{ recorded: { a: 1 }, actual: { a: 2 }, desired: { a: 1 }, expressions: { a } }]),
    ];
    expect([code.attributes[0]?.inputs, cloud.attributes[0]?.inputs]).toEqual([['data.aws_x.y'], undefined]);
  });

  it('attributes that an apply would not change do not decide the origin if there are others', () => {
    const finding = only([{ recorded: { a: 1, b: 1 }, actual: { a: 2, b: 1 }, desired: { a: 2, b: 2 } }]);
    expect(rows(finding)).toEqual(['a both changed', 'b code changed']);
    expect(finding.origin).toBe('code');
  });

  it('shows unknown values only for attributes that the code sets', () => {
    const planned = {
      recorded: { a: 1, b: 1, c: 1 },
      actual: { a: 1, b: 1, c: 2 },
      desired: {},
      unknown: { a: true, b: true, c: true },
    };
    const finding = only([{ ...planned, expressions: { a: { references: ['x.y'] } } }]);
    expect(rows(finding)).toEqual(['a code changed', 'c cloud changed']);
    expect(finding.attributes[0]?.desired).toEqual({ unknown: true });
  });
});

describe('resources that are created or removed', () => {
  it('a create has no attributes and the origin code', () => {
    const finding = only([{ recorded: null, desired: { a: 1 }, actions: ['create'] }]);
    expect(finding).toMatchObject({ origin: 'code', action: 'create', attributes: [] });
    expect(finding).not.toHaveProperty('deletedByHand');
  });

  it('deleted by hand and created again has the origin cloud', () => {
    const finding = only([{ recorded: { a: 1 }, actual: null, desired: { a: 1 }, actions: ['create'] }]);
    expect(finding).toMatchObject({ origin: 'cloud', action: 'create', deletedByHand: true, attributes: [] });
  });

  it.each([
    ['the block is gone', THING, null, 'both'],
    ['the block is there', THING, {}, 'cloud'],
    ['one instance was dropped', `${THING}[2]`, {}, 'both'],
  ])('deleted by hand without a change: %s', (_name, address, expressions, origin) => {
    const gone = { address, recorded: { a: 1 }, actual: null, actions: null, expressions };
    const { findings } = analyze([gone, { address: 'aws_thing.other', recorded: { a: 1 } }]);
    expect(findings).toMatchObject([{ origin, action: 'none', actionable: false, deletedByHand: true }]);
  });

  it.each([
    ['delete', { a: 1 }, 'code', []],
    ['delete', { a: 2 }, 'both', ['a cloud changed']],
    ['forget', { a: 1 }, 'code', []],
    ['forget', { a: 2 }, 'both', ['a cloud changed']],
  ])('%s after %j', (action, actual, origin, listed) => {
    const finding = only([
      { recorded: { a: 1 }, actual, desired: null, actions: [action], expressions: null },
    ]);
    expect(finding).toMatchObject({ origin, action });
    expect(rows(finding)).toEqual(listed);
    for (const attribute of finding.attributes) expect(attribute.desired).toBeNull();
  });

  it.each([[['delete', 'create']], [['create', 'delete']]])(
    '%j is a replace, and names the attribute that forces it',
    (actions) => {
      const planned = {
        recorded: { a: 1, zero: false },
        desired: { a: 2, zero: null },
        unknown: { id: true },
      };
      const finding = only([{ ...planned, actions, replacePaths: [['a']], expressions: { a: {} } }]);
      expect(finding.action).toBe('replace');
      expect(finding.attributes).toMatchObject([{ path: 'a', forcesReplacement: true }]);
      expect(finding.attributes).toHaveLength(1);
    },
  );

  it('finds the drift of a moved resource under its old address, and a move without changes as not actionable', () => {
    const moved = {
      address: 'aws_thing.new',
      previousAddress: THING,
      recorded: { a: 1 },
      actual: { a: 2 },
      desired: { a: 1 },
    };
    expect(only([moved])).toMatchObject({
      address: 'aws_thing.new',
      previousAddress: THING,
      origin: 'cloud',
    });
    expect(only([{ ...moved, actual: { a: 1 } }])).toMatchObject({
      ...{ previousAddress: THING, action: 'none', actionable: false, attributes: [] },
    });
  });

  it('an import is never cloud drift', () => {
    const finding = only([{ recorded: { a: 1 }, actual: { a: 2 }, desired: { a: 3 }, importing: true }]);
    expect(rows(finding)).toEqual(['a code changed']);
  });

  it('skips data sources, deposed objects and unchanged resources', () => {
    const { findings, noise } = analyze([
      { mode: 'data', recorded: { a: 1 }, actual: { a: 2 }, actions: ['read'] },
      { deposed: 'abc', recorded: { a: 1 }, actual: { a: 2 }, desired: null, actions: ['delete'] },
      { address: 'aws_thing.same', recorded: { a: 1 } },
    ]);
    expect([findings, noise]).toEqual([[], []]);
  });

  it('reads drift entries without an address, as Terraform up to 1.0.0 writes them', () => {
    const change = { actions: ['update'], before: { a: 1 }, after: { a: 2 } };
    const entry = {
      module_address: 'module.m["x"]',
      mode: 'managed',
      type: 'aws_thing',
      name: 'a',
      index: 'k.1',
    };
    const rest = {
      resource_drift: [{ ...entry, change }],
      resource_changes: [
        {
          ...entry,
          address: 'module.m["x"].aws_thing.a["k.1"]',
          change: { ...change, before: { a: 2 }, after: { a: 1 } },
        },
      ],
    };
    expect(analyze([], rest).findings).toMatchObject([
      { address: 'module.m["x"].aws_thing.a["k.1"]', origin: 'cloud' },
    ]);
  });
});

describe('noise', () => {
  it.each([
    [null, {}],
    ['', null],
    [[], null],
    [{ k: '' }, {}],
    ['{"a": 1, "b": [2]}', '{"b":[2],"a":1}'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ])('%j and %j are equal', (before, after) => {
    const { findings, noise, counts } = analyze([{ recorded: { v: before }, actual: { v: after } }]);
    expect(findings).toEqual([]);
    expect(noise.map((f) => f.address)).toEqual([THING]);
    expect(counts).toMatchObject({ findings: 0, noise: 1 });
  });

  it('reports a new order of a list that the code wants', () => {
    const finding = only([{ recorded: { v: ['a', 'b'] }, desired: { v: ['b', 'a'] } }]);
    expect(rows(finding)).toEqual(['v code changed']);
  });

  it('recognises the echo of a sibling, and the changes by hand next to it', () => {
    const rule = (port: number, cidr: string) => ({
      from_port: port,
      to_port: port,
      protocol: 'tcp',
      cidr_blocks: [cidr],
    });
    const group = (ingress: ReturnType<typeof rule>[]): Planned => ({
      address: 'aws_security_group.g',
      recorded: { id: 'sg-1', ingress: [] },
      actual: { id: 'sg-1', ingress },
      expressions: { name: { constant_value: 'g' } },
    });
    const sibling: Planned = {
      address: 'aws_vpc_security_group_ingress_rule.r',
      recorded: {
        security_group_id: 'sg-1',
        ip_protocol: 'tcp',
        from_port: 443,
        to_port: 443,
        cidr_ipv4: '0.0.0.0/0',
      },
    };
    expect(analyze([group([rule(443, '0.0.0.0/0')]), sibling]).findings).toEqual([]);
    expect(analyze([group([rule(443, '0.0.0.0/0')])]).findings).toHaveLength(1);
    // The same source with another port, and another source with the same port, were added by hand.
    for (const byHand of [rule(22, '0.0.0.0/0'), rule(443, '1.2.3.4/32')]) {
      const { findings } = analyze([group([rule(443, '0.0.0.0/0'), byHand]), sibling]);
      expect(findings).toMatchObject([
        { actionable: false, attributes: [{ path: 'ingress[*]', actual: byHand }] },
      ]);
    }
    const elsewhere = { ...sibling, recorded: { ...sibling.recorded, security_group_id: 'sg-2' } };
    expect(analyze([group([rule(443, '0.0.0.0/0')]), elsewhere]).findings).toHaveLength(1);
  });

  it('an attribute that the code sets is never an echo', () => {
    const bucket: Planned = {
      address: 'aws_s3_bucket.b',
      recorded: { id: 'b', policy: '{"a":1}' },
      actual: { id: 'b', policy: '{"a":2}' },
      desired: { id: 'b', policy: '{"a":1}' },
    };
    const policy: Planned = {
      address: 'aws_s3_bucket_policy.b',
      recorded: { bucket: 'b', policy: '{"a":2}' },
    };
    expect(analyze([bucket, policy]).findings.map((f) => f.address)).toEqual(['aws_s3_bucket.b']);
  });
});

describe('paths', () => {
  it.each([
    [{ 'a.b/c': '1', ok: '1' }, 'tags["a.b/c"]'],
    [{ constructor: '1', ok: '1' }, 'tags.constructor'],
    [JSON.parse('{"__proto__":"1","ok":"1"}') as { ok: string }, 'tags.__proto__'],
  ])('%j', (tags, path) => {
    const finding = only([{ recorded: { tags }, actual: { tags: { ok: '1' } }, desired: { tags } }]);
    expect(rows(finding)).toEqual([`${path} cloud removed`]);
  });

  it('enters a block that is the only one in all three values, and lists elements otherwise', () => {
    const one = (enabled: boolean) => ({ block: [{ enabled }] });
    const inside = only([{ recorded: one(false), actual: one(true), desired: one(false) }]);
    expect(rows(inside)).toEqual(['block[0].enabled cloud changed']);
    const two = only([
      {
        recorded: { block: [{ p: 1 }] },
        actual: { block: [{ p: 2 }, { p: 1 }] },
        desired: { block: [{ p: 1 }] },
      },
    ]);
    expect(rows(two)).toEqual(['block[*] cloud added']);
    expect(two.attributes[0]?.actual).toEqual({ p: 2 });
  });

  it('matches elements by value however they are written, one row per element', () => {
    const finding = only([
      { recorded: { s: ['a', 'b', 'b'] }, actual: { s: ['b', 'c'] }, desired: { s: ['a', 'b', 'b'] } },
    ]);
    expect(rows(finding)).toEqual(['s[*] cloud removed', 's[*] cloud removed', 's[*] cloud added'].sort());
  });

  it('reports tags_all once, under tags, with its values', () => {
    const finding = only([
      {
        recorded: { tags: { a: '1' }, tags_all: { a: '1', Team: 'x' } },
        actual: { tags: { a: '2' }, tags_all: { a: '2', Team: 'x' } },
        desired: { tags: { a: '1' }, tags_all: { a: '1', Team: 'y' } },
      },
    ]);
    expect(rows(finding)).toEqual(['tags.Team code changed', 'tags.a cloud changed']);
    expect(finding.attributes[0]?.recorded).toBe('x');
  });

  it('assumes that default tags stay while tags_all is unknown', () => {
    const recorded = { tags: { a: '1' }, tags_all: { a: '1', Team: 'x' } };
    const desired = { tags: { a: null } };
    const finding = only([
      {
        recorded,
        actual: { ...recorded, tags_all: { a: '1', Team: 'evil' } },
        desired,
        unknown: { tags: { a: true }, tags_all: true },
        expressions: { tags: { references: ['x.y'] } },
      },
    ]);
    expect(rows(finding)).toEqual(['tags.Team cloud changed', 'tags.a code changed']);
    expect(finding.attributes.map((a) => a.desired)).toEqual(['x', { unknown: true }]);
  });

  it('shows no differences inside a document that is not known yet', () => {
    const finding = only([
      {
        recorded: { policy: '{"a":1}' },
        desired: {},
        unknown: { policy: true },
        expressions: { policy: { references: ['x.y'] } },
      },
    ]);
    expect(finding.attributes[0]).not.toHaveProperty('json');
  });

  it('shows the differences inside JSON documents, and compares policies by their meaning', () => {
    const policy = (action: string | string[], resource: string | string[] = '*'): string =>
      JSON.stringify({ Version: '1', Statement: { Effect: 'Allow', Action: action, Resource: resource } });
    const finding = only([
      { recorded: { p: policy('a:b') }, actual: { p: policy('a:*', ['*']) }, desired: { p: policy('a:b') } },
    ]);
    expect(finding.attributes[0]?.json).toEqual([
      { path: 'Statement.Action', kind: 'changed', recorded: 'a:b', actual: 'a:*', desired: 'a:b' },
    ]);
    const { findings } = analyze([{ recorded: { p: policy('a:b') }, actual: { p: policy(['a:b'], ['*']) } }]);
    expect(findings).toEqual([]);
  });
});

describe('the complete analysis', () => {
  it('sorts, counts and lists outputs that change', () => {
    const drifted = { recorded: { a: 1 }, actual: { a: 2 }, desired: { a: 1 } };
    const outputs = {
      same: { actions: ['no-op'], before: 1, after: 1 },
      b: { actions: ['update'], before: 1, after: 2, after_sensitive: true },
      a: { actions: ['create'], before: null, after: 2 },
    };
    const answer = analyze(
      [
        { ...drifted, address: 'aws_thing.z' },
        { address: 'aws_thing.b', recorded: null, desired: { a: 1 }, actions: ['create'] },
      ],
      { output_changes: outputs },
    );
    expect(answer.findings.map((f) => f.address)).toEqual(['aws_thing.b', 'aws_thing.z']);
    expect(answer.outputs).toEqual([
      { name: 'a', action: 'create', sensitive: false },
      { name: 'b', action: 'update', sensitive: true },
    ]);
    expect(answer.counts).toEqual({
      findings: 2,
      cloud: 1,
      code: 1,
      both: 0,
      create: 1,
      update: 1,
      delete: 0,
      replace: 0,
      noise: 0,
    });
  });
});
