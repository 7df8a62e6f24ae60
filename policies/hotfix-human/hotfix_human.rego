# METADATA
# title: A hotfix is asked about, never reverted by itself
# description: >-
#   Objects to the automatic revert of manual changes in a security group or firewall (added, changed or removed
#   rules): they may keep the service running, or stop an attack. The message says whom to ask: policyData.ask, a name
#   or a list of names (default: the network on-call). AWS, Azure, Google, Kubernetes, Cloudflare, GitHub, Datadog; the
#   list is in data.yaml. Meant for mode guardrail.
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
	strings.any_prefix_match(finding.type, lists.firewalls)
	message := sprintf("changed by hand, perhaps a hotfix: ask %s before it is reverted%s", [ask, what(finding)])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

# METADATA
# title: Lists that can't be read
# description: Waits for a person if data.yaml is missing beside this file, or is not complete.
# scope: rule
pending contains "hotfix-human: its lists are missing, copy data.yaml as well" if not listed

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

lists := data.hotfix_human

# Without its lists a guardrail would object to nothing.
listed if {
	is_array(lists.firewalls)
}
