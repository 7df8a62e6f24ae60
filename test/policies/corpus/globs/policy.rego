package env0

import future.keywords.in

ignored := ["aws_autoscaling_group.*", "module.*.aws_instance.*", "*.logs*", "data.**"]

is_ignored(address) { glob.match(ignored[_], [], address) }
is_ignored(address) { glob.match("module.{network,edge}.**", ["."], address) }

deny[msg] {
	rc := input.plan.resource_changes[_]
	not is_ignored(rc.address)
	rc.change.actions != ["no-op"]
	msg := sprintf("%s moved and is not ignored", [rc.address])
}

warn[msg] {
	some rc in input.plan.resource_changes
	matched := [pattern | some pattern in ignored; glob.match(pattern, null, rc.address)]
	count(matched) > 0
	msg := sprintf("%s by %s", [rc.address, concat(" ", matched)])
}

warn[glob.quote_meta(rc.address)] { some rc in input.plan.resource_changes }

deny[msg] {
	arn := input.plan.resource_changes[_].change.before.arn
	glob.match("arn:aws:*:*:000000000000:*", [":"], arn)
	msg := sprintf("%s is the test account", [arn])
}
