# METADATA
# title: Network changes wait for a person
# description: >-
#   Objects to automatic changes of network access: security groups, firewalls, routes,
#   networks, links between them, load balancers and names, on AWS, Azure, Google, Kubernetes and Cloudflare, and the
#   addresses, groups and networks inside other resources. The lists are in data.yaml. A manual change in a firewall may be a hotfix that keeps the service running.
#   Tags wait as well: firewall managers and load balancer controllers find groups and subnets by them. Meant for
#   mode guardrail.
# scope: package
package m0

# METADATA
# title: Who reaches what
# description: Waits for a person for every change of network resources, unless only a description changed.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	kind := kinds[finding.type]
	not only_texts(finding)
	message := sprintf("%s: never reverted without a person", [kind])
}

# METADATA
# title: The network inside another resource
# description: Waits for a person if a changed attribute of any other resource controls its network access.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	not kinds[finding.type]
	some attribute in finding.attributes
	[finding.type, attribute.path] in reaching
	message := sprintf("%s: never reverted without a person", [attribute.path])
}

# METADATA
# title: It may be a network
# description: Waits for a person if the type does not show what is changed, unless only its tags changed.
# scope: rule
pending contains {"msg": "resource of any kind: never reverted without a person", "address": finding.address} if {
	some finding in actionable
	strings.any_prefix_match(finding.type, lists.any_kind)
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

# METADATA
# title: Lists that can't be read
# description: Waits for a person if data.yaml is missing beside this file, or is not complete.
# scope: rule
pending contains "network-human: its lists are missing, copy data.yaml as well" if not listed

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

# Hundreds of findings have only a few types and attributes.
kinds := {type: kind_of(type) | some type in {finding.type | some finding in actionable}}

reaching := {[type, path] |
	some [type, path] in {[finding.type, attribute.path] |
		some finding in actionable
		some attribute in finding.attributes
	}
	reaches(type, path)
}

# The longest prefix is the most exact: an aws_vpc_endpoint is no aws_vpc. A "$" at the end of an entry ends the type.
kind_of(type) := kind if {
	whole := concat("", [type, "$"])
	fits := {[count(prefix), kind] |
		some kind, prefixes in network
		strings.any_prefix_match(whole, prefixes)
		some prefix in prefixes
		startswith(whole, prefix)
	}
	[_, kind] := max(fits)
}

# A description of the resource or of one of its blocks; a key of a map is no text.
only_texts(finding) if {
	finding.action == "update"
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		regex.match(text, attribute.path)
		attribute.sensitive == false
		not attribute.desired.unknown
	}
}

text := sprintf(`^([a-z0-9_]+\[[^\]]*\]\.)*(%s)$`, [concat("|", lists.texts)])

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
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
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

lists := data.network_human

inside := concat("|", [name.match | some name in lists.names])

network := {kind: entry.types | some kind, entry in lists.kinds}

# Without its lists a guardrail would object to nothing.
listed if {
	is_object(lists.kinds)
	is_array(lists.any_kind)
	is_array(lists.names)
	is_object(lists.metadata)
	is_array(lists.texts)
}
