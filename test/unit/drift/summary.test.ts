import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import { ignoreFindings } from '../../../src/drift/ignore.ts';
import { summarize } from '../../../src/drift/summary.ts';
import { describeValue, oneLine } from '../../../src/drift/value-text.ts';
import { type Planned, plan } from '../../support/plan.ts';

function sentence(...resources: Planned[]): string {
  return summarize(analyzePlan(plan(resources), { key: 'k' }).findings, 'prod-network');
}

const tags = (address: string): Planned => ({
  address,
  recorded: { tags: { Owner: 'platform', Env: 'prod' } },
  actual: { tags: {} },
  desired: { tags: { Owner: 'platform', Env: 'prod' } },
});

const rule = {
  from_port: 22,
  to_port: 22,
  protocol: 'tcp',
  cidr_blocks: ['203.0.113.7/32'],
  description: 'emergency hotfix',
};

describe('the sentence', () => {
  it('names the changes and the resources, the worst first', () => {
    const group = {
      address: 'aws_security_group.web',
      recorded: { ingress: [] },
      actual: { ingress: [rule] },
      desired: { ingress: [] },
    };
    expect(sentence(tags('aws_s3_bucket.logs'), group)).toBe(
      '2 drifted in prod-network: SSH (22) opened to 203.0.113.7 on aws_security_group.web, 2 tags removed by hand on aws_s3_bucket.logs',
    );
  });

  it('does not blame the code for what may be a changed data source', () => {
    const resource: Planned = {
      address: 'aws_x.x',
      recorded: { a: 1, b: 1 },
      desired: { a: 2, b: 2 },
      expressions: { a: { references: ['data.aws_y.y'] }, b: { constant_value: 2 } },
    };
    expect(sentence(resource)).toBe(
      '1 drifted in prod-network: b changed in the code and a changed in the code or what it reads on aws_x.x',
    );
  });

  it('reports ignored drift separately from what an apply would change', () => {
    const kept: Planned = {
      address: 'aws_thing.kept',
      recorded: { a: 1 },
      actual: { a: 2 },
      expressions: {},
    };
    const said = (resources: readonly Planned[], ...match: readonly string[]): string =>
      summarize(
        ignoreFindings(
          analyzePlan(plan(resources), { key: 'k' }),
          match.map((m) => ({ match: m, reason: 'r' })),
        ).findings,
        'prod',
      );
    const [x, y] = [tags('aws_x.x'), tags('aws_y.y')];
    expect(said([x, y, kept], 'aws_y.*')).toBe(
      '1 drifted in prod: 2 tags removed by hand on aws_x.x; 1 more where an apply would change nothing; 1 more ignored',
    );
    expect(said([x, kept], 'aws_x.*')).toBe(
      '1 drifted in prod where an apply would change nothing: a changed by hand on aws_thing.kept; 1 more ignored',
    );
    expect(said([x], 'aws_x.*')).toBe('1 drifted in prod and ignored: 2 tags removed by hand on aws_x.x');
  });

  it.each<[string, Planned, string]>([
    [
      'deleted by hand',
      { recorded: { a: 1 }, actual: null, desired: { a: 1 }, actions: ['create'] },
      'aws_thing.a deleted by hand',
    ],
    ['new', { recorded: null, desired: { a: 1 }, actions: ['create'] }, 'aws_thing.a new in the code'],
    [
      'removed after a change by hand',
      { recorded: { a: 1 }, actual: { a: 2 }, desired: null, actions: ['delete'] },
      'aws_thing.a would be deleted, after a change by hand',
    ],
    [
      'cloud and code',
      { recorded: { size: 1, name: 'x' }, actual: { size: 2, name: 'x' }, desired: { size: 1, name: 'y' } },
      'size changed by hand and name changed in the code on aws_thing.a',
    ],
    [
      'replaced',
      { recorded: { name: 'x' }, desired: { name: 'y' }, actions: ['delete', 'create'] },
      'aws_thing.a would be deleted and created anew (name changed in the code)',
    ],
    [
      'moved',
      {
        address: 'aws_thing.b',
        previousAddress: 'aws_thing.a',
        recorded: { v: 1 },
        actual: { v: 2 },
        desired: { v: 1 },
      },
      'v changed by hand on aws_thing.b (was aws_thing.a)',
    ],
  ])('%s', (_name, planned, told) => {
    expect(sentence(planned)).toBe(`1 drifted in prod-network: ${told}`);
  });

  it("counts the rest of a big drift, and names first what can't be undone", () => {
    const lost: Planned = {
      address: 'aws_thing.z',
      recorded: { a: 1 },
      actual: null,
      desired: { a: 1 },
      actions: ['create'],
    };
    const many = Array.from({ length: 40 }, (_, i) => tags(`aws_thing.n${i}`));
    expect(sentence(...many, lost)).toBe(
      '41 drifted in prod-network: aws_thing.z deleted by hand, 2 tags removed by hand on aws_thing.n0, 2 tags removed by hand on aws_thing.n1 and 38 more',
    );
  });

  it('reports separately what an apply would not change', () => {
    const kept: Planned = { address: 'aws_thing.k', recorded: { v: 1 }, actual: { v: 2 }, expressions: {} };
    expect(sentence(kept)).toBe(
      '1 drifted in prod-network where an apply would change nothing: v changed by hand on aws_thing.k',
    );
    expect(sentence(tags('aws_thing.a'), kept)).toMatch(
      /^1 drifted .*; 1 more where an apply would change nothing$/,
    );
    expect(sentence()).toBe('Nothing drifted in prod-network');
  });
});

describe('a value in one line', () => {
  it.each([
    ['plain', 'plain'],
    ['', '""'],
    [null, '(none)'],
    [{ unknown: true }, '(known after apply)'],
    [{ sensitive: true }, '(sensitive)'],
    [7, '7'],
    [false, 'false'],
    [rule, '22/tcp from 203.0.113.7/32 "emergency hotfix"'],
    [
      { ...rule, from_port: 1, to_port: 9, description: '', self: true },
      '1-9/tcp from 203.0.113.7/32, itself',
    ],
    [{ ...rule, protocol: '-1', description: '' }, 'all traffic from 203.0.113.7/32'],
    [{ a: [1, 'x'], 'b\n': null }, '{a: [1, "x"], b\\n: null}'],
    [{ secret: { sensitive: true } }, '{secret: (sensitive)}'],
  ] as const)('%j', (value, text) => {
    expect(describeValue(value, 100)).toBe(text);
  });

  it.each([
    ['line1\nline2', 'line1\\nline2'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['safe\u202egnp.exe', 'safe\\u202egnp.exe'],
    ['ad\u200bmin', 'ad\\u200bmin'],
    ['a\u200db', 'a\\u200db'],
    ['👨‍👩‍👧 🏳️‍🌈', '👨‍👩‍👧 🏳️‍🌈'],
    ['\ud800', '\\ud800'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('makes invisible characters visible: %j', (text, shown) => {
    expect(oneLine(text)).toBe(shown);
  });

  it('never cuts a character in two', () => {
    expect(describeValue('abcdef', 4)).toBe('abc…');
    expect(describeValue('ab🔥def', 4)).toBe('ab…');
    expect(describeValue('abcd', 4)).toBe('abcd');
  });
});
