package m0_test

import data.m0

row(path, before, now) := {
	"path": path,
	"origin": "cloud",
	"kind": "changed",
	"recorded": before,
	"actual": now,
	"desired": before,
	"sensitive": false,
}

finding(type, rows) := {
	"address": sprintf("%s.it", [type]),
	"type": type,
	"origin": "cloud",
	"action": "update",
	"actionable": true,
	"attributes": rows,
}

# What an apply does where the findings tell all of it.
changes_of(findings) := [change |
	some finding in findings
	change := {
		"kind": "resource",
		"address": object.get(finding, "address", ""),
		"actions": [object.get(finding, "action", "update")],
		"paths": [object.get(row, "path", "") | some row in object.get(finding, "attributes", [])],
	}
]

said(findings, changes, settings) := messages if {
	messages := m0.allow with input as {"m0": {"findings": findings, "changes": changes}, "policyData": settings}
}

allowed_with(findings, changes) := {message.address | some message in said(findings, changes, {})}

allowed(findings) := allowed_with(findings, changes_of(findings))

is_allowed(type, rows) if allowed([finding(type, rows)]) == {sprintf("%s.it", [type])}

waits(type, rows) if allowed([finding(type, rows)]) == set()

text := finding("aws_lambda_function", [row("description", "Sends mail", "mail")])

test_texts_are_put_back if {
	is_allowed("aws_lambda_function", [row("description", "Sends mail", "mail")])
	is_allowed("aws_cloudwatch_metric_alarm", [row("alarm_description", "CPU is high", null)])
	is_allowed("aws_sagemaker_image", [row("display_name", "Explore", "x")])
	is_allowed("azurerm_monitor_metric_alert", [row("description", null, "cpu")])
	is_allowed("google_cloud_scheduler_job", [row("description", "Bills", "")])
	is_allowed("cloudflare_dns_record", [row("comment", "Shop", "")])
	is_allowed("datadog_dashboard", [row("description", "Shop", "Shop (copy)")])
	is_allowed("github_repository", [row("description", "The shop", "shop")])
	is_allowed("kubernetes_priority_class_v1", [row("description", "For batch", "batch")])
}

test_the_same_name_of_another_type_waits if {
	waits("aws_launch_template", [row("description", "a", "b")])
	waits("aws_bedrockagent_agent", [row("description", "a", "b")])
	waits("aws_vpc_security_group_ingress_rule", [row("description", "a", "b")])
	waits("datadog_monitor", [row("message", "CPU @pagerduty", "CPU")])
	waits("google_folder", [row("display_name", "a", "b")])
	waits("aws_lambda_function", [row("description.x", "a", "b")])
	waits("kubernetes_service_v1", [row("metadata[0].labels.app", "a", "b")])
}

test_a_document_in_a_text_waits if {
	every document in [`{"route": "pager"}`, ` ["pager"]`, "<speak>", {"a": "b"}, ["a"], 5, true] {
		waits("aws_cloudwatch_metric_alarm", [row("alarm_description", "CPU", document)])
		waits("aws_cloudwatch_metric_alarm", [row("alarm_description", document, "CPU")])
	}
}

test_what_cannot_be_seen_waits if {
	every change in [
		{"desired": {"unknown": true}},
		{"desired": {"sensitive": true}, "actual": {"sensitive": true}, "sensitive": true},
		{"sensitive": null},
		{"unsteady": true},
		{"origin": "code"},
	] {
		waits("aws_lambda_function", [object.union(row("description", "a", "b"), change)])
	}
	waits("aws_lambda_function", [object.remove(row("description", "a", "b"), ["sensitive"])])
	waits("aws_lambda_function", [object.remove(row("description", "a", "b"), ["actual"])])
	waits("aws_lambda_function", [])
}

test_one_other_attribute_waits if {
	waits("aws_lambda_function", [row("description", "a", "b"), row("timeout", 3, 60)])
	is_allowed("aws_lambda_function", [row("description", "a", "b"), row("tags.Owner", "mail", null)])
}

test_what_the_finding_does_not_tell_waits if {
	change := {"address": text.address, "actions": ["update"], "paths": ["description"]}
	allowed_with([text], [change]) == {text.address}
	allowed_with([text], []) == set()
	allowed_with([text], [object.union(change, {"paths": ["description", "timeout"]})]) == set()
	allowed_with([text], [object.union(change, {"actions": ["delete", "create"]})]) == set()
	allowed_with([text], [change, object.union(change, {"actions": ["delete"], "deposed": "00ab12cd"})]) == set()
	invoked := {"address": "action.x.y", "actions": ["invoke"], "paths": [], "triggeredBy": text.address}
	allowed_with([text], [change, invoked]) == set()
	follows := object.union(text, {"follows": ["last_modified"]})
	allowed_with([follows], [object.union(change, {"paths": ["description", "last_modified"]})]) == {text.address}
}

test_code_and_other_actions_wait if {
	every change in [{"origin": "code"}, {"origin": "both"}, {"action": "replace"}, {"action": "create"}, {"action": "delete"}] {
		allowed([object.union(text, change)]) == set()
	}
}

test_a_missing_key_waits if {
	every key in ["address", "type", "origin", "action", "attributes"] {
		allowed([object.remove(text, [key])]) == set()
	}
	count(m0.allow) == 0 with input as {}
}

test_retention_may_be_raised_only if {
	is_allowed("aws_cloudwatch_log_group", [row("retention_in_days", 90, 7)])
	waits("aws_cloudwatch_log_group", [row("retention_in_days", 7, 90)])
	waits("aws_cloudwatch_log_group", [row("retention_in_days", 7, 7)])
	waits("aws_cloudwatch_log_group", [row("retention_in_days", 90, null)])
	waits("aws_cloudwatch_log_group", [row("retention_in_days", "90", "7")])
	is_allowed("azurerm_storage_account", [row("blob_properties[0].delete_retention_policy[0].days", 30, 7)])
}

test_zero_is_forever_or_off if {
	is_allowed("aws_cloudwatch_log_group", [row("retention_in_days", 0, 30)])
	waits("aws_cloudwatch_log_group", [row("retention_in_days", 30, 0)])
	waits("aws_db_instance", [row("backup_retention_period", 0, 30)])
	waits("aws_db_instance", [row("backup_retention_period", 30, 0)])
	is_allowed("aws_db_instance", [row("backup_retention_period", 30, 7)])
}

test_tags_are_those_of_tags_auto if {
	is_allowed("aws_s3_bucket", [row("tags.Owner", "platform", null)])
	is_allowed("google_storage_bucket", [row("labels.owner", "platform", null)])
	waits("aws_s3_bucket", [row("tags.Backup", "daily", null)])
	waits("aws_iam_role", [row("tags.Team", "a", "b")])
	waits("google_compute_instance", [row("tags[*]", "web", null)])
	waits("aws_autoscaling_group", [row("tag[*]", {"key": "Owner"}, null)])
}

test_the_message_names_what_goes_back if {
	tags := finding("aws_s3_bucket", [row("tags.Owner", "platform", null)])
	both := finding("aws_sagemaker_image", [row("tags.Owner", "a", "b"), row("display_name", "a", "b"), row("description", "a", "b")])
	messages := said([tags, both], changes_of([tags, both]), {})
	messages == {
		{"msg": "metadata only", "address": tags.address},
		{"msg": "known to be harmless: description, display_name", "address": both.address},
	}
}

test_each_finding_is_judged_alone if {
	other := finding("aws_security_group", [row("ingress[*]", {}, null)])
	allowed([text, other]) == {text.address}
}

more := {
	"texts": [{"why": "shown in the shop", "attributes": {"aws_sns_topic": ["display_name"], "vault_mount": ["description"]}}],
	"raises": [{"why": "kept longer", "zero": "forever", "attributes": {"aws_s3tables_x": ["days"]}}],
	"guardedTags": ["Squad"],
}

test_a_team_adds_to_the_list if {
	added := [
		finding("aws_sns_topic", [row("display_name", "Shop", "x")]),
		finding("vault_mount", [row("description", "Shop", "x")]),
		finding("aws_s3tables_x", [row("days", 0, 9)]),
	]
	allowed(added) == set()
	{message.address | some message in said(added, changes_of(added), more)} == {f.address | some f in added}
	squad := finding("aws_s3_bucket", [row("tags.Squad", "a", "b")])
	allowed([squad]) == {squad.address}
	said([squad], changes_of([squad]), more) == set()

	# The shipped list stays.
	count(said([text], changes_of([text]), more)) == 1
}

told(settings) := messages if {
	messages := m0.pending with input as {"m0": {"findings": [], "changes": []}, "policyData": settings}
}

text_with(changes) := {"texts": [object.union(more.texts[0], changes)]}

raise_with(changes) := {"raises": [object.union(more.raises[0], changes)]}

test_good_data_have_no_problem if {
	told({}) == set()
	told(more) == set()
}

test_a_mistake_in_the_data_waits if {
	told(["x"]) == {"known-safe-auto: its data must be keys and values: texts, raises, guardedTags"}
	told({"text": []}) == {"known-safe-auto: data has no key text: there are texts, raises, guardedTags"}
	told({"texts": {}}) == {"known-safe-auto: texts must be a list"}
	told({"raises": null}) == {"known-safe-auto: raises must be a list"}
	told({"guardedTags": "x"}) == {"known-safe-auto: guardedTags must be a list of keys, such as [\"Backup\", \"backup:*\"]"}
	told(text_with({"zero": "off"})) == {"known-safe-auto: texts[0] must have attributes, why, nothing else"}
	told({"texts": ["aws_sns_topic.display_name"]}) == {"known-safe-auto: texts[0] must have attributes, why, nothing else"}
	told({"raises": [object.remove(more.raises[0], ["zero"])]}) == {"known-safe-auto: raises[0] must have attributes, why, zero, nothing else"}
	told(raise_with({"zero": 0})) == {"known-safe-auto: raises[0]: zero must be forever or off, and it is 0"}
	every why in ["", " ", 5, null] {
		told(text_with({"why": why})) == {"known-safe-auto: texts[0]: why must say in a text why this is harmless"}
	}
	shape := "known-safe-auto: texts[0]: attributes must be resource types with lists of paths, such as {aws_sns_topic: [display_name]}"
	every attributes in [{}, [], null, {"aws_sns_topic": "display_name"}, {"aws_sns_topic": []}, {"aws_sns_topic": [5]}, {"SNS": ["display_name"]}, {"aws_*": ["description"]}] {
		told({"texts": [{"why": "shown in the shop", "attributes": attributes}]}) == {shape}
	}
}

# Every entry of the shipped list is as problems.rego asks of a team's own.
test_the_shipped_list_is_valid if {
	every kind in ["texts", "raises"] {
		told({kind: m0.shipped(kind)}) == set()
	}
	count(m0.texts) > 200
	count(m0.raises) > 20
}
