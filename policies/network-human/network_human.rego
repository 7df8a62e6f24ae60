# METADATA
# title: Network changes wait for a person
# description: >-
#   Objects to automatic changes of network access: security groups, firewalls, routes,
#   networks, links between them, load balancers and names, on AWS, Azure and Google, and the addresses, groups and
#   networks inside other resources. A manual change in a firewall may be a hotfix that keeps the service running.
#   Tags wait as well: firewall managers and load balancer controllers find groups and subnets by them. Meant for
#   mode guardrail.
# scope: package
package m0

# METADATA
# title: Who reaches what
# description: Waits for a person for every change of network resources.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	message := sprintf("%s: never reverted without a person", [kind_of(finding.type)])
}

# METADATA
# title: The network inside another resource
# description: Waits for a person if a changed attribute of any other resource controls its network access.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	not kind_of(finding.type)
	some attribute in finding.attributes
	reaches(finding.type, attribute.path)
	message := sprintf("%s: never reverted without a person", [attribute.path])
}

# METADATA
# title: It may be a network
# description: Waits for a person if the type does not show what is changed, unless only its tags changed.
# scope: rule
pending contains {"msg": "resource of any kind: never reverted without a person", "address": finding.address} if {
	some finding in actionable
	strings.any_prefix_match(finding.type, any_kind)
	not only_tags(finding)
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

# No objection to findings that an apply does not change.
actionable := [finding |
	some finding in input.m0.findings
	not finding.actionable == false
]

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
		is_string(finding.type)
		is_array(finding.attributes)
		every attribute in finding.attributes {
			is_string(attribute.path)
		}
	}
}

# The longest prefix is the most exact: an aws_vpc_endpoint is no aws_vpc.
kind_of(type) := kind if {
	fits := {[count(prefix), kind] |
		some kind, prefixes in network
		some prefix in prefixes
		startswith(type, prefix)
	}
	[_, kind] := max(fits)
}

only_tags(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not a tag.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		is_tag(finding.type, attribute.path)
		attribute.sensitive == false
		not attribute.desired.unknown
	}
}

is_tag(type, path) if {
	strings.any_prefix_match(type, ["aws_", "awscc_", "azurerm_", "azapi_"])
	regex.match(`^tags(_all)?($|[.\[])`, path)
}

is_tag(type, path) if {
	startswith(type, "google_")
	regex.match(`^((user|resource|effective|terraform)_)?labels($|[.\[])`, path)
}

reaches(type, path) if {
	not is_tag(type, path)
	regex.match(inside, path)
}

# The "tags" of a Google instance choose its firewall rules and routes.
reaches(type, path) if {
	startswith(type, "google_")
	regex.match(`(^|\.)(network_)?tags($|[.\[])`, path)
}

# Parts of names of attributes that control network access.
inside := concat("|", [
	`(^|[._])(security_group|sg_ids?|firewall|network|networks|networking|subnet|vpc|vnet|cidr|cidrs|peering)`,
	`(^|[._])(ip|ips|ipv4|ipv6|ip_address|ip_addresses|ip_range|ip_ranges|ip_rules|ip_restriction|ip_filter)($|[._\[])`,
	`(^|[._])(ingress|egress|inbound|outbound|internet|access_config|ipv6_access_config|nat_ip|eip|elastic_ip)`,
	`public_(access|ip|ips|network|endpoint|fqdn|address|content|dns)|publicly_accessible|_public_(ip|access)`,
	`(private|public|service|vpc|managed_private)_(endpoint|link|connection|service_connect)`,
	`(source|destination|target)_(range|ranges|address|addresses|prefix|tags|dest_check|service_accounts)`,
	`(authorized|allowed|whitelisted|allow|trusted)_(ip|ips|ip_ranges|networks|cidr|cidrs|subnets|external_ips)`,
	`assign_ipv6_address_on_creation|can_ip_forward|source_dest_check|private_cluster_config`,
	`(^|[._])(listener|load_balancer|load_balancers|target_group|target_groups|target_group_arns|web_acl)`,
	`(^|[._])(dns_servers?|dns_config|name_servers?|nameservers|route|routes|routing|nat_gateway|gateway_id)($|[._\[])`,
	`(^|[._])(ports?|port_range|from_port|to_port|default_action|backend_address_pool)($|[.\[])`,
])

# Their type does not show what they create.
any_kind := [
	"aws_cloudcontrolapi_resource",
	"aws_cloudformation_stack",
	"awscc_cloudformation_stack",
	"azapi_",
	"azurerm_management_group_template_deployment",
	"azurerm_resource_group_template_deployment",
	"azurerm_subscription_template_deployment",
	"azurerm_tenant_template_deployment",
	"google_deployment_manager_deployment",
]

# Prefixes of resource types; the key is the text for people.
network := {
	"security group": [
		"aws_default_security_group",
		"aws_medialive_input_security_group",
		"aws_network_interface_sg_attachment",
		"aws_security_group",
		"aws_vpc_security_group_",
		"awscc_ec2_security_group",
		"azurerm_application_security_group",
		"azurerm_network_interface_security_group_association",
		"azurerm_network_security_group",
		"azurerm_network_security_rule",
		"azurerm_subnet_network_security_group_association",
	],
	"firewall": [
		"aws_emr_block_public_access_configuration",
		"aws_fms_",
		"aws_lightsail_instance_public_ports",
		"aws_networkfirewall_",
		"aws_route53_resolver_firewall_",
		"aws_shield_",
		"aws_vpc_block_public_access_",
		"aws_waf",
		"awscc_ec2_vpc_block_public_access_",
		"awscc_fms_",
		"awscc_networkfirewall_",
		"awscc_route53globalresolver_firewall_",
		"awscc_route53resolver_firewall_",
		"awscc_shield_",
		"awscc_wafv2_",
		"azurerm_cdn_frontdoor_firewall_policy",
		"azurerm_cdn_frontdoor_security_policy",
		"azurerm_cosmosdb_postgresql_firewall_rule",
		"azurerm_firewall",
		"azurerm_iotcentral_application_network_rule_set",
		"azurerm_ip_group",
		"azurerm_mongo_cluster_firewall_rule",
		"azurerm_mssql_firewall_rule",
		"azurerm_mssql_outbound_firewall_rule",
		"azurerm_mssql_virtual_network_rule",
		"azurerm_mysql_flexible_server_firewall_rule",
		"azurerm_network_ddos_protection_plan",
		"azurerm_network_manager_admin_rule",
		"azurerm_network_security_perimeter",
		"azurerm_palo_alto_",
		"azurerm_postgresql_flexible_server_firewall_rule",
		"azurerm_redis_firewall_rule",
		"azurerm_signalr_service_network_acl",
		"azurerm_storage_account_network_rules",
		"azurerm_synapse_firewall_rule",
		"azurerm_web_application_firewall_policy",
		"azurerm_web_pubsub_network_acl",
		"google_access_context_manager_",
		"google_app_engine_firewall_rule",
		"google_artifact_registry_vpcsc_config",
		"google_compute_firewall",
		"google_compute_network_edge_security_service",
		"google_compute_network_firewall_policy",
		"google_compute_organization_security_policy",
		"google_compute_region_network_firewall_policy",
		"google_compute_region_security_policy",
		"google_compute_security_policy",
		"google_network_security_",
		"google_service_networking_vpc_service_controls",
		"google_vmwareengine_external_access_rule",
		"google_vmwareengine_network_policy",
	],
	"route": [
		"aws_default_route_table",
		"aws_ec2_carrier_gateway",
		"aws_ec2_local_gateway_",
		"aws_ec2_managed_prefix_list",
		"aws_ec2_transit_gateway",
		"aws_egress_only_internet_gateway",
		"aws_internet_gateway",
		"aws_main_route_table_association",
		"aws_nat_gateway",
		"aws_networkmanager_",
		"aws_route",
		"aws_vpc_route_server",
		"awscc_ec2_carrier_gateway",
		"awscc_ec2_egress_only_internet_gateway",
		"awscc_ec2_gateway_route_table_association",
		"awscc_ec2_internet_gateway",
		"awscc_ec2_ip_pool_route_table_association",
		"awscc_ec2_local_gateway_",
		"awscc_ec2_nat_gateway",
		"awscc_ec2_prefix_list",
		"awscc_ec2_route",
		"awscc_ec2_transit_gateway",
		"awscc_networkmanager_",
		"azurerm_nat_gateway",
		"azurerm_route",
		"azurerm_subnet_nat_gateway_association",
		"azurerm_subnet_route_table_association",
		"azurerm_virtual_hub",
		"google_compute_route",
		"google_network_connectivity_",
	],
	"network ACL": [
		"aws_default_network_acl",
		"aws_network_acl",
		"awscc_ec2_network_acl",
	],
	"network": [
		"aws_default_subnet",
		"aws_default_vpc",
		"aws_ec2_subnet_cidr_reservation",
		"aws_ec2_traffic_mirror_",
		"aws_network_interface",
		"aws_subnet",
		"aws_vpc",
		"awscc_ec2_dhcp_options",
		"awscc_ec2_ipam",
		"awscc_ec2_network_interface",
		"awscc_ec2_subnet",
		"awscc_ec2_traffic_mirror_",
		"awscc_ec2_vpc",
		"azurerm_dev_test_virtual_network",
		"azurerm_network_interface",
		"azurerm_network_manager",
		"azurerm_network_profile",
		"azurerm_stack_hci_logical_network",
		"azurerm_stack_hci_network_interface",
		"azurerm_subnet",
		"azurerm_virtual_network",
		"azurerm_virtual_wan",
		"google_compute_cross_site_network",
		"google_compute_network",
		"google_compute_packet_mirroring",
		"google_compute_region_network_",
		"google_compute_shared_vpc_",
		"google_compute_subnetwork",
		"google_edgenetwork_",
		"google_vmwareengine_network",
		"google_vmwareengine_subnet",
		"google_vpc_access_connector",
	],
	"peering or VPN": [
		"aws_apprunner_vpc_",
		"aws_customer_gateway",
		"aws_dx_",
		"aws_ec2_client_vpn_",
		"aws_vpc_peering_connection",
		"aws_vpn_",
		"awscc_apprunner_vpc_",
		"awscc_directconnect_",
		"awscc_ec2_customer_gateway",
		"awscc_ec2_vpc_peering_connection",
		"awscc_ec2_vpn_",
		"azurerm_app_service_slot_virtual_network_swift_connection",
		"azurerm_app_service_virtual_network_swift_connection",
		"azurerm_bastion_host",
		"azurerm_databricks_virtual_network_peering",
		"azurerm_express_route_",
		"azurerm_local_network_gateway",
		"azurerm_point_to_site_vpn_gateway",
		"azurerm_virtual_network_gateway",
		"azurerm_virtual_network_peering",
		"azurerm_vmware_express_route_authorization",
		"azurerm_vpn_",
		"google_active_directory_peering",
		"google_beyondcorp_",
		"google_compute_external_vpn_gateway",
		"google_compute_ha_vpn_gateway",
		"google_compute_interconnect",
		"google_compute_network_attachment",
		"google_compute_network_peering",
		"google_compute_vpn_",
		"google_service_networking_",
		"google_vmwareengine_network_peering",
	],
	"private endpoint": [
		"aws_ec2_instance_connect_endpoint",
		"aws_elasticsearch_vpc_endpoint",
		"aws_opensearch_authorize_vpc_endpoint_access",
		"aws_opensearch_vpc_endpoint",
		"aws_opensearchserverless_vpc_endpoint",
		"aws_redshift_endpoint_",
		"aws_redshiftserverless_endpoint_access",
		"aws_verifiedaccess_",
		"aws_vpc_endpoint",
		"aws_vpclattice_",
		"awscc_ec2_instance_connect_endpoint",
		"awscc_ec2_verified_access_",
		"awscc_ec2_vpc_endpoint",
		"awscc_opensearchserverless_vpc_endpoint",
		"awscc_vpclattice_",
		"azurerm_arc_private_link_scope",
		"azurerm_dashboard_grafana_managed_private_endpoint",
		"azurerm_data_factory_managed_private_endpoint",
		"azurerm_kusto_cluster_managed_private_endpoint",
		"azurerm_machine_learning_workspace_network_outbound_rule_",
		"azurerm_monitor_private_link_scope",
		"azurerm_private_endpoint",
		"azurerm_private_link_service",
		"azurerm_resource_management_private_link",
		"azurerm_search_shared_private_link_service",
		"azurerm_signalr_shared_private_link_resource",
		"azurerm_stream_analytics_managed_private_endpoint",
		"azurerm_synapse_managed_private_endpoint",
		"azurerm_synapse_private_link_hub",
		"azurerm_web_pubsub_shared_private_link_resource",
		"google_compute_service_attachment",
	],
	"public address": [
		"aws_eip",
		"aws_globalaccelerator_",
		"aws_lightsail_static_ip",
		"awscc_ec2_eip",
		"awscc_globalaccelerator_",
		"azurerm_public_ip",
		"google_compute_address",
		"google_compute_global_address",
		"google_compute_public_",
		"google_vmwareengine_external_address",
	],
	"load balancer": [
		"aws_alb",
		"aws_app_cookie_stickiness_policy",
		"aws_appmesh_",
		"aws_autoscaling_attachment",
		"aws_autoscaling_traffic_source_attachment",
		"aws_cloudfront_",
		"aws_elb",
		"aws_lb",
		"aws_lightsail_lb",
		"aws_load_balancer_",
		"aws_proxy_protocol_policy",
		"awscc_cloudfront_",
		"awscc_elasticloadbalancing",
		"azurerm_application_gateway",
		"azurerm_application_load_balancer",
		"azurerm_cdn_",
		"azurerm_frontdoor",
		"azurerm_lb",
		"azurerm_traffic_manager_",
		"google_compute_backend_",
		"google_compute_forwarding_rule",
		"google_compute_global_forwarding_rule",
		"google_compute_global_network_endpoint",
		"google_compute_network_endpoint",
		"google_compute_region_backend_",
		"google_compute_region_network_endpoint",
		"google_compute_region_ssl_policy",
		"google_compute_region_target_",
		"google_compute_region_url_map",
		"google_compute_ssl_policy",
		"google_compute_target_",
		"google_compute_url_map",
		"google_network_services_",
	],
	"API gateway": [
		"aws_api_gateway_",
		"aws_apigatewayv2_",
		"aws_lambda_function_url",
		"awscc_apigateway",
		"awscc_lambda_url",
		"azurerm_api_management",
		"google_api_gateway_",
		"google_apigee_",
	],
	"DNS": [
		"aws_lightsail_domain",
		"aws_route53",
		"aws_service_discovery_",
		"awscc_route53",
		"awscc_servicediscovery_",
		"azurerm_dns_",
		"azurerm_private_dns_",
		"google_clouddomains_registration",
		"google_dns_",
		"google_service_directory_",
	],
}
