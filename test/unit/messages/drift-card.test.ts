import { describe, expect, it } from 'vitest';
import { driftCard } from '../../../src/messages/drift-card.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import type { CodeVersion } from '../../../src/model/code-version.ts';
import { HOTFIX, HEALED as healed, TAGS, WAITS as waiting } from '../../support/gallery/drift-open.ts';
import {
  actor,
  buttonsOf,
  byCode,
  byHand,
  CODE,
  cardText,
  DANA,
  driftView,
  finding,
  HOUR,
  item,
  KIM,
  MINUTE,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
} from '../../support/views.ts';

function labels(view: DriftView, why: string | null = null): readonly string[] {
  return buttonsOf(driftCard(view, { why })).map((b) => b.label);
}

describe('a stack with different findings', () => {
  const view = driftView({
    state: 'approved',
    findings: [item(TAGS, { type: 'heals' }, TAGS_AUTO), waiting],
    asked: [{ who: DANA, at: NOW }],
  });
  const card = driftCard(view);

  it('explains the drift in its headline', () => {
    expect(card.headline).toBe(
      'prod-network: SSH (22) opened to 203.0.113.7 on web, waits for a person. 2 tags heal themselves',
    );
    expect(card.tone).toBe('waits');
  });

  it('shows environment, number, time, run and code', () => {
    expect(cardText(card)).toContain(
      'prod · HIGH · 2 resources · first seen <clock 12:02> · run #42 · infra@9f8e7d6',
    );
    expect(cardText(driftCard({ ...view, seenCount: 14, firstSeenAt: NOW - 30 * HOUR }))).toContain(
      'seen 14 times since <day ',
    );
  });

  it('shows each attribute as a diff, the worst finding first', () => {
    const findings = card.blocks.filter((b) => b.type === 'finding');
    expect(findings).toMatchObject([
      {
        address: 'aws_security_group.web',
        status: 'changed in the cloud · waits',
        tone: 'waits',
        rows: [{ kind: 'add', label: 'ingress', value: '22/tcp from 203.0.113.7/32' }],
      },
      {
        mark: '~',
        address: 'aws_s3_bucket.logs',
        status: 'changed in the cloud · heals itself',
        tone: 'heals',
        rows: [
          { kind: 'del', label: 'tags.CostCenter', value: '42' },
          { kind: 'del', label: 'tags.Owner', value: 'platform' },
        ],
      },
    ]);
  });

  it('shows the answers of the policies and who may approve', () => {
    const text = cardText(card);
    expect(text).toContain('metadata only → apply (tags-auto@a1b2c3d)');
    expect(text).toContain('security group → a person (network-human@a1b2c3d)');
    expect(text).toContain('Who: 1 approval: Dana (on call) or anyone in sre · asked Dana <clock 12:12>');
  });

  it('has no approve button while findings heal', () => {
    expect(labels(view)).toEqual(['Full diff']);
  });
});

describe('after some findings healed', () => {
  it('says what healed and what still waits', () => {
    const card = driftCard(driftView({ findings: [healed, waiting] }));
    expect(card.headline).toBe(
      'prod-network: SSH (22) opened to 203.0.113.7 on web, waits for a person. Tags are back',
    );
    expect(cardText(card)).toContain(
      'aws_s3_bucket.logs | put back <clock 12:03> by policy tags-auto, verified: nothing left to change',
    );
    expect(buttonsOf(card).map((b) => b.label)).toEqual([
      'Approve: close SSH again',
      'Put into the code…',
      'Snooze…',
      'Accept drift…',
      'Reject: leave it',
      'Full diff',
    ]);
  });

  it('says what is snoozed, until when, by whom and why', () => {
    const view = driftView({
      state: 'quiet',
      alert: 'resolved',
      outcome: 'everything that is left is snoozed or accepted',
      findings: [
        healed,
        item(HOTFIX, {
          type: 'snoozed',
          by: DANA,
          until: Date.parse('2026-07-20T07:00:00Z'),
          reason: 'vendor needs SSH',
        }),
      ],
    });
    const card = driftCard(view);
    expect(card.headline).toBe('prod-network: tags are back, the rule is snoozed until Mon 9:00');
    expect(cardText(card)).toContain('snoozed by Dana until <day 07:00>: "vendor needs SSH"');
    expect(buttonsOf(card).map((b) => b.command)).toEqual(['unsnooze #42', 'show #42']);
  });

  it('does not call a change verified before it is', () => {
    const view = driftView({
      state: 'verifying',
      findings: [item(TAGS, { type: 'realigned', by: [], at: NOW, verifiedAt: null }, TAGS_AUTO)],
    });
    expect(cardText(driftCard(view))).toContain('not verified yet');
    expect(driftCard(view).headline).toBe('prod-network: 1 change applied, being verified');
  });

  it('offers to undo an accept', () => {
    const view = driftView({
      state: 'quiet',
      alert: 'resolved',
      findings: [item(HOTFIX, { type: 'accepted', by: KIM, at: NOW, reason: 'agreed' })],
    });
    expect(cardText(driftCard(view))).toContain('accepted by Kim <clock 12:12>: "agreed"');
    expect(labels(view)).toEqual(['Undo accept', 'Full diff']);
  });
});

describe('the first line', () => {
  const merged = (over: Partial<DriftView>, code: Partial<CodeVersion> = {}): string =>
    driftCard(
      driftView({
        findings: [item(finding('aws_x.a', { origin: 'code' }), { type: 'waits' })],
        ...over,
        code: { ...CODE, ...code },
      }),
    ).headline;

  it('keeps the state, however long the subject of the commit, the address or the name of the stack is', () => {
    const long = 'make the retention of all logs longer '.repeat(20);
    for (const stack of ['prod', 'p'.repeat(100)]) {
      const headline = merged({ stack }, { subject: long, author: 'Kim '.repeat(30) });
      expect(headline).toContain(', waits for a person');
      expect(headline.length).toBeLessThanOrEqual(150);
    }
    expect(merged({ stack: 'prod' }, { subject: long })).toMatch(
      /waits for a person \(\w+@\w+ "make the retention .*…", Kim\)$/,
    );
    const address = `aws_security_group.${'web_'.repeat(40)}`;
    const findings = [item({ ...HOTFIX, address }, { type: 'waits' })];
    expect(driftCard(driftView({ stack: 'p'.repeat(100), findings })).headline).toContain(
      ', waits for a person',
    );
  });
});

describe('code that was merged and not applied', () => {
  const view = driftView({
    stack: 'prod-app',
    findings: [
      item(
        finding('aws_cloudwatch_log_group.app', {
          origin: 'code',
          attributes: [byCode('retention_in_days', 7, 30)],
        }),
        { type: 'waits' },
      ),
    ],
  });
  const card = driftCard(view);

  it('says which commit, by whom and for how long', () => {
    expect(card.headline).toBe(
      'prod-app: merged and not applied for 26 h, waits for a person (infra@9f8e7d6 "raise log retention", Kim)',
    );
    expect(cardText(card)).not.toContain('by Kim');
  });

  it('calls no code of a working copy merged', () => {
    expect(driftCard({ ...view, workingCopy: 'committed' }).headline).toBe(
      'prod-app: committed here and not applied for 26 h, waits for a person (infra@9f8e7d6 "raise log retention", Kim)',
    );
    expect(driftCard({ ...view, code: null, workingCopy: 'changed' }).headline).toBe(
      'prod-app: changed here and not applied, waits for a person',
    );
  });

  it('says it in the body if the headline is too short for all of it', () => {
    const subject = 'raise the log retention of every service to thirty days';
    const long = driftCard({ ...view, code: view.code && { ...view.code, subject } });
    expect(cardText(long)).toContain(`infra@9f8e7d6 "${subject}" by Kim, merged and not applied for 26 h`);
  });

  it('shows the old and the new value, and offers to apply the code', () => {
    expect(cardText(card)).toContain('~ retention_in_days: 7 → 30');
    expect(labels(view)[0]).toBe('Approve: apply the code');
  });
});

describe('drift that changed after the approval', () => {
  const after = {
    ...TAGS,
    fingerprint: 'ff',
    attributes: [byHand('tags.CostCenter', '42', null), byHand('tags.Owner', 'platform', 'root')],
  };
  const before = { ...TAGS, attributes: [byHand('tags.CostCenter', '42', null)] };
  const view = driftView({
    findings: [item(after, { type: 'waits' })],
    moved: {
      approvedBy: [actor(DANA)],
      approvedAt: NOW - 7 * MINUTE,
      before: [before],
      after: [after],
      also: ['code 9f8e7d6 → 1c2d3e4'],
    },
  });
  const card = driftCard(view);

  it('says what changed, and after whose approval', () => {
    expect(card.headline).toBe(
      'prod-network not applied: since Dana approved (14:05) tags.Owner went platform → root and code went 9f8e7d6 → 1c2d3e4',
    );
    expect(cardText(card)).toContain('What was approved → what it is now');
    expect(cardText(card)).toContain('~ tags.Owner: platform → root');
  });

  it('asks again', () => {
    expect(labels(view)[0]).toBe('Approve what it is now');
    const leave = buttonsOf(card).find((b) => b.label === 'Reject: leave it');
    expect(leave).toMatchObject({ command: 'reject #42', confirm: { confirm: 'Leave it' } });
    expect(leave?.confirm?.body).toContain('m0 asks again when one of its values changes');
  });

  it.each([
    [
      'computed values',
      { follows: ['arn', 'version'] },
      'do something else to aws_s3_bucket.logs (arn, version)',
    ],
    [
      'the time of the plan',
      { contents: [{ path: 'build.at', value: '12:00', sensitive: false, unsteady: true as const }] },
      'build.at of aws_s3_bucket.logs is computed anew in every plan',
    ],
  ])('names the resource where the same drifts and an apply would change other %s', (_what, more, said) => {
    const moved = view.moved && {
      ...{ ...view.moved, also: [] },
      before: [{ ...TAGS, ...more, change: 'c1:aa' }],
      after: [{ ...TAGS, ...more, change: 'c1:bb' }],
    };
    const text = cardText(driftCard({ ...view, moved }));
    expect(text).toContain(said);
    expect(text).not.toContain('something moved');
  });

  it('names what began to drift and what no longer drifts', () => {
    const text = cardText(
      driftCard({
        ...view,
        moved: view.moved && { ...view.moved, before: [TAGS], after: [HOTFIX], also: [] },
      }),
    );
    expect(text).toContain('aws_s3_bucket.logs no longer drifts and aws_security_group.web drifted too');
  });
});

describe('the copy for the person on call', () => {
  it('says why that person', () => {
    const card = driftCard(driftView({ findings: [waiting] }), { why: 'You are on call (primary)' });
    expect(card.headline).toBe('prod-network: SSH (22) opened to 203.0.113.7 on web, waits for you');
    expect(cardText(card)).toContain('You are on call (primary)');
    expect(buttonsOf(card)[0]?.label).toBe('Approve: close SSH again');
  });
});

describe('an interrupted apply', () => {
  it('says that the result is unknown and that m0 will not retry', () => {
    const unknown = item(HOTFIX, { type: 'unknown' });
    const dead = driftCard(driftView({ state: 'apply_unknown', findings: [unknown] }));
    expect(dead.headline).toBe('m0 stopped while applying prod-network (run #42)');
    expect(dead.tone).toBe('bad');
    expect(cardText(dead)).toContain('will not try again by myself');
    expect(buttonsOf(dead).map((b) => b.command)).toEqual(['drift prod-network', 'show #42']);
    const asked = labels(driftView({ findings: [unknown] }));
    expect(asked[0]).toBe('Approve: apply what is left');
    expect(asked).toContain('Reject: leave it');
  });
});

describe('after the decision', () => {
  it('an outcome line replaces the buttons, and the body stays', () => {
    const view = driftView({
      state: 'realigned',
      alert: 'resolved',
      outcome: 'realigned and verified',
      approvals: [{ by: DANA, at: NOW }],
      findings: [item(HOTFIX, { type: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW })],
    });
    const card = driftCard(view);
    expect(card.headline).toBe('prod-network: the rule is gone again');
    expect(card.tone).toBe('good');
    expect(cardText(card)).toContain('Approved by Dana · <clock 12:12> · run #42');
    // What was done, without a sign: nothing of the old diff stands any more.
    expect(cardText(card)).toContain(
      '| removed <clock 12:12>, approved by Dana, verified: nothing left to change',
    );
    expect(cardText(card)).toContain('· ingress: 22/tcp from 203.0.113.7/32, removed');
    expect(cardText(card)).not.toContain('+ ingress');
    expect(labels(view)).toEqual(['Full diff']);
  });

  it('names the approver after the approval is used up', () => {
    const view = driftView({
      findings: [item(TAGS, { type: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW }), waiting],
    });
    expect(cardText(driftCard(view))).toContain('Approved by Dana · applied <clock 12:12> · run #42');
    expect(labels(view)[0]).toBe('Approve: close SSH again');
  });

  it('says who approved an apply while it runs', () => {
    const view = driftView({ state: 'applying', findings: [item(TAGS, { type: 'applying' }, TAGS_AUTO)] });
    expect(driftCard(view).headline).toBe('prod-network: applying 1 change by policy');
    const approved = { ...view, approvals: [{ by: DANA, at: NOW }] };
    expect(driftCard(approved).headline).toBe('prod-network: applying 1 change, approved by Dana');
  });

  it('shows a rejection with its reason', () => {
    const view = driftView({
      state: 'rejected',
      rejectedBy: actor(KIM),
      findings: [item(HOTFIX, { type: 'rejected', by: KIM, reason: 'ships on Monday' })],
    });
    expect(cardText(driftCard(view))).toContain('Rejected by Kim · run #42 · "ships on Monday"');
    expect(labels(view)).toEqual(['Full diff']);
  });

  it('a failed apply shows its error', () => {
    const view = driftView({
      state: 'failed',
      failure: { phase: 'applying', message: 'Error: AccessDenied' },
      findings: [waiting],
    });
    expect(driftCard(view).headline).toBe('prod-network: the apply failed (run #42)');
    expect(cardText(driftCard(view))).toContain('The apply failed: Error: AccessDenied');
    expect(labels(view)).not.toContain('Approve: close SSH again');
  });

  it('a superseded card says so and has no decision buttons', () => {
    const view = driftView({ alert: 'superseded', outcome: 'replaced by run #43', findings: [waiting] });
    expect(driftCard(view).headline).toBe('prod-network: replaced by run #43');
    expect(labels(view)).toEqual(['Full diff']);
  });

  it('drift that is gone shows its outcome', () => {
    const view = driftView({
      state: 'awaiting_approval',
      alert: 'resolved',
      outcome: 'the drift is gone: code and cloud agree (run #43)',
      findings: [waiting],
    });
    expect(driftCard(view).headline).toContain('the drift is gone');
    expect(cardText(driftCard(view))).toContain('no longer open');
    expect(labels(view)).toEqual(['Full diff']);
  });
});

describe('the headline', () => {
  it('says that an approved apply waits for a lock, and who holds it', () => {
    const lock = { who: 'kim@laptop', id: 'x', since: null, times: 1, retryAt: NOW };
    const view = driftView({
      state: 'approved',
      approvals: [{ by: DANA, at: NOW }],
      lock,
      findings: [waiting],
    });
    expect(driftCard(view).headline).toBe('prod-network not applied yet: the state is locked by kim@laptop');
  });

  it('says how many approvals are missing, and that nobody may approve', () => {
    const alone = { findings: [waiting], approvers: { need: 2, groups: ['sre'], onCall: [] } };
    const approvals = [{ by: KIM, at: NOW }];
    expect(driftCard(driftView({ ...alone, approvals })).headline).toContain('waits for 1 more approval');
    const nobody = driftView({ findings: [waiting], approvers: { need: 1, groups: [], onCall: [] } });
    expect(driftCard(nobody).headline).toContain('waits for nobody: m0.yaml names no approvers');
  });

  it('names what is back and what is gone again', () => {
    const gone = item(HOTFIX, { type: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW });
    const view = driftView({ state: 'realigned', alert: 'resolved', outcome: 'x', findings: [healed, gone] });
    expect(driftCard(view).headline).toBe('prod-network: tags are back, the rule is gone again');
  });

  it('says what an apply would delete or replace', () => {
    const database = finding('aws_db_instance.main', { origin: 'code', action: 'replace' });
    const one = driftView({ findings: [item(database, { type: 'waits' }), waiting] });
    expect(driftCard(one).headline).toBe(
      'prod-network: aws_db_instance.main would be deleted and created anew, waits for a person. 1 more waits',
    );
    const gone = finding('aws_db_instance.old', { origin: 'code', action: 'delete' });
    const two = driftView({ findings: [item(database, { type: 'waits' }), item(gone, { type: 'waits' })] });
    expect(driftCard(two).headline).toContain('main would be deleted and created anew');
    expect(driftCard(two).headline).toContain('. An apply deletes old');
    const kept = driftView({
      findings: [item(database, { type: 'snoozed', by: DANA, until: null, reason: '' }), waiting],
    });
    expect(driftCard(kept).headline).not.toMatch(/an apply|deleted/i);
  });

  it('is not repeated in the body', () => {
    const outcome = 'the drift is gone: code and cloud agree (run #43)';
    const card = driftCard(driftView({ alert: 'resolved', outcome, findings: [waiting] }));
    expect(cardText(card).split(outcome)).toHaveLength(2);
    expect(cardText(card)).not.toContain('Who:');
  });

  it('is the only text if just the code changed after the approval', () => {
    const moved = {
      approvedBy: [actor(DANA)],
      approvedAt: NOW - 7 * MINUTE,
      before: [HOTFIX],
      after: [HOTFIX],
      also: ['code 9f8e7d6 → 1c2d3e4'],
    };
    const card = driftCard(driftView({ findings: [waiting], moved }));
    expect(card.headline).toBe(
      'prod-network not applied: since Dana approved (14:05) code went 9f8e7d6 → 1c2d3e4',
    );
    expect(cardText(card)).not.toContain('What was approved');
  });
});

describe('who may approve', () => {
  it('denied findings have no approve button', () => {
    const view = driftView({
      state: 'denied',
      findings: [item(HOTFIX, { type: 'denied' }, { ...NETWORK_HUMAN, rule: 'deny', text: 'frozen' })],
    });
    expect(labels(view)).toEqual(['Put into the code…', 'Snooze…', 'Accept drift…', 'Full diff']);
    expect(cardText(driftCard(view))).toContain('frozen → nobody may apply it');
  });

  it('without approvers nobody may approve, and the card says so', () => {
    const view = driftView({ findings: [waiting], approvers: { need: 1, groups: [], onCall: [] } });
    expect(labels(view)).toEqual(['Put into the code…', 'Snooze…', 'Accept drift…', 'Full diff']);
    expect(cardText(driftCard(view))).toContain('Nobody: m0.yaml names no approvers');
  });

  it('several approvals: how many are needed, from whom, and who has approved', () => {
    const who = (over: Partial<DriftView>): string =>
      /Who: (.*)/.exec(cardText(driftCard(driftView({ findings: [waiting], ...over }))))?.[1] ?? '';
    const two = { need: 2, groups: ['sre', 'oncall:primary'], onCall: [DANA] };
    expect(who({ approvers: two })).toBe('2 approvals from Dana (on call) or anyone in sre');
    expect(who({ approvers: two, approvals: [{ by: KIM, at: NOW }] })).toBe(
      '2 approvals: Kim ✓, 1 more from Dana (on call) or sre',
    );
    expect(who({ approvers: two, approvals: [{ by: DANA, at: NOW }] })).toBe(
      '2 approvals: Dana ✓, 1 more from sre',
    );
    const single = { need: 1, groups: ['sre'], people: [KIM], onCall: [DANA] };
    expect(who({ approvers: single })).toBe('1 approval: Dana (on call) or Kim or anyone in sre');
    expect(who({ approvers: { need: 1, groups: [], people: [KIM], onCall: [] } })).toBe('1 approval: Kim');
  });

  it('several approvals are counted', () => {
    const view = driftView({
      findings: [waiting],
      approvals: [{ by: KIM, at: NOW }],
      approvers: { need: 2, groups: ['sre'], onCall: [] },
    });
    const text = cardText(driftCard(view));
    expect(text).toContain('Who: 2 approvals: Kim ✓, 1 more from sre');
    expect(text).not.toContain('Approved by');
    expect(labels(view)[0]).toBe('Approve: close SSH again');
  });
});
