/** Gallery: alerts that are not about one stack's drift: failing checks, fleets, policies, nobody to notify, digests. */

import { wasItYouCard } from '../../../src/messages/cause-card.ts';
import { conditionsCard } from '../../../src/messages/conditions-card.ts';
import { configCard } from '../../../src/messages/config-card.ts';
import { digestCard } from '../../../src/messages/digest-card.ts';
import { emptyStateCard } from '../../../src/messages/empty-state-card.ts';
import { failureCard } from '../../../src/messages/failure-card.ts';
import { fleetCard } from '../../../src/messages/fleet-card.ts';
import { type LeftOutView, leftOutCard } from '../../../src/messages/left-out-card.ts';
import { policyAlertCard } from '../../../src/messages/policy-alert-card.ts';
import { reachCard } from '../../../src/messages/reach-card.ts';
import type { PolicyAlertView, ReachView } from '../../../src/messages/view.ts';
import type { ConfigView } from '../../../src/messages/view-config.ts';
import type { DigestTrend, DigestView } from '../../../src/messages/view-digest.ts';
import type { FleetStack, FleetStackStatus, FleetView } from '../../../src/messages/view-fleet.ts';
import type { ConditionsView, EmptyStateView } from '../../../src/messages/view-plan-alerts.ts';
import { trendDays } from '../../../src/model/trend.ts';
import { causeEvent } from '../causes.ts';
import {
  CODE,
  COMMIT,
  countsOf,
  DANA,
  driftView,
  failureView,
  HOUR,
  KIM,
  MINUTE,
  NOW,
  ZONE,
} from '../views.ts';
import { WAITS } from './drift-open.ts';
import { type Exhibit, exhibit } from './exhibit.ts';

const MOMENT = { now: NOW, zone: ZONE };

const POLICY: PolicyAlertView = {
  policy: 'approvals',
  source: 'https://git.acme.dev/policies.git@main/approvals',
  error: 'commit e4f5a6b is refused: approvals/tags.rego:7: rego_parse_error: unexpected } token',
  refused: 'e4f5a6b7'.repeat(5),
  inUse: COMMIT,
  seen: null,
  stacks: ['prod-network', 'prod-db', 'prod-app', 'prod-dns', 'prod-iam', 'prod-cache', 'prod-queue'],
  since: NOW - 10 * MINUTE,
  resolvedAt: null,
  troubleId: 'e4f5a6b7'.repeat(5),
  ...MOMENT,
};

const LEFT_OUT: LeftOutView = {
  ...{ policy: 'approvals', source: POLICY.source, commit: COMMIT, stacks: POLICY.stacks },
  leftOut: [
    {
      ...{ file: 'approvals_test.rego', line: 12 },
      text: 'this deny is left out, because *_test.rego is only for tests; move it to another file',
    },
    {
      ...{ file: 'limits.json', line: 1 },
      text: 'left out, because only data.json, data.yaml and data.yml are loaded as data; rename it, or move it to another folder',
    },
    {
      ...{ file: 'tags.rego', line: 7 },
      text: 'nothing defines data.limits: this is always undefined; limits.json is left out',
    },
  ],
};

export function fleetStack(
  name: string,
  status: FleetStackStatus,
  over: Partial<FleetStack> = {},
): FleetStack {
  const card = { since: Date.parse('2026-07-15T01:10:00Z'), approvedBy: [], card: null };
  return { stack: name, environment: 'prod', runId: 100, status, open: 0, what: '', ...card, ...over };
}

const forty = (status: FleetStackStatus, names = 38): readonly FleetStack[] =>
  Array.from({ length: names }, (_, i) =>
    fleetStack(`prod-svc-${String(i + 1).padStart(2, '0')}`, status, { runId: 100 + i }),
  );

const RULE = '1 rule added by hand on aws_security_group.web';
export const FLEET: FleetView = {
  alertKind: 'drift',
  stacks: [
    ...forty('healed'),
    fleetStack('prod-network', 'waits', { runId: 140, open: 1, what: RULE }),
    fleetStack('prod-db', 'waits', {
      runId: 141,
      open: 2,
      what: '1 tag removed by hand on aws_db_instance.main, and 1 more',
    }),
  ],
  common: 'tags.Owner removed on 118 resources',
  since: Date.parse('2026-07-15T01:10:00Z'),
  over: false,
  why: null,
  ...MOMENT,
};
/** One stack for each status that a drift can have. */
const ALL: readonly FleetStackStatus[] = [
  'trouble',
  'waits',
  'denied',
  'approved',
  'newer',
  'heals',
  'left',
  'kept',
  'healed',
  'applied',
  'gone',
  'removed',
];

const DENIED = 'planning: reading S3 state: AccessDenied for role m0-plan';
const FAILING: FleetView = {
  ...FLEET,
  alertKind: 'failure',
  stacks: forty('failing').map((s) => ({ ...s, what: DENIED })),
  common: DENIED,
  since: NOW - 72 * MINUTE,
};

const CONFIG: ConfigView = {
  file: 'git::https://git.acme.dev/m0.git//m0.yaml?ref=main',
  what: 'refused',
  problems: [
    'm0.yaml:14:5 stacks[0].approvers.from[0]: there is no group, person or rota "sr", did you mean "sre"?',
    'm0.yaml:22:9 stacks[1].polices: unknown key, did you mean "policies"?',
  ],
  inUse: { since: NOW - 26 * 60 * MINUTE, commit: COMMIT },
  since: NOW - 12 * MINUTE,
  resolvedAt: null,
  outcome: null,
  ...MOMENT,
};

const REACH: ReachView = {
  what: 'oncall:primary',
  channel: false,
  problems: ['primary: Dana: direct messages with m0 are turned off', 'primary: Kim: no chat knows them'],
  stacks: ['prod-network', 'prod-db'],
  others: ['sre'],
  since: NOW - 12 * MINUTE,
  resolvedAt: null,
  outcome: null,
  ...MOMENT,
};

const WAITING_DB = driftView({
  ...{ stack: 'prod-db', runId: 12, findings: [WAITS] },
  approvers: { need: 1, groups: ['sre'], onCall: [KIM] },
});
const WAITING_NETWORK = driftView({ findings: [WAITS] });

/** Thirty days: nothing before m0 came, then a wave of drift, and what put it back. */
const TREND: DigestTrend = {
  days: trendDays(NOW).map((day, i) => ({
    day,
    numbers:
      i < 4
        ? null
        : [
            Math.round(6 + 4 * Math.sin(i / 3)) - (i > 27 ? 4 : 0),
            i > 15 ? 3 : 1,
            i % 9 === 0 ? 1 : 0,
            (i * 7) % 5,
            i % 6 === 0 ? 2 : 0,
          ],
  })),
  ages: [
    { label: 'under a day', cloud: 1, code: 1, both: 0 },
    { label: '1 to 7 days', cloud: 0, code: 2, both: 0 },
    { label: '8 to 30 days', cloud: 0, code: 0, both: 0 },
    { label: 'older', cloud: 0, code: 0, both: 0 },
  ],
};

export const DIGEST: DigestView = {
  trend: TREND,
  targets: ['prod'],
  since: NOW - 29 * HOUR,
  counts: countsOf({
    ...{ aligned: 388, drifted: 3, failing: 1, empty: 1, unmet: 1, unknown: 3, stale: 2, quiet: 1 },
    checking: 2,
  }),
  neverChecked: ['prod-new-1', 'prod-new-2', 'prod-new-3'],
  checkedTooLongAgo: [
    { stack: 'prod-old', at: NOW - 90 * HOUR },
    { stack: 'prod-older', at: NOW - 300 * HOUR },
  ],
  open: [
    {
      stack: 'prod-db',
      open: 2,
      waiting: 2,
      since: NOW - 98 * HOUR,
      runId: 12,
      waitsFor: ['Kim', 'sre'],
      card: WAITING_DB,
    },
    {
      stack: 'prod-network',
      open: 1,
      waiting: 1,
      since: NOW - 3 * HOUR,
      runId: 42,
      waitsFor: ['Dana', 'sre'],
      card: WAITING_NETWORK,
    },
    { stack: 'prod-dns', open: 1, waiting: 0, since: NOW - HOUR, runId: 44, waitsFor: [] },
  ],
  healed: 12,
  approved: 3,
  snoozesEnding: [
    { stack: 'prod-app', address: 'aws_security_group.web', until: NOW + 3 * HOUR, by: DANA },
    { stack: 'prod-cache', address: null, until: NOW + 20 * HOUR, by: KIM },
  ],
  failing: [{ stack: 'prod-iam', since: NOW - 72 * MINUTE }],
  troubles: [
    { stack: 'prod-app', kind: 'empty-state', runId: 52, since: NOW - 4 * MINUTE, number: 41 },
    { stack: 'prod-cache', kind: 'conditions', runId: 51, since: NOW - 72 * MINUTE, number: 2 },
  ],
  brokenPolicies: ['approvals'],
  openBefore: 1,
  ...MOMENT,
};

const EMPTY: EmptyStateView = {
  ...{ stack: 'prod-app', environment: 'prod', runId: 52, alert: 'open', outcome: null },
  since: NOW - 4 * MINUTE,
  seen: { resources: 41, run: 40, at: NOW - 2 * HOUR },
  ...{ code: CODE, path: 'envs/prod/app', workspace: 'default' },
  ...MOMENT,
};

const HEALTH = {
  address: 'check.health',
  kind: 'check',
  status: 'fail',
  problems: ['https://app.acme.dev/healthz answers 503'],
} as const;
const CONDITIONS: ConditionsView = {
  ...{ stack: 'prod-app', environment: 'prod', runId: 52, alert: 'open', outcome: null },
  ...{ since: NOW - 72 * MINUTE, checks: [HEALTH], seenCount: 3 },
  ...MOMENT,
};

export const alerts: readonly Exhibit[] = [
  exhibit(
    'state-empty',
    'The state is empty though m0 has seen resources in it: nothing is applied, and nobody is asked to.',
    emptyStateCard,
    EMPTY,
  ),
  exhibit('state-back', 'The state is back.', emptyStateCard, {
    ...EMPTY,
    ...{ alert: 'resolved', outcome: 'the state is back: 41 resources (run #54)' },
  }),
  exhibit('state-accepted', 'Somebody accepted that the state is empty.', emptyStateCard, {
    ...EMPTY,
    ...{ alert: 'resolved', outcome: 'accepted as empty by Dana: moved to another account' },
  }),
  exhibit(
    'checks-fail',
    'A check of the code fails: what it says, and since when.',
    conditionsCard,
    CONDITIONS,
  ),
  exhibit('checks-fail-many', 'Several fail, of several kinds.', conditionsCard, {
    ...CONDITIONS,
    checks: [
      HEALTH,
      {
        ...{ address: 'module.db.check.certificate', kind: 'check', status: 'error', problems: [] },
      },
      {
        ...{ address: 'aws_instance.web[0]', kind: 'resource', status: 'fail' },
        problems: ['the image is older than 90 days', 'it has no encrypted root volume'],
      },
    ],
  }),
  exhibit('checks-pass', 'The checks of the code pass again.', conditionsCard, {
    ...CONDITIONS,
    ...{ alert: 'resolved', outcome: 'the checks of the code pass again (run #54)' },
  }),
  exhibit(
    'failure-open',
    'A check fails: since when, how often, why, and when it was last good.',
    failureCard,
    failureView(),
  ),
  exhibit(
    'failure-limit',
    'A plan took longer than its limit: what to do about it.',
    failureCard,
    failureView({
      times: 1,
      failure: {
        phase: 'planning',
        message:
          'running terraform plan: it took longer than 15 min and was stopped. If it needs longer, raise limits.plan in m0.yaml',
      },
    }),
  ),
  exhibit('failure-mended', 'The check works again.', failureCard, failureView({ resolvedAt: NOW })),
  exhibit(
    'failure-gone',
    'The stack was taken out of m0.yaml.',
    failureCard,
    failureView({ gone: true, resolvedAt: NOW }),
  ),
  exhibit('fleet-drift', 'Forty stacks drifted at once: one message, not forty.', fleetCard, FLEET, {
    dark: true,
  }),
  exhibit(
    'was-it-you',
    'A direct message to the person whom the log of the cloud names, where m0.yaml says so.',
    wasItYouCard,
    {
      ...{ stack: 'prod-network', environment: 'prod', address: 'aws_security_group.web', run: 42 },
      ...{ event: causeEvent({ at: NOW - 12 * MINUTE }), ...MOMENT },
    },
    { where: 'direct' },
  ),
  exhibit('fleet-cause', 'A fleet whose drift has one cause.', fleetCard, {
    ...FLEET,
    cause: {
      stacks: 40,
      cause: {
        ...{ status: 'found', grade: 'event names the attribute', others: 0, problem: null },
        ...{ event: causeEvent({ at: NOW - 12 * MINUTE, name: 'DeleteTags' }), who: DANA, until: NOW },
      },
    },
  }),
  exhibit('fleet-standings', 'A fleet in which stacks stand in every way they can.', fleetCard, {
    ...FLEET,
    stacks: ALL.map((status, i) =>
      fleetStack(`prod-${status}`, status, {
        runId: 100 + i,
        what: status === 'waits' ? RULE : status === 'approved' ? 'being applied' : '',
        approvedBy: status === 'approved' ? [KIM] : status === 'applied' ? [DANA] : [],
        since: Date.parse('2026-07-15T01:10:00Z') + i * 3 * MINUTE,
      }),
    ),
    common: null,
  }),
  exhibit('fleet-decided', 'Who approved what, what runs, what is done, and what left.', fleetCard, {
    ...FLEET,
    stacks: [
      fleetStack('prod-app', 'approved', {
        ...{ runId: 140, what: 'planning again before the apply', approvedBy: [DANA, KIM] },
      }),
      fleetStack('prod-cache', 'applied', { runId: 141, approvedBy: [DANA], since: NOW - 3 * HOUR }),
      fleetStack('prod-db', 'applied', { runId: 142, approvedBy: [DANA], since: NOW - 72 * MINUTE }),
      fleetStack('prod-dns', 'applied', { runId: 143, approvedBy: [KIM] }),
      fleetStack('prod-iam', 'newer', {
        ...{ runId: 151, card: 'https://acme.slack.com/archives/C0OPS/p1784110200000100' },
        since: NOW - 4 * MINUTE,
      }),
      fleetStack('prod-network', 'waits', { runId: 144, open: 1, what: RULE, approvedBy: [KIM] }),
      fleetStack('prod-queue', 'removed', { runId: 145 }),
    ],
    common: null,
  }),
  exhibit(
    'fleet-direct',
    'The copy for the person on call.',
    fleetCard,
    { ...FLEET, why: 'You are on call (primary) until Mon 9:00' },
    { where: 'direct' },
  ),
  exhibit('fleet-over', 'The fleet is settled.', fleetCard, {
    ...FLEET,
    over: true,
    stacks: [
      ...forty('healed'),
      fleetStack('prod-db', 'applied', { approvedBy: [DANA] }),
      fleetStack('prod-network', 'kept'),
    ],
  }),
  exhibit('fleet-states-empty', 'Many states are empty at once.', fleetCard, {
    ...FLEET,
    ...{
      alertKind: 'empty-state',
      common: null,
      stacks: [...forty('empty', 6), fleetStack('prod-dns', 'back')],
    },
  }),
  exhibit(
    'fleet-checks-fail',
    'The checks of the code of many stacks fail at once.',
    fleetCard,
    {
      ...FLEET,
      ...{
        alertKind: 'conditions',
        common: null,
        stacks: [...forty('unmet', 6), fleetStack('prod-dns', 'met')],
      },
    },
    { unpictured: true },
  ),
  exhibit('fleet-failures', 'Many stacks can’t be checked, for one reason.', fleetCard, FAILING),
  exhibit(
    'fleet-failures-direct',
    'The copy of that for the person on call.',
    fleetCard,
    { ...FAILING, why: 'You are on call (primary) until Mon 9:00' },
    { where: 'direct', unpictured: true },
  ),
  exhibit('fleet-failures-over', 'They can be checked again.', fleetCard, {
    ...FAILING,
    over: true,
    stacks: forty('works'),
  }),
  exhibit(
    'policy-broken',
    'The newest commit of a policy can’t be used, so nothing is applied by itself.',
    policyAlertCard,
    POLICY,
    { asks: `Go on with ${COMMIT.slice(0, 7)}` },
  ),
  exhibit('policy-away', 'The repository of a policy can’t be reached.', policyAlertCard, {
    ...POLICY,
    refused: null,
    error: 'fetching https://git.acme.dev/policies.git: could not resolve host git.acme.dev',
  }),
  exhibit('policy-never', 'No commit of the policy was ever good.', policyAlertCard, {
    ...POLICY,
    inUse: null,
  }),
  exhibit('policy-seen', 'Somebody lets m0 go on with the last good commit.', policyAlertCard, {
    ...POLICY,
    seen: { by: DANA, at: NOW },
  }),
  exhibit('policy-mended', 'The policy is in order again.', policyAlertCard, { ...POLICY, resolvedAt: NOW }),
  exhibit('policy-left-out', 'A new commit of a policy leaves something out.', leftOutCard, LEFT_OUT),
  exhibit('policy-left-out-many', 'It leaves out many files.', leftOutCard, {
    ...LEFT_OUT,
    stacks: ['prod-network'],
    leftOut: Array.from({ length: 25 }, (_, i) => ({
      ...{ file: `.github/policies/of/the/network/rule_${i}.rego`, line: 1 },
      text: 'left out, because it is hidden; rename it, or move it out of the hidden folder',
    })),
  }),
  exhibit(
    'config-refused',
    'm0.yaml has changed and is wrong: the old one stays in use.',
    configCard,
    CONFIG,
  ),
  exhibit('config-restart', 'm0.yaml is in use, but for changes that need a restart.', configCard, {
    ...CONFIG,
    what: 'restart',
    problems: ['chat.slack.mode changed: it counts after a restart'],
  }),
  exhibit('config-right', 'm0.yaml is right again.', configCard, {
    ...CONFIG,
    ...{ resolvedAt: NOW, outcome: 'it is in use as it is written' },
  }),
  exhibit('reach-open', 'Something waits, and nobody on call can be asked.', reachCard, REACH),
  exhibit('reach-nobody', 'The same where nobody else may decide either.', reachCard, {
    ...REACH,
    others: [],
    stacks: ['prod-network'],
  }),
  exhibit('reach-channel', 'A channel takes nothing any more: told in another.', reachCard, {
    ...REACH,
    what: 'slack:C0PROD',
    channel: true,
    problems: ['posting to C0PROD: the channel is archived: name another under "channels" in m0.yaml'],
  }),
  exhibit('reach-over', 'Somebody can be asked again.', reachCard, {
    ...REACH,
    resolvedAt: NOW,
    outcome: 'somebody can be asked again',
  }),
  exhibit(
    'digest',
    'A digest: what is open by age and for whom it waits, what healed, what ends, what fails.',
    digestCard,
    DIGEST,
  ),
  exhibit('digest-well', 'A digest of a good day is one line.', digestCard, {
    ...DIGEST,
    open: [],
    healed: 0,
    approved: 0,
    snoozesEnding: [],
    failing: [],
    troubles: [],
    brokenPolicies: [],
    openBefore: 0,
    counts: countsOf({ aligned: 400 }),
    neverChecked: [],
    checkedTooLongAgo: [],
    trend: null,
  }),
];
