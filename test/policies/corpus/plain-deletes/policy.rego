package env0

deny[msg] {
	rc := input.plan.resource_changes[_]
	rc.change.actions[_] == "delete"
	msg := rc.address
}

pending["something would be made"] {
	input.plan.resource_changes[_].change.actions[_] == "create"
}

allow {
	count(deletes) == 0
}

deletes[address] {
	rc := input.plan.resource_changes[_]
	rc.change.actions[_] == "delete"
	address := rc.address
}
