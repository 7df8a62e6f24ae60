/** The inputs that the policies of the corpus are evaluated with, by m0 and by opa. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import { inputDocument } from '../../src/policy/document.ts';
import { stack } from '../support/directory.ts';
import { CODE, DANA, NOON } from '../support/runs.ts';

/** One input: `json` is the exact text that both m0 and opa get. */
export interface CorpusInput {
  readonly name: string;
  readonly json: string;
}

/** `m0.run` of every input; the evaluation must return it. */
export const RUN = 42;

type Document = Readonly<Record<string, unknown>>;

const CASES = join(import.meta.dirname, '../cases');
/** Real plans; each contains something that the others do not. */
const PLANS = [
  '01-s3-tags-removed',
  '25-hostile-tag-values',
  '51-many-at-once',
  '61-bucket-policy-by-hand',
  '63-role-trust-by-hand',
  '72-removed-from-code-and-drifted',
  '78-odd-keys-in-nested-modules',
  '88-routes-and-a-switch',
  '103-index-in-code-protection-by-hand',
  '110-opentofu-rule-by-hand',
];

const NOTHING = {
  ...{ findings: [], outputs: [], noise: [], secrets: [], changes: [], untold: [] },
  counts: {
    ...{ findings: 0, cloud: 0, code: 0, both: 0, create: 0, update: 0, delete: 0, replace: 0, noise: 0 },
  },
};

function documentOf(
  plan: unknown,
  analysis: Parameters<typeof inputDocument>[0]['analysis'] = NOTHING,
): Document {
  const question = {
    ...{ run: RUN, stack: stack(), trigger: 'schedule' as const, code: CODE, document: plan },
    ...{ analysis, requestedBy: DANA, approvers: [], now: NOON },
  };
  return inputDocument(question, (actor) => `${actor.name.toLowerCase()}@acme.dev`);
}

async function realPlan(name: string): Promise<CorpusInput> {
  const path = join(CASES, name, 'plan.json');
  const plan = readPlan(await readFile(path), path);
  return { name, json: JSON.stringify(documentOf(plan, analyzePlan(plan, { key: 'corpus' }))) };
}

function change(
  address: string,
  type: string,
  actions: readonly string[],
  before: unknown,
  after: unknown,
): unknown {
  const change = { actions, before, after, after_unknown: {} };
  return { address, mode: 'managed', type, name: address.split('.').at(-1), provider_name: PROVIDER, change };
}
const PROVIDER = 'registry.terraform.io/hashicorp/aws';

const COSTLY = {
  ...documentOf({
    format_version: '1.2',
    terraform_version: '1.4.6-rc1',
    resource_changes: [
      change(
        'aws_instance.web',
        'aws_instance',
        ['update'],
        { instance_type: 't3.micro' },
        { instance_type: 'x1e.4xlarge' },
      ),
      change(
        'aws_db_instance.main',
        'aws_db_instance',
        ['delete', 'create'],
        { size: 10 },
        { size: 33.3, storage_encrypted: false },
      ),
    ],
    configuration: {
      provider_config: {
        aws: {
          ...{ name: 'aws', full_name: PROVIDER, version_constraint: '~> 4.67' },
          expressions: { region: { constant_value: 'us-east-1' } },
        },
      },
    },
  }),
  costEstimation: { totalMonthlyCost: 612.345, previousMonthlyCost: 99.995 },
  approvers: [
    { name: 'Dana', email: 'dana@acme.dev' },
    { name: 'Kim', email: 'kim@acme.dev' },
    { name: 'Lee', email: 'lee@elsewhere.example' },
  ],
  policyData: { most: 1, limits: { most: 2 } },
};

const CHEAP = {
  ...documentOf({ resource_changes: [] }),
  costEstimation: { totalMonthlyCost: 20, previousMonthlyCost: 20 },
  approvers: [
    { name: 'Kim', email: 'kim@acme.dev' },
    { name: 'Lee', email: 'lee@acme.dev' },
  ],
};

const MIDDLING = { ...documentOf({ resource_changes: [] }), costEstimation: { totalMonthlyCost: 300.25 } };

const CARELESS = documentOf({
  planned_values: {
    root_module: {
      resources: [{ address: 'aws_sqs_queue.my-queue', mode: 'managed', name: 'my-queue' }],
      child_modules: [
        { address: 'module.a', resources: [{ address: 'module.a.x.y', mode: 'managed', name: 'y' }] },
      ],
    },
  },
  checks: [{ status: 'fail' }, { status: 'pass' }],
  resource_changes: [
    change(
      'aws_s3_bucket.open',
      'aws_s3_bucket',
      ['update'],
      { acl: 'private' },
      {
        ...{ acl: 'public-read', bucket: 'm0-logs', versioning: [{ enabled: false }] },
        tags: {
          Key: 'AKIAIOSFODNN7EXAMPLE',
          Note: 'ask dana@acme.dev or kim@acme.dev',
          Token: 'GHP_0123456789abc',
        },
      },
    ),
    change('aws_s3_bucket_public_access_block.open', 'aws_s3_bucket_public_access_block', ['create'], null, {
      block_public_acls: true,
      block_public_policy: false,
    }),
  ],
});

function moved(address: string, path: string, recorded: unknown, actual: unknown): unknown {
  const attribute = {
    path,
    origin: 'cloud',
    kind: 'changed',
    recorded,
    actual,
    desired: recorded,
    sensitive: false,
  };
  return { address, type: address.split('.')[0], origin: 'cloud', action: 'update', attributes: [attribute] };
}

const SCALED = {
  ...documentOf({ resource_changes: [] }),
  m0: {
    ...(documentOf({}).m0 as Document),
    environment: 'dev',
    findings: [
      moved('aws_autoscaling_group.web', 'desired_capacity', 2, 7),
      ...Array.from({ length: 21 }, (_, i) =>
        moved(`aws_instance.i${i}`, 'tags.Owner', 'a', i % 2 ? 'b' : null),
      ),
    ],
  },
};

const NULLS = documentOf({
  resource_changes: [
    { address: null, type: null, change: null },
    {
      address: 'aws_s3_bucket.a',
      type: 'aws_s3_bucket',
      change: { actions: null, before: null, after: null },
    },
    change('aws_s3_bucket.b', 'aws_s3_bucket', ['create'], null, {
      tags: null,
      bucket: null,
      policy: null,
      size: null,
    }),
    change('aws_s3_bucket.c', 'aws_s3_bucket', ['delete'], { tags: { Owner: null } }, null),
    null,
    'text',
    7,
  ],
  planned_values: null,
  configuration: null,
});

const UNICODE = documentOf({
  resource_changes: [
    change(
      'aws_s3_bucket.é["😀"]',
      'aws_s3_bucket',
      ['update'],
      {
        name: 'Straße – 日本',
        tags: { Owner: 'ünïcode', 'owner ': 'x' },
        arn: 'arn:aws:s3:eu-west-1:123456789012:é',
      },
      {
        name: 'STRASSE <b>&amp;</b>\u2028',
        tags: { Owner: 'PLATFORM', environment: 'Prod', Team: 'é', Expires: '2026-01-31', ﬁ: '\u0000\u001f' },
        policy:
          '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Note": "\\u00e9\\ud83d\\ude00"}}',
      },
    ),
    change('aws_instance.naïve-name', 'aws_instance', ['create'], null, {
      name: '😀',
      tags: { '': '' },
      user_data_base64: 'w6k=',
    }),
  ],
});

const TIMES = {
  ...documentOf({
    resource_changes: [
      change('aws_instance.old', 'aws_instance', ['no-op'], {}, { tags: { Expires: '2025-12-31' } }),
      change('aws_instance.new', 'aws_instance', ['no-op'], {}, { tags: { Expires: '2027-02-28' } }),
    ],
  }),
  m0: {
    ...(documentOf({}).m0 as Document),
    now: '2026-12-26T22:30:00.25Z',
    environment: 'production',
    stack: 'network-prod',
  },
};

const NETWORKS = documentOf({
  resource_changes: [
    change(
      'aws_security_group.web',
      'aws_security_group',
      ['update'],
      { ingress: [] },
      {
        ingress: [
          {
            from_port: 22,
            to_port: 22,
            protocol: 'tcp',
            cidr_blocks: ['0.0.0.0/0', '10.0.0.0/8'],
            ipv6_cidr_blocks: ['::/0'],
          },
          {
            from_port: 8000,
            to_port: 8100,
            protocol: 'tcp',
            cidr_blocks: ['192.168.1.0/25', '192.168.1.128/25'],
          },
          {
            from_port: 443,
            to_port: 443,
            protocol: 'tcp',
            cidr_blocks: ['::ffff:10.1.2.0/120', 'not a network'],
          },
        ],
      },
    ),
    change('aws_subnet.a', 'aws_subnet', ['create'], null, {
      cidr_block: '10.1.2.3/24',
      availability_zone: 'eu-west-1a',
    }),
    change('aws_subnet.b', 'aws_subnet', ['create'], null, {
      cidr_block: '2001:DB8::1/64',
      availability_zone: 'us-east-1b',
    }),
    change('aws_route.c', 'aws_route', ['create'], null, { destination_cidr_block: '172.16.5.0/33' }),
  ],
});

const MANY = documentOf({
  format_version: '1.2',
  resource_changes: Array.from({ length: 500 }, (_, i) =>
    change(
      `module.m${i % 7}.aws_instance.web[${i}]`,
      ['aws_instance', 'aws_s3_bucket', 'aws_security_group'][i % 3] ?? '',
      [['update'], ['no-op'], ['delete', 'create'], ['create'], ['delete']][i % 5] ?? [],
      {
        instance_type: 't3.micro',
        size: i,
        tags: { Owner: 'platform', Environment: 'dev', CostCenter: String(i) },
      },
      i % 5 === 4
        ? null
        : {
            instance_type: i % 2 ? 't3.large' : 'x1.32xlarge',
            size: i * 1.25,
            tags: { Owner: 'data', Team: i },
          },
    ),
  ),
});

/** JSON text with exact digits, because JavaScript numbers would lose some. */
const NUMBERS = `{
  "m0": {"run": ${RUN}, "stack": "numbers", "environment": "dev", "workspace": "default", "now": "2026-03-02T12:00:00Z", "findings": []},
  "plan": {"resource_changes": [
    {"address": "aws_ebs_volume.a", "type": "aws_ebs_volume", "change": {"actions": ["update"],
      "before": {"size": 1e2, "iops": 9007199254740993, "share": 0.1},
      "after": {"size": 1.50e2, "iops": 12345678901234567890, "share": 0.30000000000000004, "zero": -0.0, "port": 65535.0}}},
    {"address": "aws_ebs_volume.b", "type": "aws_ebs_volume", "change": {"actions": ["create"], "before": null,
      "after": {"size": 2147483648, "cost": 99.995, "count": "12", "ratio": "0.10", "tiny": 1e-9}}}
  ]},
  "costEstimation": {"totalMonthlyCost": 0.30, "previousMonthlyCost": 0.1},
  "policyData": {"most": 2.0}
}`;

/** All inputs: the real plans and odd ones. */
export async function corpusInputs(): Promise<readonly CorpusInput[]> {
  const written: Readonly<Record<string, unknown>> = {
    'an empty plan': documentOf({}),
    'no changes': documentOf({ format_version: '1.2', resource_changes: [] }),
    'only the run': { m0: { run: RUN } },
    'a plan that is text': documentOf('no plan'),
    'changes that are an object': documentOf({
      resource_changes: { a: { address: 'x' }, '1': { address: 'y' } },
    }),
    'costly, three approvers': COSTLY,
    'cheap, two approvers': CHEAP,
    'middling costs': MIDDLING,
    careless: CARELESS,
    'scaled by hand': SCALED,
    'nulls everywhere': NULLS,
    unicode: UNICODE,
    'a night before new year': TIMES,
    networks: NETWORKS,
    '500 changes': MANY,
  };
  const texts = Object.entries(written).map(([name, value]) => ({ name, json: JSON.stringify(value) }));
  const plans = await Promise.all(PLANS.map(realPlan));
  return [...plans, ...texts, { name: 'big and odd numbers', json: NUMBERS }];
}
