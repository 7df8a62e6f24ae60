# METADATA
# title: Network changes wait for a person
# description: >-
#   Objects to putting anything back by itself that decides who reaches what: a change by hand in a firewall may
#   be the hotfix that keeps the service up. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Who reaches what
# description: Waits for a person on security groups, firewalls, routes, network ACLs and load balancers.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	some kind, prefixes in network
	some prefix in prefixes
	startswith(finding.type, prefix)
	not startswith(finding.type, "aws_route53")
	message := sprintf("%s: never reverted without a person", [kind])
}

# Beginnings of resource types; the key is what people read.
network := {
	"security group": [
		"aws_security_group",
		"aws_default_security_group",
		"aws_vpc_security_group_",
		"awscc_ec2_security_group",
		"azurerm_network_security_",
		"azurerm_application_security_group",
		"azurerm_network_interface_security_group_association",
		"azurerm_subnet_network_security_group_association",
	],
	"firewall": [
		"aws_networkfirewall_",
		"aws_waf",
		"azurerm_firewall",
		"azurerm_web_application_firewall_policy",
		"google_compute_firewall",
		"google_compute_network_firewall_",
		"google_compute_region_network_firewall_",
		"google_compute_organization_security_policy",
		"google_compute_security_policy",
	],
	"route": [
		"aws_route",
		"aws_default_route_table",
		"aws_main_route_table_association",
		"aws_internet_gateway",
		"aws_egress_only_internet_gateway",
		"aws_nat_gateway",
		"aws_vpc_peering_connection",
		"aws_vpn_",
		"aws_ec2_transit_gateway",
		"azurerm_route",
		"azurerm_subnet_route_table_association",
		"azurerm_nat_gateway",
		"azurerm_virtual_network_peering",
		"azurerm_virtual_network_gateway",
		"google_compute_route",
		"google_compute_network_peering",
		"google_compute_vpn_",
	],
	"network ACL": [
		"aws_network_acl",
		"aws_default_network_acl",
	],
	"load balancer": [
		"aws_lb",
		"aws_alb",
		"aws_elb",
		"aws_app_cookie_stickiness_policy",
		"aws_load_balancer_",
		"azurerm_lb",
		"azurerm_application_gateway",
		"azurerm_frontdoor",
		"azurerm_cdn_frontdoor_",
		"google_compute_forwarding_rule",
		"google_compute_global_forwarding_rule",
		"google_compute_backend_service",
		"google_compute_region_backend_service",
		"google_compute_url_map",
		"google_compute_region_url_map",
		"google_compute_target_",
		"google_compute_region_target_",
	],
}
