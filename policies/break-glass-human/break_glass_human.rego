# METADATA
# title: What the break-glass role did waits for a person
# description: >-
#   Reads who caused each finding (`causes` in m0.yaml). What one of the roles in policyData.roles did (default:
#   break-glass) waits for a person, and so does a manual change of which nobody knows who did it, unless
#   policyData.unknown is "pass". m0 itself waits until the cause is known, 20 minutes at most. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Done by a break-glass role
# description: Waits for a person if an event of the finding's cause is of such a role.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	made_by_hand(finding)
	some event in finding.cause.events
	is_string(event.role)
	lower(event.role) in roles
	message := sprintf("%s did this by %s, so a person decides", [event.role, event.event])
}

# METADATA
# title: Nobody knows who did it
# description: Waits for a person if the log told nothing of a manual change.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	made_by_hand(finding)
	not known(finding)
	not input.policyData.unknown == "pass"
	message := "who did this is not known, so a person decides"
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings can't be read.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
	}
}

made_by_hand(finding) if {
	not finding.actionable == false
	not finding.origin == "code"
}

known(finding) if {
	finding.cause.status == "found"
	count(finding.cause.events) > 0
}

roles := {lower(role) | some role in input.policyData.roles; is_string(role)} if {
	is_array(input.policyData.roles)
} else := {"break-glass"}
