# METADATA
# title: What runs, and how much of it, changes by a person
# description: >-
#   Objects to automatic changes of capacity and of what runs: counts, sizes, images, versions, weights, schedules and
#   settings on AWS, Azure, Google, Kubernetes and Cloudflare, and in any resource a switch that is turned and a number
#   that gets lower. Somebody may have scaled out, rolled back or switched something off in an incident. It does not
#   object if only tags, labels or descriptions changed. policyData.types adds beginnings of resource types. The lists
#   are in data.yaml. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: What runs
# description: Waits for a person for every change of workloads, of their scaling and of their releases.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not is_harmless(finding)
	message := sprintf("%s: what runs changes only by a person", [kind])
}

# METADATA
# title: How much runs, and what
# description: Waits for a person if a changed attribute of any other resource decides how much runs, and what.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	[finding.type, attribute.path] in deciding
	message := sprintf("%s: what runs changes only by a person", [attribute.path])
}

# METADATA
# title: A switch
# description: Waits for a person if an apply would turn a switch of any resource on or off.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some [finding, attribute] in rest
	is_switch(attribute)
	message := sprintf("%s: switched on or off only by a person", [attribute.path])
}

# METADATA
# title: Less than now
# description: Waits for a person if an apply would lower a number of any resource, or take it away.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some [finding, attribute] in rest
	gets_less(attribute)
	message := sprintf("%s: lowered only by a person", [attribute.path])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

# METADATA
# title: Data that can't be read
# description: Waits for a person while the policy’s data is not valid.
# scope: rule
pending contains "capacity-human: its data must be types: a list of beginnings of resource types" if not settled

# METADATA
# title: Lists that can't be read
# description: Waits for a person if data.yaml is missing beside this file, or is not complete.
# scope: rule
pending contains "capacity-human: its lists are missing, copy data.yaml as well" if not listed

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

# No objection to findings that an apply does not change.
actionable := [finding |
	some finding in input.m0.findings
	not finding.actionable == false
]

# Hundreds of findings have only a few types and attributes.
kinds := {type: kinds_of(type) | some type in {finding.type | some finding in actionable}}

kinds_of(type) := {kind | some kind, entry in lists.kinds; strings.any_prefix_match(type, entry.types)} |
	{"type named in m0.yaml" | strings.any_prefix_match(type, more_types)}

pairs := {[finding.type, attribute.path] |
	some finding in actionable
	some attribute in finding.attributes
}

# Metadata and texts for people.
plain := {[type, path] | some [type, path] in pairs; is_plain(type, path)}

deciding := {[type, path] |
	some [type, path] in pairs
	not [type, path] in plain
	regex.match(named, path)
}

# Attributes whose names say nothing, so that only their values can.
rest := [[finding, attribute] |
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	not [finding.type, attribute.path] in plain
	not [finding.type, attribute.path] in deciding
]

is_harmless(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		[finding.type, attribute.path] in plain
		attribute.sensitive == false
		not attribute.desired.unknown
	}
}

is_switch(attribute) if is_boolean(attribute.actual)

is_switch(attribute) if is_boolean(attribute.desired)

gets_less(attribute) if {
	is_number(attribute.actual)
	is_number(attribute.desired)
	attribute.desired < attribute.actual
}

# Taken away, or known only after an apply.
gets_less(attribute) if {
	is_number(attribute.actual)
	not is_number(attribute.desired)
}

is_plain(type, path) if {
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
}

is_plain(_, path) if regex.match(text, path)

lists := data.capacity_human

named := concat("|", [name.match | some name in lists.names])

# A description of the resource or of one of its blocks; a key of a map is no text.
text := sprintf(`^([a-z0-9_]+\[[^\]]*\]\.)*(%s)$`, [concat("|", lists.texts)])

default more_types := []

more_types := input.policyData.types if are_beginnings(input.policyData.types)

default settled := false

settled if not input.policyData

settled if input.policyData == {}

settled if {
	object.keys(input.policyData) == {"types"}
	are_beginnings(input.policyData.types)
}

are_beginnings(list) if {
	is_array(list)
	every beginning in list {
		is_string(beginning)
		beginning != ""
	}
}

# Without its lists a guardrail would object to nothing.
listed if {
	is_object(lists.kinds)
	is_array(lists.names)
	is_object(lists.metadata)
	is_array(lists.texts)
}
