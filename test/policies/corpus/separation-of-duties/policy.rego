package env0

any_other_approver[i] {
	input.approvers[j].email != input.approvers[i].email
	i != j
}

pending["the deployer can't be the only approver"] {
	some i
	input.deployerUser.email == input.approvers[i].email
	not any_other_approver[i]
}

pending["nobody has approved yet"] { count(input.approvers) == 0 }

allow[msg] {
	some i
	input.deployerUser.email != input.approvers[i].email
	msg := sprintf("approved by %v (%d)", [input.approvers[i].name, i])
}

allow["a schedule needs nobody"] {
	input.deploymentRequest.triggerName == "schedule"
	not any_deletion
}

any_deletion { input.plan.resource_changes[_].change.actions[_] == "delete" }
