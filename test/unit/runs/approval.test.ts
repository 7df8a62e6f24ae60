/** Approvals of parts of a run: what one covers, and what becomes of the others. */
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/drift/finding.ts';
import { toScope } from '../../../src/model/open-findings.ts';
import type { Approval, Run } from '../../../src/model/run.ts';
import { transition } from '../../../src/runs/machine.ts';
import type { RunEvent } from '../../../src/runs/run-event.ts';
import { withChange } from '../../support/planned-changes.ts';
import {
  CODE,
  DANA,
  decidedRun,
  decision,
  KIM,
  NOON,
  planned,
  tagFinding,
  withInputs,
} from '../../support/runs.ts';

const TAG = tagFinding('aws_s3_bucket.logs');
const OTHER = tagFinding('aws_s3_bucket.media');
const DB: Finding = { ...withChange(tagFinding('aws_db_instance.main')), action: 'replace' };
const SOURCE = { git: 'https://git.acme.dev/infra.git', path: 'prod' };
const SAME = withInputs(CODE, SOURCE, { digest: 'same' });
const BUNDLES = decision([], {}).bundles;

function approval(by: typeof DANA, ...findings: readonly Finding[]): Approval {
  const stored = { commit: CODE.commit, inputs: 'same', bundles: BUNDLES };
  return { by, at: NOON, scope: toScope(findings.map(asEntry)), ...stored };
}
const asEntry = ({ address, fingerprint, change }: Finding) => ({ address, fingerprint, change });

const waiting = (change: Partial<Run> = {}): Run =>
  decidedRun('awaiting_approval', [TAG, OTHER, DB], {}, { coupled: [], code: SAME, ...change });

function approve(run: Run, given: Approval, need = 1): ReturnType<typeof transition> {
  return transition(run, { type: 'approve', approval: given, need, exemptions: [] }, NOON);
}
function next(result: ReturnType<typeof transition>): Run {
  if (!result.ok) throw new Error(result.refusal);
  return result.run;
}
const addresses = (run: Run): readonly string[] => run.scope.map((one) => one.address);
const names = (approvals: readonly Approval[] = []): readonly string[] => approvals.map((a) => a.by.name);
const linesOf = (result: ReturnType<typeof transition>): string =>
  result.ok ? result.effects.flatMap((e) => (e.type === 'history' ? [e.text] : [])).join() : '';

describe('an approval', () => {
  it('covers its part alone, and the history names it', () => {
    const result = approve(waiting(), approval(DANA, TAG, OTHER));
    expect(next(result)).toMatchObject({ state: 'approved' });
    expect(addresses(next(result))).toEqual([TAG.address, OTHER.address]);
    expect(linesOf(result)).toBe(
      'Dana approved aws_s3_bucket.logs and aws_s3_bucket.media of run #42; planning again before the apply',
    );
    expect(addresses(next(approve(waiting(), approval(DANA, DB))))).toEqual([DB.address]);
  });

  it.each([
    ['of everything at once', [TAG, OTHER, DB]],
    ['of less than a part', [TAG]],
    ['of something else', [tagFinding('aws_s3_bucket.else')]],
  ])('%s is refused', (_what, findings) => {
    expect(approve(waiting(), approval(DANA, ...findings))).toMatchObject({
      ok: false,
      refusal: expect.stringContaining('has changed since'),
    });
  });

  it('is counted for its part, and keeps those of the others', () => {
    const one = next(approve(waiting(), approval(DANA, DB), 2));
    expect(one.state).toBe('awaiting_approval');
    const two = next(approve(one, approval(KIM, TAG, OTHER), 2));
    expect([two.state, names(two.approvals)]).toEqual(['awaiting_approval', ['Dana', 'Kim']]);
    const done = next(approve(two, approval(DANA, TAG, OTHER), 2));
    expect(done.state).toBe('approved');
    expect([names(done.approvals), names(done.otherApprovals)]).toEqual([['Kim', 'Dana'], ['Dana']]);
    expect(done.otherApprovals?.[0]?.scope.map((s) => s.address)).toEqual([DB.address]);
  });

  it('of one person counts once, however many are needed', () => {
    const three = (run: Run, by: typeof DANA): Run => next(approve(run, approval(by, TAG, OTHER), 3));
    const two = three(three(waiting(), DANA), KIM);
    expect([two.state, names(two.approvals)]).toEqual(['awaiting_approval', ['Dana', 'Kim']]);
    expect(approve(two, approval(KIM, TAG, OTHER), 3)).toMatchObject({ ok: false });
  });

  it('by somebody who approved another part counts, and twice for one part does not', () => {
    const one = next(approve(waiting(), approval(DANA, DB), 2));
    expect(approve(one, approval(DANA, DB), 2)).toMatchObject({ ok: false });
    expect(names(next(approve(one, approval(DANA, TAG, OTHER), 2)).approvals)).toEqual(['Dana', 'Dana']);
  });
});

describe('approvals of the other part', () => {
  const applied: Run = {
    ...waiting({ scope: toScope([TAG, OTHER].map(asEntry)), approvals: [approval(KIM, TAG, OTHER)] }),
    ...{ state: 'verifying', otherApprovals: [approval(DANA, DB)] },
  };
  const verified = (code = SAME, bundles = BUNDLES): RunEvent => ({
    type: 'verified',
    planned: { ...planned([DB]), code, coupled: [] },
    decision: { ...decision([DB], {}), bundles },
    exemptions: [],
  });

  it('hold after the apply of the first, if inputs and policies are the same', () => {
    const left = next(transition(applied, verified(), NOON));
    expect([left.state, names(left.approvals), left.otherApprovals]).toEqual([
      'awaiting_approval',
      ['Dana'],
      [],
    ]);
  });

  it.each([
    [
      'the inputs',
      verified({ ...SAME, inputs: { ...withInputs(CODE, SOURCE).inputs, digest: 'moved' } as never }),
    ],
    ['the policies', verified(SAME, { 'tags-auto': 'ffffffff' })],
    ['which policies there are', verified(SAME, { ...BUNDLES, more: 'a1b2c3d4' })],
  ])('are void if %s changed', (_what, event) => {
    const left = next(transition(applied, event, NOON));
    expect([left.state, left.approvals, left.otherApprovals]).toEqual(['awaiting_approval', [], []]);
  });

  it('are void if they name no inputs, as those of an older version', () => {
    const { inputs: _, ...old } = approval(DANA, DB);
    // The plan of an older version tells no inputs either.
    const left = next(transition({ ...applied, otherApprovals: [old] }, verified(CODE), NOON));
    expect(left.approvals).toEqual([]);
  });

  it('come back if the policies object to the first', () => {
    const run: Run = { ...applied, state: 'approved' };
    const event: RunEvent = {
      ...{ type: 'objected', decision: decision([TAG, OTHER], {}), reasons: [], exemptions: [] },
    };
    const asked = next(transition(run, event, NOON));
    expect([asked.state, names(asked.approvals), asked.otherApprovals]).toEqual([
      'awaiting_approval',
      ['Dana', 'Kim'],
      [],
    ]);
  });
});

describe('a plan that moved', () => {
  const approved = (change: Partial<Run> = {}): Run => ({
    ...waiting({ scope: toScope([TAG, OTHER].map(asEntry)), approvals: [approval(DANA, TAG, OTHER)] }),
    ...{ state: 'approved', ...change },
  });
  const moved = (
    findings: readonly Finding[],
    pulls: readonly string[],
    auto: readonly string[] = [],
  ): RunEvent => ({
    type: 'moved',
    planned: { ...planned(findings), code: SAME, coupled: [] },
    decision: decision(findings, Object.fromEntries(auto.map((address) => [address, 'auto' as const]))),
    exemptions: [],
    moved: { approvedBy: [DANA], approvedAt: NOON, before: [], after: [], also: [] },
    pulls,
  });

  it('and would take another finding along makes them one part', () => {
    const asked = next(transition(approved(), moved([TAG, OTHER, DB], [DB.address]), NOON));
    expect(asked.coupled).toEqual([[DB.address, TAG.address, OTHER.address].sort()]);
    expect(approve(asked, approval(DANA, TAG, OTHER))).toMatchObject({ ok: false });
    expect(addresses(next(approve(asked, approval(DANA, DB, TAG, OTHER)))).length).toBe(3);
  });

  it('for another reason joins nothing, also if what was approved is now a loss', () => {
    const lost: Finding = { ...TAG, action: 'replace', change: 'c1:replace' };
    const asked = next(transition(approved(), moved([lost, OTHER, DB], []), NOON));
    expect(asked.coupled).toEqual([]);
    expect(addresses(next(approve(asked, approval(DANA, OTHER))))).toEqual([OTHER.address]);
  });

  it('takes along what no finding has: that joins nothing', () => {
    const asked = next(transition(approved(), moved([TAG, OTHER, DB], ['aws_iam_role.x']), NOON));
    expect(asked.coupled).toEqual([]);
  });

  it('heals what policies allow without the approvals of other parts, which wait', () => {
    const run = approved({ otherApprovals: [approval(KIM, DB)] });
    const heals = next(transition(run, moved([TAG, OTHER, DB], [], [OTHER.address]), NOON));
    // What was approved is asked about again; nothing else was.
    const auto = tagFinding('aws_s3_bucket.new');
    const mixed = next(transition(run, moved([TAG, OTHER, DB, auto], [], [auto.address]), NOON));
    expect([heals.state, names(heals.approvals)]).toEqual(['awaiting_approval', ['Kim']]);
    expect([mixed.state, mixed.approvals, names(mixed.otherApprovals)]).toEqual(['approved', [], ['Kim']]);
    expect(addresses(mixed)).toEqual([auto.address]);
  });
});
