package m0

name_of(rc) := rc.change.after.bucket

name_of(rc) := rc.change.after.name if not rc.change.after.bucket

prefix := sprintf("%s-", [lower(input.m0.environment)])

deny contains sprintf("%s: %s should begin with %s", [rc.address, name, prefix]) if {
	some rc in input.plan.resource_changes
	name := name_of(rc)
	not startswith(name, prefix)
}

deny contains sprintf("%s: %q has upper case, spaces or non-ASCII", [rc.address, name]) if {
	some rc in input.plan.resource_changes
	name := name_of(rc)
	not regex.match("^[a-z0-9][a-z0-9.-]{2,62}$", name)
}

warn contains sprintf("%s|%s|%s|%s|%d|%d", [upper(name), strings.reverse(name), substring(name, 0, 5), trim(name, "aeiou-"), count(name), indexof(name, "-")]) if {
	some rc in input.plan.resource_changes
	name := name_of(rc)
}

warn contains sprintf("%v", [strings.replace_n({"-": "_", " ": "", "é": "e"}, name_of(rc))]) if some rc in input.plan.resource_changes

warn contains sprintf("%v %v", [strings.any_prefix_match(names, ["dev", "m0"]), strings.any_suffix_match(names, "logs")]) if names := [name_of(rc) | some rc in input.plan.resource_changes]
