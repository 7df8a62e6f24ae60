/** What resource types are: holders of data, rights, mere links, or nothing in a cloud. */

/** Types that hold data, which is lost with them, or keys without which data is lost. */
const STATEFUL = [
  /^aws_(db_instance|db_cluster_snapshot|db_snapshot|rds_(global_)?cluster(_instance)?|dynamodb_(global_)?table)$/,
  /^aws_(s3_bucket|s3_directory_bucket|s3_object|efs_file_system|ebs_volume|ebs_snapshot|glacier_vault|backup_vault)$/,
  /^aws_(fsx_.*_(file_system|volume)|elasticache_(cluster|replication_group|serverless_cache)|memorydb_cluster)$/,
  /^aws_(redshift(serverless)?_(cluster|namespace)|opensearch_domain|elasticsearch_domain|docdb(elastic)?_cluster)$/,
  /^aws_(neptune_cluster|kinesis_stream|sqs_queue|msk_(serverless_)?cluster|mq_broker|timestreamwrite_\w+)$/,
  /^aws_(keyspaces_(keyspace|table)|qldb_ledger|secretsmanager_secret|ssm_parameter|kms_key|cognito_user_pool)$/,
  /^aws_(ecr_repository|cloudwatch_log_group|route53_zone|lightsail_(database|disk))$/,
  /^azurerm_(storage_(account|container|share|queue|table|blob)|managed_disk|snapshot|key_vault(_key|_secret)?)$/,
  /^azurerm_((mssql|postgresql|mysql|mariadb|sql)_\w*(server|database|managed_instance)|cosmosdb_\w+|redis_cache)$/,
  /^azurerm_(netapp_volume|data_lake_\w+|kusto_(cluster|database)|eventhub|servicebus_queue|dns_zone)$/,
  /^google_(sql_database(_instance)?|storage_bucket(_object)?|bigquery_(dataset|table)|bigtable_(instance|table))$/,
  /^google_(spanner_(instance|database)|firestore_database|compute_(disk|snapshot)|kms_(crypto_key|key_ring))$/,
  /^google_(filestore_instance|redis_instance|alloydb_(cluster|instance)|secret_manager_secret|dns_managed_zone)$/,
  /^kubernetes_(persistent_volume(_claim)?(_v1)?|namespace(_v1)?|stateful_set(_v1)?)$/,
];

/** True for a type that holds data. */
export function isStateful(type: string): boolean {
  return STATEFUL.some((pattern) => pattern.test(type));
}

const IDENTITY = [
  /^aws_(iam_|ssoadmin_|identitystore_|lakeformation_(permissions|data_lake)|organizations_policy|kms_grant)/,
  /^aws_(lambda_permission|ram_(resource|principal)|eks_access_|cognito_identity_pool)/,
  /^(azuread_|azurerm_(role_|user_assigned_identity|federated_identity|key_vault_access_policy|pim_))/,
  /^google_(\w+_iam_(member|binding|policy|audit_config|custom_role)|service_account|iam_|project_iam|folder_iam)/,
  /^(kubernetes_(cluster_)?role|kubernetes_service_account|vault_policy|okta_|auth0_|github_(team|membership|repository_coll))/,
];

/** True for a type that says who may do what. */
export function isIdentity(type: string): boolean {
  return IDENTITY.some((pattern) => pattern.test(type));
}

/** Types that only connect others or set something on them, so that a delete destroys no object. */
const LINK =
  /(_rule|_rules|_attachment|_association|_membership|_policy|_policy_document|_member|_binding|_assignment|_permission|_acl|_block|_versioning|_encryption_configuration|_configuration|_record|_record_set|_route|_notification|_subscription|_grant|_lock|_alias|_tag)$/;
/** Types that exist only in the state. */
const HOLLOW = /^(terraform_data|null_resource|random_|time_|local_|tls_)/;

/** True if a delete of such a resource destroys something in a cloud that is more than a setting or a link. */
export function isObjectInCloud(type: string): boolean {
  return isStateful(type) || (!LINK.test(type) && !HOLLOW.test(type));
}

/** Short nouns for types that people meet often. Plurals get an `s`. */
const NOUNS: readonly (readonly [RegExp, string])[] = [
  [/^aws_iam_\w*policy_attachment$/, 'IAM policy attachment'],
  [/^aws_iam_(role_|user_|group_)?policy$/, 'IAM policy'],
  [/^aws_iam_access_key$/, 'access key'],
  [/^aws_iam_(role|user|group)$/, 'IAM $1'],
  [/^aws_(default_)?security_group$/, 'group'],
  [/^aws_(vpc_)?security_group(_ingress|_egress)?_rule$/, 'rule'],
  [/^aws_sqs_queue$/, 'queue'],
  [/^aws_sns_topic$/, 'topic'],
  [/^aws_s3_bucket$|^google_storage_bucket$/, 'bucket'],
  [/^(aws_db_instance|google_sql_database_instance)$/, 'database'],
  [/^aws_rds_cluster$/, 'database cluster'],
  [/^aws_dynamodb_table$/, 'table'],
  [/^(aws_instance|google_compute_instance)$/, 'instance'],
  [/^aws_lambda_function$/, 'function'],
  [/^aws_cloudwatch_log_group$/, 'log group'],
  [/^aws_kms_key$/, 'key'],
  [/^azurerm_network_security_group$/, 'security group'],
  [/^azurerm_network_security_rule$/, 'rule'],
  [/^azurerm_role_assignment$/, 'role assignment'],
  [/^google_compute_firewall$/, 'firewall rule'],
];

/** What people call one resource of the type: `queue`, `IAM policy`; the type itself if it has no short noun. */
export function nounOf(type: string): string {
  for (const [pattern, noun] of NOUNS) {
    if (pattern.test(type)) return type.replace(pattern, noun);
  }
  return type;
}
