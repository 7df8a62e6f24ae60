# METADATA
# title: A hotfix is asked about, never reverted by itself
# description: >-
#   Objects to the automatic revert of manual changes in a security group or firewall (added, changed or removed
#   rules): they may keep the service running. The message says whom to ask: policyData.ask, a name or a list of
#   names (default: the network on-call). AWS, Azure, Google; meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Ask before it goes
# description: Waits for a person for every manual change of a firewall rule, and names whom to ask.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings

	# No objection to findings that an apply does not change; a change of the code alone is no hotfix.
	not finding.actionable == false
	not finding.origin == "code"
	strings.any_prefix_match(finding.type, firewalls)
	message := sprintf("changed by hand, perhaps a hotfix: ask %s before it is reverted%s", [ask, what(finding)])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

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

# The rules after the manual change; a removed one is in the finding.
what(finding) := sprintf(" (%s)", [concat(", ", added)]) if {
	added := sort({said |
		some attribute in finding.attributes
		attribute.origin != "code"
		said := rule_of(attribute.actual)
	})
	count(added) > 0
} else := ""

rule_of(rule) := sprintf("%s from %s", [ports_of(rule), concat(", ", sources)]) if {
	sources := sort({source |
		some key in ["cidr_blocks", "ipv6_cidr_blocks", "source_address_prefixes", "source_address_prefix"]
		some source in names(rule[key])
	})
	count(sources) > 0
}

ports_of(rule) := "all traffic" if {
	rule.protocol in {"-1", "all"}
} else := sprintf("%v/%s", [rule.from_port, rule.protocol]) if {
	rule.from_port == rule.to_port
} else := sprintf("%v-%v/%s", [rule.from_port, rule.to_port, rule.protocol]) if {
	rule.from_port != rule.to_port
} else := sprintf("%s/%s", [rule.destination_port_range, lower(rule.protocol)])

ask := concat(" or ", asked) if {
	asked := sort(names(input.policyData.ask))
	count(asked) > 0
} else := "the network on-call"

# Any other value is not a name.
names(value) := {value} if {
	is_string(value)
	value != ""
} else := {name | some name in value; is_string(name); name != ""} if {
	is_array(value)
} else := set()

# Prefixes of resource types.
firewalls := [
	"aws_default_network_acl",
	"aws_default_security_group",
	"aws_ec2_managed_prefix_list",
	"aws_network_acl",
	"aws_network_interface_sg_attachment",
	"aws_networkfirewall_",
	"aws_security_group",
	"aws_vpc_endpoint_security_group_association",
	"aws_vpc_security_group_",
	"aws_waf",
	"awscc_ec2_network_acl",
	"awscc_ec2_prefix_list",
	"awscc_ec2_security_group",
	"awscc_networkfirewall_",
	"awscc_wafv2_",
	"azapi_",
	"azurerm_application_security_group",
	"azurerm_cdn_frontdoor_firewall_policy",
	"azurerm_cosmosdb_postgresql_firewall_rule",
	"azurerm_firewall",
	"azurerm_frontdoor_firewall_policy",
	"azurerm_ip_group",
	"azurerm_mongo_cluster_firewall_rule",
	"azurerm_mssql_firewall_rule",
	"azurerm_mssql_virtual_network_rule",
	"azurerm_mysql_flexible_server_firewall_rule",
	"azurerm_network_interface_security_group_association",
	"azurerm_network_manager_admin_rule",
	"azurerm_network_security_",
	"azurerm_postgresql_flexible_server_firewall_rule",
	"azurerm_redis_firewall_rule",
	"azurerm_storage_account_network_rules",
	"azurerm_subnet_network_security_group_association",
	"azurerm_synapse_firewall_rule",
	"azurerm_web_application_firewall_policy",
	"google_app_engine_firewall_rule",
	"google_compute_firewall",
	"google_compute_network_firewall_policy",
	"google_compute_organization_security_policy",
	"google_compute_region_network_firewall_policy",
	"google_compute_region_security_policy",
	"google_compute_security_policy",
	"google_network_security_",
]
