package m0_test

import data.m0

ssh := {
	"cidr_blocks": ["203.0.113.7/32"],
	"description": "emergency hotfix",
	"from_port": 22,
	"to_port": 22,
	"protocol": "tcp",
	"ipv6_cidr_blocks": [],
}

row(path, actual) := {
	"path": path,
	"origin": "cloud",
	"kind": "added",
	"recorded": null,
	"actual": actual,
	"desired": null,
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

by_hand := finding("aws_security_group", [row("ingress[*]", ssh)])

said(policy_data, findings) := {message.msg |
	some message in m0.pending with input as {"policyData": policy_data, "m0": {"findings": findings}}
}

asking(whom) := sprintf("changed by hand, perhaps a hotfix: ask %s before it is reverted", [whom])

test_a_rule_added_by_hand_waits_and_says_whom_to_ask if {
	said({}, [by_hand]) == {sprintf("%s (22/tcp from 203.0.113.7/32)", [asking("the network on-call")])}
	some message in m0.pending with input as {"m0": {"findings": [by_hand]}}
	message.address == "aws_security_group.it"
}

test_whom_to_ask_is_data if {
	plain := finding("google_compute_firewall", [row("source_ranges[*]", "10.0.0.0/8")])
	said({"ask": "Dana"}, [plain]) == {asking("Dana")}
	said({"ask": ["Kim", "Dana"]}, [plain]) == {asking("Dana or Kim")}
}

test_odd_names_fall_back_to_the_on_call if {
	plain := finding("google_compute_firewall", [row("source_ranges[*]", "10.0.0.0/8")])
	every odd in ["", [], [""], 3, null, {"name": "Dana"}] {
		said({"ask": odd}, [plain]) == {asking("the network on-call")}
	}
}

test_azure_says_its_rule if {
	rule := {"source_address_prefix": "Internet", "destination_port_range": "22", "protocol": "Tcp"}
	said({}, [finding("azurerm_network_security_group", [row("security_rule[*]", rule)])]) == {sprintf("%s (22/tcp from Internet)", [asking("the network on-call")])}
}

test_every_cloud_has_its_firewalls if {
	types := [
		"aws_security_group_rule",
		"aws_vpc_security_group_ingress_rule",
		"aws_default_security_group",
		"aws_network_acl_rule",
		"awscc_ec2_security_group_ingress",
		"azurerm_network_security_rule",
		"azurerm_firewall_policy_rule_collection_group",
		"azurerm_mssql_firewall_rule",
		"google_compute_firewall_policy_rule",
		"google_compute_security_policy",
	]
	every type in types {
		said({}, [finding(type, [])]) == {asking("the network on-call")}
	}
}

test_one_changed_by_hand_and_in_the_code_waits if {
	said({}, [object.union(by_hand, {"origin": "both"})]) != set()
}

test_one_deleted_by_hand_waits if {
	deleted := {"action": "create", "deletedByHand": true, "attributes": []}
	said({}, [object.union(by_hand, deleted)]) == {asking("the network on-call")}
}

test_tags_of_a_security_group_wait_too if {
	said({}, [finding("aws_security_group", [row("tags.Owner", "eve")])]) == {asking("the network on-call")}
}

test_unknown_sensitive_and_missing_wait if {
	every actual in [{"unknown": true}, {"sensitive": true}, null, 7, "x", [], {"cidr_blocks": null}] {
		said({}, [finding("aws_security_group", [row("ingress[*]", actual)])]) == {asking("the network on-call")}
	}
	every key in ["origin", "actionable", "action"] {
		said({}, [object.remove(by_hand, [key])]) != set()
	}
}

test_code_alone_is_no_hotfix if {
	said({}, [object.union(by_hand, {"origin": "code"})]) == set()
}

test_what_no_apply_would_touch_gets_no_objection if {
	said({}, [object.union(by_hand, {"actionable": false, "action": "none"})]) == set()
}

test_other_resources_get_no_objection if {
	said({}, [finding("aws_s3_bucket", []), finding("aws_lb", []), finding("google_compute_network", [])]) == set()
}

test_nothing_to_judge_no_objection if {
	said({}, []) == set()
}

test_what_cannot_be_read_waits if {
	every findings in [null, {}, [{"type": "aws_lb"}], [object.remove(by_hand, ["attributes"])], [object.union(by_hand, {"type": 7})]] {
		m0.pending["there are findings that can’t be read, so a person looks first"] with input as {"m0": {"findings": findings}}
	}
	m0.pending["there are findings that can’t be read, so a person looks first"] with input as {}
}

test_firewalls_of_kubernetes_cloudflare_and_others if {
	every type in ["kubernetes_network_policy_v1", "cloudflare_ruleset", "cloudflare_access_rule", "datadog_ip_allowlist", "github_enterprise_ip_allow_list_entry"] {
		said({}, [finding(type, [row("rules[*]", null)])]) == {asking("the network on-call")}
	}
}

test_missing_lists_wait if {
	message := "hotfix-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.hotfix_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
