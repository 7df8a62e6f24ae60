# METADATA
# title: Only what is known to be harmless puts itself right
# description: >-
#   Allows m0 to revert manual changes of attributes that are on a list of harmless ones: descriptions, names shown to
#   people, retention that an apply raises, and the tags and labels that tags-auto allows. The list is in
#   known_safe/*/data.yaml; policyData adds to it with texts, raises and guardedTags. This policy has no answer for
#   everything else, for changes of the code, and for values that are hidden or known only after the apply; these
#   wait for a person. Assign it instead of tags-auto, which it contains.
# scope: package
package m0

# METADATA
# title: Known to be harmless
# description: >-
#   A manual update of which every changed attribute is on the list, and of which an apply changes nothing else.
# scope: rule
allow contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	is_manual_update(finding)
	every attribute in finding.attributes {
		is_harmless(finding.type, attribute)
	}
	changes_nothing_else(finding.address)
	message := message_for(finding)
}

# METADATA
# title: A mistake in the data
# description: Every change waits, with a message that says what is wrong in policyData.
# scope: rule
pending contains sprintf("known-safe-auto: %s", [problem]) if some problem in problems

problems contains problem if some problem in tag_problems

# The tags are told by the card; what else goes back is named.
message_for(finding) := "metadata only" if {
	every attribute in finding.attributes {
		is_metadata(finding.type, attribute)
	}
} else := sprintf("known to be harmless: %s", [concat(", ", sort(paths))]) if {
	paths := {attribute.path |
		some attribute in finding.attributes
		not is_metadata(finding.type, attribute)
	}
}

is_harmless(type, attribute) if is_metadata(type, attribute)

is_harmless(type, attribute) if {
	[type, attribute.path] in texts
	every side in ["recorded", "actual", "desired"] {
		is_plain_text(attribute[side])
	}
}

is_harmless(type, attribute) if {
	zero := raises[[type, attribute.path]]
	is_longer(attribute.actual, attribute.desired, zero)
}

is_plain_text(value) if value == null

# A document in a text is read by a machine.
is_plain_text(value) if {
	is_string(value)
	not regex.match(`^\s*[{\[<]`, value)
}

is_longer(now, later, _) if {
	is_number(now)
	is_number(later)
	now > 0
	later > now
}

is_longer(now, 0, "forever") if {
	is_number(now)
	now > 0
}

# Both are computed once. A pair is [type, path].
texts := {[type, path] |
	some group in groups("texts")
	some type, paths in group.attributes
	some path in paths
}

raises := object.union(
	{[type, path]: "off" | some [type, path] in raised_from("off")},
	{[type, path]: "forever" | some [type, path] in raised_from("forever")},
)

raised_from(zero) := {[type, path] |
	some group in groups("raises")
	group.zero == zero
	some type, paths in group.attributes
	some path in paths
}

groups(kind) := array.concat(shipped(kind), given(kind))

shipped(kind) := [group |
	some _, provider in data.known_safe
	some group in provider[kind]
]

given(kind) := settings[kind] if {
	is_array(settings[kind])
} else := []
