import { describe, expect, it, test } from 'vitest';
import type { AttributeDrift, Finding } from '../../../src/drift/finding.ts';
import { happenedMark } from '../../../src/drift/happened.ts';
import { driftCard } from '../../../src/messages/drift-card.ts';
import { fullDiff } from '../../../src/messages/full-diff.ts';
import type { DriftView, FindingStatus } from '../../../src/messages/view.ts';
import { HOTFIX } from '../../support/gallery/drift-open.ts';
import {
  buttonsOf,
  byCode,
  byHand,
  cardText,
  DANA,
  driftView,
  finding,
  item,
  MINUTE,
  NOW,
  SSH_RULE,
} from '../../support/views.ts';

const DONE: FindingStatus = { type: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW };
const done = (of: Finding, over: Partial<DriftView> = {}): DriftView =>
  driftView({
    state: 'realigned',
    alert: 'resolved',
    outcome: 'realigned',
    findings: [item(of, DONE)],
    ...over,
  });
const cardOf = (view: DriftView): string => cardText(driftCard(view));
const one = (...attributes: readonly AttributeDrift[]): Finding => finding('aws_a.x', { attributes });

describe('a mark says what happened', () => {
  test.each<[string, Partial<Finding>, string]>([
    ['new in the code', { action: 'create', origin: 'code' }, '+'],
    ['deleted by hand, though an apply would create it', { action: 'create', deletedByHand: true }, '-'],
    ['gone from the cloud', { action: 'create', origin: 'cloud' }, '-'],
    ['gone from the code', { action: 'delete', origin: 'code' }, '-'],
    ['changed so that it must be replaced', { action: 'replace', origin: 'both' }, '~'],
    ['changed', { action: 'update' }, '~'],
    ['no longer managed', { action: 'forget', origin: 'code' }, '!'],
  ])('%s', (_, over, mark) => {
    const of = finding('aws_a.x', over);
    expect(happenedMark(of)).toBe(mark);
    expect(cardOf(driftView({ findings: [item(of, { type: 'waits' })] }))).toContain(`\n${mark} aws_a.x |`);
  });

  it('also in the contents of what was deleted by hand', () => {
    const queue = finding('aws_sqs_queue.jobs', {
      action: 'create',
      deletedByHand: true,
      contents: [{ path: 'name', value: 'jobs', sensitive: false }],
    });
    const text = cardOf(driftView({ findings: [item(queue, { type: 'waits' })] }));
    expect(text).toContain('- name: jobs');
    expect(text).not.toContain('+ ');
  });
});

describe('what was put back says what was done', () => {
  test.each<[string, Finding, string, string]>([
    ['an added rule', HOTFIX, 'removed <clock 12:12>', 'ingress: 22/tcp from 203.0.113.7/32, removed'],
    [
      'a removed tag',
      one(byHand('tags.Owner', 'platform', null)),
      'put back <clock 12:12>',
      'tags.Owner: platform, put back',
    ],
    ['a changed value', one(byHand('size', 1, 2)), 'put back <clock 12:12>', 'size: 2 → 1, put back'],
    ['a value of the code', one(byCode('days', 7, 30)), 'changed <clock 12:12>', 'days: 7 → 30, changed'],
    ['a new value of the code', one(byCode('days', null, 30)), 'added <clock 12:12>', 'days: 30, added'],
    [
      'a secret',
      one({ ...byHand('password', 'x', 'y'), sensitive: true }),
      'put back <clock 12:12>',
      '(sensitive), put back',
    ],
    ['several', one(byHand('a', null, 1), byHand('b', 1, null)), 'put back <clock 12:12>', 'a: 1, removed'],
    [
      'a document',
      one({
        ...byHand('policy', '{}', '{}x'),
        json: [{ path: 'Action', kind: 'changed', recorded: 'Get', actual: '*', desired: 'Get' }],
      }),
      'put back <clock 12:12>',
      'policy › Action: * → Get, put back',
    ],
  ])('%s', (_, of, status, row) => {
    for (const text of [cardOf(done(of)), fullDiff(done(of)).text]) {
      // The text of a file has no reader's clock.
      expect(text.replace('14:12', '<clock 12:12>')).toContain(
        `${status}, approved by Dana, verified: nothing left to change`,
      );
      expect(text).toContain(row);
      expect(text).not.toMatch(/^ +[+-] /m);
    }
  });

  it('of a whole resource in its status, with its values as they are', () => {
    const queue = finding('aws_sqs_queue.jobs', {
      action: 'create',
      deletedByHand: true,
      contents: [{ path: 'name', value: 'jobs', sensitive: false }],
    });
    expect(cardOf(done(queue))).toContain('created again <clock 12:12>, approved by Dana');
    expect(cardOf(done(queue))).not.toMatch(/^ +[+-] /m);
  });

  it('has no mark of success before it is verified', () => {
    const view = driftView({
      state: 'verifying',
      findings: [item(HOTFIX, { type: 'realigned', by: [DANA], at: NOW, verifiedAt: null })],
    });
    const block = driftCard(view).blocks.find((b) => b.type === 'finding');
    expect(block).toMatchObject({ tone: 'busy' });
    expect(JSON.stringify(block)).toContain('not verified yet');
  });
});

describe('drift that is over', () => {
  const gone = (of: Finding): DriftView =>
    driftView({
      state: 'awaiting_approval',
      alert: 'resolved',
      outcome: 'the drift is gone',
      findings: [item(of, { type: 'waits' })],
    });

  it('is told in the past', () => {
    expect(cardOf(gone(HOTFIX))).toContain('ingress: 22/tcp from 203.0.113.7/32 had been added');
    expect(cardOf(gone(one(byHand('a', 1, null))))).toContain('a: 1 had been removed');
    expect(cardOf(gone(one(byHand('a', 1, 2))))).toContain('a: had gone 1 → 2');
    expect(fullDiff(gone(HOTFIX)).text).toContain('had been added');
    expect(cardOf(gone(HOTFIX))).not.toMatch(/^ +[+~-] /m);
  });

  it('but not while it stands, whatever became of the run', () => {
    for (const state of ['rejected', 'canceled', 'expired'] as const) {
      expect(cardOf({ ...gone(HOTFIX), alert: 'open', state })).toContain('+ ingress: 22/tcp');
    }
  });

  it('is left to the newer message where there is one', () => {
    expect(cardOf({ ...gone(HOTFIX), alert: 'superseded' })).not.toContain('22/tcp');
  });
});

describe('how bad it is', () => {
  const level = (...findings: readonly Finding[]) =>
    driftCard(driftView({ findings: findings.map((of) => item(of, { type: 'waits' })) }));

  it('is the worst of what is open, as a word and for the colour', () => {
    const tags = one(byHand('tags.Owner', 'a', 'b'));
    expect(level(tags).severity).toBe('low');
    expect(level(tags, HOTFIX).severity).toBe('high');
    expect(cardText(level(tags, HOTFIX))).toContain('prod · HIGH · 2 resources');
  });

  it('is gone with the drift, and when all of it is put back or kept', () => {
    expect(driftCard(done(HOTFIX)).severity).toBeUndefined();
    const snoozed = { type: 'snoozed', by: DANA, until: NOW + MINUTE, reason: 'x' } as const;
    expect(driftCard(driftView({ findings: [item(HOTFIX, snoozed)] })).severity).toBeUndefined();
  });

  it('is never green on the button that opens something', () => {
    const opens = { ...HOTFIX, origin: 'code' as const, attributes: [byCode('ingress[*]', null, SSH_RULE)] };
    const [approve] = buttonsOf(level(opens));
    expect(approve?.style).toBe('danger');
    expect(buttonsOf(level(HOTFIX))[0]?.style).toBe('primary');
  });

  it('is never green while something that was opened stands', () => {
    const accepted = { type: 'accepted', by: DANA, at: NOW, reason: 'vendor' } as const;
    const kept = (of: Finding) =>
      driftCard(driftView({ state: 'quiet', findings: [item(of, accepted)] })).tone;
    expect(kept(HOTFIX)).toBe('plain');
    expect(kept(one(byHand('tags.Owner', 'a', 'b')))).toBe('good');
  });
});
