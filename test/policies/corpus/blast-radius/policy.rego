package m0

weights := {
	"aws_security_group": {"delete": 100, "create": 10, "modify": 5.5},
	"aws_s3_bucket": {"delete": 50, "create": 5, "modify": 1.25},
	"aws_instance": {"delete": 10, "create": 1, "modify": 0.1},
}

default limit := 30

limit := data.limits.radius

types := {rc.type | some rc in input.plan.resource_changes}

changed(type) := [rc | some rc in input.plan.resource_changes; rc.type == type; rc.change.actions != ["no-op"]]

creates[type] := count([1 | some rc in changed(type); "create" in rc.change.actions]) if some type in types

deletes[type] := count([1 | some rc in changed(type); "delete" in rc.change.actions]) if some type in types

modifies[type] := count([1 | some rc in changed(type); "update" in rc.change.actions]) if some type in types

score := sum([x |
	some type, weight in weights
	x := ((weight.delete * object.get(deletes, type, 0)) + (weight.create * object.get(creates, type, 0))) + (weight.modify * object.get(modifies, type, 0))
])

deny contains sprintf("a score of %v is over %v", [score, limit]) if score > limit

allow contains sprintf("score %.3f", [score]) if score <= limit

warn contains sprintf("%d creates, %d deletes, %d updates of %d types", [sum([n | some n in creates]), sum([n | some n in deletes]), sum([n | some n in modifies]), count(types)])

warn contains sprintf("product %v, most %v", [product([w.modify | some w in weights]), max([w["delete"] | some w in weights])])
