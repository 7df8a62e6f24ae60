/** The parts of a run that people approve one by one. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/drift/finding.ts';
import { openFindings, scopeFingerprint, toScope } from '../../../src/model/open-findings.ts';
import type { Approval, Run } from '../../../src/model/run.ts';
import { approvalsOf, hasApprovedAll, partsOf, withCoupled } from '../../../src/model/run-parts.ts';
import { CODE, DANA, decidedRun, KIM, NOON, tagFinding } from '../../support/runs.ts';

const update = (name: string): Finding => tagFinding(`aws_s3_bucket.${name}`);
const loss = (name: string, action: 'replace' | 'delete' = 'replace'): Finding => ({
  ...tagFinding(`aws_db_instance.${name}`),
  action,
});

/** The parts by address, in order. */
function parts(findings: readonly Finding[], coupled: Run['coupled'] = []): readonly (readonly string[])[] {
  const run = decidedRun('awaiting_approval', findings, {}, coupled === undefined ? {} : { coupled });
  return partsOf(run, openFindings(run, [], NOON)).map((part) => part.open.map((one) => short(one.address)));
}
const short = (address: string): string => address.split('.')[1] ?? '';
const group = (...findings: readonly Finding[]): readonly string[] => findings.map((f) => f.address);

describe('the parts of what waits', () => {
  const [a, b, c] = [update('a'), update('b'), update('c')];
  const [x, y, z, w] = [loss('x'), loss('y', 'delete'), loss('z'), loss('w')];

  it('are one where nothing is lost', () => {
    expect(parts([a, b, c])).toEqual([['a', 'b', 'c']]);
    expect(parts([])).toEqual([]);
  });

  it('are what loses nothing, and then each loss', () => {
    expect(parts([x, a, y, b])).toEqual([['a', 'b'], ['x'], ['y']]);
    expect(parts([x])).toEqual([['x']]);
  });

  it('have all losses in one if there are more than three', () => {
    expect(parts([x, y, z, a])).toEqual([['a'], ['x'], ['y'], ['z']]);
    expect(parts([x, y, z, w, a])).toEqual([['a'], ['x', 'y', 'z', 'w']]);
  });

  it('keep together what depends on each other, the loss first', () => {
    expect(parts([a, b, x, y], [group(a, x)])).toEqual([['b'], ['x', 'a'], ['y']]);
    expect(parts([a, b, x, y], [group(a, x, y)])).toEqual([['b'], ['x', 'y', 'a']]);
    expect(parts([a, b, x], [group(a, b)])).toEqual([['a', 'b'], ['x']]);
    // What the group names besides does not wait any more.
    expect(parts([a, x], [group(b, x)])).toEqual([['a'], ['x']]);
  });

  it('are one in a run of an older version, which did not store what depends on what', () => {
    const run = decidedRun('awaiting_approval', [a, x]);
    const [one, ...more] = partsOf(run, openFindings(run, [], NOON));
    expect(run.coupled).toBeUndefined();
    expect([one?.open.map((o) => o.address), more]).toEqual([[x.address, a.address], []]);
  });

  it('have fingerprints of their own, which do not depend on the order', () => {
    const open = openFindings(decidedRun('awaiting_approval', [a, b, x]), [], NOON);
    const [rest, lost] = partsOf({ coupled: [] }, open);
    const turned = partsOf({ coupled: [] }, open.toReversed());
    expect(turned.map((part) => part.fingerprint)).toEqual([rest?.fingerprint, lost?.fingerprint]);
    expect(rest?.fingerprint).toBe(scopeFingerprint(open.slice(0, 2)));
    expect([rest?.destroys, lost?.destroys]).toEqual([false, true]);
  });
});

describe('approvals', () => {
  const [a, x] = [update('a'), loss('x')];
  const run = decidedRun('awaiting_approval', [a, x], {}, { coupled: [] });
  const waiting = openFindings(run, [], NOON);
  const given = (by: typeof DANA, ...findings: readonly Finding[]): Approval => ({
    ...{ by, at: NOON, commit: CODE.commit, bundles: {} },
    scope: toScope(waiting.filter((one) => findings.some((f) => f.address === one.address))),
  });

  it('count for exactly their part', () => {
    const [rest, lost] = partsOf(run, waiting);
    const all = [given(DANA, a), given(KIM, x), given(KIM, a, x)];
    expect(approvalsOf(rest as never, all)).toEqual([all[0]]);
    expect(approvalsOf(lost as never, all)).toEqual([all[1]]);
  });

  it('of one part leave the other to ask about', () => {
    const approvals = [given(DANA, a), given(KIM, a), given(KIM, x)];
    expect(hasApprovedAll({ ...run, approvals }, waiting, 'kim')).toBe(true);
    expect(hasApprovedAll({ ...run, approvals }, waiting, 'dana')).toBe(false);
  });
});

describe('what was found to depend on each other', () => {
  it('joins the groups that it touches', () => {
    expect(
      withCoupled(
        [
          ['a', 'b'],
          ['c', 'd'],
        ],
        ['b', 'e'],
      ),
    ).toEqual([
      ['c', 'd'],
      ['a', 'b', 'e'],
    ]);
    expect(
      withCoupled(
        [
          ['a', 'b'],
          ['c', 'd'],
        ],
        ['d', 'a'],
      ),
    ).toEqual([['a', 'b', 'c', 'd']]);
    expect(withCoupled([], ['b', 'a'])).toEqual([['a', 'b']]);
  });

  it('is nothing if it is one or none', () => {
    expect(withCoupled([['a', 'b']], [])).toEqual([['a', 'b']]);
    expect(withCoupled([], ['a'])).toEqual([]);
  });
});
