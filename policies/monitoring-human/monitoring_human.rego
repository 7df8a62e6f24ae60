# METADATA
# title: Monitoring and audit change by a person
# description: >-
#   Objects to automatic changes of what watches, records and calls: alarms, notifications, audit trails, logs, security
#   scanners on AWS, Azure, Google, Cloudflare, GitHub and Datadog, and logging, monitoring and scanning in any resource.
#   A muted alarm or a widened trail may be part of an incident. It does not object if only tags, labels or
#   descriptions changed, or if logs are kept for longer; tags of Datadog and labels of a Google notification channel are no metadata.
#   policyData.types adds beginnings of resource types. The lists are in data.yaml. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: What watches, records and calls
# description: Waits for a person for every change of alarms, audit records and security scanners.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not is_harmless(finding)
	message := sprintf("%s: monitoring changes only by a person", [kind])
}

# METADATA
# title: What is watched in another resource
# description: Waits for a person if a changed attribute of any other resource decides what is watched or recorded.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	[finding.type, attribute.path] in watched
	message := sprintf("%s: monitoring changes only by a person", [attribute.path])
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
pending contains "monitoring-human: its data must be types: a list of beginnings of resource types" if not settled

# METADATA
# title: Lists that can't be read
# description: Waits for a person if data.yaml is missing beside this file, or is not complete.
# scope: rule
pending contains "monitoring-human: its lists are missing, copy data.yaml as well" if not listed

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

watched := {[type, path] |
	some [type, path] in pairs
	not [type, path] in plain
	regex.match(named, path)
}

is_harmless(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		attribute.sensitive == false
		not attribute.desired.unknown
		changes_nothing(finding.type, attribute)
	}
}

changes_nothing(type, attribute) if [type, attribute.path] in plain

# In most clouds 0 means for ever, so a step from 0 or to 0 is not compared.
changes_nothing(_, attribute) if {
	is_number(attribute.actual)
	is_number(attribute.desired)
	attribute.actual > 0
	attribute.desired > attribute.actual
	some name in lists.more_is_safer
	regex.match(name.match, attribute.path)
}

is_plain(type, path) if {
	not type in lists.never_metadata
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
}

is_plain(_, path) if regex.match(text, path)

lists := data.monitoring_human

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
	is_array(lists.more_is_safer)
	is_array(lists.never_metadata)
	is_object(lists.metadata)
	is_array(lists.texts)
}
