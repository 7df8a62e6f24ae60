package m0

import data.lists

unknown := {rc.type | some rc in input.plan.resource_changes} - {type | some type in lists.types}

deny contains sprintf("not on the list: %s", [type]) if some type in unknown

pending contains sprintf("%s belongs to %s, who are %s", [rc.address, team, concat("/", lists.teams[team])]) if {
	some rc in input.plan.resource_changes
	team := rc.change.after.tags.Team
	lists.teams[team]
}

deny contains sprintf("account %s is not ours", [account]) if {
	some rc in input.plan.resource_changes
	account := split(rc.change.before.arn, ":")[4]
	account != ""
	not account in lists.accounts
}

allow contains "all types are known" if count(unknown) == 0

warn contains sprintf("%v", [object.filter(lists.limits, {rc.type | some rc in input.plan.resource_changes})])
