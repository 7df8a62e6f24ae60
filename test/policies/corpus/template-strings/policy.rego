package m0

warn contains $"{rc.address} does {concat("+", rc.change.actions)}" if some rc in input.plan.resource_changes

warn contains $"stack {input.m0.stack}, run {input.m0.run}, {input.nothing.here}, {[1, {"b": 2, "a": {3}}]}"

deny contains $"{rc.type}: {keys}" if {
	some rc in input.plan.resource_changes
	keys := {k | some k, v in rc.change.after; v == null}
	count(keys) > 2
}
