# The problems of the data of known_safe_auto.rego; each makes every change wait.
package m0

problems contains "its data must be keys and values: texts, raises, guardedTags" if {
	data_given := input.policyData
	not is_object(data_given)
}

problems contains sprintf("data has no key %s: there are texts, raises, guardedTags", [key]) if {
	some key, _ in settings
	not key in {"texts", "raises", "guardedTags"}
}

problems contains sprintf("%s must be a list", [kind]) if {
	some kind in ["texts", "raises"]
	list := settings[kind]
	not is_array(list)
}

# Where a group is, as people write it: texts[0].
places := {sprintf("%s[%d]", [kind, i]): {"keys": keys, "group": group} |
	some kind, keys in {"texts": {"why", "attributes"}, "raises": {"why", "zero", "attributes"}}
	some i, group in given(kind)
}

problems contains sprintf("%s must have %s, nothing else", [place, concat(", ", sort(found.keys))]) if {
	some place, found in places
	not has_keys(found.group, found.keys)
}

problems contains sprintf("%s: why must say in a text why this is harmless", [place]) if {
	some place, found in places
	has_keys(found.group, found.keys)
	not is_text(found.group.why)
}

problems contains sprintf("%s: zero must be forever or off, and it is %s", [place, json.marshal(found.group.zero)]) if {
	some place, found in places
	has_keys(found.group, found.keys)
	"zero" in found.keys
	not found.group.zero in {"forever", "off"}
}

problems contains sprintf("%s: attributes must be resource types with lists of paths, such as {aws_sns_topic: [display_name]}", [place]) if {
	some place, found in places
	has_keys(found.group, found.keys)
	not are_attributes(found.group.attributes)
}

has_keys(group, keys) if {
	is_object(group)
	object.keys(group) == keys
}

are_attributes(attributes) if {
	is_object(attributes)
	count(attributes) > 0
	every type, paths in attributes {
		regex.match(`^[a-z][a-z0-9]*_[a-z0-9_]+$`, type)
		is_array(paths)
		count(paths) > 0
		every path in paths {
			is_text(path)
		}
	}
}

is_text(value) if {
	is_string(value)
	trim_space(value) != ""
}
