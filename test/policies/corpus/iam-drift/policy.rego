package m0

parsed(value) := json.unmarshal(value) if json.is_valid(value)

changed contains [rc.address, path] if {
	some rc in input.plan.resource_changes
	before := parsed(rc.change.before.policy)
	after := parsed(rc.change.after.policy)
	walk(before, [path, value])
	not is_object(value)
	not is_array(value)
	object.get(after, path, "absent") != value
}

deny contains sprintf("%s: %s moved", [address, concat(".", [sprintf("%v", [part]) | some part in path])]) if some [address, path] in changed

allow contains "documents only respelled" if {
	some rc in input.plan.resource_changes
	parsed(rc.change.before.policy) == parsed(rc.change.after.policy)
}
