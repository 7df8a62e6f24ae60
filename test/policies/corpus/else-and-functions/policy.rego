package m0

risk(rc) := 10 if {
	rc.change.actions == ["delete"]
} else := 7 if {
	"delete" in rc.change.actions
	"create" in rc.change.actions
} else := 3 if {
	rc.change.actions == ["update"]
} else := 1 if {
	rc.change.actions == ["create"]
} else := 0

level(score) := "high" if score >= 10

level(score) := "middle" if {
	score >= 3
	score < 10
}

level(score) := "low" if score < 3

total := sum([risk(rc) | some rc in input.plan.resource_changes])

average := total / count(input.plan.resource_changes)

deny contains sprintf("the risk is %s: %d in all, %v on average", [level(total), total, average]) if level(total) == "high"

pending contains sprintf("risk %d", [total]) if level(total) == "middle"

allow contains sprintf("risk %d", [total]) if level(total) == "low"

warn contains sprintf("%d mod 7 is %d, |%d| is %d", [total, total % 7, 0 - total, abs(0 - total)])
