/** Attributes that a resource of another type manages as a whole. */
import type { Json } from './finding.ts';
import { field, isArray } from './json-value.ts';
import type { Resource } from './resource.ts';

/**
 * Resource type -> types that manage one aspect of it -> its attributes that repeat this aspect. Only attributes that
 * one such sibling manages as a whole, so that the sibling reports every change there. The source is each sibling's
 * page at https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources.
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
};

/** True if resources of the type `sibling` manage an aspect of resources of the type `type`. */
export function managesAspect(sibling: string, type: string): boolean {
  return Object.hasOwn(ASPECTS[type] ?? {}, sibling);
}

/** True if the sibling exists and manages this attribute of the resource as a whole. */
export function managesAttribute(sibling: Resource, type: string, attribute: string): boolean {
  // One that is only about to be created does not explain what somebody did before.
  if (sibling.recorded === null) return false;
  const attributes = ASPECTS[type]?.[sibling.entry.type];
  if (attributes?.includes(attribute) !== true) return false;
  if (sibling.entry.type !== 'aws_s3_bucket_ownership_controls') return true;
  return [sibling.recorded, sibling.actual].some(disablesAcls);
}

/**
 * Ownership decides about the grants only while it disables access control lists; else anybody may add one.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
function disablesAcls(controls: Json): boolean {
  const rules = field(controls, 'rule');
  return isArray(rules) && rules.some((rule) => field(rule, 'object_ownership') === 'BucketOwnerEnforced');
}
