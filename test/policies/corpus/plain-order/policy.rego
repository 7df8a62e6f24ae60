package m0

import rego.v1

import input.plan.resource_changes as changes

deny contains {"msg": first.address, "address": second.address} if {
	some first in changes
	some second in changes
	first.address < second.address
	first.change.actions == second.change.actions
}

allow contains "nothing but updates" if {
	every rc in changes {
		rc.change.actions in [["update"], ["no-op"]]
	}
}

warn contains rc.address if {
	some i, rc in changes
	i >= 1
	contains(rc.address, "[")
}
