# METADATA
# title: Data changes wait for a person
# description: >-
#   Objects to automatic changes of data and its protection: databases, caches, queues and streams, buckets,
#   disks, volumes, snapshots, backups and logs on AWS, Azure and Google, and retention, encryption, versioning and
#   deletion protection in any resource. It does not object if only tags or labels changed; creating, deleting and
#   replacing always wait. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: What holds data
# description: Waits for a person for every change of resources with data or copies of it.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not only_metadata(finding)
	message := sprintf("%s: data changes only by a person", [kind])
}

# METADATA
# title: What keeps data safe
# description: >-
#   Waits for a person if a changed attribute of any resource controls retention, backups, encryption, versioning,
#   disks or protection from deletion.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	not is_metadata(finding.type, attribute.path)
	regex.match(safety, attribute.path)
	message := sprintf("%s: data changes only by a person", [attribute.path])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
		is_string(finding.type)
		is_array(finding.attributes)
		every attribute in finding.attributes {
			is_string(attribute.path)
		}
	}
}

# No objection to findings that an apply does not change.
actionable := [finding |
	some finding in input.m0.findings
	not finding.actionable == false
]

# Hundreds of findings have only a few types.
kinds := {type: kinds_of(type) | some type in {finding.type | some finding in actionable}}

kinds_of(type) := {kind | some kind, prefixes in holders; strings.any_prefix_match(type, prefixes)}

only_metadata(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		is_metadata(finding.type, attribute.path)
		is_known(attribute)
	}
}

is_metadata(type, path) if {
	some provider, names in metadata
	startswith(type, provider)
	some name in names
	regex.match(sprintf(`^%s($|[.\[])`, [name]), path)
}

# An unknown value may be anything.
is_known(attribute) if {
	attribute.sensitive == false
	not attribute.desired.unknown
}

# "tags" differ between resources: those of a Google instance choose its firewall rules.
metadata := {
	"aws_": ["tags", "tags_all"],
	"awscc_": ["tags"],
	"azurerm_": ["tags"],
	"azapi_": ["tags"],
	"google_": ["labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"],
}

# Parts of attribute names; the last two lines are complete names.
safety := concat("", [
	`(deletion_protect|delete_protect|termination_protection|api_termination|retention|backup|snapshot|encrypt|kms_key`,
	`|versioning|lifecycle_rule|lifecycle_polic|object_lock|force_destroy|force_delete|skip_destroy|soft_delete|purge_`,
	`|deletion_policy|block_device|point_in_time|recovery_window|deletion_window|delete_on_termination|storage_data_disk`,
	`|replication)`,
	`|(^|[._])(archive|archiving|expiration|restore|storage|volume|volumes)($|[._\[])`,
	`|(^|\.)(disk|boot_disk|attached_disk|scratch_disk|os_disk|data_disk)($|[.\[])`,
])

# Prefixes of resource types; the key is the text for people.
holders := {
	"database": [
		"aws_athena_database",
		"aws_db_",
		"aws_dms_",
		"aws_docdb",
		"aws_dsql_",
		"aws_dynamodb_",
		"aws_elasticsearch_",
		"aws_finspace_kx_",
		"aws_keyspaces_",
		"aws_lightsail_database",
		"aws_neptune",
		"aws_opensearch",
		"aws_qldb_",
		"aws_rds_",
		"aws_simpledb_domain",
		"aws_timestream",
		"awscc_cassandra_",
		"awscc_dms_",
		"awscc_docdb",
		"awscc_dsql_",
		"awscc_dynamodb_",
		"awscc_lightsail_database",
		"awscc_neptune",
		"awscc_opensearch",
		"awscc_qldb_",
		"awscc_rds_",
		"awscc_timestream_",
		"azurerm_cosmosdb_",
		"azurerm_mongo_cluster",
		"azurerm_mssql_",
		"azurerm_mysql_",
		"azurerm_oracle_",
		"azurerm_postgresql_",
		"azurerm_search_service",
		"google_alloydb_",
		"google_bigtable_",
		"google_database_migration_service_",
		"google_datastream_",
		"google_firebase_data_connect_service",
		"google_firebase_database_instance",
		"google_firestore_",
		"google_oracle_database_",
		"google_spanner_",
		"google_sql_",
		"google_vector_search_",
	],
	"cache": [
		"aws_dax_",
		"aws_elasticache_",
		"aws_memorydb_",
		"awscc_dax_",
		"awscc_elasticache_",
		"awscc_memorydb_",
		"azurerm_managed_redis",
		"azurerm_redis_",
		"google_memcache_instance",
		"google_memorystore_instance",
		"google_redis_",
	],
	"warehouse": [
		"aws_emr_",
		"aws_glue_catalog_",
		"aws_redshift",
		"aws_s3tables_",
		"awscc_emr_",
		"awscc_glue_database",
		"awscc_redshift",
		"awscc_s3tables_",
		"azurerm_databricks_workspace",
		"azurerm_hdinsight_",
		"azurerm_kusto_",
		"azurerm_synapse_",
		"google_biglake_",
		"google_bigquery_",
		"google_dataproc_metastore_",
		"google_healthcare_",
	],
	"queue or stream": [
		"aws_cloudwatch_event_archive",
		"aws_kinesis_",
		"aws_mq_",
		"aws_msk_",
		"aws_sns_topic",
		"aws_sqs_queue",
		"awscc_amazonmq_",
		"awscc_events_archive",
		"awscc_kinesis",
		"awscc_msk_",
		"awscc_sns_topic",
		"awscc_sqs_queue",
		"azurerm_eventhub",
		"azurerm_servicebus_",
		"azurerm_storage_queue",
		"google_managed_kafka_",
		"google_pubsub_",
	],
	"storage": [
		"aws_ecr_lifecycle_policy",
		"aws_ecr_replication_configuration",
		"aws_ecr_repository",
		"aws_ecrpublic_repository",
		"aws_efs_",
		"aws_fsx_",
		"aws_glacier_",
		"aws_lightsail_bucket",
		"aws_s3_",
		"aws_s3control_bucket",
		"aws_storagegateway_",
		"awscc_ecr_",
		"awscc_efs_",
		"awscc_fsx_",
		"awscc_s3_",
		"awscc_s3express_",
		"awscc_s3files_",
		"awscc_s3outposts_bucket",
		"awscc_s3vectors_",
		"azurerm_container_registry",
		"azurerm_elastic_san",
		"azurerm_managed_lustre_file_system",
		"azurerm_netapp_",
		"azurerm_storage_",
		"google_artifact_registry_repository",
		"google_filestore_",
		"google_firebase_storage_",
		"google_lustre_instance",
		"google_netapp_",
		"google_parallelstore_instance",
		"google_storage_",
	],
	"disk or snapshot": [
		"aws_ami",
		"aws_dlm_",
		"aws_ebs_",
		"aws_lightsail_disk",
		"aws_rbin_",
		"aws_snapshot_",
		"aws_volume_attachment",
		"awscc_ec2_snapshot_",
		"awscc_ec2_volume",
		"awscc_lightsail_disk",
		"awscc_rbin_",
		"azurerm_disk_",
		"azurerm_image",
		"azurerm_managed_disk",
		"azurerm_shared_image",
		"azurerm_snapshot",
		"azurerm_virtual_machine_data_disk_attachment",
		"azurerm_virtual_machine_restore_point",
		"google_compute_attached_disk",
		"google_compute_disk",
		"google_compute_image",
		"google_compute_instant_snapshot",
		"google_compute_machine_image",
		"google_compute_region_disk",
		"google_compute_region_instant_snapshot",
		"google_compute_resource_policy",
		"google_compute_snapshot",
		"google_compute_storage_pool",
	],
	"backup": [
		"aws_backup_",
		"aws_drs_",
		"awscc_backup_",
		"awscc_backupgateway_",
		"azurerm_backup_",
		"azurerm_data_protection_",
		"azurerm_recovery_services_",
		"azurerm_site_recovery_",
		"google_backup_dr_",
		"google_gke_backup_",
	],
	"log": [
		"aws_cloudtrail",
		"aws_cloudwatch_log_",
		"awscc_cloudtrail_",
		"awscc_logs_",
		"azurerm_log_analytics_",
		"azurerm_monitor_diagnostic_setting",
		"google_logging_",
	],
	"key that data is encrypted with": [
		"aws_kms_",
		"awscc_kms_",
		"azurerm_key_vault_key",
		"google_kms_",
	],
	# Their type does not show what they create.
	"resource of any kind": [
		"aws_cloudcontrolapi_resource",
		"aws_cloudformation_stack",
		"awscc_cloudformation_stack",
		"azapi_",
		"azurerm_management_group_template_deployment",
		"azurerm_resource_group_template_deployment",
		"azurerm_subscription_template_deployment",
		"azurerm_tenant_template_deployment",
		"google_deployment_manager_deployment",
	],
}
