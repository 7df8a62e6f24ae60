import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/commands/parse.ts';
import type { Card } from '../../../src/messages/card.ts';
import { acceptForm, snoozeForm } from '../../../src/messages/forms.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import {
  byHand,
  cardText,
  driftView,
  finding,
  hotfixFinding,
  item,
  KIM,
  NOW,
  spanText,
  tagsFinding,
  ZONE,
} from '../../support/views.ts';

const MOMENT = { now: NOW, zone: ZONE };
const CONTEXT = { ...MOMENT, answers: null };
const HOTFIX = hotfixFinding();

describe('forms', () => {
  const view = driftView({
    findings: [
      item(HOTFIX, { type: 'waits' }),
      item(tagsFinding(), { type: 'snoozed', by: KIM, until: null, reason: '' }),
    ],
  });

  it('snooze: every choice completes the command', () => {
    const form = snoozeForm(view);
    expect(form.fields.map((f) => f.name)).toEqual(['for', 'address', 'reason']);
    for (const field of form.fields) {
      if (field.kind !== 'choice') continue;
      for (const { value } of field.options) {
        const answers = { for: '2h', address: 'all', reason: '', [field.name]: value };
        expect(parseCommand(form.command, { ...CONTEXT, answers }), value).toMatchObject({
          ok: true,
          command: {
            command: 'snooze',
            until: value === 'until it changes' ? 'changes' : expect.any(Number),
          },
        });
      }
    }
  });

  it('accept: asks for a reason, and offers only open findings', () => {
    const form = acceptForm(view);
    const [address, reason] = form.fields;
    expect(address).toMatchObject({
      name: 'address',
      initial: 'aws_security_group.web',
      options: [{ value: 'all' }, { value: 'aws_security_group.web' }],
    });
    expect(reason).toMatchObject({ name: 'reason', required: true });
    expect(
      parseCommand(form.command, {
        ...CONTEXT,
        answers: { address: 'aws_security_group.web', reason: 'ok' },
      }),
    ).toMatchObject({ ok: true, command: { address: 'aws_security_group.web', reason: 'ok' } });
  });

  it('accept: says what no apply will do from then on, for all findings or the chosen one', () => {
    const both = driftView({
      findings: [item(HOTFIX, { type: 'waits' }), item(tagsFinding(), { type: 'waits' })],
    });
    const told = (address: string | null) => acceptForm(both, address).intro.map(spanText).join('');
    expect(told(null)).toContain(
      'What no apply will do from then on: Removes: ingress 22/tcp from 203.0.113.7/32 on aws_security_group.web. Puts back: tags.CostCenter 42, tags.Owner platform on aws_s3_bucket.logs.',
    );
    expect(told('aws_security_group.web')).not.toContain('tags.Owner');
    expect(acceptForm(both).submit).toBe('Keep as it is');
  });

  it('accept: for very many findings, lists what can’t be undone first and counts the rest', () => {
    const many = Array.from({ length: 900 }, (_, i) =>
      item(finding(`aws_a.n${i}`, { action: i === 899 ? 'delete' : 'create' }), { type: 'waits' }),
    );
    const said = acceptForm(driftView({ findings: many }))
      .intro.map(spanText)
      .join('');
    expect(said).toContain('Deletes: aws_a.n899.');
    expect(said).toMatch(/And \d+ more changes: see the full diff\.$/);
    expect(said.length).toBeLessThan(1000);
  });

  it('preselects the chosen address, even if it is beyond the end of the list', () => {
    const many = driftView({
      findings: Array.from({ length: 80 }, (_, i) => item(finding(`aws_a.n${i}`), { type: 'waits' })),
    });
    const field = snoozeForm(many, 'aws_a.n79').fields[1];
    expect(field).toMatchObject({ initial: 'aws_a.n79' });
    if (field?.kind !== 'choice') throw new Error('not a choice');
    expect(field.options.map((o) => o.value)).toContain('aws_a.n79');
    expect(field.options.length).toBeLessThanOrEqual(100);
  });
});

describe('full diff', () => {
  const attributes = Array.from({ length: 60 }, (_, i) => byHand(`tags.K${i}`, `was ${i}`, `is ${i}`));
  const view = driftView({
    findings: [
      item(finding('aws_big.one', { attributes }), { type: 'waits' }),
      item(HOTFIX, { type: 'waits' }),
    ],
    unaffected: [finding('aws_quiet.one', { actionable: false, attributes: [byHand('x', 'a', 'b')] })],
  });
  const pages = fullDiff(view);

  it('has every attribute exactly once in its pages', () => {
    const rows = pages.pages.flatMap((p) => p.blocks).flatMap((b) => (b.type === 'finding' ? b.rows : []));
    const labels = rows.map((r) => r.label);
    expect(labels).toHaveLength(62);
    expect(new Set(labels).size).toBe(62);
    expect(pages.pages.length).toBe(3);
    expect(pages.pages[1]?.headline).toBe('prod-network · run #42 · page 2 of 3');
    for (const page of pages.pages) {
      const size = page.blocks.reduce((n, b) => n + (b.type === 'finding' ? b.rows.length + 1 : 0), 0);
      expect(size).toBeLessThanOrEqual(25);
    }
  });

  it('marks a finding that continues on the next page', () => {
    expect(pages.pages[1]?.blocks[0]).toMatchObject({ address: 'aws_big.one', status: 'continued' });
  });

  it('has everything in its text, including long values', () => {
    const long = 'y'.repeat(20_000);
    const { text } = fullDiff(
      driftView({
        findings: [item(finding('aws_x.y', { attributes: [byHand('body', null, long)] }), { type: 'waits' })],
      }),
    );
    expect(text).toContain(long);
    expect(pages.text).toContain('aws_quiet.one  (changed in the cloud · an apply would change nothing)');
  });

  it('lists what rules ignore, with the reason, and says so first', () => {
    const ignored = finding('aws_asg.web', {
      actionable: false,
      ignored: 'autoscaler',
      attributes: [byHand('desired_capacity', 2, 5)],
    });
    const { text, pages: cards } = fullDiff(driftView({ unaffected: [ignored] }));
    expect(text).toContain('~ aws_asg.web  (changed in the cloud · ignored: autoscaler)');
    expect(text).toContain('desired_capacity: 2 → 5');
    expect(cardText(cards[0] as Card)).toContain(
      '1 drifted in prod-network and ignored: desired_capacity changed by hand on aws_asg.web',
    );
  });

  it('has one page if nothing drifted', () => {
    expect(fullDiff(driftView()).pages).toHaveLength(1);
  });
});
