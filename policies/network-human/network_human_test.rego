package m0_test

import data.m0

waiting(types) := {message.address: message.msg |
	findings := [{"address": sprintf("%s.it", [type]), "type": type} | some type in types]
	some message in m0.pending with input as {"m0": {"findings": findings}}
}

test_kinds_have_their_names if {
	waiting(["aws_security_group", "google_compute_firewall", "azurerm_route_table", "aws_network_acl", "aws_lb"]) == {
		"aws_security_group.it": "security group: never reverted without a person",
		"google_compute_firewall.it": "firewall: never reverted without a person",
		"azurerm_route_table.it": "route: never reverted without a person",
		"aws_network_acl.it": "network ACL: never reverted without a person",
		"aws_lb.it": "load balancer: never reverted without a person",
	}
}

test_rules_of_their_own_wait if {
	count(waiting([
		"aws_security_group_rule",
		"aws_vpc_security_group_ingress_rule",
		"aws_default_security_group",
		"aws_route",
		"aws_route_table_association",
		"aws_network_acl_rule",
		"aws_lb_listener",
		"azurerm_network_security_rule",
		"azurerm_firewall_policy",
		"azurerm_lb_rule",
		"azurerm_application_gateway",
		"google_compute_route",
		"google_compute_router_nat",
		"google_compute_security_policy",
		"google_compute_target_https_proxy",
	])) == 15
}

test_other_resources_get_no_objection if {
	waiting(["aws_s3_bucket", "aws_route53_record", "azurerm_storage_account", "google_sql_database"]) == {}
}

test_nothing_to_judge_no_objection if {
	waiting([]) == {}
}
