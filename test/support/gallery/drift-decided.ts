/** Gallery: a stack's drift after it was decided, reverted, exempted or interrupted. */
import {
  actor,
  byHand,
  DANA,
  finding,
  HOUR,
  item,
  KIM,
  MINUTE,
  NETWORK_HUMAN,
  NOW,
  TAGS_AUTO,
} from '../views.ts';
import { ASKED, type DriftExhibit, drift, HEALED, HOTFIX, TAGS, WAITS } from './drift-open.ts';

/** The message of the newer card. */
const NEWER_URL = 'https://acme.slack.com/archives/C0OPS/p1784110200000100';
const MONDAY = Date.parse('2026-07-20T07:00:00Z');
const MOVED_TAGS = {
  ...TAGS,
  fingerprint: 'f'.repeat(64),
  attributes: [byHand('tags.CostCenter', '42', null), byHand('tags.Owner', 'platform', 'root')],
};

export const driftDecided: readonly DriftExhibit[] = [
  drift(
    'drift-moved',
    'Not applied, because the cloud moved after the approval: what was approved, and what it is now.',
    {
      findings: [
        item(MOVED_TAGS, { type: 'waits' }, { ...TAGS_AUTO, rule: 'pending', text: 'an owner was changed' }),
      ],
      moved: {
        approvedBy: [actor(DANA)],
        approvedAt: NOW - 7 * MINUTE,
        before: [{ ...TAGS, attributes: [byHand('tags.CostCenter', '42', null)] }],
        after: [MOVED_TAGS],
        also: [],
      },
      asked: ASKED,
    },
    { dark: true },
  ),
  drift('drift-code-moved', 'Not applied, because the code moved after the approval.', {
    findings: [WAITS],
    moved: {
      approvedBy: [actor(DANA), actor(KIM)],
      approvedAt: NOW - 7 * MINUTE,
      before: [HOTFIX],
      after: [HOTFIX],
      also: ['code 9f8e7d6 → 1c2d3e4'],
    },
    asked: ASKED,
  }),
  drift('drift-snoozed', 'The rule is snoozed by Dana; the tags healed themselves.', {
    state: 'quiet',
    alert: 'resolved',
    outcome: 'everything that is left is snoozed or accepted',
    findings: [
      HEALED,
      item(HOTFIX, {
        type: 'snoozed',
        by: DANA,
        until: MONDAY,
        reason: 'vendor needs SSH until the fix ships',
      }),
    ],
  }),
  drift('drift-accepted', 'The rule is accepted: it is part of the baseline now.', {
    state: 'quiet',
    alert: 'resolved',
    outcome: 'everything that is left is snoozed or accepted',
    findings: [item(HOTFIX, { type: 'accepted', by: KIM, at: NOW, reason: 'agreed with security' })],
  }),
  drift('drift-realigned', 'Put back after an approval, and verified.', {
    state: 'realigned',
    alert: 'resolved',
    outcome: 'realigned and verified',
    approvals: [{ by: DANA, at: NOW - 2 * MINUTE }],
    findings: [
      HEALED,
      item(HOTFIX, { type: 'realigned', by: [DANA], at: NOW, verifiedAt: NOW }, NETWORK_HUMAN),
    ],
  }),
  drift('drift-healed', 'All of it healed by policy.', {
    state: 'realigned',
    alert: 'resolved',
    outcome: 'realigned and verified',
    findings: [HEALED],
  }),
  drift('drift-gone', 'Somebody put it back by hand.', {
    alert: 'resolved',
    outcome: 'the drift is gone: code and cloud agree (run #43)',
    findings: [WAITS],
  }),
  drift('drift-rejected', 'Kim said no.', {
    state: 'rejected',
    rejectedBy: actor(KIM),
    findings: [item(HOTFIX, { type: 'rejected', by: KIM, reason: 'the fix ships on Monday' }, NETWORK_HUMAN)],
  }),
  drift('drift-canceled', 'The run was canceled.', {
    state: 'canceled',
    alert: 'resolved',
    outcome: 'canceled by Kim',
    findings: [WAITS],
  }),
  drift('drift-expired', 'It was approved, and m0 could not apply it for hours.', {
    state: 'expired',
    findings: [WAITS],
  }),
  drift('drift-superseded', 'It changed; a newer message tells it.', {
    state: 'superseded',
    alert: 'superseded',
    outcome: 'replaced by run #43',
    findings: [WAITS],
  }),
  drift('drift-superseded-open', 'It changed; the rule is still open, and a newer card shows it.', {
    state: 'superseded',
    alert: 'superseded',
    outcome: 'superseded by run #51',
    newer: { runId: 51, url: NEWER_URL, open: [HOTFIX.address] },
    lastPlan: { runId: 51, open: [HOTFIX.address] },
    findings: [WAITS],
  }),
  drift('drift-newer', 'It was put back; since then it drifted again, which another card shows.', {
    state: 'realigned',
    alert: 'resolved',
    outcome: 'realigned and verified',
    newer: { runId: 51, url: NEWER_URL, open: [HOTFIX.address] },
    lastPlan: { runId: 51, open: [HOTFIX.address] },
    findings: [
      item(HOTFIX, { type: 'realigned', by: [DANA], at: NOW - HOUR, verifiedAt: NOW - HOUR }, NETWORK_HUMAN),
    ],
  }),
  drift('drift-unsnoozed', 'The snooze was ended; the check that follows has not come back yet.', {
    state: 'quiet',
    alert: 'resolved',
    outcome: 'no longer snoozed: Kim asked for a new check',
    newer: null,
    lastPlan: { runId: 42, open: [HOTFIX.address] },
    findings: [WAITS],
  }),
  drift('drift-old', 'A card that many newer ones followed.', {
    state: 'superseded',
    alert: 'superseded',
    outcome: 'superseded by run #43',
    outOfReach: true,
    findings: [WAITS],
  }),
  drift('drift-failed', 'The apply failed, with the tool’s own words.', {
    state: 'failed',
    approvals: [{ by: DANA, at: NOW - 2 * MINUTE }],
    failure: {
      phase: 'applying',
      message:
        'revoking the rule: operation error EC2: RevokeSecurityGroupIngress, https response error StatusCode: 403, api error UnauthorizedOperation: role m0-apply may not do this',
    },
    findings: [WAITS],
  }),
  drift('drift-state-empty', 'It was approved, and then the state was empty: nothing is applied.', {
    state: 'state_empty',
    approvals: [{ by: DANA, at: NOW - 2 * MINUTE }],
    emptied: { resources: 41, run: 42, at: NOW - 10 * MINUTE },
    findings: [WAITS],
  }),
  drift('drift-interrupted', 'm0 was stopped in the middle of an apply, and plans afresh.', {
    state: 'apply_unknown',
    findings: [item(HOTFIX, { type: 'unknown' }, NETWORK_HUMAN)],
  }),
  drift('drift-left', 'After that: what is left, for a person to decide.', {
    runId: 43,
    interrupted: 42,
    findings: [item(HOTFIX, { type: 'unknown' }, NETWORK_HUMAN)],
    asked: ASKED,
  }),
  drift(
    'drift-clean',
    'A check that found nothing.',
    { state: 'clean', alert: 'resolved' },
    { unpictured: true },
  ),
  drift('drift-quiet', 'All that is left is known.', {
    state: 'quiet',
    firstSeenAt: NOW - 30 * HOUR,
    findings: [
      item(HOTFIX, { type: 'snoozed', by: DANA, until: null, reason: '' }),
      item(finding('aws_iam_role.ci', { attributes: [byHand('max_session_duration', 3600, 43200)] }), {
        type: 'accepted',
        by: KIM,
        at: NOW - 400 * HOUR,
        reason: 'long builds',
      }),
    ],
  }),
];
