/** Gallery: drift whose headline has something grave to tell first, and what a create or a move tells. */
import type { ContentEntry, Json } from '../../../src/drift/finding.ts';
import { byCode, byHand, COMMIT, finding, item, NETWORK_HUMAN, TAGS_AUTO } from '../views.ts';
import { ASKED, type DriftExhibit, drift, TAGS } from './drift-open.ts';

function contents(values: Readonly<Record<string, Json>>): readonly ContentEntry[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, value]) => ({ path, value, sensitive: false }));
}

const WORLD = { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'] };
const HTTPS = { from_port: 443, to_port: 443, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'] };

/** A policy that was attached by hand to a role whose policies the code does not list. */
export const ADMIN_BY_HAND = finding('aws_iam_role.ci', {
  action: 'none',
  actionable: false,
  attributes: [
    {
      ...byHand('managed_policy_arns[*]', null, 'arn:aws:iam::aws:policy/AdministratorAccess'),
      desired: 'arn:aws:iam::aws:policy/AdministratorAccess',
    },
  ],
});

const ADMIN_POLICY = finding('aws_iam_policy.deploy', {
  origin: 'code',
  action: 'create',
  contents: contents({
    description: 'what the pipeline may do',
    name: 'deploy',
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'All', Effect: 'Allow', Action: '*', Resource: '*' },
        { Sid: 'No', Effect: 'Deny', Action: ['iam:CreateUser', 'iam:CreateAccessKey'], Resource: '*' },
      ],
    }),
    'tags.Owner': 'platform',
  }),
});

export const OPEN_GROUP = finding('aws_security_group.bastion', {
  origin: 'code',
  action: 'create',
  contents: contents({
    description: 'bastion',
    'ingress[*]': WORLD,
    name: 'bastion',
    revoke_rules_on_delete: false,
    vpc_id: 'vpc-0a1b2c3d',
  }),
});

const QUEUE = finding('aws_sqs_queue.jobs', {
  origin: 'code',
  action: 'create',
  contents: contents({
    delay_seconds: 0,
    fifo_queue: false,
    max_message_size: 262144,
    message_retention_seconds: 345600,
    name: 'jobs',
    sqs_managed_sse_enabled: true,
    visibility_timeout_seconds: 30,
  }),
});

export const DATABASE = finding('aws_db_instance.prod_db', {
  origin: 'code',
  action: 'replace',
  attributes: [{ ...byCode('storage_encrypted', false, true), forcesReplacement: true }],
  contents: contents({
    allocated_storage: 500,
    engine: 'postgres',
    engine_version: '16.2',
    identifier: 'prod-db',
    instance_class: 'db.r6g.xlarge',
    storage_encrypted: true,
  }),
});

const PERSON = {
  policy: 'access',
  commit: COMMIT,
  rule: 'pending',
  text: 'access is a person’s decision',
} as const;

export const driftWorst: readonly DriftExhibit[] = [
  drift(
    'drift-exposed',
    'SSH is open to the world, a policy was attached that no apply would take away, and tags heal.',
    {
      state: 'approved',
      findings: [
        item(TAGS, { type: 'heals' }, TAGS_AUTO),
        item(
          finding('aws_security_group.web', {
            attributes: [
              byHand('ingress[*]', null, { ...WORLD, description: 'emergency hotfix' }),
              byHand('ingress[*]', { ...HTTPS, cidr_blocks: ['10.0.0.0/8'] }, HTTPS),
            ],
          }),
          { type: 'waits' },
          NETWORK_HUMAN,
        ),
      ],
      unaffected: [
        ADMIN_BY_HAND,
        finding('aws_instance.web', {
          actionable: false,
          action: 'none',
          attributes: [byHand('ami', 'a', 'b')],
        }),
        finding('aws_sqs_queue.work', {
          ...{ actionable: false, action: 'none', origin: 'code', previousAddress: 'aws_sqs_queue.jobs' },
        }),
        finding('aws_s3_bucket.old', { actionable: false, action: 'none', origin: 'code', importing: true }),
      ],
    },
    { dark: true },
  ),
  drift(
    'drift-outside',
    'The worst is what no apply would take away.',
    {
      stack: 'prod-iam',
      findings: [item(TAGS, { type: 'waits' }, PERSON)],
      unaffected: [ADMIN_BY_HAND],
      asked: ASKED,
    },
    { unpictured: true },
  ),
  drift(
    'drift-created',
    'What the code creates, with what it opens and allows.',
    {
      stack: 'prod-app',
      findings: [ADMIN_POLICY, OPEN_GROUP, QUEUE].map((one) => item(one, { type: 'waits' }, PERSON)),
      asked: ASKED,
    },
    { asks: 'Approve: create these 3' },
  ),
  drift(
    'drift-database',
    'An apply would delete a database and create it anew.',
    {
      stack: 'prod-db',
      findings: [
        item(
          DATABASE,
          { type: 'waits' },
          { policy: 'databases', commit: COMMIT, rule: 'pending', text: 'a database is replaced' },
        ),
        item(
          finding('aws_instance.worker', {
            ...{ origin: 'code', action: 'replace', actionReason: 'replace_because_tainted' },
            contents: contents({ ami: 'ami-1', instance_type: 'm7g.large' }),
          }),
          { type: 'waits' },
          PERSON,
        ),
      ],
      asked: ASKED,
    },
    { asks: 'Approve: delete and recreate prod_db' },
  ),
  drift(
    'drift-beside',
    'What an apply does besides the drift: an action, what follows, equal values, an object left over.',
    {
      findings: [
        item(
          finding('aws_instance.web', {
            attributes: [
              byHand('tags.Owner', 'platform', null),
              { ...byCode('tags.Built', '2026-11-27T09:41:00Z', '2026-11-28T09:41:00Z'), unsteady: true },
            ],
            origin: 'both',
            follows: ['host_id', 'private_dns', 'public_dns'],
            invokes: [
              {
                address: 'action.aws_ec2_stop_instance.stop',
                type: 'aws_ec2_stop_instance',
                triggeredBy: 'aws_instance.web',
                event: 'BeforeUpdate',
              },
            ],
          }),
          { type: 'waits' },
          NETWORK_HUMAN,
        ),
      ],
      beside: [
        {
          words: '1 resource only spelled anew, with equal values',
          items: ['redrive_policy of module.orders.aws_sqs_queue.main'],
        },
        {
          words: '1 object left over from an earlier replace, deleted with the next apply of its resource',
          items: ['aws_lb.front (deposed 00ab12cd)'],
        },
      ],
      alongside: ['module.orders.aws_sqs_queue.main'],
    },
  ),
];
