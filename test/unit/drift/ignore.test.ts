import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Analysis, Finding } from '../../../src/drift/finding.ts';
import { fingerprintOf } from '../../../src/drift/fingerprint.ts';
import { ignoreFindings, isIgnoreMatch } from '../../../src/drift/ignore.ts';
import { type Planned, plan } from '../../support/plan.ts';

function analyze(...resources: readonly Planned[]): Analysis {
  return analyzePlan(plan(resources), { key: 'k' });
}

/** The reason why the only finding of a plan is ignored; null: it is not ignored. */
function ignored(resource: Planned, ...matches: readonly string[]): string | null {
  const before = analyze(resource);
  const rules = matches.map((match, i) => ({ match, reason: `reason ${i + 1}` }));
  const { findings } = ignoreFindings(before, rules);
  expect(findings).toHaveLength(1);
  const [finding] = findings as [Finding];
  const [was] = before.findings as [Finding];
  if (finding.ignored === undefined) expect(finding).toMatchObject(was);
  else expect(finding).toEqual({ ...was, actionable: false, ignored: finding.ignored });
  return finding.ignored ?? null;
}

/** Attributes changed by hand at an address. */
function changed(address: string, attributes: Record<string, string | Record<string, string>>): Planned {
  const was = Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === 'string'
        ? 'was'
        : Object.fromEntries(Object.keys(value).map((inner) => [inner, 'was'])),
    ]),
  );
  return { address, recorded: was, actual: attributes, desired: was };
}

const GROUP = 'aws_autoscaling_group.web';
const scaled = changed(GROUP, { desired_capacity: 'is' });
const both = changed(GROUP, { desired_capacity: 'is', max_size: 'is' });
const tagged = changed('aws_s3_bucket.logs', { tags: { Owner: 'is', 'a.b/c': 'is' } });
const inModule = changed('module.net["eu.west"].aws_vpc.main[0]', { cidr: 'is' });
const opened: Planned = {
  address: 'aws_security_group.web',
  recorded: { ingress: [{ port: 80 }] },
  actual: { ingress: [{ port: 80 }, { port: 22 }] },
  desired: { ingress: [{ port: 80 }] },
};

describe('a rule covers', () => {
  it.each<[string, Planned, readonly string[], string | null]>([
    ['an attribute', scaled, [`${GROUP}.desired_capacity`], 'reason 1'],
    ['any name', scaled, ['aws_autoscaling_group.*.desired_capacity'], 'reason 1'],
    ['part of a name', scaled, ['aws_*_group.w*b.desired_*'], 'reason 1'],
    ['several wildcards that overlap', scaled, ['aws*scal*ing*group.web.*'], 'reason 1'],
    ['another attribute', scaled, [`${GROUP}.max_size`], null],
    ['another resource', scaled, ['aws_autoscaling_group.api.desired_capacity'], null],
    ['only the start of a name', scaled, ['aws_autoscaling.web.desired_capacity'], null],
    ['the whole of any name', scaled, ['aws_autoscaling_group.*'], 'reason 1'],
    ['a wildcard in place of two parts', scaled, ['*.desired_capacity'], null],
    ['a wildcard in place of all', scaled, ['*'], null],
    ['the whole resource', both, [GROUP], 'reason 1'],
    ['one of two changes', both, [`${GROUP}.desired_capacity`], null],
    ['both changes by one rule', both, [`${GROUP}.*`], 'reason 1'],
    ['both by two', both, [`${GROUP}.desired_capacity`, `${GROUP}.max_size`], 'reason 1, reason 2'],
    ['the whole before a part', both, [`${GROUP}.*`, 'aws_autoscaling_group.*'], 'reason 2'],
    ['all keys of a map', tagged, ['aws_s3_bucket.logs.tags.*'], 'reason 1'],
    ['a map by its name alone', tagged, ['aws_s3_bucket.logs.tags'], null],
    ['one key of a map', tagged, ['aws_s3_bucket.logs.tags.Owner'], null],
    [
      'keys as they are written',
      tagged,
      ['aws_s3_bucket.logs.tags.Owner', 'aws_s3_bucket.logs.tags["a.b/c"]'],
      'reason 1, reason 2',
    ],
    ['a dotted key without its quotes', tagged, ['aws_s3_bucket.*.tags.*.*'], null],
    ['elements of a set', opened, ['aws_security_group.web.ingress[*]'], 'reason 1'],
    ['a set by its name alone', opened, ['aws_security_group.web.ingress'], null],
    ['an instance in a module', inModule, ['module.net["eu.west"].aws_vpc.main[0].cidr'], 'reason 1'],
    ['every instance in every such module', inModule, ['module.net[*].aws_vpc.main[*].cidr'], 'reason 1'],
    ['any key that holds a dot', inModule, ['module.*.aws_vpc.*.cidr'], 'reason 1'],
    ['part of a key', inModule, ['module.net["eu.*"].aws_vpc.main[0]'], 'reason 1'],
    ['the address without its module', inModule, ['aws_vpc.main[0].cidr'], null],
    ['the address without its index', inModule, ['module.net["eu.west"].aws_vpc.main.cidr'], null],
  ])('%s', (_, resource, matches, reason) => {
    expect(ignored(resource, ...matches)).toBe(reason);
  });

  const made: Planned = { recorded: null, desired: { a: 'x' }, actions: ['create'] };
  const goes: Planned = { recorded: { a: 'x' }, actual: { a: 'y' }, desired: null, actions: ['delete'] };
  const forgotten: Planned = { ...goes, actions: ['forget'] };
  const replaced: Planned = {
    recorded: { a: 'x' },
    actual: { a: 'y' },
    desired: { a: 'x' },
    actions: ['delete', 'create'],
  };
  const gone: Planned = { recorded: { a: 'x' }, actual: null, desired: { a: 'x' }, actions: ['create'] };
  const goneForGood: Planned = { recorded: { a: 'x' }, actual: null, desired: null, actions: null };

  it.each<[string, Planned]>([
    ['a create', made],
    ['a delete', goes],
    ['a replace', replaced],
    ['a forget', forgotten],
    ['a deletion by hand', gone],
    ['a deletion by hand that an apply leaves', goneForGood],
  ])('%s only by a rule for its address', (_, resource) => {
    expect(ignored(resource, 'aws_thing.a.a', 'aws_thing.a.*')).toBe(null);
    expect(ignored(resource, 'aws_thing.*')).toBe('reason 1');
  });

  it('an update without attributes only by a rule for its address', () => {
    const named = analyze(changed('aws_thing.a', { a: 'is' }));
    const bare: Analysis = { ...named, findings: named.findings.map((f) => ({ ...f, attributes: [] })) };
    const by = (match: string): unknown =>
      ignoreFindings(bare, [{ match, reason: 'r' }]).findings[0]?.ignored;
    expect([by('aws_thing.a.*'), by('aws_thing.a')]).toEqual([undefined, 'r']);
  });

  it('a change that an apply would leave in place', () => {
    const kept: Planned = { ...scaled, desired: { desired_capacity: 'is' }, expressions: {} };
    expect(ignored(kept, `${GROUP}.desired_capacity`)).toBe('reason 1');
  });
});

describe('the analysis after the rules', () => {
  const before = analyze(scaled, tagged, {
    address: 'aws_thing.new',
    recorded: null,
    desired: { a: 1 },
    actions: ['create'],
  });
  const after = ignoreFindings(before, [
    { match: `${GROUP}.desired_capacity`, reason: 'autoscaler' },
    { match: 'aws_thing.*', reason: 'scratch' },
  ]);

  it('counts ignored findings separately from those to be applied', () => {
    expect(before.counts).toMatchObject({ findings: 3, cloud: 2, code: 1, create: 1, update: 2 });
    expect(before.counts).not.toHaveProperty('ignored');
    expect(after.counts).toEqual({ ...before.counts, create: 0, update: 1, ignored: 2 });
  });

  it('has the same findings, fingerprints and order', () => {
    expect(after.findings.map((f) => f.address)).toEqual(before.findings.map((f) => f.address));
    expect(fingerprintOf(after.findings)).toBe(fingerprintOf(before.findings));
    expect(after.findings.map((f) => f.actionable)).toEqual([false, true, false]);
  });

  it('is unchanged without rules', () => {
    expect(ignoreFindings(before, [])).toBe(before);
  });
});

it.each<[string, boolean]>([
  ['aws_thing.a', true],
  ['aws_autoscaling_group.*.desired_capacity', true],
  ['module.net["eu.west"].aws_vpc.main[*].tags["say \\"hi\\""]', true],
  ['*', false],
  ['', false],
  ['aws_thing', false],
  ['aws_thing..size', false],
  ['aws_thing.a.', false],
  ['aws_thing.a["b.size', false],
  ['aws_thing.a]b[.size', false],
])('%s is valid as the match of a rule: %s', (match, can) => {
  expect(isIgnoreMatch(match)).toBe(can);
});
