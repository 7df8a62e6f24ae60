package m0_test

import data.m0

attribute(path) := {
	"path": path,
	"origin": "cloud",
	"kind": "changed",
	"recorded": "a",
	"actual": "b",
	"desired": "a",
	"sensitive": false,
}

finding(type, paths) := {
	"address": sprintf("%s.it", [type]),
	"type": type,
	"origin": "cloud",
	"action": "update",
	"actionable": true,
	"attributes": [attribute(path) | some path in paths],
}

waiting(findings) := {message.address: message.msg |
	some message in m0.pending with input as {"m0": {"findings": findings}}
}

test_kinds_have_their_names if {
	waiting([finding(type, ["setting"]) | some type in [
		"aws_rds_cluster",
		"azurerm_redis_cache",
		"google_bigquery_dataset",
		"aws_sqs_queue",
		"awscc_s3_bucket",
		"aws_ebs_volume",
		"azurerm_backup_policy_vm",
		"aws_cloudwatch_log_group",
		"aws_kms_key",
		"azapi_resource",
	]]) == {
		"aws_rds_cluster.it": "database: data changes only by a person",
		"azurerm_redis_cache.it": "cache: data changes only by a person",
		"google_bigquery_dataset.it": "warehouse: data changes only by a person",
		"aws_sqs_queue.it": "queue or stream: data changes only by a person",
		"awscc_s3_bucket.it": "storage: data changes only by a person",
		"aws_ebs_volume.it": "disk or snapshot: data changes only by a person",
		"azurerm_backup_policy_vm.it": "backup: data changes only by a person",
		"aws_cloudwatch_log_group.it": "log: data changes only by a person",
		"aws_kms_key.it": "key that data is encrypted with: data changes only by a person",
		"azapi_resource.it": "resource of any kind: data changes only by a person",
	}
}

test_every_cloud_has_its_data if {
	types := [
		"aws_db_instance",
		"aws_dynamodb_table",
		"aws_elasticache_replication_group",
		"aws_s3_bucket_versioning",
		"aws_s3_bucket_lifecycle_configuration",
		"aws_s3_bucket_object_lock_configuration",
		"aws_efs_file_system",
		"aws_kinesis_stream",
		"aws_backup_plan",
		"awscc_rds_db_cluster",
		"awscc_ec2_volume",
		"azurerm_mssql_database",
		"azurerm_postgresql_flexible_server",
		"azurerm_storage_account",
		"azurerm_managed_disk",
		"azurerm_recovery_services_vault",
		"azurerm_eventhub_namespace",
		"google_sql_database_instance",
		"google_spanner_database",
		"google_storage_bucket",
		"google_compute_disk",
		"google_compute_resource_policy",
		"google_pubsub_subscription",
		"google_logging_project_bucket_config",
	]
	count(waiting([finding(type, ["setting"]) | some type in types])) == count(types)
}

test_creating_deleting_and_replacing_wait_whatever_moved if {
	every action in ["create", "delete", "replace", "forget"] {
		every paths in [[], ["tags.Owner"]] {
			waiting([object.union(finding("aws_s3_bucket", paths), {"action": action})]) != {}
		}
	}
}

test_one_deleted_by_hand_waits if {
	deleted := {"action": "create", "deletedByHand": true}
	waiting([object.union(finding("aws_dynamodb_table", []), deleted)]) != {}
}

test_code_waits_too if {
	waiting([object.union(finding("aws_db_instance", ["allocated_storage"]), {"origin": "code"})]) != {}
}

test_what_keeps_data_safe_waits_on_any_resource if {
	waiting([finding("aws_lb", ["enable_deletion_protection"])]) == {"aws_lb.it": "enable_deletion_protection: data changes only by a person"}
	every path in [
		"deletion_protection",
		"retention_in_days",
		"backup_retention_period",
		"root_block_device[0].encrypted",
		"ebs_block_device[*]",
		"kms_key_id",
		"versioning[0].enabled",
		"soft_delete_retention_days",
		"purge_protection_enabled",
		"boot_disk[0].auto_delete",
		"os_disk[0].disk_size_gb",
		"force_destroy",
		"skip_destroy",
		"disable_api_termination",
		"termination_protection",
		"point_in_time_recovery[0].enabled",
		"ephemeral_storage[0].size",
		"configuration[0].volume_size",
		"expiration",
	] {
		waiting([finding("example_resource", [path])]) != {}
	}
}

test_a_tag_named_like_a_safety_passes if {
	waiting([finding("aws_instance", ["tags.backup", "tags[\"retention/days\"]"])]) == {}
}

test_tags_alone_pass if {
	waiting([finding("aws_s3_bucket", ["tags.Owner", "tags"])]) == {}
	waiting([finding("azurerm_storage_account", ["tags.owner"])]) == {}
	waiting([finding("google_sql_database_instance", ["settings[0].user_labels.owner"])]) != {}
	waiting([finding("google_storage_bucket", ["labels.owner"])]) == {}
}

test_tags_beside_something_else_wait if {
	waiting([finding("aws_s3_bucket", ["tags.Owner", "versioning[0].enabled"])]) != {}
	waiting([finding("aws_s3_bucket", ["tagsets.Owner"])]) != {}
}

test_no_attribute_at_all_waits if {
	waiting([finding("aws_s3_bucket", [])]) != {}
}

test_tags_that_nobody_can_see_wait if {
	every change in [
		{"desired": {"unknown": true}},
		{"desired": {"sensitive": true}, "sensitive": true},
	] {
		tags := object.union(attribute("tags.Owner"), change)
		waiting([object.union(finding("aws_s3_bucket", []), {"attributes": [tags]})]) != {}
	}
}

test_what_no_apply_would_touch_gets_no_objection if {
	idle := {"actionable": false, "action": "none"}
	waiting([object.union(finding("aws_db_instance", ["allocated_storage"]), idle)]) == {}
	waiting([object.union(finding("aws_lb", ["enable_deletion_protection"]), idle)]) == {}
}

test_a_finding_that_does_not_say_whether_an_apply_touches_it_waits if {
	waiting([object.remove(finding("aws_db_instance", ["port"]), ["actionable"])]) != {}
}

test_other_resources_get_no_objection if {
	waiting([
		finding("aws_instance", ["instance_type"]),
		finding("aws_iam_role", ["setting"]),
		finding("azurerm_linux_web_app", ["https_only"]),
		finding("google_compute_instance", ["machine_type"]),
	]) == {}
}

test_nothing_to_judge_no_objection if {
	waiting([]) == {}
}

test_what_cannot_be_read_waits if {
	every findings in [null, {}, [{"type": "aws_lb"}], [object.remove(finding("aws_lb", []), ["attributes"])], [object.union(finding("aws_lb", []), {"type": 7})]] {
		m0.pending["there are findings that can’t be read, so a person looks first"] with input as {"m0": {"findings": findings}}
	}
	m0.pending["there are findings that can’t be read, so a person looks first"] with input as {}
}

kept(type, path, actual, desired) := object.union(finding(type, []), {"attributes": [object.union(
	attribute(path),
	{"recorded": desired, "actual": actual, "desired": desired},
)]})

test_data_that_is_kept_for_longer_is_no_objection if {
	waiting([kept("aws_cloudwatch_log_group", "retention_in_days", 7, 90)]) == {}
	waiting([kept("aws_db_instance", "backup_retention_period", 1, 35)]) == {}
	waiting([kept("example_thing", "backup_retention_days", 1, 35)]) == {}
}

test_data_that_is_kept_for_less_waits if {
	count(waiting([kept("aws_cloudwatch_log_group", "retention_in_days", 90, 7)])) == 1
	count(waiting([kept("example_thing", "backup_retention_days", 35, 1)])) == 1
	count(waiting([kept("aws_cloudwatch_log_group", "retention_in_days", 0, 7)])) == 1
	count(waiting([kept("aws_cloudwatch_log_group", "retention_in_days", 90, 0)])) == 1
	count(waiting([kept("aws_cloudwatch_log_group", "retention_in_days", 7, {"unknown": true})])) == 1
	count(waiting([kept("aws_s3_bucket_lifecycle_configuration", "rule[0].expiration[0].days", 1, 9)])) == 1
}

test_descriptions_are_no_objection if {
	waiting([finding("aws_kms_key", ["description"]), finding("aws_backup_plan", ["rule[0].description"])]) == {}
	count(waiting([finding("aws_sqs_queue", ["settings.description"])])) == 1
}

test_kubernetes_cloudflare_and_datadog if {
	types := ["kubernetes_persistent_volume_v1", "kubernetes_storage_class_v1", "cloudflare_r2_bucket_lifecycle", "cloudflare_d1_database", "datadog_logs_index"]
	count(waiting([finding(type, ["rule"]) | some type in types])) == count(types)
}

test_missing_lists_wait if {
	message := "data-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.data_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
