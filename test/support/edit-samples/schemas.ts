/** Schemas of providers for samples, in the form of `terraform providers schema -json`. */
import type { Json } from '../../../src/drift/finding.ts';
import type { Schema } from '../../../src/drift/schema.ts';
import { digestsOf, schemaOf } from '../../../src/drift/schema-digest.ts';

type Members = { readonly [name: string]: Json };

/** The schema of one resource type. */
export function schemaWith(type: string, attributes: Members, blocks: Members = {}): Schema {
  const resource = { version: 0, block: { attributes, block_types: blocks } };
  const provider = { resource_schemas: { [type]: resource } };
  return schemaOf(
    digestsOf({ format_version: '1.0', provider_schemas: { 'registry.terraform.io/x/x': provider } }),
  );
}

export const optional = (type: Json, more: Members = {}): Json => ({ type, optional: true, ...more });
export const computed = (type: Json): Json => ({ type, computed: true });
export const both = (type: Json): Json => ({ type, optional: true, computed: true });
export const block = (nesting: string, attributes: Members, blocks: Members = {}): Json => ({
  nesting_mode: nesting,
  block: { attributes, block_types: blocks },
});

/** As the provider built into Terraform 1.11 and OpenTofu 1.12 says. */
export const TERRAFORM_DATA = schemaWith('terraform_data', {
  id: computed('string'),
  input: optional('dynamic'),
  output: computed('dynamic'),
  triggers_replace: optional('dynamic'),
});

const RULE_TYPE: Json = [
  'set',
  [
    'object',
    {
      cidr_blocks: ['list', 'string'],
      description: 'string',
      from_port: 'number',
      ipv6_cidr_blocks: ['list', 'string'],
      prefix_list_ids: ['list', 'string'],
      protocol: 'string',
      security_groups: ['set', 'string'],
      self: 'bool',
      to_port: 'number',
    },
  ],
];

/** As the AWS provider 5.100 says of its parts that matter here. */
export const SECURITY_GROUP = schemaWith(
  'aws_security_group',
  {
    arn: computed('string'),
    description: optional('string'),
    egress: both(RULE_TYPE),
    id: both('string'),
    ingress: both(RULE_TYPE),
    name: both('string'),
    name_prefix: both('string'),
    owner_id: computed('string'),
    revoke_rules_on_delete: optional('bool'),
    tags: optional(['map', 'string']),
    tags_all: both(['map', 'string']),
    vpc_id: both('string'),
  },
  { timeouts: block('single', { create: optional('string'), delete: optional('string') }) },
);

/** As the AWS provider 5.100 says. */
export const IAM_ROLE = schemaWith(
  'aws_iam_role',
  {
    arn: computed('string'),
    assume_role_policy: { type: 'string', required: true },
    create_date: computed('string'),
    description: optional('string'),
    force_detach_policies: optional('bool'),
    id: both('string'),
    managed_policy_arns: both(['set', 'string']),
    max_session_duration: optional('number'),
    name: both('string'),
    name_prefix: both('string'),
    path: optional('string'),
    permissions_boundary: optional('string'),
    tags: optional(['map', 'string']),
    tags_all: both(['map', 'string']),
    unique_id: computed('string'),
  },
  { inline_policy: block('set', { name: optional('string'), policy: optional('string') }) },
);
