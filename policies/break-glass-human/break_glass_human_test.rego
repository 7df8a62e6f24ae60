package m0_test

import data.m0

by(role) := {
	"status": "found",
	"who": "ops",
	"how": "cli",
	"at": "2026-03-02T11:58:00Z",
	"grade": "event names the attribute",
	"events": [{"who": "ops", "person": null, "kind": "role", "role": role, "how": "cli", "event": "CreateRoute", "at": "2026-03-02T11:58:00Z"}],
}

unknown := {"status": "none", "who": null, "how": null, "at": null, "grade": "nothing found", "events": []}

finding(origin, cause) := {"address": "aws_route.it", "origin": origin, "actionable": true, "cause": cause}

said(policy_data, findings) := {message.msg |
	some message in m0.pending with input as {"policyData": policy_data, "m0": {"findings": findings}}
	is_object(message)
}

asks_security := {"break-glass did this by CreateRoute, so a person decides"}

test_the_break_glass_role_waits if {
	said({}, [finding("cloud", by("break-glass"))]) == asks_security
	said({}, [finding("both", by("break-glass"))]) == asks_security
}

test_other_roles_pass if {
	said({}, [finding("cloud", by("Admin"))]) == set()
	said({}, [finding("cloud", by(null))]) == set()
}

test_the_roles_are_data if {
	policy_data := {"roles": ["Admin", "root"]}
	count(said(policy_data, [finding("cloud", by("admin"))])) == 1
	said(policy_data, [finding("cloud", by("break-glass"))]) == set()
}

test_unknown_waits_unless_it_may_pass if {
	count(said({}, [finding("cloud", unknown)])) == 1
	said({"unknown": "pass"}, [finding("cloud", unknown)]) == set()
}

test_a_cause_that_is_missing_is_unknown if {
	count(said({}, [{"address": "aws_route.it", "origin": "cloud", "actionable": true}])) == 1
}

test_the_code_is_no_break_glass if {
	said({}, [finding("code", by("break-glass"))]) == set()
	said({}, [finding("code", unknown)]) == set()
}

test_nothing_to_judge_by_waits if {
	count(m0.pending) == 1 with input as {"m0": {"findings": "none"}}
}
