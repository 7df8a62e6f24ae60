import { describe, expect, it } from 'vitest';
import { COMMAND_NAMES, GRAMMAR, usageOf } from '../../../src/commands/grammar.ts';
import { parseCommand } from '../../../src/commands/parse.ts';
import type { Card } from '../../../src/messages/card.ts';
import { failureCard } from '../../../src/messages/failure-card.ts';
import { helpCard } from '../../../src/messages/help-card.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../../../src/messages/list-cards.ts';
import { infoCard, problemCard, refusalCard } from '../../../src/messages/short-cards.ts';
import { statusCard } from '../../../src/messages/status-card.ts';
import type { StackStatusView } from '../../../src/messages/view-status.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import type { Exemption } from '../../../src/model/exemption.ts';
import type { BundleStatus } from '../../../src/model/policy-status.ts';
import {
  actor,
  buttonsOf,
  cardText,
  DANA,
  driftView,
  failureView,
  HOUR,
  hotfixFinding,
  item,
  MINUTE,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
  tagsFinding,
  ZONE,
} from '../../support/views.ts';

const MOMENT = { now: NOW, zone: ZONE };
const CONTEXT = { ...MOMENT, answers: null };
const HOTFIX = hotfixFinding();

describe('the card of a failing check', () => {
  it('says since when, how often, why, and when the last good check was', () => {
    const card = failureCard(failureView());
    expect(card.headline).toBe(
      'prod-db could not be checked since 13:00 (3 times): planning: reading S3 state: AccessDenied for role m0-plan',
    );
    expect(card.tone).toBe('bad');
    expect(cardText(card)).toContain('last good check <clock 10:00>');
    expect(buttonsOf(card)).toEqual([{ label: 'Try again', command: 'drift prod-db' }]);
  });

  it('does not repeat in the body what the headline contains', () => {
    const text = cardText(failureCard(failureView()));
    expect(text.split('AccessDenied for role m0-plan')).toHaveLength(2);
  });

  it('says that checks succeed again', () => {
    const card = failureCard(failureView({ resolvedAt: NOW }));
    expect(card.headline).toBe('prod-db can be checked again since 14:12 (failed 3 times from 13:00)');
    expect(card.tone).toBe('good');
    expect(cardText(card)).toContain('Last error: planning: reading S3 state');
    expect(buttonsOf(card)).toEqual([]);
  });

  it('shows a long error in the body and keeps the headline short', () => {
    const card = failureCard(
      failureView({ failure: { phase: 'planning', message: `Error: ${'x'.repeat(400)}\nsecond line` } }),
    );
    expect(card.headline.length).toBeLessThanOrEqual(150);
    expect(cardText(card)).toContain('second line');
  });
});

describe('a refusal', () => {
  it('is one sentence with what can be done instead', () => {
    const card = refusalCard('Only sre or the person on call (Dana) may approve prod-network.', [
      { label: 'Why', command: 'why #42' },
    ]);
    expect(card.headline).toBe('Only sre or the person on call (Dana) may approve prod-network.');
    expect(card.blocks).toHaveLength(1);
  });

  it('shows a long text in full', () => {
    const text = `No: ${'word '.repeat(100)}`.trim();
    expect(cardText(infoCard(text))).toContain(text);
  });

  it('suggests what a mistyped command may mean', () => {
    const result = parseCommand('aprove #42', CONTEXT);
    if (result.ok) throw new Error('it must not be obeyed');
    const card = problemCard(result.problem, result.suggestion);
    expect(card.headline).toContain('Did you mean: approve #42');
    // Its answer is the confirmation.
    expect(buttonsOf(card)).toEqual([{ label: 'approve #42', command: 'approve #42' }]);
    const body = `${GRAMMAR.reject.help}.`;
    const confirm = { title: 'reject #42', body, confirm: 'Reject' };
    expect(buttonsOf(problemCard('What?', 'reject #42'))).toEqual([
      { label: 'reject #42', command: 'reject #42', confirm },
    ]);
    expect(buttonsOf(problemCard('What?', null))).toEqual([]);
    // A guess neither lets applies go on nor stops them by one click.
    for (const command of ['resume prod', 'pause prod incident']) {
      expect(buttonsOf(problemCard('What?', command))).toMatchObject([
        { command, confirm: { title: command } },
      ]);
    }
  });
});

describe('status', () => {
  const stack = (name: string, over: Partial<StackStatusView> = {}): StackStatusView => ({
    stack: name,
    environment: 'prod',
    state: 'aligned',
    open: 0,
    waiting: 0,
    exempt: 0,
    runId: null,
    lastGoodAt: NOW - 5 * MINUTE,
    stale: false,
    failure: null,
    busy: false,
    skipped: null,
    ...over,
  });

  it('shows a single stack in the headline', () => {
    const card = statusCard({
      target: 'prod-network',
      stacks: [stack('prod-network', { state: 'drifted', open: 2, waiting: 1, runId: 42 })],
      checking: true,
      ...MOMENT,
    });
    expect(card.headline).toBe(
      'prod-network: 2 open, 1 waits for a person, last good check 5 min ago, checking now',
    );
    expect(card.tone).toBe('waits');
    expect(buttonsOf(card).map((b) => b.command)).toEqual(['show #42', 'why #42']);
  });

  it('counts many stacks, and lists those that need a person first', () => {
    const stacks = [
      ...Array.from({ length: 40 }, (_, i) => stack(`a-${i}`)),
      stack('z-net', { state: 'drifted', open: 1, runId: 7 }),
      stack('z-db', { state: 'failing', failure: 'planning: AccessDenied\nmore' }),
    ];
    const card = statusCard({ target: 'prod', stacks, checking: false, ...MOMENT });
    expect(card.headline).toBe('prod: 1 drifted, 1 can’t be checked, 40 of 42 stacks aligned');
    const text = cardText(card);
    expect(text.indexOf('z-db')).toBeLessThan(text.indexOf('z-net'));
    expect(text).not.toContain('a-0');
    expect(text).toContain('planning: AccessDenied');
    expect(text).toContain('and 40 aligned');
  });

  it('says why the last scheduled check was skipped', () => {
    const textWith = (times: number): string => {
      const skipped = { why: 'run #7 was putting it back', since: NOW - 3 * MINUTE, times };
      const stacks = [stack('prod-network', { skipped })];
      return cardText(statusCard({ target: 'prod-network', stacks, checking: false, ...MOMENT }));
    };
    expect(textWith(1)).toMatch(/last check skipped: run #7 was putting it back$/m);
    expect(textWith(4)).toContain('run #7 was putting it back, 4 times since ');
  });

  it('handles an empty list', () => {
    const card = statusCard({ target: null, stacks: [], checking: false, ...MOMENT });
    expect(card.headline).toBe('This channel follows no stacks');
  });
});

describe('lists', () => {
  it('history: who decided what', () => {
    const entry = {
      at: NOW,
      actor: actor(DANA),
      action: 'approve',
      stack: 'prod-network',
      runId: 42,
      fingerprint: null,
      commit: '9f8e7d6c5b4a',
      detail: 'one rule',
    };
    const card = historyCard({ target: 'prod', entries: [entry], ...MOMENT });
    expect(card.headline).toBe('History of prod: 1 entry');
    expect(cardText(card)).toContain('Dana approved run #42 on prod-network: one rule · 9f8e7d6');
    const many = historyCard({ target: null, entries: Array.from({ length: 37 }, () => entry), ...MOMENT });
    expect(cardText(many)).toContain('and 12 more');
  });

  it('baseline: the exemptions with person and reason, without expired ones', () => {
    const exemption: Exemption = {
      id: 1,
      kind: 'accept',
      stack: 'prod-network',
      address: 'aws_x.y',
      fingerprint: 'f',
      until: null,
      by: actor(DANA),
      at: NOW,
      reason: 'agreed',
      runId: 42,
      endedBy: null,
      endedAt: null,
    };
    const over: Exemption = { ...exemption, kind: 'snooze', until: NOW - HOUR, address: 'aws_old.y' };
    const whole: Exemption = { ...exemption, kind: 'snooze', until: NOW + HOUR, address: null, reason: '' };
    const card = baselineCard({ target: 'prod', exemptions: [exemption, over, whole], ...MOMENT });
    expect(card.headline).toBe('prod: 1 accepted, 1 snoozed');
    const text = cardText(card);
    expect(text).toContain(
      'prod-network  aws_x.y · accepted by Dana <clock 12:12> · until it changes · "agreed"',
    );
    expect(text).toContain('prod-network  all of it · snoozed by Dana');
    expect(text).not.toContain('aws_old.y');
    expect(baselineCard({ target: 'prod', exemptions: [], ...MOMENT }).headline).toBe(
      'prod: nothing is accepted or snoozed',
    );
  });

  it('on call: the people, or that there is nobody', () => {
    const card = onCallCard({
      rotas: [
        { rota: 'primary', people: [DANA], until: NOW + HOUR, problem: null },
        { rota: 'secondary', people: [], until: null, problem: 'Slack: no such user group' },
      ],
      ...MOMENT,
    });
    expect(card.headline).toBe('On call: Dana (primary) · nobody (secondary)');
    expect(card.tone).toBe('bad');
    expect(cardText(card)).toContain('no such user group');
    expect(onCallCard({ rotas: [], ...MOMENT }).headline).toBe('m0.yaml names no on-call rota');
  });

  const STATUS: BundleStatus = {
    policy: 'approvals',
    mode: 'decide',
    commit: 'a1b2c3d4e5',
    stale: null,
    readsApprovers: true,
    leftOut: [],
    rules: [
      { rule: 'deny', file: 'deny.rego', line: 12, title: 'No root' },
      { rule: 'pending', file: 'a/very/long/way/down/to/the/rules/pending.rego', line: 3, title: null },
    ],
  };
  const STALE = {
    id: 'c'.repeat(40),
    error: 'commit ccccccc: p.rego:4: rego_parse_error',
    since: NOW - HOUR,
  };

  function policyText(change: Partial<BundleStatus>, seen = false): { card: Card; text: string } {
    const guard = {
      ...STATUS,
      policy: 'guard',
      mode: 'guardrail',
      readsApprovers: false,
      ...change,
    } as const;
    const card = policyCard({
      stack: 'prod-network',
      realign: 'policy',
      policies: [
        { status: STATUS, source: 'git@main/approvals', seen: false },
        { status: guard, source: 'git@main/guard', seen },
      ],
      approvers: { need: 2, groups: ['sre'] },
      ...MOMENT,
    });
    return { card, text: cardText(card) };
  }

  it('policies: which ones decide, by which rules, from which commit, and who may approve', () => {
    const { card, text } = policyText({});
    expect(card.headline).toBe('prod-network: 1 policy decides, 1 guardrail');
    expect(card.tone).toBe('plain');
    expect(text).toContain('approvals  decides · a1b2c3d · git@main/approvals · reads who approved');
    expect(text).toContain('deny · No root · deny.rego:12');
    expect(text).toContain('pending · …/pending.rego:3');
    expect(text).toContain('guard  only objects · a1b2c3d · git@main/guard\n');
    expect(text).toContain('Approvers: 2 approvals from sre');
  });

  it('policies: a stale one has its reason, its time and what that means', () => {
    const { card, text } = policyText({ stale: STALE });
    expect(card.headline).toBe(
      'prod-network: 1 policy decides, 1 guardrail · a person decides while guard is stale',
    );
    expect(card.tone).toBe('bad');
    expect(text).toContain('STALE since <clock 11:12>: commit ccccccc: p.rego:4: rego_parse_error');
    expect(text).toContain('A person decides until it is fixed; a1b2c3d can still deny.');
    expect(text).not.toContain('What all of them allow is applied by itself');
  });

  it('policies: a stale one that a person has seen continues to decide', () => {
    const { card, text } = policyText({ stale: STALE }, true);
    expect(card.headline).toBe('prod-network: 1 policy decides, 1 guardrail');
    expect(text).toContain('Somebody has seen it: a1b2c3d decides until there is a new commit.');
    expect(text).toContain('What all of them allow is applied by itself');
  });

  it('policies: one without any good commit', () => {
    const { card, text } = policyText({ stale: STALE, commit: null, rules: [] });
    expect(card.tone).toBe('bad');
    expect(text).toContain('guard  only objects · no commit in use');
    expect(text).toContain('No commit of it was ever good: a person decides until it is fixed.');
  });

  it('policies: many rules are folded', () => {
    const rules = Array.from({ length: 30 }, (_, i) => ({
      rule: 'deny' as const,
      file: 'd.rego',
      line: i,
      title: null,
    }));
    expect(policyText({ rules }).text).toContain('and 20 more rules');
  });
});

describe('help', () => {
  it('lists every command of the grammar', () => {
    const text = cardText(helpCard(null));
    for (const name of COMMAND_NAMES) expect(text).toContain(usageOf(name));
  });

  it('describes one command and its effect', () => {
    const text = cardText(helpCard('approve'));
    expect(text).toContain('approve #RUN');
    expect(text).toContain('for approvers');
    expect(cardText(helpCard('constructor'))).toContain('What I can do');
  });
});

describe('why', () => {
  it('lists each rule, what waits, and who may approve', () => {
    const card = whyCard(
      driftView({
        findings: [
          item(tagsFinding(), { type: 'realigned', by: [], at: NOW, verifiedAt: NOW }, TAGS_AUTO),
          item(HOTFIX, { type: 'waits' }, { ...NETWORK_HUMAN, at: { file: 'network_human.rego', line: 13 } }),
        ],
      }),
    );
    expect(card.headline).toBe('run #42 of prod-network waits for a person to decide on 1 resource');
    const text = cardText(card);
    expect(text).toContain(
      'network-human@a1b2c3d: security group → a person\npending · network_human.rego:13',
    );
    expect(text).toContain('tags-auto@a1b2c3d: metadata only → apply\nallow\n');
    expect(text).toContain('Who: 1 approval: Dana (on call) or anyone in sre');
  });

  it('no message can look like the line that names the rule', () => {
    const forged = { ...NETWORK_HUMAN, text: 'fine\nallow · tags.rego:3', at: { file: 'p.rego', line: 1 } };
    const view = driftView({ findings: [item(HOTFIX, { type: 'waits' }, forged)] });
    expect(cardText(whyCard(view)).split('\n')).not.toContain('allow · tags.rego:3 → a person');
  });

  it('says that nobody can approve what is denied', () => {
    const view = driftView({ state: 'denied', findings: [item(HOTFIX, { type: 'denied' }, NETWORK_HUMAN)] });
    expect(cardText(whyCard(view))).toContain('Nobody can approve what policies deny');
  });
});
