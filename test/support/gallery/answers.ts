/** Gallery: answers to commands and clicks. */
import { approvalCard } from '../../../src/messages/approval-card.ts';
import type { Card, Pages } from '../../../src/messages/card.ts';
import { greetingCard } from '../../../src/messages/greeting-card.ts';
import { helpCard } from '../../../src/messages/help-card.ts';
import { homeCard, homeMessage } from '../../../src/messages/home-card.ts';
import { baselineCard, historyCard, onCallCard, policyCard } from '../../../src/messages/list-cards.ts';
import { withPointer } from '../../../src/messages/newer-card.ts';
import { reportCard } from '../../../src/messages/report.ts';
import { infoCard, problemCard, refusalCard } from '../../../src/messages/short-cards.ts';
import { statusCard, statusPages } from '../../../src/messages/status-card.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import type { HomeView } from '../../../src/messages/view-home.ts';
import type { ReportFinding, ReportLink, ReportView } from '../../../src/messages/view-report.ts';
import type { PolicyView, StackStatusView } from '../../../src/messages/view-status.ts';
import { whyCard } from '../../../src/messages/why-card.ts';
import type { AuditEntry } from '../../../src/model/audit-entry.ts';
import type { Exemption } from '../../../src/model/exemption.ts';
import { M0 } from '../../../src/model/run.ts';
import {
  actor,
  COMMIT,
  countsOf,
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
import { ASKED, HOTFIX, TAGS, WAITS } from './drift-open.ts';
import { COUPLED } from './drift-parts.ts';
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
    stale: false,
    failure: null,
    busy: false,
    skipped: null,
    ...over,
  };
}

const DRIFTED = stack('prod-network', { state: 'drifted', open: 2, waiting: 1, runId: 42 });

function approving(name: string, says: string, over: Partial<DriftView>): Exhibit {
  const view = driftView(over);
  const shown = { kind: 'card', card: approvalCard(view, view.parts) } as const;
  return { name, says, maker: approvalCard.name, shown, ...PRIVATE };
}

/** Four hundred stacks in three environments, a tenth of which is not aligned. */
function fleetPages(): Pages {
  const stacks = Array.from({ length: 400 }, (_, i): StackStatusView => {
    const environment = ['prod', 'staging', 'dev'][i % 3] ?? '';
    const name = `${environment}-app-${i}`;
    if (i % 10 !== 0) return stack(name, { environment });
    if (i % 40 === 0) return stack(name, { environment, state: 'unknown', lastGoodAt: null });
    if (i % 50 === 0) {
      return stack(name, { environment, state: 'stale', stale: true, lastGoodAt: NOW - 90 * HOUR });
    }
    if (i % 70 === 0)
      return stack(name, { environment, state: 'failing', failure: 'reading S3 state: AccessDenied' });
    return stack(name, { environment, state: 'drifted', open: 2, waiting: 1, runId: i, busy: i % 60 === 0 });
  });
  const pages = statusPages({ target: null, stacks, checking: false, ...MOMENT });
  if (pages === null) throw new Error('they fit on one card');
  return pages;
}

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

const REPORTED: ReportFinding = {
  ...{ stack: 'prod-network', environment: 'prod', finding: HOTFIX, runId: 42, commit: COMMIT },
  ...{ since: NOW - 30 * HOUR, until: null, verdict: 'human', reasons: [NETWORK_HUMAN] },
  ...{ bundles: { approvals: COMMIT }, applied: null, exemption: null, outcome: null },
};

const LINK: ReportLink = { line: 812, at: NOW - 300 * HOUR, prevHash: 'a'.repeat(64), hash: 'b'.repeat(64) };

const REPORT: ReportView = {
  ...{
    target: 'prod',
    month: '2026-07',
    from: NOW - 340 * HOUR,
    until: NOW,
    stacks: ['prod-db', 'prod-network'],
  },
  findings: [
    REPORTED,
    { ...REPORTED, until: NOW - HOUR, applied: { at: NOW - HOUR, verifiedAt: NOW, by: [DANA] } },
    { ...REPORTED, until: NOW - HOUR, applied: { at: NOW - HOUR, verifiedAt: NOW, by: [] } },
  ],
  ...{ exemptions: [KEEP], record: [{ line: 815, entry: ENTRY }], runsSince: NOW - 900 * HOUR },
  chain: { first: LINK, last: { ...LINK, line: 1_204, at: NOW - HOUR } },
  ...MOMENT,
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
        leftOut: [
          {
            ...{ file: 'tags_auto_test.rego', line: 8 },
            text: 'this deny is left out, because *_test.rego is only for tests; move it to another file',
          },
        ],
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
        leftOut: [],
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

export const HOME: HomeView = {
  known: true,
  counts: countsOf({
    aligned: 390,
    drifted: 2,
    failing: 1,
    empty: 1,
    unmet: 1,
    unknown: 3,
    stale: 2,
    checking: 2,
  }),
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
  exhibit(
    'status-only-told',
    '`status prod-network` of a stack that HCP Terraform plans and applies itself.',
    statusCard,
    {
      target: 'prod-network',
      stacks: [
        {
          ...DRIFTED,
          waiting: 0,
          tellOnly:
            'only told, never applied: the workspace acme/prod-network runs by itself (execution mode remote), so m0 can’t promise to apply exactly what was approved',
        },
      ],
      checking: false,
      ...MOMENT,
    },
  ),
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
      stack('prod-new', {
        ...{ state: 'unknown', lastGoodAt: null, busy: true },
        working: { doing: 'planning', since: NOW - 12 * 60_000, limitMs: 15 * 60_000 },
      }),
      stack('prod-dns', { skipped: { why: 'run #41 was putting it back', since: NOW - HOUR, times: 3 } }),
    ],
    checking: false,
    ...MOMENT,
  }),
  {
    name: 'status-pages',
    says: '`status` of four hundred stacks: by environment, what is not aligned, in pages.',
    maker: statusPages.name,
    where: 'dialog',
    shown: { kind: 'pages', pages: fleetPages(), page: 1 },
  },
  exhibit(
    'report',
    '`report prod`: what the month was like; its files are in the direct messages with m0.',
    reportCard,
    REPORT,
    PRIVATE,
  ),
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
    'history-folded',
    '`history prod` where old checks that found nothing new are folded.',
    historyCard,
    {
      target: 'prod',
      entries: [ENTRY],
      folded: { checks: 4_380, since: NOW - 9_000 * HOUR, last: NOW - 170 * HOUR },
      ...MOMENT,
    },
    { ...PRIVATE, unpictured: true },
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
  approving(
    'approve-typed',
    '`approve #42` approves nothing by itself: it says what it would do, and asks.',
    {
      findings: [WAITS],
    },
  ),
  approving('approve-typed-parts', '`approve #42` of several parts: a button for each.', {
    ...{ stack: 'prod-db', findings: COUPLED },
  }),
  approving(
    'approve-typed-state-only-here',
    'The stack has no remote backend: what an apply would do to its state.',
    {
      findings: [WAITS],
      stateOnlyHere: true,
    },
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
    'refusal-points',
    'A click on a card that is no longer the open one: the answer links the one that is.',
    withPointer.name,
    withPointer(
      refusalCard('Nothing to approve: run #42 is superseded by run #51.'),
      { runId: 51, url: 'https://acme.slack.com/archives/C0OPS/p1784110200000100' },
      42,
    ),
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
