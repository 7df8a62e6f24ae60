import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/drift/finding.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import { HOTFIX, HEALED as healed, TAGS, WAITS as waiting } from '../../support/gallery/drift-open.ts';
import {
  buttonsOf,
  byCode,
  byHand,
  CODE,
  cardText,
  DANA,
  driftView,
  finding,
  item,
  NETWORK_HUMAN,
  NOW,
} from '../../support/views.ts';

function labels(view: DriftView, why: string | null = null): readonly string[] {
  return buttonsOf(driftCard(view, { why })).map((b) => b.label);
}

describe('the confirmation dialog', () => {
  it('lists exactly what changes', () => {
    const [approve] = buttonsOf(driftCard(driftView({ findings: [healed, waiting] })));
    expect(approve).toEqual({
      label: 'Approve: close SSH again',
      style: 'primary',
      command: 'approve #42 0a1b2c3d',
      confirm: {
        title: 'Close SSH again?',
        body: 'Removes: ingress 22/tcp from 203.0.113.7/32 on aws_security_group.web. Nothing else is touched. Plans again first; if anything moved, you will be asked again.',
        confirm: 'Close SSH again',
      },
    });
  });

  it('is left out if the environment needs none, but never before an apply deletes or replaces', () => {
    const plain = driftView({ confirm: false, findings: [waiting] });
    expect(buttonsOf(driftCard(plain))[0]).not.toHaveProperty('confirm');
    const grave = finding('aws_db_instance.main', { action: 'replace', origin: 'code' });
    const alone = driftView({ confirm: false, findings: [item(grave, { type: 'waits' })] });
    const [button] = buttonsOf(driftCard(alone));
    expect(button).toMatchObject({
      style: 'danger',
      confirm: { title: 'Delete and recreate aws_db_instance.main?' },
    });
    expect(button?.confirm?.body).toContain('Replaces: aws_db_instance.main');
  });

  it('lists deletions first and counts what does not fit', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      item(finding(`aws_sqs_queue.q${i}`, { attributes: [byHand('tags.Owner', 'platform', null)] }), {
        type: 'waits',
      }),
    );
    const gone = item(finding('aws_s3_bucket.zzz', { action: 'delete', origin: 'code' }), { type: 'waits' });
    const together = {
      ...{ findings: [gone, ...many], fingerprint: 'ab'.repeat(32) },
      need: 1,
      approvedBy: [],
    };
    const view = driftView({ findings: [...many, gone], parts: [together] });
    const [button] = buttonsOf(driftCard(view));
    const body = button?.confirm?.body ?? '';
    expect(button?.label).toBe('Approve: delete zzz, and 40 more changes');
    expect(body).toMatch(/^Deletes: aws_s3_bucket\.zzz\./);
    expect(body).toMatch(/And \d+ more changes: see the full diff\./);
    expect(body.length).toBeLessThanOrEqual(300);
  });
});

describe('the label of the apply button', () => {
  const bucket = 'aws_s3_bucket.logs';
  it.each([
    ['create logs again', [finding(bucket, { action: 'create', deletedByHand: true })]],
    ['delete logs', [finding(bucket, { action: 'delete', origin: 'code' })]],
    ['delete and recreate logs', [finding(bucket, { action: 'replace', origin: 'code' })]],
    ['create logs', [finding(bucket, { action: 'create', origin: 'code' })]],
    ['apply the code', [finding(bucket, { origin: 'code' }), finding('aws_x.y', { action: 'create' })]],
    ['put the tags back', [TAGS]],
    ['remove what was added to logs', [finding(bucket, { attributes: [byHand('website', null, 'x')] })]],
    ['revert logs', [finding(bucket, { attributes: [byHand('acl', 'private', 'public')] })]],
    ['revert these 2', [TAGS, HOTFIX]],
    ['overwrite logs with the code', [finding(bucket, { origin: 'both' })]],
    ['apply these 2 changes', [TAGS, finding('aws_x.y', { action: 'create', origin: 'code' })]],
    ['forget logs (it keeps running)', [finding(bucket, { action: 'forget', origin: 'code' })]],
    ['close SSH again', [HOTFIX]],
  ])('%s', (label, findings) => {
    const view = driftView({ findings: findings.map((f) => item(f, { type: 'waits' })) });
    expect(labels(view)[0]).toBe(`Approve: ${label}`);
  });

  it('is one for each part, and what is lost has its own', () => {
    const gone = finding('aws_db_instance.main', { action: 'replace', origin: 'code' });
    const view = driftView({ findings: [TAGS, gone].map((f) => item(f, { type: 'waits' })) });
    const approve = buttonsOf(driftCard(view)).filter((b) => b.command.startsWith('approve'));
    expect(approve).toMatchObject([
      { label: 'Approve: put the tags back', style: 'primary' },
      { label: 'Approve: delete and recreate aws_db_instance.main', style: 'danger' },
    ]);
    expect(approve[0]?.confirm?.body).not.toContain('aws_db_instance');
    expect(approve[1]?.confirm?.body).not.toContain('tags');
  });

  it('says how many have approved the part', () => {
    const findings = [item(TAGS, { type: 'waits' })];
    const parts = [{ findings, fingerprint: 'ab'.repeat(32), need: 2, approvedBy: [DANA] }];
    const approvers = { need: 2, groups: ['sre'], onCall: [] };
    const view = driftView({ findings, parts, approvers });
    expect(labels(view)[0]).toBe('Approve: put the tags back (1 of 2)');
  });
});

describe('the diff shows', () => {
  const rowsOf = (attributes: Parameters<typeof finding>[1]) => {
    const card = driftCard(
      driftView({ findings: [item(finding('aws_x.y', attributes), { type: 'waits' })] }),
    );
    return card.blocks.flatMap((b) => (b.type === 'finding' ? b.rows : []));
  };

  it('the differences inside JSON documents', () => {
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

  it('all three values if they all differ', () => {
    const three = { ...byHand('size', 1, 2), origin: 'both' as const, desired: 3 };
    expect(rowsOf({ origin: 'both', attributes: [three] })).toEqual([
      { kind: 'change', label: 'size', before: '1', after: '2' },
      { kind: 'note', label: 'size', value: 'the code now says 3' },
    ]);
  });

  it('that an apply leaves a value as it is', () => {
    expect(rowsOf({ attributes: [{ ...byHand('size', 1, 2), desired: 2 }] })).toMatchObject([
      { kind: 'change' },
      { kind: 'note', label: 'size', value: 'an apply leaves this as it is' },
    ]);
  });

  it('no secrets', () => {
    const hidden = { sensitive: true as const };
    const secret = { ...byHand('password', hidden, hidden), kind: 'changed' as const, sensitive: true };
    expect(rowsOf({ attributes: [secret] })).toEqual([
      { kind: 'change', label: 'password', before: '(sensitive)', after: '(sensitive)' },
    ]);
  });

  it('what forces a replacement and where a resource moved from', () => {
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
      item(finding(`aws_a.n${i}`), { type: 'snoozed', by: DANA, until: null, reason: '' }),
    );
    const text = cardText(driftCard(driftView({ findings: [...kept, waiting] })));
    expect(text).toContain('and 41 more: see the full diff');
    expect(text).toContain('aws_security_group.web | changed in the cloud · waits');
  });

  it('what an apply would not change, in one line', () => {
    const unaffected = [finding('aws_a.b', { actionable: false }), finding('aws_c.d', { actionable: false })];
    expect(cardText(driftCard(driftView({ findings: [waiting], unaffected })))).toContain(
      '2 resources moved where an apply would change nothing: aws_a.b and aws_c.d',
    );
  });

  it('what rules ignore, with reasons, separately from what an apply would not change', () => {
    const because = (address: string, ignored: string): Finding =>
      finding(address, { actionable: false, ignored });
    const scaled = [because('aws_asg.a', 'autoscaler'), because('aws_asg.b', 'autoscaler')];
    const quiet = finding('aws_quiet.one', { actionable: false });
    const textOf = (...unaffected: readonly Finding[]): string =>
      cardText(driftCard(driftView({ findings: [waiting], unaffected })));

    const text = textOf(...scaled, quiet);
    expect(text).toContain('2 ignored: autoscaler\n');
    expect(text).toContain('1 resource moved where an apply would change nothing: aws_quiet.one');
    expect(textOf(...scaled)).not.toContain('would change nothing');
    expect(textOf(quiet)).not.toContain('ignored');
    expect(textOf(...scaled, because('aws_x.y', 'backups'))).toContain(
      '3 ignored: autoscaler (2), backups (1)',
    );
    const many = Array.from({ length: 9 }, (_, i) => because(`aws_x.n${i}`, `reason ${i}`));
    expect(textOf(...many)).toMatch(/9 ignored: reason 0 \(1\), .*reason 4 \(1\) and 4 more reasons/);
  });
});

describe('hostile texts', () => {
  it('stay plain text, complete and unchanged', () => {
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
            { type: 'waits' },
            { ...NETWORK_HUMAN, text: evil },
          ),
        ],
        asked: [{ who: { person: null, name: evil }, at: NOW }],
      }),
    );
    const text = cardText(card);
    expect(text.split(evil).length - 1).toBeGreaterThanOrEqual(4);
    const spans = card.blocks.flatMap((b) =>
      'spans' in b ? b.spans : b.type === 'facts' ? b.facts.flatMap((f) => f.spans) : [],
    );
    for (const span of spans) {
      expect(span.type).not.toBe('link');
      if (span.type === 'person') expect(span).toMatchObject({ person: 'dana', mention: false });
    }
  });
});
