/** Gallery: drift that people approve in parts. */
import { byCode, COMMIT, DANA, finding, item, KIM, MINUTE, NOW, TAGS_AUTO } from '../views.ts';
import { ASKED, type DriftExhibit, drift, TAGS, WAITS } from './drift-open.ts';

const REPLACED = item(
  finding('aws_db_instance.prod-orders', {
    origin: 'code',
    action: 'replace',
    attributes: [{ ...byCode('engine_version', '15.4', '16.2'), forcesReplacement: true }],
  }),
  { type: 'waits' },
  { policy: 'databases', commit: COMMIT, rule: 'pending', text: 'a database is replaced' },
);
/** A hotfix, and a database with the record that points to it. */
export const COUPLED = [
  WAITS,
  REPLACED,
  item(
    finding('aws_route53_record.orders', { origin: 'code', attributes: [byCode('records', 'old', 'new')] }),
    {
      type: 'waits',
    },
  ),
];

export const driftParts: readonly DriftExhibit[] = [
  drift(
    'drift-parts-coupled',
    'The database is replaced, and what depends on it changes with it: one button, the loss first.',
    {
      stack: 'prod-db',
      findings: COUPLED,
      parts: [
        { findings: [WAITS], fingerprint: '0a1b2c3d', need: 1, approvedBy: [] },
        { findings: COUPLED.slice(1), fingerprint: '1a1b2c3d', need: 1, approvedBy: [] },
      ],
      asked: ASKED,
    },
    { asks: 'Approve: delete and recreate prod-orders, and 1 more change', unpictured: true },
  ),
  drift(
    'drift-parts-one-of-two',
    'Two people must approve each part, and Kim has approved one.',
    {
      stack: 'prod-db',
      findings: [item(TAGS, { type: 'waits' }, TAGS_AUTO), REPLACED],
      parts: [
        {
          findings: [item(TAGS, { type: 'waits' }, TAGS_AUTO)],
          fingerprint: '0a1b2c3d',
          need: 2,
          approvedBy: [],
        },
        { findings: [REPLACED], fingerprint: '1a1b2c3d', need: 2, approvedBy: [KIM] },
      ],
      approvals: [{ by: KIM, at: NOW - 3 * MINUTE }],
      approvers: { need: 2, groups: ['sre', 'oncall:primary'], onCall: [DANA] },
      asked: ASKED,
    },
    { unpictured: true },
  ),
  drift('drift-state-only-here', 'The stack has no remote backend: the card warns before the first apply.', {
    stack: 'prod-db',
    findings: [WAITS],
    parts: [{ findings: [WAITS], fingerprint: '0a1b2c3d', need: 1, approvedBy: [] }],
    asked: ASKED,
    stateOnlyHere: true,
  }),
  drift('drift-follows', 'The stack follows another one, and an order that its code shows makes a ring.', {
    stack: 'prod-app',
    findings: [WAITS],
    parts: [{ findings: [WAITS], fingerprint: '0a1b2c3d', need: 1, approvedBy: [] }],
    asked: ASKED,
    follows: ['prod-network'],
    ignoredRings: [['prod-app', 'prod-dns', 'prod-app']],
  }),
  drift('drift-parts-many', 'Four things are lost beside a tag: the losses are one button.', {
    stack: 'prod-db',
    findings: [
      item(TAGS, { type: 'waits' }, TAGS_AUTO),
      ...['orders', 'users', 'stock', 'mail'].map((name) =>
        item(finding(`aws_sqs_queue.${name}`, { action: 'delete', origin: 'code' }), { type: 'waits' }),
      ),
    ],
    asked: ASKED,
  }),
];
