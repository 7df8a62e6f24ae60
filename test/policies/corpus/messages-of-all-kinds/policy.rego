package env0

deny = true { input.plan.resource_changes[_].change.actions[_] == "forget" }

pending[{"msg": "looked at", "failed": false}] { count(input.plan.resource_changes) > 0 }

pending[{"msg": msg, "address": rc.address, "severity": 3}] {
	rc := input.plan.resource_changes[_]
	rc.change.after_unknown != {}
	unknown := [key | rc.change.after_unknown[key] == true]
	count(unknown) > 0
	msg := sprintf("not known yet: %s", [concat(", ", unknown)])
}

default allow = false

allow { not input.plan.resource_changes }
allow { count([rc | rc := input.plan.resource_changes[_]; rc.change.actions != ["no-op"]]) == 0 }

warn[msg] { msg := input.plan.checks[_].status }
