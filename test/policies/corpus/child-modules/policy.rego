package env0

import future.keywords.in

resources[r] {
	walk(input.plan.planned_values, [path, value])
	path[minus(count(path), 1)] == "resources"
	r := value[_]
}

modules[address] {
	walk(input.plan.planned_values.root_module, [_, value])
	address := value.child_modules[_].address
}

deny[msg] {
	r := resources[_]
	r.mode == "managed"
	contains(r.name, "-")
	msg := sprintf("%s: write underscores in names", [r.address])
}

warn[msg] {
	modules[address]
	inside := [r.address | r := resources[_]; startswith(r.address, concat("", [address, "."]))]
	msg := sprintf("%s holds %d: %s", [address, count(inside), concat(" ", inside)])
}

allow["no modules"] { count(modules) == 0 }

warn[msg] {
	paths := [concat("/", [sprintf("%v", [p]) | some p in path]) | walk(input.plan.configuration, [path, "data"])]
	msg := sprintf("%v", [paths])
}
