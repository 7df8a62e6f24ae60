package m0

allowed := {
	"Environment": ["dev", "staging", "prod"],
	"Owner": {"platform", "data", "payments"},
}

deny contains msg if {
	some rc in input.plan.resource_changes
	some tag, values in allowed
	value := rc.change.after.tags[tag]
	not lower(value) in values
	msg := sprintf("%s: tag %s is %q, one of %v is wanted", [rc.address, tag, value, values])
}

# A tag whose name only differs in its case is a mistake.
warn contains msg if {
	some rc in input.plan.resource_changes
	some tag, _ in rc.change.after.tags
	some wanted, _ in allowed
	tag != wanted
	lower(tag) == lower(wanted)
	msg := sprintf("%s: %s should be %s", [rc.address, tag, wanted])
}

allow contains "tags are as they should be" if count(deny) == 0
