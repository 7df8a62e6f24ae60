# METADATA
# title: Identity changes wait for a person
# description: >-
#   Objects to automatic changes of permissions: accounts, roles, policies, keys, secrets, sign-on, organisation rules
#   and rules of review on AWS, Azure, Google, Kubernetes, Cloudflare, GitHub and Datadog, and the policies, roles,
#   logins and reviews inside other resources. It does not object if only tags, labels or descriptions changed, unless
#   policyData.tagsDecideRights is true, for those whose policies depend on tags (ABAC). It always objects to changed
#   tags of an IAM user or role, and of Google's resource tags, because such policies use them. The lists are in
#   data.yaml. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Who may do what
# description: Waits for a person for resources that are permissions, or hold keys to them.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not is_harmless(finding)
	message := sprintf("%s: rights change only by a person", [kind])
}

# METADATA
# title: Rights inside another resource
# description: >-
#   Waits for a person if a changed attribute of any other resource controls who may use it, its own permissions, or
#   how users authenticate.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	is_right(finding.type, attribute)
	message := sprintf("%s: rights change only by a person", [attribute.path])
}

# METADATA
# title: A secret anywhere
# description: Waits for a person if a value is hidden, also in a tag, because nobody can see what would be restored.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	not attribute.sensitive == false
	message := sprintf("%s: a hidden value changes only by a person", [attribute.path])
}

# METADATA
# title: Tags that decide rights
# description: Waits for a person for tags and labels of every resource, if policyData.tagsDecideRights is set.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	tags_decide_rights
	some finding in actionable
	some attribute in finding.attributes
	[finding.type, attribute.path] in tags
	message := sprintf("%s: tags decide rights here", [attribute.path])
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
pending contains "identity-human: its lists are missing, copy data.yaml as well" if not listed

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

kinds_of(type) := named if {
	named := {kind | some kind, entry in lists.kinds; strings.any_prefix_match(type, entry.types)}
	count(named) > 0
} else := {"IAM" | some part in lists.parts; contains(type, part)}

pairs := {[finding.type, attribute.path] |
	some finding in actionable
	some attribute in finding.attributes
}

tags := {[type, path] | some [type, path] in pairs; is_tag(type, path)}

# Metadata that no permission depends on, and texts for people.
plain := {[type, path] | some [type, path] in pairs; is_plain(type, path)}

rights := {[type, path] |
	some [type, path] in pairs
	not [type, path] in plain
	not [type, path] in tags
	names_a_right(path)
}

is_harmless(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		[finding.type, attribute.path] in plain
		is_known(attribute)
	}
}

default tags_decide_rights := false

# Every value except false counts as true.
tags_decide_rights if input.policyData.tagsDecideRights != false

is_tag(type, path) if {
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
}

is_plain(type, path) if {
	is_tag(type, path)
	not strings.any_prefix_match(type, lists.principals)
}

is_plain(_, path) if regex.match(text, path)

# An unknown value may be anything.
is_known(attribute) if {
	attribute.sensitive == false
	not attribute.desired.unknown
}

is_right(type, attribute) if [type, attribute.path] in rights

# A policy document, whatever its attribute is called.
is_right(_, attribute) if {
	some difference in attribute.json
	startswith(difference.path, "Statement")
}

names_a_right(path) if {
	some name in names_in(path)
	regex.match(right, name)
}

names_a_right(path) if {
	some name in names_in(path)
	regex.match(`(^|_)polic(y|ies)(_|$)`, name)
	not regex.match(operations, name)
}

# Environment variables have names in capitals.
names_in(path) := [lower(replace(name, "-", "_")) | some name in regex.find_n(`[A-Za-z_][A-Za-z0-9_-]*`, path, -1)]

lists := data.identity_human

right := concat("|", [name.match | some name in lists.names])

operations := concat("|", [name.match | some name in lists.operations])

# A description of the resource or of one of its blocks; a key of a map is no text.
text := sprintf(`^([a-z0-9_]+\[[^\]]*\]\.)*(%s)$`, [concat("|", lists.texts)])

# Without its lists a guardrail would object to nothing.
listed if {
	is_object(lists.kinds)
	is_array(lists.parts)
	is_array(lists.names)
	is_array(lists.operations)
	is_object(lists.metadata)
	is_array(lists.principals)
	is_array(lists.texts)
}
