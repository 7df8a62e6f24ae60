package m0_test

import data.m0

attribute(path) := {
	"path": path,
	"origin": "cloud",
	"kind": "removed",
	"recorded": "platform",
	"actual": null,
	"desired": "platform",
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

# What an apply does where the findings tell all of it.
changes_of(findings) := [change |
	some finding in findings
	change := {
		"address": object.get(finding, "address", ""),
		"actions": [object.get(finding, "action", "update")],
		"paths": [path | some path in [object.get(a, "path", "") | some a in object.get(finding, "attributes", [])]],
	}
]

allowed(findings) := allowed_with(findings, changes_of(findings))

allowed_with(findings, changes) := {message.address |
	some message in m0.allow with input as {"m0": {"findings": findings, "changes": changes}}
}

test_aws_tags_are_put_back if {
	allowed([finding("aws_s3_bucket", ["tags.Owner", "tags[\"cost/center\"]"])]) == {"aws_s3_bucket.it"}
	all_of_them := object.union(attribute("tags"), {"recorded": {"Owner": "platform"}, "desired": {"Owner": "platform"}})
	allowed([object.union(finding("aws_s3_bucket", []), {"attributes": [all_of_them]})]) == {"aws_s3_bucket.it"}
}

test_tags_whose_keys_cannot_be_seen_wait if {
	allowed([finding("aws_s3_bucket", ["tags"])]) == set()
	allowed([finding("aws_s3_bucket", ["tags.Owner.name"])]) == set()
	allowed([finding("awscc_s3_bucket", ["tags[0].value"])]) == set()
}

test_elements_of_a_list_of_tags_are_put_back if {
	element := object.union(attribute("tags[*]"), {
		"recorded": {"key": "Owner", "value": "platform"},
		"desired": {"key": "Owner", "value": "platform"},
	})
	tags := object.union(finding("awscc_s3_bucket", []), {"attributes": [element]})
	change := {"address": tags.address, "actions": ["update"], "paths": ["tags"]}
	allowed_with([tags], [change]) == {"awscc_s3_bucket.it"}
	guarded := json.patch(tags, [{"op": "replace", "path": "/attributes/0/recorded/key", "value": "Backup"}])
	allowed_with([guarded], [change]) == set()
}

test_tags_of_identities_wait if {
	every type in [
		"aws_iam_role", "aws_iam_user", "aws_iam_policy", "aws_ssoadmin_permission_set", "aws_cognito_user_pool",
		"aws_eks_pod_identity_association", "awscc_iam_role", "azurerm_user_assigned_identity", "azuread_application",
	] {
		allowed([finding(type, ["tags.Team"])]) == set()
	}
}

test_tags_that_spread_wait if {
	every path in ["tag[*]", "tag[0].value", "tags.Team"] {
		allowed([finding("aws_autoscaling_group", [path])]) == set()
	}
	every type in ["aws_cloudformation_stack", "aws_networkmanager_vpc_attachment", "azurerm_kubernetes_cluster"] {
		allowed([finding(type, ["tags.Team"])]) == set()
	}
	allowed([finding("google_cloudfunctions_function", ["labels.team"])]) == set()
}

test_labels_and_selectors_of_kubernetes_wait if {
	every path in ["metadata[0].labels.app", "spec[0].selector.app", "labels.app", "metadata[0].annotations.team", "tags.app"] {
		allowed([finding("kubernetes_service", [path])]) == set()
		allowed([finding("kubernetes_service_v1", [path])]) == set()
	}
}

test_tags_by_which_a_machine_acts_wait if {
	every key in [
		"Backup", "backup-plan", "Schedule", "AutoStop", "auto-delete", "PatchGroup", "access-project", "kubernetes.io",
		"karpenter_sh", "DataClassification", "ttl", "CostGuard", "role",
	] {
		allowed([finding("aws_instance", [sprintf("tags[%s]", [json.marshal(key)])])]) == set()
	}
	allowed([finding("aws_subnet", ["tags[\"kubernetes.io/role/elb\"]"])]) == set()
	allowed([finding("aws_subnet", ["tags[\"aws:cloudformation:stack-name\"]"])]) == set()
	allowed([finding("azurerm_application_insights", ["tags[\"hidden-link:/subscriptions/x\"]"])]) == set()
}

with_guards(guards, key) := addresses if {
	findings := [finding("aws_instance", [sprintf("tags[%s]", [json.marshal(key)])])]
	addresses := {message.address |
		some message in m0.allow with input as {
			"m0": {"findings": findings, "changes": changes_of(findings)},
			"policyData": {"guardedTags": guards},
		}
	}
}

test_a_team_names_more_of_them if {
	every key in ["Squad", "squad", "fin:code", "x/tier", "my-guard-2"] {
		with_guards(["Squad", "fin:*", "*/tier", "*guard*"], key) == set()
	}
	every key in ["Squads", "finance", "x/tiers", "Owner"] {
		with_guards(["Squad", "fin:*", "*/tier", "*guard*"], key) == {"aws_instance.it"}
	}
}

told(settings) := messages if {
	messages := m0.pending with input as {"m0": {"findings": [], "changes": []}, "policyData": settings}
}

test_a_mistake_in_the_data_waits if {
	told({}) == set()
	told({"guardedTags": ["Backup", "backup:*"]}) == set()
	told([]) == {"tags-auto: its data must be keys and values: guardedTags"}
	told({"guardedTag": []}) == {"tags-auto: data has no key guardedTag: there is guardedTags"}
	told({"guardedTags": "Backup"}) == {"tags-auto: guardedTags must be a list of keys, such as [\"Backup\", \"backup:*\"]"}
	every guard in [5, "", "*", "a*b", " Backup", null] {
		text := sprintf("tags-auto: guardedTags[0] must be a key, with * only at its start or its end, and it is %s", [json.marshal(guard)])
		told({"guardedTags": [guard]}) == {text}
	}
}

test_tags_that_are_known_only_after_the_apply_wait if {
	tags := object.union(finding("aws_s3_bucket", ["tags.Owner"]), {"follows": ["tags"]})
	change := {"address": tags.address, "actions": ["update"], "paths": ["tags", "tags.Owner"]}
	allowed_with([tags], [change]) == set()
	allowed_with([object.remove(tags, ["follows"])], [change]) == {"aws_s3_bucket.it"}
}

test_an_object_left_over_from_a_replace_waits if {
	tags := finding("aws_s3_bucket", ["tags.Owner"])
	left_over := {"address": tags.address, "actions": ["update"], "paths": ["tags.Owner"], "deposed": "00ab12cd"}
	allowed_with([tags], array.concat(changes_of([tags]), [left_over])) == set()
}

test_azure_tags_are_put_back if {
	allowed([finding("azurerm_storage_account", ["tags.owner"])]) == {"azurerm_storage_account.it"}
}

test_google_labels_are_put_back if {
	allowed([finding("google_storage_bucket", ["labels.owner"])]) == {"google_storage_bucket.it"}
}

test_labels_that_are_configuration_wait if {
	allowed([finding("google_monitoring_notification_channel", ["labels.email_address"])]) == set()
	allowed([finding("google_cloud_identity_group", ["labels[\"cloudidentity.googleapis.com/groups.security\"]"])]) == set()
	allowed([finding("google_monitoring_notification_channel", ["user_labels.team"])]) == {"google_monitoring_notification_channel.it"}
}

test_what_the_finding_does_not_tell_waits if {
	tags := finding("aws_lambda_function", ["tags.Owner"])
	change := {"address": tags.address, "actions": ["update"], "paths": ["environment[0].variables", "tags.Owner"]}
	allowed_with([tags], [change]) == set()
	allowed_with([tags], []) == set()
	allowed_with([tags], [object.union(change, {"address": "aws_lambda_function.other", "paths": []})]) == set()
	allowed_with([tags], [object.union(change, {"actions": ["delete", "create"], "paths": ["tags.Owner"]})]) == set()
}

test_what_follows_may_come_along if {
	tags := object.union(finding("aws_ssm_parameter", ["tags.Owner"]), {"follows": ["version"]})
	change := {"address": tags.address, "actions": ["update"], "paths": ["tags.Owner", "version"]}
	allowed_with([tags], [change]) == {"aws_ssm_parameter.it"}
	allowed_with([object.remove(tags, ["follows"])], [change]) == set()
}

test_an_action_that_is_invoked_waits if {
	tags := finding("aws_instance", ["tags.Owner"])
	stop := {"address": "action.aws_ec2_stop_instance.stop", "actions": ["invoke"], "paths": [], "triggeredBy": tags.address}
	allowed_with([tags], array.concat(changes_of([tags]), [stop])) == set()
}

test_network_tags_of_a_google_instance_wait if {
	allowed([finding("google_compute_instance", ["tags[*]"])]) == set()
}

test_one_other_attribute_waits if {
	allowed([finding("aws_s3_bucket", ["tags.Owner", "acl"])]) == set()
}

test_a_name_that_only_begins_like_tags_waits if {
	allowed([finding("aws_s3_bucket", ["tagsets.Owner"])]) == set()
}

test_no_attribute_at_all_waits if {
	allowed([finding("aws_s3_bucket", [])]) == set()
}

test_code_waits if {
	tags := finding("aws_s3_bucket", ["tags.Owner"])
	allowed([object.union(tags, {"origin": "code"})]) == set()
	allowed([object.union(tags, {"origin": "both"})]) == set()
}

test_one_attribute_from_the_code_waits if {
	tags := finding("aws_s3_bucket", ["tags.Owner"])
	mixed := object.union(tags, {"attributes": [object.union(attribute("tags.Owner"), {"origin": "code"})]})
	allowed([mixed]) == set()
}

test_a_tag_that_nobody_can_see_waits if {
	every change in [
		{"desired": {"unknown": true}},
		{"desired": [{"key": "Owner", "value": {"unknown": true}}]},
		{"desired": {"sensitive": true}, "sensitive": true},
		{"sensitive": null},
	] {
		hidden := object.union(attribute("tags.Owner"), change)
		allowed([object.union(finding("aws_s3_bucket", []), {"attributes": [attribute("tags.Env"), hidden]})]) == set()
	}
	unmarked := object.remove(attribute("tags.Owner"), ["sensitive"])
	allowed([object.union(finding("aws_s3_bucket", []), {"attributes": [unmarked]})]) == set()
}

test_a_tag_named_like_a_mark_is_put_back if {
	values := {"Owner": "platform", "unknown": "true"}
	named := object.union(attribute("tags"), {"recorded": values, "desired": values})
	allowed([object.union(finding("aws_s3_bucket", []), {"attributes": [named]})]) == {"aws_s3_bucket.it"}
}

test_a_finding_that_cannot_be_read_waits if {
	tags := finding("aws_s3_bucket", ["tags.Owner"])
	every key in ["address", "type", "origin", "action", "attributes"] {
		allowed([object.remove(tags, [key])]) == set()
	}
	count(m0.allow) == 0 with input as {}
}

test_every_other_action_waits if {
	tags := finding("aws_s3_bucket", ["tags.Owner"])
	every action in ["create", "delete", "replace", "forget", "none"] {
		allowed([object.union(tags, {"action": action})]) == set()
	}
}

test_each_finding_is_judged_alone if {
	allowed([
		finding("aws_s3_bucket", ["tags.Owner"]),
		finding("aws_security_group", ["ingress[*]"]),
	]) == {"aws_s3_bucket.it"}
}

test_the_message_is_one_a_person_understands if {
	findings := [finding("aws_s3_bucket", ["tags.Owner"])]
	some message in m0.allow with input as {"m0": {"findings": findings, "changes": changes_of(findings)}}
	message.msg == "metadata only"
}
