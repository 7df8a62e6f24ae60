/** Removes echoes: drift that only repeats what another resource (a sibling) manages and reports itself. */
import type { Segment } from './attribute-path.ts';
import { canonical } from './canonical.ts';
import { type Configuration, configKey } from './configuration.ts';
import type { Json } from './finding.ts';
import { isEmpty, leavesOf } from './json-value.ts';
import { handlesOf, namesIn, type Resource } from './resource.ts';
import { isRuleEcho } from './security-group.ts';
import type { RawRow } from './walk.ts';

/**
 * Resource type -> types that manage one aspect of it -> its attributes that repeat this aspect. The sibling
 * reports a change there.
 */
const ASPECTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  aws_s3_bucket: {
    aws_s3_bucket_accelerate_configuration: ['acceleration_status'],
    aws_s3_bucket_acl: ['acl', 'grant'],
    aws_s3_bucket_cors_configuration: ['cors_rule'],
    aws_s3_bucket_lifecycle_configuration: ['lifecycle_rule'],
    aws_s3_bucket_logging: ['logging'],
    aws_s3_bucket_object_lock_configuration: ['object_lock_configuration', 'object_lock_enabled'],
    aws_s3_bucket_ownership_controls: ['acl', 'grant'],
    aws_s3_bucket_policy: ['policy'],
    aws_s3_bucket_replication_configuration: ['replication_configuration'],
    aws_s3_bucket_request_payment_configuration: ['request_payer'],
    aws_s3_bucket_server_side_encryption_configuration: ['server_side_encryption_configuration'],
    aws_s3_bucket_versioning: ['versioning'],
    aws_s3_bucket_website_configuration: ['website', 'website_domain', 'website_endpoint'],
  },
  aws_sqs_queue: {
    aws_sqs_queue_policy: ['policy'],
    aws_sqs_queue_redrive_policy: ['redrive_policy'],
    aws_sqs_queue_redrive_allow_policy: ['redrive_allow_policy'],
  },
  aws_sns_topic: { aws_sns_topic_policy: ['policy'] },
  aws_kms_key: { aws_kms_key_policy: ['policy'] },
  aws_secretsmanager_secret: {
    aws_secretsmanager_secret_policy: ['policy'],
    aws_secretsmanager_secret_rotation: ['rotation_enabled', 'rotation_lambda_arn', 'rotation_rules'],
  },
  aws_ecs_cluster: {
    aws_ecs_cluster_capacity_providers: ['capacity_providers', 'default_capacity_provider_strategy'],
  },
  aws_vpc: {
    aws_main_route_table_association: ['main_route_table_id'],
    aws_vpc_dhcp_options_association: ['dhcp_options_id'],
  },
  aws_rds_cluster: { aws_rds_cluster_instance: ['cluster_members'] },
};

/** Attributes that a provider counts or dates by itself. */
const BOOKKEEPING = new Set([
  'attachment_count',
  'last_modified',
  'last_modified_date',
  'last_updated',
  'last_update_time',
]);

/** True if the attribute only follows other changes, and nobody can set it. */
export function isBookkeeping(segments: readonly Segment[]): boolean {
  return typeof segments[0] === 'string' && BOOKKEEPING.has(segments[0]);
}

/** Knows all resources of a plan, and therefore which drift is only an echo. */
export class Echoes {
  readonly #resources: readonly Resource[];
  readonly #configuration: Configuration;
  #byHandle: ReadonlyMap<string, ReadonlySet<Resource>> | undefined;

  constructor(resources: readonly Resource[], configuration: Configuration) {
    this.#resources = resources;
    this.#configuration = configuration;
  }

  /**
   * The rows of a resource that are echoes of a sibling. `candidates`: rows of attributes that the resource's own
   * code does not set and that an apply would not change.
   */
  among(resource: Resource, candidates: readonly RawRow[]): ReadonlySet<RawRow> {
    if (candidates.length === 0) return new Set();
    const siblings = this.#siblingsOf(resource);
    if (siblings.length === 0) return new Set();
    return new Set(candidates.filter((row) => isEcho(resource, row, siblings)));
  }

  #siblingsOf(resource: Resource): Resource[] {
    const { type } = resource.entry;
    const referring = this.#configuration.referrers.get(configKey(resource.entry));
    const aspects = ASPECTS[type] ?? {};
    const isNear = (other: Resource): boolean =>
      Object.hasOwn(aspects, other.entry.type) ||
      other.entry.type.startsWith(`${type}_`) ||
      (type === 'aws_security_group' && other.entry.type.startsWith('aws_vpc_security_group_')) ||
      referring?.has(configKey(other.entry)) === true;
    const byHandle = this.#index();
    const all = new Set([...handlesOf(resource)].flatMap((handle) => [...(byHandle.get(handle) ?? [])]));
    all.delete(resource);
    return [...all].filter(isNear);
  }

  /**
   * Handle of a drifted resource -> the resources that mention it. Built in one pass, because a comparison of all
   * pairs takes minutes for a big plan.
   */
  #index(): ReadonlyMap<string, ReadonlySet<Resource>> {
    if (this.#byHandle !== undefined) return this.#byHandle;
    const drifted = this.#resources.filter((resource) => resource.drift !== undefined);
    const index = new Map<string, Set<Resource>>();
    for (const handle of drifted.flatMap((resource) => [...handlesOf(resource)]))
      index.set(handle, new Set());
    for (const resource of this.#resources) {
      for (const name of namesIn(resource)) index.get(name)?.add(resource);
    }
    this.#byHandle = index;
    return index;
  }
}

function isEcho(resource: Resource, row: RawRow, siblings: readonly Resource[]): boolean {
  const attribute = row.segments[0];
  if (typeof attribute !== 'string') return false;
  const { type } = resource.entry;
  if (type === 'aws_security_group' && (attribute === 'ingress' || attribute === 'egress')) {
    return isRuleEcho(resource, attribute, row, siblings);
  }
  return siblings.some((sibling) => {
    const aspects = ASPECTS[type]?.[sibling.entry.type];
    if (aspects?.includes(attribute)) return true;
    return (
      repeats(row.recorded, sibling.recorded) && repeats(row.actual, sibling.actual) && isDistinctive(row)
    );
  });
}

/** True if every scalar of the value also appears in the sibling. An empty value always counts as repeated. */
function repeats(value: Json, sibling: Json): boolean {
  const leaves = comparableLeaves(value);
  if (leaves.length === 0) return true;
  const own = new Set(leavesOf(sibling).map((leaf) => canonical(leaf, 'plan')));
  return leaves.every((leaf) => own.has(leaf));
}

/** Short or common scalars prove nothing: at least one repeated text must have four characters or more. */
function isDistinctive(row: RawRow): boolean {
  return [row.recorded, row.actual]
    .flatMap(leavesOf)
    .some((leaf) => typeof leaf === 'string' && leaf.length >= 4);
}

function comparableLeaves(value: Json): string[] {
  return leavesOf(value)
    .filter((leaf) => !isEmpty(leaf) && typeof leaf !== 'boolean' && leaf !== 0)
    .map((leaf) => canonical(leaf, 'plan'));
}
