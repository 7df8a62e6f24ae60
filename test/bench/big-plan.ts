/** Writes the JSON of very large Terraform plans for the bench. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Json } from '../../src/drift/finding.ts';

type Values = { readonly [key: string]: Json };

/** One resource of a big plan, before and after: a difference is a manual change. */
interface Thing {
  readonly address: string;
  readonly module: string;
  readonly type: string;
  readonly name: string;
  readonly index: number;
  readonly recorded: Values;
  readonly actual: Values;
  readonly sensitive: Values;
}

/** Resources per module: real plans of this size call the same modules many times. */
const PER_MODULE = 50;
const PROVIDER = 'registry.terraform.io/hashicorp/aws';

/**
 * Writes a plan of `changes` resources to `file`; `drifted` of them have manual changes. About 5 KB a
 * resource: buckets, groups, roles and databases; one in twenty has a secret.
 */
export function writeBigPlan(file: string, { changes, drifted }: { changes: number; drifted: number }): void {
  const out = openSync(file, 'w', 0o600);
  let pending: string[] = [];
  const flush = (): void => {
    writeSync(out, pending.join(''));
    pending = [];
  };
  const write = (text: string): void => {
    pending.push(text);
    if (pending.length > 1000) flush();
  };
  const at = (i: number): Thing => {
    const before = Math.floor((i * drifted) / changes);
    return thing(i, Math.floor(((i + 1) * drifted) / changes) > before);
  };
  const each = (show: (thing: Thing) => Json | undefined): void => {
    let separator = '';
    for (let i = 0; i < changes; i++) {
      const shown = show(at(i));
      if (shown === undefined) continue;
      write(`${separator}${JSON.stringify(shown)}`);
      separator = ',';
    }
  };
  const state = (place: 'recorded' | 'actual'): void => {
    write('{"root_module":{"child_modules":[');
    for (let from = 0; from < changes; from += PER_MODULE) {
      const things = Array.from({ length: Math.min(PER_MODULE, changes - from) }, (_, i) => at(from + i));
      const resources = things.map((one) => ({
        ...headOf(one),
        schema_version: 0,
        values: one[place],
        sensitive_values: one.sensitive,
      }));
      write(`${from === 0 ? '' : ','}${JSON.stringify({ resources, address: things[0]?.module ?? '' })}`);
    }
    write(']}}');
  };
  write('{"format_version":"1.2","terraform_version":"1.11.4","planned_values":');
  state('recorded');
  write(',"resource_drift":[');
  each((one) =>
    one.actual === one.recorded ? undefined : entryOf(one, ['update'], one.recorded, one.actual),
  );
  write('],"resource_changes":[');
  each((one) => entryOf(one, [one.actual === one.recorded ? 'no-op' : 'update'], one.actual, one.recorded));
  write('],"prior_state":{"format_version":"1.0","terraform_version":"1.11.4","values":');
  state('actual');
  write(
    `},"configuration":${JSON.stringify(configuration(Math.ceil(changes / PER_MODULE)))},"errored":false}\n`,
  );
  flush();
  closeSync(out);
}

function headOf({ address, type, name, index }: Thing): Values {
  return { address, mode: 'managed', type, name, index, provider_name: PROVIDER };
}

function entryOf(one: Thing, actions: Json, before: Json, after: Json): Json {
  const masks = { before_sensitive: one.sensitive, after_sensitive: one.sensitive };
  const change = { actions, before, after, after_unknown: {}, ...masks };
  return { ...headOf(one), module_address: one.module, change };
}

const KINDS = ['aws_s3_bucket', 'aws_security_group', 'aws_iam_role', 'aws_db_instance'] as const;

function thing(i: number, moved: boolean): Thing {
  const type = KINDS[i % KINDS.length] ?? 'aws_s3_bucket';
  const module = `module.team["t${Math.floor(i / PER_MODULE)}"]`;
  const id = `acme-${i.toString(16).padStart(6, '0')}`;
  const tags = { Name: id, Owner: `team-${i % 40}`, Environment: 'production', CostCenter: `cc-${i % 97}` };
  const secret = i % 20 === 3;
  const recorded = {
    id,
    arn: `arn:aws:service:eu-central-1:123456789012:${type}/${id}`,
    ...valuesOf(type, id, i, secret),
    tags,
    tags_all: tags,
    timeouts: null,
  };
  const mended = { ...tags, Owner: `somebody-${i}` };
  return {
    address: `${module}.${type}.this[${i % PER_MODULE}]`,
    module,
    type,
    name: 'this',
    index: i % PER_MODULE,
    recorded,
    actual: moved ? { ...recorded, tags: mended, tags_all: mended } : recorded,
    sensitive: {
      tags: {},
      tags_all: {},
      ...(type === 'aws_db_instance' && secret ? { password: true } : {}),
    },
  };
}

function valuesOf(type: (typeof KINDS)[number], id: string, i: number, secret: boolean): Values {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Read',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${id}/*`,
      },
      {
        Sid: 'Keep',
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:DeleteObject'],
        Resource: `arn:aws:s3:::${id}/*`,
      },
    ],
  });
  const rule = (port: number): Json => ({
    cidr_blocks: [`10.${i % 250}.${port % 250}.0/24`],
    description: `port ${port} from the office and the build machines`,
    from_port: port,
    ipv6_cidr_blocks: [],
    prefix_list_ids: [],
    protocol: 'tcp',
    security_groups: [],
    self: false,
    to_port: port,
  });
  switch (type) {
    case 'aws_s3_bucket':
      return {
        bucket: id,
        bucket_domain_name: `${id}.s3.amazonaws.com`,
        bucket_regional_domain_name: `${id}.s3.eu-central-1.amazonaws.com`,
        acceleration_status: '',
        cors_rule: [],
        force_destroy: false,
        grant: [{ id: 'f'.repeat(64), permissions: ['FULL_CONTROL'], type: 'CanonicalUser', uri: '' }],
        lifecycle_rule: [],
        policy,
        versioning: [{ enabled: true, mfa_delete: false }],
        website: [],
      };
    case 'aws_security_group':
      return { name: id, vpc_id: `vpc-${i % 50}`, ingress: [22, 443, 5432].map(rule), egress: [rule(0)] };
    case 'aws_iam_role':
      return { name: id, path: '/', assume_role_policy: policy, inline_policy: [{ name: 'own', policy }] };
    case 'aws_db_instance':
      return {
        identifier: id,
        engine: 'postgres',
        engine_version: '16.4',
        instance_class: 'db.r6g.large',
        allocated_storage: 100 + (i % 400),
        password: secret ? `pw-${id}-${i * 7919}` : null,
        endpoint: `${id}.c9akciq32.eu-central-1.rds.amazonaws.com:5432`,
        vpc_security_group_ids: [`sg-${i}`, `sg-${i + 1}`],
        enabled_cloudwatch_logs_exports: ['postgresql', 'upgrade'],
        parameter_group_name: 'default.postgres16',
        maintenance_window: 'sun:04:00-sun:05:00',
        backup_retention_period: 14,
        deletion_protection: true,
        performance_insights_enabled: true,
        ca_cert_identifier: 'rds-ca-rsa2048-g1',
      };
  }
}

function configuration(modules: number): Json {
  const resources = KINDS.map((type) => ({
    address: `${type}.this`,
    mode: 'managed',
    type,
    name: 'this',
    provider_config_key: 'aws',
    expressions: { tags: { references: ['var.tags'] }, name: { references: ['var.name'] } },
    schema_version: 0,
    count_expression: { references: ['var.size'] },
  }));
  const team = { source: './team', module: { resources, variables: { tags: {}, name: {}, size: {} } } };
  const teams = Array.from({ length: modules }, (_, i) => `t${i}`);
  return {
    root_module: { module_calls: { team: { ...team, for_each_expression: { constant_value: teams } } } },
  };
}
