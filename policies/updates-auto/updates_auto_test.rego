package m0_test

import data.m0

attribute := {
	"path": "instance_type",
	"origin": "cloud",
	"kind": "changed",
	"recorded": "m5.large",
	"actual": "m5.xlarge",
	"desired": "m5.large",
	"sensitive": false,
}

# Strange findings are made by changing this one.
update := {
	"address": "aws_instance.web",
	"type": "aws_instance",
	"origin": "cloud",
	"action": "update",
	"actionable": true,
	"attributes": [attribute],
}

# What an apply does where the findings tell all of it.
changes_of(findings) := [change |
	some finding in findings
	change := {"address": object.get(finding, "address", ""), "actions": ["update"], "paths": ["instance_type"]}
]

allowed(findings) := allowed_with(findings, changes_of(findings))

allowed_with(findings, changes) := {message.address |
	some message in m0.allow with input as {"m0": {"findings": findings, "changes": changes}}
}

test_what_comes_besides_waits if {
	left_over := {"address": update.address, "actions": ["delete"], "paths": [], "deposed": "00ab12cd"}
	stop := {"address": "action.stop", "actions": ["invoke"], "paths": [], "triggeredBy": update.address}
	every other in [left_over, stop] {
		allowed_with([update], array.concat(changes_of([update]), [other])) == set()
	}
	allowed_with([update], []) == set()
}

but(changes) := object.union(update, changes)

test_updates_are_allowed_whoever_moved if {
	every origin in ["cloud", "code", "both"] {
		allowed([but({"origin": origin})]) == {"aws_instance.web"}
	}
}

test_every_other_action_waits if {
	every action in ["create", "delete", "replace", "forget", "none", "read", "", "Update", null, ["update"]] {
		allowed([but({"action": action})]) == set()
	}
}

test_a_resource_deleted_by_hand_waits if {
	allowed([but({"action": "create", "deletedByHand": true})]) == set()
	allowed([but({"deletedByHand": true})]) == set()
}

test_what_an_apply_leaves_alone_gets_no_word if {
	allowed([but({"actionable": false})]) == set()
}

test_an_update_of_nothing_waits if {
	allowed([but({"attributes": []})]) == set()
	allowed([but({"attributes": null})]) == set()
}

test_a_strange_origin_waits if {
	every origin in ["", "elsewhere", null] {
		allowed([but({"origin": origin})]) == set()
	}
}

test_what_cannot_be_seen_waits if {
	every change in [
		{"desired": {"unknown": true}},
		{"desired": [{"name": {"unknown": true}}]},
		{"desired": {"sensitive": true}, "sensitive": true},
		{"sensitive": null},
		{"path": null},
	] {
		allowed([but({"attributes": [attribute, object.union(attribute, change)]})]) == set()
	}
	allowed([but({"attributes": [object.remove(attribute, ["sensitive"])]})]) == set()
}

test_a_cloud_that_no_guardrail_knows_waits if {
	every type in ["kubernetes_network_policy", "vault_policy", "terraform_data", "awsx_thing", null] {
		allowed([but({"type": type})]) == set()
	}
	every type in ["awscc_ec2_instance", "azurerm_linux_web_app", "google_compute_instance"] {
		allowed([but({"type": type})]) == {"aws_instance.web"}
	}
}

test_what_is_no_update_says_why_it_waits if {
	said := {action: message.msg |
		some action in ["create", "delete", "replace", "forget", "update", "none"]
		some message in m0.pending with input as {"m0": {"findings": [but({"action": action})]}}
	}
	said == {
		"create": "would be made anew, empty, so a person decides",
		"delete": "would be deleted, so a person decides",
		"replace": "would be deleted and made anew, so a person decides",
		"forget": "would be forgotten and left alone from then on, so a person decides",
	}
	idle := but({"action": "delete", "actionable": false})
	count(m0.pending) == 0 with input as {"m0": {"findings": [idle]}}
}

test_a_missing_key_waits if {
	every key in ["action", "actionable", "origin", "attributes", "address", "type"] {
		allowed([object.remove(update, [key])]) == set()
	}
}

test_each_finding_is_judged_alone if {
	allowed([
		update,
		but({"address": "aws_instance.new", "action": "create"}),
		but({"address": "aws_instance.old", "action": "replace"}),
	]) == {"aws_instance.web"}
}

test_the_message_is_one_a_person_understands if {
	m0.allow == {{"msg": "updated in place", "address": "aws_instance.web"}} with input as {"m0": {"findings": [update], "changes": changes_of([update])}}
}

test_nothing_to_judge_no_word if {
	allowed([]) == set()
	count(m0.allow) == 0 with input as {}
}
