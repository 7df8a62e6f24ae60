import { describe, expect, it } from 'vitest';
import { driftCard } from '../../../src/messages/drift-card.ts';
import type { DriftView } from '../../../src/messages/view.ts';
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
  hotfixFinding,
  item,
  KIM,
  MINUTE,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
  tagsFinding,
} from '../../support/views.ts';

const HOTFIX = hotfixFinding();
const TAGS = tagsFinding();
const healed = item(TAGS, { s: 'realigned', by: [], at: NOW - 9 * MINUTE, verifiedAt: NOW }, TAGS_AUTO);
const waiting = item(HOTFIX, { s: 'waits' }, NETWORK_HUMAN);

function labels(view: DriftView, why: string | null = null): readonly string[] {
  return buttonsOf(driftCard(view, { why })).map((b) => b.label);
}

describe('card 1: one stack, mixed', () => {
  const view = driftView({
    state: 'approved',
    findings: [item(TAGS, { s: 'heals' }, TAGS_AUTO), waiting],
    asked: [{ who: DANA, at: NOW }],
  });
  const card = driftCard(view);

  it('tells the story in its first line', () => {
    expect(card.headline).toBe('prod-network drifted by hand: 1 heals itself, 1 waits for a person');
    expect(card.tone).toBe('waits');
  });

  it('tells where, how much, since when, which run and code', () => {
    expect(cardText(card)).toContain(
      'prod · 2 resources · first seen <clock 12:02> · run #42 · infra@9f8e7d6',
    );
    expect(cardText(driftCard({ ...view, seenCount: 14, firstSeenAt: NOW - 30 * HOUR }))).toContain(
      'seen 14 times since <day ',
    );
  });

  it('shows each attribute as a diff', () => {
    const findings = card.blocks.filter((b) => b.b === 'finding');
    expect(findings).toMatchObject([
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
      {
        address: 'aws_security_group.web',
        status: 'changed in the cloud · waits',
        tone: 'waits',
        rows: [{ kind: 'add', label: 'ingress', value: '22/tcp from 203.0.113.7/32' }],
      },
    ]);
  });

  it('says what the policies said, and who may', () => {
    const text = cardText(card);
    expect(text).toContain('metadata only → apply (tags-auto@a1b2c3d)');
    expect(text).toContain('security group → a person (network-human@a1b2c3d)');
    expect(text).toContain('Who: Dana (on call) or anyone in sre · asked Dana <clock 12:12>');
  });

  it('asks for nothing while what heals is under way', () => {
    expect(labels(view)).toEqual(['Full diff']);
  });
});

describe('card 2: ten minutes later', () => {
  it('says what healed and what still waits', () => {
    const card = driftCard(driftView({ findings: [healed, waiting] }));
    expect(card.headline).toBe('prod-network: tags are back, the rule waits for a person');
    expect(cardText(card)).toContain(
      'aws_s3_bucket.logs | realigned 14:03 by policy tags-auto, verified: nothing left to change',
    );
    expect(buttonsOf(card).map((b) => b.label)).toEqual([
      'Revert the rule in the cloud',
      'Snooze…',
      'Accept…',
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
          s: 'snoozed',
          by: DANA,
          until: Date.parse('2026-07-20T07:00:00Z'),
          reason: 'vendor needs SSH',
        }),
      ],
    });
    const card = driftCard(view);
    expect(card.headline).toBe('prod-network: tags are back, the rule is snoozed until Mon 9:00');
    expect(cardText(card)).toContain('snoozed by Dana until Mon 9:00: "vendor needs SSH"');
    expect(buttonsOf(card).map((b) => b.command)).toEqual(['unsnooze #42', 'show #42']);
  });

  it('does not call verified what is not', () => {
    const view = driftView({
      state: 'verifying',
      findings: [item(TAGS, { s: 'realigned', by: [], at: NOW, verifiedAt: null }, TAGS_AUTO)],
    });
    expect(cardText(driftCard(view))).toContain('not verified yet');
    expect(driftCard(view).headline).toBe('prod-network: 1 change applied, being verified');
  });

  it('offers to take back what is accepted', () => {
    const view = driftView({
      state: 'quiet',
      alert: 'resolved',
      findings: [item(HOTFIX, { s: 'accepted', by: KIM, at: NOW, reason: 'agreed' })],
    });
    expect(cardText(driftCard(view))).toContain('accepted by Kim 14:12: "agreed"');
    expect(labels(view)).toEqual(['Undo accept', 'Full diff']);
  });
});

describe('card 3: code moved, nobody applied', () => {
  const view = driftView({
    stack: 'prod-app',
    findings: [
      item(
        finding('aws_cloudwatch_log_group.app', {
          origin: 'code',
          attributes: [byCode('retention_in_days', 7, 30)],
        }),
        { s: 'waits' },
      ),
    ],
  });
  const card = driftCard(view);

  it('says which commit, whose and for how long', () => {
    expect(card.headline).toBe(
      'prod-app: merged and not applied for 26 h (infra@9f8e7d6 "raise log retention", Kim), waits for a person',
    );
    expect(cardText(card)).toContain(
      'infra@9f8e7d6 "raise log retention" by Kim, merged and not applied for 26 h',
    );
  });

  it('shows the values from → to and offers to apply the code', () => {
    expect(cardText(card)).toContain('~ retention_in_days: 7 → 30');
    expect(labels(view)[0]).toBe('Apply the code');
  });
});

describe('card 4: the dialog that asks', () => {
  it('lists exactly what changes', () => {
    const [approve] = buttonsOf(driftCard(driftView({ findings: [healed, waiting] })));
    expect(approve).toEqual({
      label: 'Revert the rule in the cloud',
      style: 'primary',
      command: 'approve #42 0a1b2c3d',
      confirm: {
        title: 'Revert the rule in the cloud?',
        body: 'Removes: ingress 22/tcp from 203.0.113.7/32 on aws_security_group.web. Nothing else is touched. Plans again first; if anything moved, you will be asked again.',
        confirm: 'Revert the rule in the cloud',
      },
    });
  });

  it('is left out where the environment needs none, but never before something is destroyed', () => {
    const plain = driftView({ confirm: false, findings: [waiting] });
    expect(buttonsOf(driftCard(plain))[0]).not.toHaveProperty('confirm');
    const grave = finding('aws_db_instance.main', { action: 'replace', origin: 'code' });
    const [button] = buttonsOf(driftCard({ ...plain, findings: [item(grave, { s: 'waits' })] }));
    expect(button).toMatchObject({ style: 'danger', confirm: { title: 'Replace it?' } });
    expect(button?.confirm?.body).toContain('Replaces: aws_db_instance.main');
  });

  it('names destruction first and counts what does not fit', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      item(finding(`aws_sqs_queue.q${i}`, { attributes: [byHand('tags.Owner', 'platform', null)] }), {
        s: 'waits',
      }),
    );
    const gone = item(finding('aws_s3_bucket.zzz', { action: 'delete', origin: 'code' }), { s: 'waits' });
    const body = buttonsOf(driftCard(driftView({ findings: [...many, gone] })))[0]?.confirm?.body ?? '';
    expect(body).toMatch(/^Deletes: aws_s3_bucket\.zzz\./);
    expect(body).toMatch(/And \d+ more changes: see the full diff\./);
    expect(body.length).toBeLessThanOrEqual(300);
  });
});

describe('what the button says it does', () => {
  const bucket = 'aws_s3_bucket.logs';
  it.each([
    ['Create it again', [finding(bucket, { action: 'create', deletedByHand: true })]],
    ['Delete it in the cloud', [finding(bucket, { action: 'delete', origin: 'code' })]],
    ['Replace it', [finding(bucket, { action: 'replace', origin: 'code' })]],
    ['Apply the code', [finding(bucket, { action: 'create', origin: 'code' })]],
    ['Revert the tags in the cloud', [TAGS]],
    ['Remove it from the cloud', [finding(bucket, { attributes: [byHand('website', null, 'x')] })]],
    ['Revert in the cloud', [finding(bucket, { attributes: [byHand('acl', 'private', 'public')] })]],
    ['Revert in the cloud', [TAGS, HOTFIX]],
    ['Overwrite with the code', [finding(bucket, { origin: 'both' })]],
    ['Apply these 2 changes', [TAGS, finding(bucket, { action: 'delete', origin: 'code' })]],
  ])('%s', (label, findings) => {
    const view = driftView({ findings: findings.map((f) => item(f, { s: 'waits' })) });
    expect(labels(view)[0]).toBe(label);
  });
});

describe('card 5: moved since approved', () => {
  const after = {
    ...TAGS,
    fingerprint: 'ff',
    attributes: [byHand('tags.CostCenter', '42', null), byHand('tags.Owner', 'platform', 'root')],
  };
  const before = { ...TAGS, attributes: [byHand('tags.CostCenter', '42', null)] };
  const view = driftView({
    findings: [item(after, { s: 'waits' })],
    moved: {
      approvedBy: [actor(DANA)],
      approvedAt: NOW - 7 * MINUTE,
      before: [before],
      after: [after],
      also: ['code 9f8e7d6 → 1c2d3e4'],
    },
  });
  const card = driftCard(view);

  it('says what moved, since whose approval', () => {
    expect(card.headline).toBe(
      'prod-network not applied: since Dana approved (14:05) tags.Owner went platform → root and code 9f8e7d6 → 1c2d3e4',
    );
    expect(cardText(card)).toContain('What was approved → what it is now');
    expect(cardText(card)).toContain('~ tags.Owner: platform → root');
  });

  it('asks again', () => {
    expect(labels(view).slice(0, 2)).toEqual(['Approve what it is now', 'Leave it']);
    expect(buttonsOf(card)[1]?.command).toBe('reject #42');
  });

  it('names what drifted too and what no longer does', () => {
    const text = cardText(
      driftCard({
        ...view,
        moved: view.moved && { ...view.moved, before: [TAGS], after: [HOTFIX], also: [] },
      }),
    );
    expect(text).toContain('aws_s3_bucket.logs no longer drifts and aws_security_group.web drifted too');
  });
});

describe('card 7: the copy for the one on call', () => {
  it('says why you', () => {
    const card = driftCard(driftView({ findings: [waiting] }), { why: 'You are on call (primary)' });
    expect(card.headline).toBe('prod-network: 1 rule added by hand on aws_security_group.web, waits for you');
    expect(cardText(card)).toContain('You are on call (primary)');
    expect(buttonsOf(card)[0]?.label).toBe('Revert the rule in the cloud');
  });
});

describe('card 11: unknown after a crash', () => {
  it('says so and will not try again', () => {
    const unknown = item(HOTFIX, { s: 'unknown' });
    const dead = driftCard(driftView({ state: 'apply_unknown', findings: [unknown] }));
    expect(dead.headline).toBe('m0 stopped while applying prod-network (run #42)');
    expect(dead.tone).toBe('bad');
    expect(cardText(dead)).toContain('will not try again by myself');
    expect(buttonsOf(dead).map((b) => b.command)).toEqual(['drift prod-network', 'show #42']);
    expect(labels(driftView({ findings: [unknown] })).slice(0, 2)).toEqual([
      'Apply what is left',
      'Leave it',
    ]);
  });
});

describe('once it is decided', () => {
  it('an outcome line stands where the buttons were, and the body stays', () => {
    const view = driftView({
      state: 'realigned',
      alert: 'resolved',
      outcome: 'realigned and verified',
      approvals: [{ by: DANA, at: NOW }],
      findings: [item(HOTFIX, { s: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW })],
    });
    const card = driftCard(view);
    expect(card.headline).toBe('prod-network: the rule is gone again');
    expect(card.tone).toBe('good');
    expect(cardText(card)).toContain('Approved by Dana · <clock 12:12> · run #42');
    expect(cardText(card)).toContain('+ ingress: 22/tcp');
    expect(labels(view)).toEqual(['Full diff']);
  });

  it('a rejection is told with its reason', () => {
    const view = driftView({
      state: 'rejected',
      rejectedBy: actor(KIM),
      findings: [item(HOTFIX, { s: 'rejected', by: KIM, reason: 'ships on Monday' })],
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
    expect(labels(view)).not.toContain('Revert the rule in the cloud');
  });

  it('a superseded card says so and decides nothing', () => {
    const view = driftView({ alert: 'superseded', outcome: 'replaced by run #43', findings: [waiting] });
    expect(driftCard(view).headline).toBe('prod-network: replaced by run #43');
    expect(labels(view)).toEqual(['Full diff']);
  });

  it('drift that is gone is told by its outcome', () => {
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

describe('who may', () => {
  it('what policies deny has no approve button', () => {
    const view = driftView({
      state: 'denied',
      findings: [item(HOTFIX, { s: 'denied' }, { ...NETWORK_HUMAN, rule: 'deny', text: 'frozen' })],
    });
    expect(labels(view)).toEqual(['Snooze…', 'Accept…', 'Full diff']);
    expect(cardText(driftCard(view))).toContain('frozen → nobody may apply it');
  });

  it('no approvers means nobody, and the card says so', () => {
    const view = driftView({ findings: [waiting], approvers: { need: 1, groups: [], onCall: [] } });
    expect(labels(view)).toEqual(['Snooze…', 'Accept…', 'Full diff']);
    expect(cardText(driftCard(view))).toContain('Nobody: m0.yaml names no approvers');
  });

  it('several approvals are counted', () => {
    const view = driftView({
      findings: [waiting],
      approvals: [{ by: KIM, at: NOW }],
      approvers: { need: 2, groups: ['sre'], onCall: [] },
    });
    const text = cardText(driftCard(view));
    expect(text).toContain('2 of anyone in sre · 1 of 2 approvals so far: Kim');
    expect(text).not.toContain('Approved by');
    expect(labels(view)[0]).toBe('Revert the rule in the cloud');
  });
});

describe('what a diff shows', () => {
  const rowsOf = (attributes: Parameters<typeof finding>[1]) => {
    const card = driftCard(driftView({ findings: [item(finding('aws_x.y', attributes), { s: 'waits' })] }));
    return card.blocks.flatMap((b) => (b.b === 'finding' ? b.rows : []));
  };

  it('JSON documents by what differs inside', () => {
    const inner = {
      path: 'Statement[0].Action',
      kind: 'changed' as const,
      recorded: 's3:Get*',
      actual: 's3:*',
      desired: 's3:Get*',
    };
    expect(rowsOf({ attributes: [{ ...byHand('policy', '{}', '{"a":1}'), json: [inner] }] })).toEqual([
      { kind: 'change', label: 'policy › Statement[0].Action', before: 's3:Get*', after: 's3:*' },
    ]);
  });

  it('all three values where they differ in three ways', () => {
    const three = { ...byHand('size', 1, 2), origin: 'both' as const, desired: 3 };
    expect(rowsOf({ origin: 'both', attributes: [three] })).toEqual([
      { kind: 'change', label: 'size', before: '1', after: '2' },
      { kind: 'note', label: 'size', value: 'the code now says 3' },
    ]);
  });

  it('what an apply leaves as it is', () => {
    expect(rowsOf({ attributes: [{ ...byHand('size', 1, 2), desired: 2 }] })).toMatchObject([
      { kind: 'change' },
      { kind: 'note', label: 'size', value: 'an apply leaves this as it is' },
    ]);
  });

  it('no secret', () => {
    const hidden = { sensitive: true as const };
    const secret = { ...byHand('password', hidden, hidden), kind: 'changed' as const, sensitive: true };
    expect(rowsOf({ attributes: [secret] })).toEqual([
      { kind: 'change', label: 'password', before: '(sensitive)', after: '(sensitive)' },
    ]);
  });

  it('what forces a replacement and where a resource came from', () => {
    const rows = rowsOf({
      action: 'replace',
      origin: 'code',
      previousAddress: 'aws_x.old',
      attributes: [{ ...byCode('name', 'a', 'b'), forcesReplacement: true }],
    });
    expect(rows.map((r) => r.kind)).toEqual(['note', 'change', 'note']);
    expect(rows[0]).toEqual({ kind: 'note', label: 'moved from', value: 'aws_x.old' });
  });

  it('the first rows and findings, and how many more there are', () => {
    const attributes = Array.from({ length: 45 }, (_, i) => byHand(`tags.K${i}`, 'a', null));
    const rows = rowsOf({ attributes });
    expect(rows).toHaveLength(9);
    expect(rows.at(-1)).toEqual({ kind: 'note', label: '', value: 'and 37 more' });

    const kept = Array.from({ length: 46 }, (_, i) =>
      item(finding(`aws_a.n${i}`), { s: 'snoozed', by: DANA, until: null, reason: '' }),
    );
    const text = cardText(driftCard(driftView({ findings: [...kept, waiting] })));
    expect(text).toContain('and 37 more: see the full diff');
    expect(text).toContain('aws_security_group.web | changed in the cloud · waits');
  });

  it('what an apply would not change, in one line', () => {
    const unaffected = [finding('aws_a.b', { actionable: false }), finding('aws_c.d', { actionable: false })];
    expect(cardText(driftCard(driftView({ findings: [waiting], unaffected })))).toContain(
      '2 resources moved where an apply would change nothing: aws_a.b and aws_c.d',
    );
  });
});

describe('hostile words', () => {
  it('stay typed text, whole and as they are', () => {
    const evil = '<!channel> <@U1> *x* `y` [z](http://evil)';
    const card = driftCard(
      driftView({
        code: { ...CODE, author: evil, subject: evil },
        findings: [
          item(
            finding('aws_x.y', {
              origin: 'both',
              attributes: [byHand('tags.Owner', evil, evil.toUpperCase())],
            }),
            { s: 'waits' },
            { ...NETWORK_HUMAN, text: evil },
          ),
        ],
        asked: [{ who: { person: null, name: evil }, at: NOW }],
      }),
    );
    const text = cardText(card);
    expect(text.split(evil).length - 1).toBeGreaterThanOrEqual(4);
    const spans = card.blocks.flatMap((b) =>
      'spans' in b ? b.spans : b.b === 'facts' ? b.facts.flatMap((f) => f.spans) : [],
    );
    for (const span of spans) {
      expect(span.t).not.toBe('link');
      if (span.t === 'person') expect(span).toMatchObject({ person: 'dana', mention: false });
    }
  });
});
