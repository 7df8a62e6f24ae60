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

said(findings) := messages if {
	messages := m0.pending with input as {"m0": {"findings": findings}}
}

waiting(findings) := {message.address: message.msg | some message in said(findings)}

unreadable := {"there are findings that can’t be read, so a person looks first"}

test_kinds_have_their_names if {
	kinds := {
		"aws_security_group": "security group",
		"google_compute_firewall": "firewall",
		"azurerm_route_table": "route",
		"aws_network_acl": "network ACL",
		"google_compute_subnetwork": "network",
		"awscc_ec2_vpn_connection": "peering or VPN",
		"azurerm_private_endpoint": "private endpoint",
		"aws_eip": "public address",
		"aws_lb": "load balancer",
		"azurerm_dns_a_record": "DNS",
		"aws_apigatewayv2_route": "API gateway",
		"azapi_resource": "resource of any kind",
	}
	waiting([finding(type, ["setting"]) | some type, _ in kinds]) == {address: message |
		some type, kind in kinds
		address := sprintf("%s.it", [type])
		message := sprintf("%s: never reverted without a person", [kind])
	}
}

test_the_longest_beginning_names_it if {
	kinds := {
		"aws_vpc_security_group_ingress_rule": "security group",
		"aws_vpc_endpoint": "private endpoint",
		"aws_vpc_peering_connection": "peering or VPN",
		"aws_route53_record": "DNS",
		"aws_route53_resolver_firewall_rule": "firewall",
		"aws_route_table_association": "route",
		"azurerm_network_security_rule": "security group",
		"google_compute_network_endpoint_group": "load balancer",
	}
	every type, kind in kinds {
		said([finding(type, ["setting"])]) == {{
			"address": sprintf("%s.it", [type]),
			"msg": sprintf("%s: never reverted without a person", [kind]),
		}}
	}
}

test_every_cloud_has_its_network if {
	types := [
		"aws_default_network_acl",
		"aws_default_security_group",
		"aws_dx_gateway_association",
		"aws_ec2_client_vpn_authorization_rule",
		"aws_ec2_managed_prefix_list_entry",
		"aws_ec2_transit_gateway_route",
		"aws_lb_listener",
		"aws_lb_listener_rule",
		"aws_network_acl_rule",
		"aws_networkfirewall_rule_group",
		"aws_route",
		"aws_security_group_rule",
		"aws_shield_protection",
		"aws_subnet",
		"aws_vpc",
		"aws_vpclattice_auth_policy",
		"aws_wafv2_web_acl",
		"awscc_ec2_network_acl",
		"awscc_ec2_route",
		"awscc_ec2_security_group_ingress",
		"awscc_ec2_subnet",
		"awscc_elasticloadbalancingv2_listener",
		"awscc_wafv2_ip_set",
		"azurerm_application_gateway",
		"azurerm_cdn_frontdoor_firewall_policy",
		"azurerm_express_route_circuit",
		"azurerm_firewall_policy",
		"azurerm_lb_rule",
		"azurerm_mssql_firewall_rule",
		"azurerm_network_security_rule",
		"azurerm_private_dns_zone",
		"azurerm_public_ip",
		"azurerm_subnet",
		"azurerm_virtual_hub_connection",
		"azurerm_virtual_network_peering",
		"google_access_context_manager_service_perimeter",
		"google_compute_network_firewall_policy_rule",
		"google_compute_network_peering",
		"google_compute_organization_security_policy_rule",
		"google_compute_route",
		"google_compute_router_nat",
		"google_compute_security_policy",
		"google_compute_target_https_proxy",
		"google_dns_record_set",
		"google_network_security_gateway_security_policy_rule",
		"google_service_networking_connection",
	]
	count(waiting([finding(type, ["setting"]) | some type in types])) == count(types)
}

test_every_action_waits if {
	every action in ["create", "update", "delete", "replace", "forget"] {
		every type in ["aws_security_group_rule", "azapi_resource"] {
			waiting([object.union(finding(type, []), {"action": action})]) != {}
		}
	}
}

test_code_waits_too if {
	waiting([object.union(finding("aws_security_group", ["ingress[*]"]), {"origin": "code"})]) != {}
}

test_tags_of_the_network_wait if {
	waiting([finding("aws_security_group", ["tags.Name"])]) != {}
	waiting([finding("aws_subnet", ["tags[\"kubernetes.io/role/elb\"]"])]) != {}
}

test_the_network_inside_another_resource_waits if {
	waiting([finding("aws_instance", ["vpc_security_group_ids[*]"])]) == {"aws_instance.it": "vpc_security_group_ids[*]: never reverted without a person"}
	every path in [
		"vpc_config[0].public_access_cidrs[*]",
		"vpc_config[0].endpoint_public_access",
		"network_configuration[0].assign_public_ip",
		"publicly_accessible",
		"associate_public_ip_address",
		"db_subnet_group_name",
		"source_dest_check",
		"load_balancer[*]",
		"target_group_arns[*]",
		"web_acl_id",
		"network_rules[0].default_action",
		"network_acls[0].ip_rules[*]",
		"public_network_access_enabled",
		"site_config[0].ip_restriction[*]",
		"site_config[0].vnet_route_all_enabled",
		"api_server_access_profile[0].authorized_ip_ranges[*]",
		"ip_range_filter[*]",
		"settings[0].ip_configuration[0].authorized_networks[*]",
		"master_authorized_networks_config[0].cidr_blocks[*]",
		"private_cluster_config[0].enable_private_endpoint",
		"network_interface[0].access_config[0].nat_ip",
		"can_ip_forward",
		"ingress",
		"vpc_access[0].egress",
	] {
		waiting([finding("example_resource", [path])]) != {}
	}
}

test_network_tags_of_a_google_instance_wait if {
	waiting([finding("google_compute_instance", ["tags[*]"])]) != {}
	waiting([finding("google_container_cluster", ["node_config[0].tags[*]"])]) != {}
}

test_tags_named_like_a_network_pass if {
	waiting([finding("aws_instance", ["tags.network", "tags[\"public_ip/of\"]"])]) == {}
	waiting([finding("google_compute_instance", ["labels.subnet"])]) == {}
}

test_a_resource_of_any_kind_passes_by_its_tags_alone if {
	waiting([finding("azapi_resource", ["tags.owner"])]) == {}
	waiting([finding("azapi_resource", ["tags.owner", "body.properties.sku"])]) != {}
	every change in [
		{"desired": {"unknown": true}},
		{"desired": {"sensitive": true}, "sensitive": true},
	] {
		tag := object.union(attribute("tags.owner"), change)
		waiting([object.union(finding("azapi_resource", []), {"attributes": [tag]})]) != {}
	}
}

test_values_that_nobody_can_see_make_no_difference if {
	every change in [
		{"desired": {"unknown": true}},
		{"recorded": {"sensitive": true}, "actual": {"sensitive": true}, "desired": {"sensitive": true}, "sensitive": true},
	] {
		cidrs := object.union(attribute("cidr_blocks"), change)
		waiting([object.union(finding("example_resource", []), {"attributes": [cidrs]})]) != {}
	}
}

test_what_no_apply_would_touch_gets_no_objection if {
	idle := {"actionable": false, "action": "none"}
	waiting([object.union(finding("aws_security_group", ["ingress[*]"]), idle)]) == {}
	waiting([object.union(finding("aws_instance", ["subnet_id"]), idle)]) == {}
}

test_a_finding_that_does_not_say_whether_an_apply_touches_it_waits if {
	waiting([object.remove(finding("aws_security_group", []), ["actionable"])]) != {}
}

test_other_resources_get_no_objection if {
	waiting([
		finding("aws_s3_bucket", ["tags.Owner", "versioning[0].enabled"]),
		finding("aws_instance", ["instance_type"]),
		finding("azurerm_storage_account", ["min_tls_version"]),
		finding("google_sql_database", ["charset"]),
	]) == {}
}

test_findings_that_cannot_be_read_wait if {
	unreadable == m0.pending with input as {}
	said("none") == unreadable
	said(null) == unreadable
	group := finding("aws_instance", ["instance_type"])
	every key in ["address", "type", "attributes"] {
		said([object.remove(group, [key])]) == unreadable
	}
	said([object.union(group, {"attributes": [{"origin": "cloud"}]})]) == unreadable
}

test_nothing_to_judge_no_objection if {
	said([]) == set()
}

test_kubernetes_and_cloudflare if {
	waiting([finding(type, ["rule"]) | some type in [
		"kubernetes_service",
		"kubernetes_service_v1",
		"kubernetes_ingress_v1",
		"kubernetes_network_policy_v1",
		"cloudflare_dns_record",
		"cloudflare_ruleset",
		"cloudflare_zone_setting",
	]]) == {
		"kubernetes_service.it": "cluster service: never reverted without a person",
		"kubernetes_service_v1.it": "cluster service: never reverted without a person",
		"kubernetes_ingress_v1.it": "load balancer: never reverted without a person",
		"kubernetes_network_policy_v1.it": "firewall: never reverted without a person",
		"cloudflare_dns_record.it": "DNS: never reverted without a person",
		"cloudflare_ruleset.it": "firewall: never reverted without a person",
		"cloudflare_zone_setting.it": "zone: never reverted without a person",
	}
}

test_an_entry_with_an_end_is_no_beginning if {
	waiting([finding("kubernetes_service_account_v1", ["rule"])]) == {}
}

test_descriptions_are_no_objection if {
	waiting([finding("aws_route53_zone", ["comment"]), finding("google_compute_firewall", ["description"])]) == {}
	count(waiting([finding("aws_security_group", ["description", "ingress[*]"])])) == 1
	count(waiting([object.union(finding("aws_security_group", ["description"]), {"action": "replace"})])) == 1
}

test_missing_lists_wait if {
	message := "network-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.network_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
