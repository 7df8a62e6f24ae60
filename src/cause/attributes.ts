/** Which attributes of a Terraform resource an event of CloudTrail changes. */
import { isRecord } from '../base/is-record.ts';
import type { AskedAttribute, CauseQuestion } from '../ports/cause.ts';

/** The first step of an attribute's path, by the names of the events that change it. */
const CHANGES: readonly (readonly [events: string, attributes: string])[] = [
  ['AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress', 'ingress cidr_blocks cidr_ipv4 cidr_ipv6'],
  ['AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress', 'egress cidr_blocks cidr_ipv4 cidr_ipv6'],
  [
    'ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress',
    'ingress egress description cidr_blocks from_port to_port protocol ip_protocol cidr_ipv4 cidr_ipv6',
  ],
  [
    'CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry',
    'ingress egress rule_action cidr_block',
  ],
  ['CreateRoute ReplaceRoute DeleteRoute', 'route gateway_id nat_gateway_id destination_cidr_block'],
  ['ModifyVpcAttribute', 'enable_dns_hostnames enable_dns_support enable_network_address_usage_metrics'],
  ['ModifySubnetAttribute', 'map_public_ip_on_launch assign_ipv6_address_on_creation'],
  [
    'ModifyInstanceAttribute',
    'instance_type vpc_security_group_ids user_data disable_api_termination source_dest_check ebs_optimized',
  ],
  ['ModifyInstanceMetadataOptions', 'metadata_options'],
  ['MonitorInstances UnmonitorInstances', 'monitoring'],
  ['StopInstances StartInstances', 'instance_state state'],
  ['ModifyVolume', 'size type iops throughput'],
  ['PutBucketVersioning', 'versioning versioning_configuration'],
  ['PutBucketPolicy DeleteBucketPolicy', 'policy'],
  ['PutBucketAcl', 'acl grant access_control_policy'],
  ['PutBucketLogging', 'logging target_bucket target_prefix'],
  ['PutBucketEncryption DeleteBucketEncryption', 'server_side_encryption_configuration rule'],
  ['PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle', 'lifecycle_rule rule'],
  ['PutBucketCors DeleteBucketCors', 'cors_rule'],
  ['PutBucketWebsite DeleteBucketWebsite', 'website index_document error_document routing_rule'],
  ['PutBucketReplication DeleteBucketReplication', 'replication_configuration rule'],
  ['PutBucketNotification', 'topic queue lambda_function eventbridge'],
  [
    'PutBucketPublicAccessBlock PutPublicAccessBlock DeleteBucketPublicAccessBlock DeletePublicAccessBlock',
    'block_public_acls block_public_policy ignore_public_acls restrict_public_buckets',
  ],
  ['PutBucketOwnershipControls DeleteBucketOwnershipControls', 'rule'],
  ['UpdateAssumeRolePolicy', 'assume_role_policy'],
  ['PutRolePolicy DeleteRolePolicy', 'inline_policy policy'],
  ['PutUserPolicy DeleteUserPolicy PutGroupPolicy DeleteGroupPolicy', 'policy'],
  ['AttachRolePolicy DetachRolePolicy', 'managed_policy_arns policy_arn policy_arns'],
  ['AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy', 'policy_arn'],
  ['UpdateRole', 'description max_session_duration'],
  ['UpdateRoleDescription', 'description'],
  ['PutRolePermissionsBoundary DeleteRolePermissionsBoundary', 'permissions_boundary'],
  ['CreatePolicyVersion SetDefaultPolicyVersion DeletePolicyVersion', 'policy'],
  ['UpdateAccountPasswordPolicy', 'minimum_password_length require_symbols require_numbers max_password_age'],
  [
    'ModifyDBInstance',
    'instance_class allocated_storage engine_version multi_az publicly_accessible backup_retention_period deletion_protection vpc_security_group_ids db_subnet_group_name iops storage_type parameter_group_name iam_database_authentication_enabled performance_insights_enabled monitoring_interval ca_cert_identifier password',
  ],
  ['ModifyDBCluster', 'engine_version backup_retention_period deletion_protection vpc_security_group_ids'],
  ['ModifyDBParameterGroup ResetDBParameterGroup ModifyDBClusterParameterGroup', 'parameter'],
  [
    'SetQueueAttributes',
    'policy visibility_timeout_seconds message_retention_seconds delay_seconds max_message_size receive_wait_time_seconds redrive_policy kms_master_key_id sqs_managed_sse_enabled',
  ],
  ['SetTopicAttributes', 'policy display_name delivery_policy kms_master_key_id'],
  ['PutRetentionPolicy DeleteRetentionPolicy', 'retention_in_days'],
  ['AssociateKmsKey DisassociateKmsKey', 'kms_key_id'],
  ['PutMetricFilter DeleteMetricFilter', 'pattern metric_transformation'],
  ['UpdateContinuousBackups', 'point_in_time_recovery'],
  ['UpdateTimeToLive', 'ttl'],
  ['EnableKeyRotation DisableKeyRotation', 'enable_key_rotation'],
  ['EnableKey DisableKey', 'is_enabled'],
  ['PutKeyPolicy', 'policy'],
  ['ChangeResourceRecordSets', 'records ttl alias weighted_routing_policy failover_routing_policy'],
  [
    'ModifyLoadBalancerAttributes',
    'enable_deletion_protection access_logs idle_timeout drop_invalid_header_fields',
  ],
  ['SetSecurityGroups', 'security_groups'],
  ['ModifyTargetGroup', 'health_check'],
  ['ModifyTargetGroupAttributes', 'deregistration_delay stickiness slow_start'],
  ['UpdateAutoScalingGroup SetDesiredCapacity', 'desired_capacity min_size max_size'],
  ['UpdateService', 'desired_count task_definition network_configuration'],
  ['UpdateFunctionCode', 'source_code_hash filename s3_key image_uri'],
  ['PutFunctionConcurrency DeleteFunctionConcurrency', 'reserved_concurrent_executions'],
  ['AddPermission RemovePermission', 'policy'],
  ['PutSecretValue UpdateSecret', 'secret_string description kms_key_id'],
  ['PutParameter', 'value type tier description'],
  ['PutRepositoryPolicy SetRepositoryPolicy DeleteRepositoryPolicy', 'policy'],
  ['PutImageScanningConfiguration', 'image_scanning_configuration'],
  ['UpdateClusterConfig', 'vpc_config enabled_cluster_log_types'],
];

const BY_EVENT = new Map(
  CHANGES.flatMap(([events, attributes]) =>
    events.split(' ').map((event) => [event, new Set(attributes.split(' '))] as const),
  ),
);

/** Events that change tags: all of them, or those that the request names. */
const ALL_TAGS = /^(Put|Delete)BucketTagging$/;
const SOME_TAGS = /Tags?$|Tag(Resource|Role|User|Policy|Queue)/i;
/** Events after which a resource is gone. */
const DELETES = /^(Delete|Terminate|Remove|Release|Schedule\w*Deletion)/;

/** An event's name with the version of the API that some services put behind it: `UpdateFunctionConfiguration20150331v2`. */
export function plainEventName(name: string): string {
  return name.replace(/\d{8}(v\d+)?$/, '').replace(/^(\w+?)v\d$/, '$1');
}

/** `VisibilityTimeout`, `visibilityTimeout` and `visibility_timeout` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** The steps of a path: `tags["a.b"]` is `tags` and `a.b`; marks of elements are left out. */
export function stepsOf(path: string): readonly string[] {
  const steps: string[] = [];
  for (const [, quoted, name] of path.matchAll(/\[("(?:[^"\\]|\\.)*")\]|([A-Za-z_][A-Za-z0-9_-]*)/g)) {
    steps.push(quoted === undefined ? (name ?? '') : (JSON.parse(quoted) as string));
  }
  return steps;
}

/** The names and the texts in a request, at any depth. A text that is JSON counts as what it says. */
export interface Mentions {
  readonly keys: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

const DEEPEST = 12;

export function mentionsOf(parameters: unknown): Mentions {
  const keys = new Set<string>();
  const values = new Set<string>();
  const visit = (value: unknown, depth: number): void => {
    if (depth > DEEPEST) return;
    if (Array.isArray(value)) for (const each of value) visit(each, depth + 1);
    else if (isRecord(value)) {
      for (const [key, inner] of Object.entries(value)) {
        keys.add(plain(key));
        // Attributes of queues and tags are often given as keys.
        values.add(key);
        visit(inner, depth + 1);
      }
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      values.add(String(value));
    }
  };
  visit(parameters, 0);
  return { keys, values };
}

/** True if the request, as the event tells it, changes this attribute of the resource. */
function names(event: string, mentions: Mentions, attribute: AskedAttribute): boolean {
  const [first = '', second] = stepsOf(attribute.path);
  if (first === 'tags' || first === 'tags_all') {
    if (ALL_TAGS.test(event)) return true;
    return SOME_TAGS.test(event) && (second === undefined || mentions.values.has(second));
  }
  const known = BY_EVENT.get(event);
  if (known?.has(first) === true) {
    // Where one event covers many attributes, the request must name this one.
    return known.size <= 4 || isMentioned(mentions, attribute.path) || !mentionsAny(mentions, known);
  }
  return isMentioned(mentions, attribute.path);
}

/** The generic rule: a parameter of the request has the attribute's name. */
function isMentioned({ keys }: Mentions, path: string): boolean {
  const [first = ''] = stepsOf(path);
  return keys.has(plain(first)) || keys.has(plain(first.replace(/_seconds$|_in_days$/, '')));
}

function mentionsAny(mentions: Mentions, attributes: ReadonlySet<string>): boolean {
  return [...attributes].some((attribute) => isMentioned(mentions, attribute));
}

/** How well an event explains the finding: how many of its values it mentions, by the path of each attribute it names. */
export type Fit = ReadonlyMap<string, number>;

/** Stands for the resource as a whole, where it was deleted. */
const WHOLE = '';

/** `name`: as `plainEventName` gives it. */
export function fitOf(name: string, parameters: unknown, question: CauseQuestion): Fit {
  const mentions = mentionsOf(parameters);
  if (question.deleted) return new Map(DELETES.test(name) ? [[WHOLE, 0]] : []);
  const named = question.attributes.filter((attribute) => names(name, mentions, attribute));
  const fit = new Map<string, number>();
  for (const { path, values } of named) {
    const times = values.filter((value) => mentions.values.has(value)).length;
    fit.set(path, Math.max(times, fit.get(path) ?? 0));
  }
  return fit;
}

/** True if the request names the resource itself. */
export function namesResource(parameters: unknown, resourceNames: readonly string[]): boolean {
  const { values } = mentionsOf(parameters);
  return resourceNames.some((name) => values.has(name));
}

/** The events that change such attributes, to look for where the log does not know the resource by its name. */
export function eventsFor({ attributes, deleted }: CauseQuestion): readonly string[] {
  if (deleted) return [];
  const wanted = new Set(attributes.map(({ path }) => stepsOf(path)[0] ?? ''));
  return CHANGES.filter(([, changed]) =>
    changed.split(' ').some((attribute) => wanted.has(attribute)),
  ).flatMap(([events]) => events.split(' '));
}
