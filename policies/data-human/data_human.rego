# METADATA
# title: Data changes wait for a person
# description: >-
#   Objects to automatic changes of data and its protection: databases, caches, queues and streams, buckets,
#   disks, volumes, snapshots, backups and logs on AWS, Azure, Google, Kubernetes and Cloudflare, and retention,
#   encryption, versioning and deletion protection in any resource. It does not object if only tags, labels or
#   descriptions changed, or if data is kept for longer; creating, deleting and replacing always wait. The lists are in
#   data.yaml. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: What holds data
# description: Waits for a person for every change of resources with data or copies of it.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not is_harmless(finding)
	message := sprintf("%s: data changes only by a person", [kind])
}

# METADATA
# title: What keeps data safe
# description: >-
#   Waits for a person if a changed attribute of any resource controls retention, backups, encryption, versioning,
#   disks or protection from deletion.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	[finding.type, attribute.path] in guarded
	not keeps_more(attribute)
	message := sprintf("%s: data changes only by a person", [attribute.path])
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
pending contains "data-human: its lists are missing, copy data.yaml as well" if not listed

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

guarded := {[type, path] |
	some [type, path] in pairs
	not [type, path] in plain
	regex.match(safety, path)
}

# Metadata and texts for people.
plain := {[type, path] | some [type, path] in pairs; is_plain(type, path)}

pairs := {[finding.type, attribute.path] |
	some finding in actionable
	some attribute in finding.attributes
}

is_harmless(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		is_known(attribute)
		changes_nothing(finding.type, attribute)
	}
}

changes_nothing(type, attribute) if [type, attribute.path] in plain

changes_nothing(_, attribute) if keeps_more(attribute)

# In most clouds 0 means for ever, so a step from 0 or to 0 is not compared.
keeps_more(attribute) if {
	attribute.sensitive == false
	is_number(attribute.actual)
	is_number(attribute.desired)
	attribute.actual > 0
	attribute.desired > attribute.actual
	some name in lists.more_is_safer
	regex.match(name.match, attribute.path)
}

is_plain(type, path) if {
	some provider, names in lists.metadata
	startswith(type, provider)
	some name in names
	strings.any_prefix_match(concat("", [path, "."]), [concat("", [name, "."]), concat("", [name, "["])])
}

is_plain(_, path) if regex.match(text, path)

# An unknown value may be anything.
is_known(attribute) if {
	attribute.sensitive == false
	not attribute.desired.unknown
}

lists := data.data_human

safety := concat("|", [name.match | some name in lists.names])

# A description of the resource or of one of its blocks; a key of a map is no text.
text := sprintf(`^([a-z0-9_]+\[[^\]]*\]\.)*(%s)$`, [concat("|", lists.texts)])

# Without its lists a guardrail would object to nothing.
listed if {
	is_object(lists.kinds)
	is_array(lists.names)
	is_array(lists.more_is_safer)
	is_object(lists.metadata)
	is_array(lists.texts)
}
