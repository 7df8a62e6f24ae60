/** Gallery: a stack's drift whose run has not ended. */
import { driftCard } from '../../../src/messages/drift-card.ts';
import type { DriftView } from '../../../src/messages/view.ts';
import type { CauseView } from '../../../src/messages/view-cause.ts';
import type { LinkFacts } from '../../../src/messages/view-links.ts';
import { causeEvent } from '../causes.ts';
import {
  byCode,
  byHand,
  COMMIT,
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
} from '../views.ts';
import { type Exhibit, type Extra, exhibit } from './exhibit.ts';

export const HOTFIX = hotfixFinding();
export const TAGS = tagsFinding();
export const HEALED = item(
  TAGS,
  { type: 'realigned', by: [], at: NOW - 9 * MINUTE, verifiedAt: NOW - 8 * MINUTE },
  TAGS_AUTO,
);
export const WAITS = item(HOTFIX, { type: 'waits' }, NETWORK_HUMAN);
export const ASKED = [{ who: DANA, at: NOW - 8 * MINUTE }];

/** An exhibit of a drift card with its view; `states` lists the run states that it shows. */
export interface DriftExhibit extends Exhibit {
  readonly view: DriftView;
}

export function drift(name: string, says: string, over: Partial<DriftView>, extra: Extra = {}): DriftExhibit {
  const view = driftView(over);
  return { ...exhibit(name, says, driftCard, view, extra), view };
}

/** Dana opened SSH by the console. */
function causeView(over: Partial<CauseView> = {}): CauseView {
  return {
    ...{ status: 'found', grade: 'event names the attribute', event: causeEvent({ at: NOW - 12 * MINUTE }) },
    ...{ who: DANA, others: 0, until: NOW + 12 * MINUTE, problem: null },
    ...over,
  };
}

const DIRECT = driftView({ findings: [HEALED, WAITS], asked: ASKED });

/** Findings of every kind, all waiting for approval: far more than a card lists one by one. */
const MANY = Array.from({ length: 37 }, (_, i) =>
  item(
    finding(`module.network.aws_security_group_rule.office["10.${i}.0.0/16"]`, {
      attributes: [byHand('description', `office ${i}`, 'temporary')],
    }),
    i % 9 === 8 ? { type: 'denied' } : { type: 'waits' },
    i % 9 === 8 ? { ...NETWORK_HUMAN, rule: 'deny', text: 'frozen until Monday' } : NETWORK_HUMAN,
  ),
);

/** What the cards link to where the hosts are known. */
export const LINKS: LinkFacts = {
  code: { kind: 'github', host: 'github.com', path: ['acme', 'infra'] },
  places: {
    'aws_security_group.web': { file: 'envs/prod/network/web.tf', line: 12 },
    'aws_s3_bucket.logs': { file: 'modules/logs/main.tf', line: 3 },
  },
  policies: {
    'network-human': {
      forge: { kind: 'gitlab', host: 'gitlab.acme.dev', path: ['platform', 'policies'] },
      folder: 'approvals',
    },
  },
};

export const driftOpen: readonly DriftExhibit[] = [
  drift(
    'drift-links',
    'With links: the commit, the code of each resource, its page in the console, and the rule of the policy.',
    {
      findings: [
        HEALED,
        item(
          { ...HOTFIX, cloudId: 'arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0a1b2c3d' },
          { type: 'waits' },
          { ...NETWORK_HUMAN, at: { file: 'network.rego', line: 12 } },
        ),
      ],
      asked: ASKED,
      links: LINKS,
    },
    { dark: true },
  ),
  drift(
    'drift-cause',
    'Who did it: a sure cause, one that only touched the resource, and a branch that may have been applied.',
    {
      findings: [
        { ...WAITS, cause: causeView() },
        {
          ...item(TAGS, { type: 'waits' }, TAGS_AUTO),
          cause: causeView({
            grade: 'event touched the resource',
            who: { person: null, name: 'break-glass' },
          }),
        },
      ],
      branches: { 'aws_security_group.web': ['hotfix-ssh'] },
      asked: ASKED,
    },
  ),
  drift('drift-cause-unknown', 'Who did it is not known, after 20 minutes.', {
    findings: [
      { ...WAITS, cause: causeView({ status: 'none', grade: 'nothing found', event: null, who: null }) },
    ],
    asked: ASKED,
  }),
  drift('drift-checks-fail', 'Drift, and a check of the code fails as well.', {
    findings: [WAITS],
    asked: ASKED,
    checks: [
      { address: 'check.health', kind: 'check', status: 'fail', problems: ['the endpoint answers 503'] },
    ],
  }),
  drift(
    'drift-mixed-origin',
    'Drift is found: what the policies allow heals itself, the rest waits for a person.',
    { state: 'approved', findings: [item(TAGS, { type: 'heals' }, TAGS_AUTO), WAITS], asked: [] },
    { dark: true },
  ),
  drift(
    'drift-healed-waits',
    'The same a minute later: the tags are back and verified, the rule waits for Dana.',
    { findings: [HEALED, WAITS], asked: ASKED },
    { dark: true, asks: 'Approve: close SSH again' },
  ),
  {
    name: 'drift-direct',
    says: 'The copy that the person on call gets, with one line why them.',
    maker: driftCard.name,
    where: 'direct',
    shown: {
      kind: 'card',
      card: driftCard(DIRECT, { why: 'You are on call (primary) until Mon 9:00' }),
    },
    view: DIRECT,
  },
  drift('drift-code', 'Merged, and nobody applied it.', {
    stack: 'prod-app',
    findings: [
      item(
        finding('aws_cloudwatch_log_group.app', {
          origin: 'code',
          attributes: [byCode('retention_in_days', 7, 30)],
        }),
        { type: 'waits' },
        { policy: null, commit: null, rule: 'm0', text: 'no policy decided' },
      ),
    ],
    asked: ASKED,
  }),
  drift(
    'drift-replace',
    'The code and the cloud both moved, and an apply would destroy something.',
    {
      stack: 'prod-db',
      findings: [
        item(
          finding('aws_db_instance.main', {
            origin: 'both',
            action: 'replace',
            attributes: [
              { ...byCode('engine_version', '15.4', '16.2'), forcesReplacement: true },
              {
                path: 'backup_retention_period',
                origin: 'both',
                kind: 'changed',
                recorded: 7,
                actual: 1,
                desired: 14,
                sensitive: false,
              },
              { ...byHand('password', { sensitive: true }, { sensitive: true }), sensitive: true },
            ],
          }),
          { type: 'waits' },
          { policy: 'databases', commit: COMMIT, rule: 'pending', text: 'a database is replaced' },
        ),
        item(
          finding('aws_iam_role_policy.backup', {
            attributes: [
              {
                ...byHand('policy', '{"Statement":[]}', '{"Statement":[{}]}'),
                json: [
                  {
                    path: 'Statement[0].Action',
                    kind: 'changed',
                    recorded: 's3:GetObject',
                    actual: 's3:*',
                    desired: 's3:GetObject',
                  },
                ],
              },
            ],
          }),
          { type: 'waits' },
          { policy: 'iam', commit: COMMIT, rule: 'pending', text: 'access is a person’s decision' },
        ),
      ],
      asked: ASKED,
    },
    { asks: 'Approve: delete and recreate aws_db_instance.main' },
  ),
  drift(
    'drift-deleted',
    'A resource was deleted by hand.',
    {
      findings: [
        item(
          finding('aws_route53_record.mail', { action: 'create', deletedByHand: true }),
          { type: 'waits' },
          { policy: 'dns', commit: COMMIT, rule: 'pending', text: 'a DNS record' },
        ),
      ],
      asked: ASKED,
    },
    { asks: 'Reject: leave it' },
  ),
  drift(
    'drift-denied',
    'A policy forbids the apply, so it can be snoozed or accepted, and approved by nobody.',
    {
      state: 'denied',
      findings: [
        item(
          HOTFIX,
          { type: 'denied' },
          {
            ...NETWORK_HUMAN,
            rule: 'deny',
            text: 'change freeze until Monday 9:00',
          },
        ),
      ],
    },
  ),
  drift('drift-nobody', 'Nobody may approve, because m0.yaml names nobody.', {
    findings: [WAITS],
    approvers: { need: 1, groups: [], onCall: [] },
  }),
  drift('drift-one-of-two', 'Two people must approve, and one has.', {
    findings: [WAITS],
    parts: [{ findings: [WAITS], fingerprint: '0a1b2c3d', need: 2, approvedBy: [KIM] }],
    approvals: [{ by: KIM, at: NOW - 3 * MINUTE }],
    approvers: { need: 2, groups: ['sre', 'oncall:primary'], onCall: [DANA] },
    asked: ASKED,
  }),
  drift('drift-heals', 'All of it heals itself; nobody needs to do anything.', {
    state: 'approved',
    findings: [item(TAGS, { type: 'heals' }, TAGS_AUTO)],
  }),
  drift('drift-approved', 'Dana approved; m0 plans again before it applies.', {
    state: 'approved',
    findings: [item(HOTFIX, { type: 'approved', by: [DANA] }, NETWORK_HUMAN)],
    approvals: [{ by: DANA, at: NOW }],
  }),
  drift('drift-locked', 'The approved apply waits, because somebody else holds the lock of the state.', {
    state: 'approved',
    findings: [item(HOTFIX, { type: 'approved', by: [DANA] }, NETWORK_HUMAN)],
    approvals: [{ by: DANA, at: NOW - 4 * MINUTE }],
    lock: {
      who: 'kim@laptop',
      id: '6b2a9e5c-0d6f-4c0f-9f0e-2f1c7c1f3a11',
      since: NOW - 6 * MINUTE,
      times: 2,
      retryAt: NOW + 2 * MINUTE,
    },
  }),
  drift('drift-lock-left', 'The lock may be left over from an apply in which m0 was stopped.', {
    state: 'approved',
    findings: [item(HOTFIX, { type: 'approved', by: [DANA] }, NETWORK_HUMAN)],
    approvals: [{ by: DANA, at: NOW - 4 * MINUTE }],
    interrupted: 41,
    lock: {
      who: 'm0@runner-2',
      id: '6b2a9e5c-0d6f-4c0f-9f0e-2f1c7c1f3a11',
      since: NOW - 6 * MINUTE,
      times: 2,
      retryAt: NOW + 2 * MINUTE,
    },
  }),
  drift('drift-applying', 'What Dana approved is being applied.', {
    state: 'applying',
    findings: [HEALED, item(HOTFIX, { type: 'applying' }, NETWORK_HUMAN)],
    approvals: [{ by: DANA, at: NOW - MINUTE }],
  }),
  drift('drift-applying-long', 'The apply takes long: for how long already, and when m0 stops it.', {
    state: 'applying',
    findings: [HEALED, item(HOTFIX, { type: 'applying' }, NETWORK_HUMAN)],
    approvals: [{ by: DANA, at: NOW - 8 * MINUTE }],
    working: { doing: 'applying', since: NOW - 7 * MINUTE, limitMs: 60 * MINUTE },
  }),
  drift('drift-checking-long', 'It waits for a person, and a new check takes long.', {
    findings: [item(HOTFIX, { type: 'waits' }, NETWORK_HUMAN)],
    working: { doing: 'planning', since: NOW - 12 * MINUTE, limitMs: 15 * MINUTE },
  }),
  drift(
    'drift-verifying',
    'Applied; the plan after it is being made.',
    {
      state: 'verifying',
      findings: [item(TAGS, { type: 'realigned', by: [], at: NOW, verifiedAt: null }, TAGS_AUTO)],
    },
    { unpictured: true },
  ),
  ...(['queued', 'planning', 'deciding'] as const).map((state) =>
    drift(
      `drift-${state}`,
      `The run that tells of it is ${state}.`,
      { state, findings: [item(HOTFIX, { type: 'waits' })] },
      { unpictured: true },
    ),
  ),
  drift('drift-snooze-over', 'A snooze is over, and it waits again.', {
    seenCount: 14,
    firstSeenAt: NOW - 52 * HOUR,
    findings: [{ ...WAITS, lapsed: { kind: 'snooze', by: DANA, why: 'over' } }],
    asked: ASKED,
  }),
  drift('drift-accept-moved', 'What Kim had accepted moved again.', {
    findings: [{ ...WAITS, lapsed: { kind: 'accept', by: KIM, why: 'moved' } }],
    asked: ASKED,
  }),
  drift(
    'drift-folded',
    'Far more drift than a card shows: the first of it, and how to see the rest.',
    {
      findings: MANY,
      unaffected: [
        finding('aws_instance.web', { actionable: false, attributes: [byHand('ami', 'ami-1', 'ami-2')] }),
        finding('aws_autoscaling_group.web', { actionable: false, ignored: 'autoscaler' }),
        finding('aws_autoscaling_group.api', { actionable: false, ignored: 'autoscaler' }),
      ],
      outputs: [{ name: 'endpoint', action: 'update', sensitive: false }],
      warnings: [
        { policy: 'network-human', commit: COMMIT, rule: 'warn', text: 'more than 30 rules in one change' },
      ],
      asked: ASKED,
    },
    { unpictured: true },
  ),
  drift(
    'drift-ignored-attributes',
    'Tags of two groups and their sizes, which m0.yaml ignores; an apply can leave only one of the sizes.',
    {
      findings: [
        item(
          finding('aws_autoscaling_group.web', {
            attributes: [
              { ...byHand('desired_capacity', 5, 40), desired: 40 },
              byHand('tags.Owner', 'platform', null),
            ],
            leavesIgnored: [{ path: 'desired_capacity', reason: 'autoscaler', actual: 40, desired: 5 }],
          }),
          { type: 'waits' },
        ),
        item(
          finding('module.shared.aws_autoscaling_group.api', {
            attributes: [byHand('desired_capacity', 3, 9), byHand('tags.Owner', 'platform', null)],
            revertsIgnored: [{ path: 'desired_capacity', reason: 'autoscaler', actual: 9, desired: 3 }],
          }),
          { type: 'waits' },
          {
            ...{ policy: null, commit: null, rule: 'm0' },
            text: 'an apply would also change desired_capacity 9 → 3, which m0.yaml ignores (autoscaler)',
          },
        ),
      ],
      asked: ASKED,
    },
    { unpictured: true },
  ),
];
