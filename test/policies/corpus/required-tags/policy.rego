package m0

required := {"Owner", "Environment", "CostCenter"}

changes contains rc if {
	some rc in input.plan.resource_changes
	rc.change.actions != ["no-op"]
	rc.change.after != null
}

missing(after) := required - {name | some name, value in after.tags; value != ""}

deny contains {"msg": msg, "address": rc.address} if {
	some rc in changes
	is_object(rc.change.after.tags)
	absent := missing(rc.change.after)
	count(absent) > 0
	msg := sprintf("%s lacks %d tags: %s", [rc.address, count(absent), concat(", ", absent)])
}

warn contains msg if {
	some rc in changes
	not rc.change.after.tags
	msg := sprintf("%v carries no tags at all", [rc.address])
}
