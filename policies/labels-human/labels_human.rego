# METADATA
# title: Labels that something acts on change by a person
# description: >-
#   Objects to automatic changes of labels that are no metadata: labels, annotations, selectors and taints of Kubernetes,
#   network tags and resource tags of Google, tags of identities, tags that new machines get, tags of Datadog, what is
#   chosen by tags, and tags whose keys belong to backups, schedules, patches, isolation or a controller.
#   policyData.keys adds beginnings of keys of your own. It does not object to other tags, such as Owner. The lists are
#   in data.yaml. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Labels, and what chooses by them
# description: Waits for a person for resources that are labels of others, or choose others by their labels.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	message := sprintf("%s: changed only by a person", [kind])
}

# METADATA
# title: A label that is configuration
# description: Waits for a person if a changed label, tag or selector of any other resource is acted on.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	[finding.type, attribute.path] in acted_on
	message := sprintf("%s: something acts on it, so it changes only by a person", [attribute.path])
}

# METADATA
# title: A key that something acts on
# description: Waits for a person if the key of a changed tag belongs to a backup, a schedule or a controller.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some attribute in finding.attributes
	what := keyed[[finding.type, attribute.path]]
	message := sprintf("%s: the key may mean %s, so it changes only by a person", [attribute.path, what])
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
pending contains "labels-human: its data must be keys: a list of beginnings of tag keys" if not settled

# METADATA
# title: Lists that can't be read
# description: Waits for a person if data.yaml is missing beside this file, or is not complete.
# scope: rule
pending contains "labels-human: its lists are missing, copy data.yaml as well" if not listed

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

kinds_of(type) := {kind | some kind, entry in lists.kinds; strings.any_prefix_match(type, entry.types)}

pairs := {[finding.type, attribute.path] |
	some finding in actionable
	some attribute in finding.attributes
}

acted_on := {[type, path] |
	some [type, path] in pairs
	not is_metadata(type, path)
	regex.match(named, path)
} | {[type, path] |
	some [type, path] in pairs
	some entry in lists.acting
	strings.any_prefix_match(type, entry.types)
	not is_note(path)
	some name in entry.names
	regex.match(sprintf(`(^|\.)%s($|[.\[])`, [name]), path)
}

is_note(path) if strings.any_suffix_match(trim_suffix(path, `"]`), lists.notes)

keyed[[type, path]] := concat(" or ", sort(meanings)) if {
	some [type, path] in pairs
	is_metadata(type, path)
	meanings := meanings_of(path)
	count(meanings) > 0
}

# All tags at once may hold any key.
meanings_of(path) := {"anything"} if {
	not regex.match(`[.\[]`, path)
} else := {what |
	some what, beginnings in acting_keys
	strings.any_prefix_match(key_of(path), beginnings)
}

# The key in tags.Owner and in tags["a key"].
key_of(path) := lower(trim(regex.replace(path, `^[a-z_]+[.\[]`, ""), `"] `))

acting_keys := object.union(lists.keys, {"what m0.yaml says": [lower(key) | some key in more_keys]})

is_metadata(type, path) if {
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
}

lists := data.labels_human

named := concat("|", [name.match | some name in lists.names])

default more_keys := []

more_keys := input.policyData.keys if are_beginnings(input.policyData.keys)

default settled := false

settled if not input.policyData

settled if input.policyData == {}

settled if {
	object.keys(input.policyData) == {"keys"}
	are_beginnings(input.policyData.keys)
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
	is_array(lists.acting)
	is_object(lists.keys)
	is_object(lists.metadata)
	is_array(lists.notes)
}
