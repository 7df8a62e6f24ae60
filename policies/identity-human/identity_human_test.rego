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

waiting_with(data_given, findings) := {message.address |
	some message in m0.pending with input as {"policyData": data_given, "m0": {"findings": findings}}
}

test_kinds_have_their_names if {
	waiting([finding(type, ["setting"]) | some type in [
		"aws_iam_policy",
		"aws_kms_key",
		"azurerm_key_vault_secret",
		"google_secret_manager_secret_version",
		"awscc_sso_permission_set",
		"google_org_policy_policy",
		"aws_sqs_queue_policy",
		"azapi_update_resource",
	]]) == {
		"aws_iam_policy.it": "IAM: rights change only by a person",
		"aws_kms_key.it": "key: rights change only by a person",
		"azurerm_key_vault_secret.it": "key: rights change only by a person",
		"google_secret_manager_secret_version.it": "secret: rights change only by a person",
		"awscc_sso_permission_set.it": "sign-on: rights change only by a person",
		"google_org_policy_policy.it": "organisation: rights change only by a person",
		"aws_sqs_queue_policy.it": "policy of a resource: rights change only by a person",
		"azapi_update_resource.it": "resource of any kind: rights change only by a person",
	}
}

test_every_cloud_has_its_rights if {
	types := [
		"aws_iam_role_policy_attachment",
		"aws_iam_instance_profile",
		"aws_s3_bucket_policy",
		"aws_s3_bucket_acl",
		"aws_organizations_policy",
		"aws_lambda_permission",
		"aws_cognito_user_group",
		"awscc_iam_managed_policy",
		"awscc_s3_bucket_policy",
		"azuread_app_role_assignment",
		"azurerm_role_assignment",
		"azurerm_role_definition",
		"azurerm_pim_eligible_role_assignment",
		"azurerm_user_assigned_identity",
		"azurerm_key_vault_access_policy",
		"azurerm_servicebus_queue_authorization_rule",
		"azurerm_mssql_managed_instance_active_directory_administrator",
		"google_project_iam_member",
		"google_storage_bucket_iam_binding",
		"google_project_iam_custom_role",
		"google_service_account_key",
		"google_kms_crypto_key",
		"google_storage_bucket_access_control",
		"google_tags_tag_binding",
	]
	count(waiting([finding(type, ["setting"]) | some type in types])) == count(types)
}

test_every_action_waits if {
	every action in ["create", "delete", "replace", "forget"] {
		every paths in [[], ["tags.Owner"]] {
			waiting([object.union(finding("aws_kms_key", paths), {"action": action})]) != {}
		}
	}
}

test_code_waits_too if {
	waiting([object.union(finding("aws_iam_policy", ["policy"]), {"origin": "code"})]) != {}
}

test_a_policy_inside_another_resource if {
	waiting([finding("aws_sqs_queue", ["policy"])]) == {"aws_sqs_queue.it": "policy: rights change only by a person"}
	every path in [
		"access_policies",
		"resource_policy",
		"key_policy",
		"inline_policy[*]",
		"assume_role_policy_document",
		"iam_instance_profile",
		"role",
		"execution_role_arn",
		"service_account[0].email",
		"identity[0].identity_ids[*]",
		"access_policy[*]",
		"access[*]",
		"assume_role_policy",
		"managed_policy_arns[*]",
		"cluster_config[0].iam_roles[*]",
		"permissions[*]",
		"principal",
		"environment[0].variables.DB_PASSWORD",
		"master_password",
		"metadata_options[0].http_tokens",
		"user_data",
		"authorization_type",
		"security_policy",
		"grant[*]",
	] {
		waiting([finding("example_resource", [path])]) != {}
	}
}

test_policies_that_are_no_rights_pass if {
	every path in ["redrive_policy", "delivery_policy", "redrive_allow_policy", "tags.role", "tags.policy", "roll_count"] {
		waiting([finding("aws_sqs_queue", [path])]) == {}
	}
}

test_tags_of_a_key_pass if {
	waiting([finding("aws_kms_key", ["tags.Owner", "tags[\"cost/center\"]"])]) == {}
	waiting([finding("google_kms_crypto_key", ["labels.owner"])]) == {}
	waiting([finding("azapi_resource", ["tags.owner"])]) == {}
}

test_tags_beside_something_else_wait if {
	waiting([finding("aws_kms_key", ["tags.Owner", "enable_key_rotation"])]) != {}
	waiting([finding("aws_kms_key", ["tagsets.Owner"])]) != {}
}

test_no_attribute_at_all_waits if {
	waiting([finding("aws_kms_key", [])]) != {}
}

test_tags_that_decide_rights_wait if {
	waiting([finding("aws_iam_role", ["tags.Team"])]) != {}
	waiting([finding("google_tags_tag_value", ["labels.team"])]) != {}
	waiting_with({"tagsDecideRights": true}, [finding("aws_kms_key", ["tags.Team"])]) != set()
	waiting_with({"tagsDecideRights": "yes"}, [finding("aws_kms_key", ["tags.Team"])]) != set()
	waiting_with({"tagsDecideRights": false}, [finding("aws_kms_key", ["tags.Team"])]) == set()
}

test_tags_anywhere_wait_where_they_decide_rights if {
	every given in [true, "yes", 1, null] {
		waiting_with({"tagsDecideRights": given}, [finding("aws_s3_bucket", ["tags.Team"])]) != set()
	}
	waiting_with({"tagsDecideRights": false}, [finding("aws_s3_bucket", ["tags.Team"])]) == set()
	waiting_with({}, [finding("aws_s3_bucket", ["tags.Team"])]) == set()
}

test_a_document_of_rights_under_any_name if {
	statement := object.union(attribute("document"), {"json": [{"path": "Statement[0].Action[*]", "kind": "added"}]})
	waiting([object.union(finding("example_resource", []), {"attributes": [statement]})]) != {}
	other := object.union(attribute("document"), {"json": [{"path": "Widgets[0]", "kind": "added"}]})
	waiting([object.union(finding("example_resource", []), {"attributes": [other]})]) == {}
}

test_a_hidden_value_waits_wherever_it_stands if {
	hidden := object.union(attribute("tags.Token"), {"desired": {"sensitive": true}, "sensitive": true})
	waiting([object.union(finding("aws_s3_bucket", []), {"attributes": [hidden]})]) == {"aws_s3_bucket.it": "tags.Token: a hidden value changes only by a person"}
	unmarked := object.remove(attribute("input"), ["sensitive"])
	waiting([object.union(finding("terraform_data", []), {"attributes": [unmarked]})]) != {}
}

test_tags_that_nobody_can_see_wait if {
	every change in [
		{"desired": {"unknown": true}},
		{"desired": {"sensitive": true}, "sensitive": true},
	] {
		tags := object.union(attribute("tags.Owner"), change)
		waiting([object.union(finding("aws_kms_key", []), {"attributes": [tags]})]) != {}
	}
}

test_what_no_apply_would_touch_gets_no_objection if {
	idle := {"actionable": false, "action": "none"}
	waiting([object.union(finding("aws_iam_policy", ["policy"]), idle)]) == {}
	waiting([object.union(finding("aws_sqs_queue", ["policy"]), idle)]) == {}
}

test_a_finding_that_does_not_say_whether_an_apply_touches_it_waits if {
	waiting([object.remove(finding("aws_iam_policy", ["policy"]), ["actionable"])]) != {}
}

test_other_resources_get_no_objection if {
	waiting([
		finding("aws_s3_bucket", ["tags.Owner"]),
		finding("aws_instance", ["instance_type"]),
		finding("azurerm_storage_account", ["min_tls_version"]),
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

test_logins_in_other_resources if {
	every pair in [
		["azurerm_kubernetes_cluster", "local_account_disabled"],
		["azurerm_storage_account", "shared_access_key_enabled"],
		["azurerm_container_registry", "admin_enabled"],
		["google_compute_instance", `metadata["enable-oslogin"]`],
		["google_compute_instance", `metadata["ssh-keys"]`],
		["google_container_cluster", "enable_legacy_abac"],
		["aws_launch_template", "key_name"],
		["aws_instance", "metadata_options[0].http_tokens"],
		["aws_ecs_service", "enable_execute_command"],
		["kubernetes_deployment_v1", "spec[0].template[0].spec[0].container[0].security_context[0].privileged"],
		["google_cloudbuild_trigger", "approval_config[0].approval_required"],
		["github_repository_webhook", "configuration[0].secret"],
	] {
		waiting([finding(pair[0], [pair[1]])]) == {sprintf("%s.it", [pair[0]]): sprintf("%s: rights change only by a person", [pair[1]])}
	}
}

test_kubernetes_cloudflare_github_and_datadog if {
	types := [
		"kubernetes_cluster_role_v1",
		"kubernetes_role_binding_v1",
		"kubernetes_service_account_v1",
		"cloudflare_zero_trust_access_policy",
		"cloudflare_api_token",
		"github_branch_protection",
		"github_team_repository",
		"github_actions_organization_permissions",
		"datadog_role",
		"datadog_user",
	]
	count(waiting([finding(type, ["rule"]) | some type in types])) == count(types)
}

test_descriptions_are_no_objection if {
	waiting([finding("aws_kms_key", ["description"]), finding("github_team", ["description"])]) == {}
	count(waiting([finding("aws_ssm_parameter", ["settings.description"])])) == 1
	count(waiting([object.union(finding("aws_iam_policy", ["description"]), {"action": "replace"})])) == 1
}

test_missing_lists_wait if {
	message := "identity-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.identity_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
