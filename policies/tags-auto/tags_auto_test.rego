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

allowed(findings) := {message.address |
	some message in m0.allow with input as {"m0": {"findings": findings}}
}

test_aws_tags_are_put_back if {
	allowed([finding("aws_s3_bucket", ["tags.Owner", "tags[\"cost/center\"]", "tags"])]) == {"aws_s3_bucket.it"}
}

test_azure_tags_are_put_back if {
	allowed([finding("azurerm_storage_account", ["tags.owner"])]) == {"azurerm_storage_account.it"}
}

test_google_labels_are_put_back if {
	allowed([finding("google_storage_bucket", ["labels.owner"])]) == {"google_storage_bucket.it"}
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
	named := object.union(attribute("tags"), {"desired": {"Owner": "platform", "unknown": "true"}})
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
	some message in m0.allow with input as {"m0": {"findings": [finding("aws_s3_bucket", ["tags.Owner"])]}}
	message.msg == "metadata only"
}
