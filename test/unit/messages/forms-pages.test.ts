import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../../src/commands/parse.ts';
import type { Card, Form } from '../../../src/messages/card.ts';
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
    const [address, end, date, reason] = form.fields;
    expect(address).toMatchObject({
      name: 'address',
      initial: 'aws_security_group.web',
      options: [{ value: 'all' }, { value: 'aws_security_group.web' }],
    });
    expect(end).toMatchObject({ name: 'for', initial: 'until it changes' });
    expect(date).toMatchObject({ name: 'until', required: false });
    expect(reason).toMatchObject({ name: 'reason', required: true });
    expect(
      parseCommand(form.command, {
        ...CONTEXT,
        answers: { address: 'aws_security_group.web', reason: 'ok' },
      }),
    ).toMatchObject({ ok: true, command: { address: 'aws_security_group.web', until: null, reason: 'ok' } });
  });

  it('accept: every end completes the command, and a date wins', () => {
    const { command, fields } = acceptForm(view);
    const ends = fields.flatMap((f) => (f.kind === 'choice' && f.name === 'for' ? f.options : []));
    expect(ends.length).toBeGreaterThan(2);
    const read = (answers: Readonly<Record<string, string>>) =>
      parseCommand(command, { ...CONTEXT, answers: { address: 'all', reason: 'ok', ...answers } });
    for (const { value } of ends) {
      const until = value === 'until it changes' ? null : expect.any(Number);
      expect(read({ for: value }), value).toMatchObject({ ok: true, command: { until, reason: 'ok' } });
    }
    const [dated, both] = [read({ until: '2026-07-20' }), read({ until: '2026-07-20', for: '90d' })];
    expect(dated).toMatchObject({ ok: true, command: { until: Date.parse('2026-07-20T07:00:00Z') } });
    expect(both).toEqual(dated);
    expect(read({ until: 'when pigs fly' })).toMatchObject({ ok: false });
    expect(read({ until: '2020-01-01' })).toMatchObject({ ok: false });
  });

  it('accept: says in one sentence what is kept', () => {
    const one = driftView({ findings: [item(HOTFIX, { type: 'waits' })] });
    const told = (form: Form) => form.intro.map(spanText).join('');
    expect(told(acceptForm(one))).toContain(
      'Keeps ingress 22/tcp from 203.0.113.7/32 on web as it is in the cloud, out of every apply, and says nothing more about it until one of its values changes.',
    );
    const deleted = finding('aws_sqs_queue.jobs', { action: 'create', deletedByHand: true });
    expect(told(acceptForm(driftView({ findings: [item(deleted, { type: 'waits' })] })))).toContain(
      'Keeps jobs, which was deleted by hand, as it is',
    );
    const untagged = driftView({ findings: [item(tagsFinding(), { type: 'waits' })] });
    expect(told(acceptForm(untagged))).toContain(
      'Keeps logs without tags.CostCenter and tags.Owner as it is',
    );
    expect(acceptForm(one).submit).toBe('Keep as it is');
  });

  it('accept: of several, nothing is chosen beforehand unless it was clicked', () => {
    const both = driftView({
      findings: [item(HOTFIX, { type: 'waits' }), item(tagsFinding(), { type: 'waits' })],
    });
    expect(acceptForm(both).fields[0]).not.toHaveProperty('initial');
    expect(acceptForm(both).intro.map(spanText).join('')).toContain('Keeps what you choose as it is');
    const chosen = acceptForm(both, 'aws_security_group.web');
    expect(chosen.fields[0]).toMatchObject({ initial: 'aws_security_group.web' });
    expect(chosen.intro.map(spanText).join('')).toContain('Keeps ingress 22/tcp');
    expect(chosen.intro.map(spanText).join('')).not.toContain('tags.Owner');
  });

  it('accept: a sentence about very many values stays short', () => {
    const attributes = Array.from({ length: 90 }, (_, i) => byHand(`tags.K${i}`, `was ${i}`, `is ${i}`));
    const view = driftView({ findings: [item(finding('aws_a.n', { attributes }), { type: 'waits' })] });
    const said = acceptForm(view).intro.map(spanText).join('');
    expect(said).toMatch(
      /^prod-network, run #42, 1 resource.*Keeps tags\.K0 is 0, .*until one of its values changes\.$/,
    );
    expect(said.length).toBeLessThan(500);
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
