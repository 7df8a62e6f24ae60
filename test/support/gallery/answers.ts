/** Gallery: answers to commands and clicks. */
import type { Card } from '../../../src/messages/card.ts';
import { greetingCard } from '../../../src/messages/greeting-card.ts';
import { helpCard } from '../../../src/messages/help-card.ts';
import { homeCard, homeMessage } from '../../../src/messages/home-card.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../../../src/messages/list-cards.ts';
import { infoCard, problemCard, refusalCard } from '../../../src/messages/short-cards.ts';
import { statusCard } from '../../../src/messages/status-card.ts';
import type { HomeView } from '../../../src/messages/view-home.ts';
import type { PolicyView, StackStatusView } from '../../../src/messages/view-status.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import type { AuditEntry } from '../../../src/model/audit-entry.ts';
import type { Exemption } from '../../../src/model/exemption.ts';
import { M0 } from '../../../src/model/run.ts';
import {
  actor,
  COMMIT,
  DANA,
  driftView,
  HOUR,
  item,
  KIM,
  MINUTE,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
  ZONE,
} from '../views.ts';
import { ASKED, HOTFIX, TAGS } from './drift-open.ts';
import { type Exhibit, exhibit } from './exhibit.ts';

const MOMENT = { now: NOW, zone: ZONE };
const PRIVATE = { where: 'private' } as const;

function stack(name: string, over: Partial<StackStatusView> = {}): StackStatusView {
  return {
    stack: name,
    environment: 'prod',
    state: 'aligned',
    open: 0,
    waiting: 0,
    exempt: 0,
    runId: null,
    lastGoodAt: NOW - 12 * MINUTE,
    failure: null,
    busy: false,
    skipped: null,
    ...over,
  };
}

const DRIFTED = stack('prod-network', { state: 'drifted', open: 2, waiting: 1, runId: 42 });

const KEEP: Exemption = {
  id: 1,
  kind: 'accept',
  stack: 'prod-network',
  address: 'aws_security_group.web',
  fingerprint: 'f',
  until: null,
  by: actor(KIM),
  at: NOW - 200 * HOUR,
  reason: 'agreed with security',
  runId: 42,
  endedBy: null,
  endedAt: null,
};

const ENTRY: AuditEntry = {
  at: NOW - 5 * MINUTE,
  actor: actor(DANA),
  action: 'approve',
  stack: 'prod-network',
  runId: 42,
  fingerprint: null,
  commit: '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432',
  detail: 'awaiting_approval -> approved: 1 of 1',
};

const POLICIES: PolicyView = {
  stack: 'prod-network',
  realign: 'policy',
  policies: [
    {
      status: {
        policy: 'tags-auto',
        mode: 'decide',
        commit: COMMIT,
        stale: null,
        readsApprovers: false,
        rules: [{ rule: 'allow', file: 'tags_auto.rego', line: 13, title: 'Metadata only' }],
      },
      source: 'https://git.acme.dev/policies.git@main/tags-auto',
      seen: false,
    },
    {
      status: {
        policy: 'two-people',
        mode: 'guardrail',
        commit: COMMIT,
        stale: {
          id: 'b'.repeat(40),
          error: 'commit bbbbbbb is refused: two_people.rego:16: rego_parse_error: unexpected } token',
          since: NOW - HOUR,
        },
        readsApprovers: true,
        rules: [
          { rule: 'pending', file: 'two_people.rego', line: 16, title: 'Two people' },
          { rule: 'pending', file: 'two_people.rego', line: 27, title: null },
        ],
      },
      source: 'https://git.acme.dev/policies.git@main/two-people',
      seen: false,
    },
  ],
  approvers: { need: 1, groups: ['sre', 'oncall:primary'] },
  ...MOMENT,
};

const HOME: HomeView = {
  known: true,
  waiting: [
    {
      ...{ stack: 'prod-network', runId: 42, open: 2, waiting: 1, since: NOW - 10 * MINUTE },
      ...{ waitsFor: 'Dana or anyone in sre', approved: false },
    },
  ],
  others: [
    {
      ...{ stack: 'prod-db', runId: 12, open: 2, waiting: 2, since: NOW - 98 * HOUR },
      ...{ waitsFor: 'Kim', approved: false },
    },
  ],
  exemptions: [
    {
      ...{ kind: 'snooze' as const, stack: 'prod-app', address: 'aws_security_group.web' },
      ...{ until: NOW + 3 * HOUR, reason: 'vendor needs SSH until the fix ships' },
    },
    {
      ...{ kind: 'accept' as const, stack: 'prod-logs', address: 'aws_s3_bucket.logs', until: null },
      reason: 'finance owns these tags',
    },
  ],
  failing: [{ stack: 'prod-iam', since: NOW - 72 * MINUTE, times: 3 }],
  troubles: [{ stack: 'prod-queue', kind: 'empty-state', runId: 52, since: NOW - HOUR, number: 41 }],
  rotas: [{ rota: 'primary', people: [DANA], until: NOW + 115 * HOUR, problem: null }],
  ...MOMENT,
};
const ENTRY_LINE = 'teams: 00000000-0000-4000-8000-00000000da4a';

function sentence(name: string, says: string, maker: string, card: Card): Exhibit {
  return { name, says, maker, where: 'private', shown: { kind: 'card', card } };
}

export const answers: readonly Exhibit[] = [
  exhibit('status-one', '`status prod-network`', statusCard, {
    target: 'prod-network',
    stacks: [DRIFTED],
    checking: true,
    ...MOMENT,
  }),
  exhibit('status-many', '`status prod`: what needs somebody comes first.', statusCard, {
    target: 'prod',
    stacks: [
      ...Array.from({ length: 9 }, (_, i) => stack(`prod-svc-${i + 1}`)),
      DRIFTED,
      stack('prod-db', {
        state: 'failing',
        failure: 'planning: reading S3 state: AccessDenied for role m0-plan',
        lastGoodAt: NOW - 30 * HOUR,
      }),
      stack('prod-app', { state: 'quiet', exempt: 2, runId: 40 }),
      stack('prod-queue', {
        state: 'empty',
        troubles: [{ stack: 'prod-queue', kind: 'empty-state', runId: 52, since: NOW - HOUR, number: 41 }],
      }),
      stack('prod-web', {
        state: 'unmet',
        troubles: [{ stack: 'prod-web', kind: 'conditions', runId: 53, since: NOW - HOUR, number: 1 }],
      }),
      stack('prod-new', { state: 'unknown', lastGoodAt: null, busy: true }),
      stack('prod-dns', { skipped: { why: 'run #41 was putting it back', since: NOW - HOUR, times: 3 } }),
    ],
    checking: false,
    ...MOMENT,
  }),
  exhibit(
    'status-none',
    '`status` in a channel that follows nothing.',
    statusCard,
    { target: null, stacks: [], checking: false, ...MOMENT },
    PRIVATE,
  ),
  exhibit(
    'why',
    '`why #42`: which rule said what of each finding, where it stands, why it waits and who may.',
    whyCard,
    driftView({
      findings: [
        item(TAGS, { type: 'waits' }, { ...TAGS_AUTO, at: { file: 'tags_auto.rego', line: 13 } }),
        item(
          HOTFIX,
          { type: 'waits' },
          {
            ...NETWORK_HUMAN,
            text: 'security group: never reverted without a person, whoever opened it',
            at: { file: 'network/groups/aws/network_human.rego', line: 13 },
          },
          { policy: 'freeze', commit: COMMIT, rule: 'error', text: 'took longer than 2 s' },
        ),
      ],
      asked: ASKED,
    }),
    PRIVATE,
  ),
  exhibit(
    'why-denied',
    '`why #42` of what a policy forbids.',
    whyCard,
    driftView({
      state: 'denied',
      findings: [
        item(
          HOTFIX,
          { type: 'denied' },
          {
            ...NETWORK_HUMAN,
            rule: 'deny',
            text: 'change freeze until Monday 9:00',
            at: { file: 'freeze.rego', line: 4 },
          },
        ),
      ],
    }),
    PRIVATE,
  ),
  exhibit(
    'history',
    '`history prod`: who decided what, newest first.',
    historyCard,
    {
      target: 'prod',
      entries: [
        ENTRY,
        { ...ENTRY, at: NOW - 9 * MINUTE, actor: M0, action: 'verified', detail: 'verifying -> realigned' },
        {
          ...ENTRY,
          at: NOW - 20 * HOUR,
          actor: actor(KIM),
          action: 'snooze',
          stack: 'prod-app',
          runId: 40,
          commit: null,
          detail: 'aws_security_group.web until Mon 9:00: vendor needs SSH until the fix ships',
        },
        {
          ...ENTRY,
          at: NOW - 300 * HOUR,
          actor: actor(KIM),
          action: 'accept',
          detail: 'aws_iam_role.ci: long builds',
        },
      ],
      ...MOMENT,
    },
    PRIVATE,
  ),
  exhibit(
    'history-none',
    '`history prod` where nothing was decided yet.',
    historyCard,
    { target: 'prod', entries: [], ...MOMENT },
    { ...PRIVATE, unpictured: true },
  ),
  exhibit(
    'baseline',
    '`baseline prod`: what is accepted or snoozed, by whom, until when and why.',
    baselineCard,
    {
      target: 'prod',
      exemptions: [
        KEEP,
        {
          ...KEEP,
          kind: 'snooze',
          stack: 'prod-app',
          until: NOW + 115 * HOUR,
          by: actor(DANA),
          at: NOW - HOUR,
          reason: 'vendor needs SSH until the fix ships',
        },
        {
          ...KEEP,
          kind: 'snooze',
          stack: 'prod-cache',
          address: null,
          until: NOW + 2 * HOUR,
          by: actor(DANA),
          at: NOW - HOUR,
          reason: '',
        },
      ],
      ...MOMENT,
    },
    PRIVATE,
  ),
  exhibit(
    'baseline-none',
    '`baseline prod` where nothing is kept.',
    baselineCard,
    { target: 'prod', exemptions: [], ...MOMENT },
    { ...PRIVATE, unpictured: true },
  ),
  exhibit(
    'oncall',
    '`oncall`',
    onCallCard,
    {
      rotas: [
        { rota: 'primary', people: [DANA], until: NOW + 115 * HOUR, problem: null },
        { rota: 'secondary', people: [], until: null, problem: 'Slack: no such user group S0NONE' },
      ],
      ...MOMENT,
    },
    PRIVATE,
  ),
  exhibit(
    'oncall-none',
    '`oncall` without a rota in m0.yaml.',
    onCallCard,
    { rotas: [], ...MOMENT },
    { ...PRIVATE, unpictured: true },
  ),
  exhibit(
    'policy',
    '`policy prod-network`: which policies decide, by which rules, and what is wrong with one.',
    policyCard,
    POLICIES,
    PRIVATE,
  ),
  exhibit(
    'policy-none',
    '`policy` of a stack without one.',
    policyCard,
    { ...POLICIES, policies: [], realign: 'ask', approvers: { need: 2, groups: ['sre'] } },
    PRIVATE,
  ),
  exhibit(
    'home',
    '`home`: what waits for you, what is open, your exemptions, what can’t be checked, who is on call.',
    homeMessage,
    HOME,
    PRIVATE,
  ),
  exhibit('home-tab', 'The same in the Home tab, which follows what changes.', homeCard, HOME, {
    ...PRIVATE,
    only: 'slack',
    unpictured: true,
  }),
  exhibit(
    'greeting',
    'Somebody of m0.yaml added m0 for themselves: who it is, and their home.',
    greetingCard,
    { home: HOME, entry: ENTRY_LINE },
    { where: 'direct', only: 'teams' },
  ),
  exhibit(
    'greeting-stranger',
    'Somebody added m0 for themselves who is not in m0.yaml.',
    greetingCard,
    { home: null, entry: ENTRY_LINE },
    { where: 'direct', only: 'teams' },
  ),
  exhibit('help', '`help`', helpCard, null, PRIVATE),
  exhibit('help-one', '`help snooze`', helpCard, 'snooze', PRIVATE),
  sentence(
    'refusal',
    'Somebody may not do what they clicked; only they see it.',
    refusalCard.name,
    refusalCard('Only sre or the person on call (Dana) may approve prod-network.', [
      { label: 'Why', command: 'why #42' },
    ]),
  ),
  sentence(
    'info',
    'What was done, told to the one who did it.',
    infoCard.name,
    infoCard('Approved run #42. m0 plans again first; if anything moved, you will be asked again.'),
  ),
  sentence(
    'problem',
    'A typing mistake gets the nearest command.',
    problemCard.name,
    problemCard('I don’t know “aprove”.', 'approve #42'),
  ),
];
