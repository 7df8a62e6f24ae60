import { describe, expect, it } from 'vitest';
import { analyzePlan } from '../../../src/drift/analyze.ts';
import type { Analysis, Finding } from '../../../src/drift/finding.ts';
import { ignoredBy, ignoreFindings } from '../../../src/drift/ignore.ts';
import { changesTheRest, ignoredChanges, withIgnoredOf } from '../../../src/drift/ignored-plan.ts';
import { type Planned, plan } from '../../support/plan.ts';

const RULES = [{ match: 'aws_group.*.size', reason: 'autoscaler' }];
const ignores = ignoredBy(RULES);

function analyze(...resources: readonly Planned[]): Analysis {
  return ignoreFindings(analyzePlan(plan(resources), { key: 'k', ignores }), RULES);
}

const group = (
  actual: Record<string, string | number>,
  desired: Record<string, string | number>,
): Planned => ({
  address: 'aws_group.web',
  recorded: { size: 5, owner: 'a' },
  actual,
  desired,
  expressions: { size: { constant_value: 5 }, owner: { constant_value: 'a' } },
});
const both = group({ size: 40, owner: 'b' }, { size: 5, owner: 'a' });
const kept = group({ size: 40, owner: 'b' }, { size: 40, owner: 'a' });
const scaled: Planned = { ...both, address: 'aws_group.api', actual: { size: 9, owner: 'a' } };

describe('a finding with an ignored attribute and another one', () => {
  it('tells what an apply would change, or leave', () => {
    const values = { path: 'size', reason: 'autoscaler', actual: 40 };
    const [reverts] = analyze(both).findings;
    expect(reverts).toMatchObject({ actionable: true, revertsIgnored: [{ ...values, desired: 5 }] });
    expect(reverts).not.toHaveProperty('leavesIgnored');
    const [leaves] = analyze(kept).findings;
    expect(leaves).toMatchObject({ actionable: true, leavesIgnored: [{ ...values, desired: 40 }] });
    expect(leaves).not.toHaveProperty('revertsIgnored');
  });

  it('has the same fingerprint while the ignored attribute moves and is left', () => {
    const print = (planned: Planned): string | undefined => analyze(planned).findings[0]?.fingerprint;
    const moved = group({ size: 41, owner: 'b' }, { size: 41, owner: 'a' });
    expect(print(moved)).toBe(print(kept));
    expect(print(group({ size: 41, owner: 'b' }, { size: 5, owner: 'a' }))).not.toBe(print(both));
    expect(print(group({ size: 40, owner: 'c' }, { size: 40, owner: 'a' }))).not.toBe(print(kept));
  });

  it('knows whether an apply changes a secret', () => {
    const secret = (planned: Planned): Finding | undefined =>
      analyze({ ...planned, sensitive: { size: true } }).findings[0];
    expect(secret(both)).toHaveProperty('revertsIgnored');
    expect(secret(kept)).toHaveProperty('leavesIgnored');
    expect(secret(kept)).not.toHaveProperty('revertsIgnored');
  });

  it('of a replace is changed', () => {
    const replaced: Planned = { ...both, actions: ['delete', 'create'] };
    expect(analyze(replaced).findings[0]).toHaveProperty('revertsIgnored');
  });

  it('has neither where a rule ignores the resource, or where the resource goes', () => {
    const whole = ignoreFindings(analyzePlan(plan([both]), { key: 'k' }), [
      { match: 'aws_group.web', reason: 'r' },
    ]);
    const gone = analyze({ ...both, desired: null, actions: ['delete'] });
    for (const { findings } of [whole, gone]) {
      expect(findings[0]).not.toHaveProperty('revertsIgnored');
      expect(findings[0]).not.toHaveProperty('leavesIgnored');
    }
  });
});

describe('the ignored attributes that an apply would change', () => {
  it('are those of all resources, if anything is to be applied', () => {
    expect(ignoredChanges(analyze(both, scaled), ignores)).toEqual([
      { address: 'aws_group.api', path: 'size' },
      { address: 'aws_group.web', path: 'size' },
    ]);
    expect(ignoredChanges(analyze(scaled), ignores)).toEqual([]);
    expect(ignoredChanges(analyze(kept), ignores)).toEqual([]);
  });

  it('are none of a resource that is ignored as a whole', () => {
    const rules = [...RULES, { match: 'aws_group.api', reason: 'r' }];
    const analysis = ignoreFindings(analyzePlan(plan([both, scaled]), { key: 'k' }), rules);
    expect(ignoredChanges(analysis, ignoredBy(rules)).map((c) => c.address)).toEqual(['aws_group.web']);
  });
});

describe('a second plan takes the place of the first', () => {
  const other: Planned = { ...both, address: 'aws_other.x' };
  it.each<[string, boolean, readonly Planned[], readonly Planned[]]>([
    ['if it leaves only what is ignored', true, [both, other], [kept, other]],
    ['if an ignored resource is left', true, [both, scaled], [kept]],
    [
      'not if it leaves something else',
      false,
      [both],
      [group({ size: 40, owner: 'b' }, { size: 40, owner: 'b' })],
    ],
    ['not if a resource is missing', false, [both, other], [kept]],
    ['not if it changes another resource', false, [both], [kept, other]],
    [
      'not if it changes another attribute',
      false,
      [group({ size: 40, owner: 'a' }, { size: 5, owner: 'a' }), other],
      [kept, other],
    ],
    [
      'if a replace that was due to it becomes an update',
      true,
      [{ ...both, actions: ['delete', 'create'], replacePaths: [['size']], unknown: { id: true } }],
      [kept],
    ],
  ])('%s', (_, expected, first, second) => {
    expect(changesTheRest(analyze(...first), analyze(...second), ignores)).toBe(expected);
  });

  it('not if it changes another output', () => {
    const [change] = analyze(kept).changes;
    if (change === undefined) throw new Error('the plan changes something');
    const output = { ...change, kind: 'output', address: 'output.x' } as const;
    const second: Analysis = { ...analyze(kept), changes: [change, output] };
    expect(changesTheRest(analyze(both), second, ignores)).toBe(false);
    const first = analyze(both);
    expect(changesTheRest({ ...first, changes: [...first.changes, output] }, second, ignores)).toBe(true);
  });

  it('not if it changes a path that is no row', () => {
    const second = analyze(kept);
    const changes = second.changes.map((change) => ({ ...change, paths: [...change.paths, 'hash'] }));
    expect(changesTheRest(analyze(both), { ...second, changes }, ignores)).toBe(false);
  });
});

describe('both plans together', () => {
  const inCode: Planned = { ...both, recorded: { size: 40, owner: 'a' } };

  it('tell what the code sets', () => {
    const keptInCode: Planned = { ...kept, recorded: { size: 40, owner: 'a' } };
    const second = analyze(keptInCode);
    expect(second.findings[0]).not.toHaveProperty('leavesIgnored');
    const [finding] = withIgnoredOf(analyze(inCode), second).findings;
    expect(finding?.attributes.map((a) => a.path)).toEqual(['owner']);
    expect(finding?.leavesIgnored).toEqual([{ path: 'size', reason: 'autoscaler', actual: 40, desired: 5 }]);
    expect(finding?.fingerprint).toBe(second.findings[0]?.fingerprint);
  });

  it('tell findings that are ignored and that only the first one has', () => {
    const codeOnly: Planned = { ...scaled, recorded: { size: 9, owner: 'a' } };
    const first = analyze(codeOnly, both);
    const second = analyze(kept);
    const joined = withIgnoredOf(first, second);
    expect(joined.findings.map((f) => [f.address, f.action, f.ignored])).toEqual([
      ['aws_group.api', 'none', 'autoscaler'],
      ['aws_group.web', 'update', undefined],
    ]);
    expect(joined.findings[0]?.fingerprint).toBe(first.findings[0]?.fingerprint);
    expect(joined.counts).toMatchObject({ findings: 2, ignored: 1, update: 1 });
  });

  it('tell what the second one still changes', () => {
    const joined = withIgnoredOf(analyze(both), analyze(both));
    expect(joined.findings[0]).toHaveProperty('revertsIgnored');
    expect(joined.findings[0]).not.toHaveProperty('leavesIgnored');
  });
});
