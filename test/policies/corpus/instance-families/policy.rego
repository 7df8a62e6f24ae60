package env0

import future.keywords.in

allowed_pattern := "^(t3a?|m5|m6g|c5)\\.(nano|micro|small|medium|large|x?large)$"

types[[rc.address, t]] {
	rc := input.plan.resource_changes[_]
	some key in ["instance_type", "instance_class", "node_type"]
	t := trim_prefix(rc.change.after[key], "db.")
}

deny[msg] {
	types[[address, t]]
	not regex.match(allowed_pattern, t)
	msg := sprintf("%s: %s is not among the families %s", [address, t, allowed_pattern])
}

# How much bigger, by the position in the list of sizes.
sizes := ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge"]

position(t) := i {
	[_, size] = split(t, ".")
	sizes[i] == size
}

pending[msg] {
	rc := input.plan.resource_changes[_]
	grown := position(rc.change.after.instance_type) - position(rc.change.before.instance_type)
	grown > 1
	msg := sprintf("%s grows by %d sizes", [rc.address, grown])
}

warn[msg] {
	types[[_, t]]
	found := regex.find_all_string_submatch_n("^([a-z]+)([0-9]+)([a-z-]*)\\.(.*)$", t, -1)
	msg := sprintf("family %s, generation %s, size %s", [found[0][1], found[0][2], found[0][4]])
}
