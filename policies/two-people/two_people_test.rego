package m0_test

import data.m0

created := {
	"address": "aws_instance.web",
	"type": "aws_instance",
	"origin": "cloud",
	"action": "create",
	"actionable": true,
	"attributes": [],
}

but(changes) := object.union(created, changes)

dana := {"name": "Dana", "email": "dana@acme.dev"}

kim := {"name": "Kim", "email": "kim@acme.dev"}

lee := {"name": "Lee", "email": "lee@acme.dev"}

alex := {"name": "Alex", "email": "alex@acme.dev"}

document := {
	"m0": {"author": alex, "findings": [created]},
	"deployerUser": {"name": "m0", "email": "m0:m0"},
	"policyData": {},
}

# What waits once these people have approved.
after(approvers, changes) := messages if {
	messages := m0.pending with input as object.union(object.union(document, {"approvers": approvers}), changes)
}

says(text) := {{"msg": text, "address": "aws_instance.web"}}

none := says("0 of 2 people have approved (not the author)")

one := says("1 of 2 people have approved (not the author)")

test_it_waits_for_two if {
	after([], {}) == none
	after([dana], {}) == one
	after([dana, kim], {}) == set()
	after([dana, kim, lee], {}) == set()
}

test_the_author_does_not_count if {
	after([alex], {}) == none
	after([alex, dana], {}) == one
	after([alex, dana, kim], {}) == set()
	after([{"name": "A.", "email": "ALEX@acme.dev "}, dana], {}) == one
}

test_nobody_who_wrote_it_counts if {
	after([dana, kim], {"m0": {"author": alex, "authors": [alex, dana], "findings": [created]}}) == one
	after([kim, lee], {"m0": {"author": alex, "authors": [alex, dana], "findings": [created]}}) == set()
}

test_an_author_without_an_address_costs_one_more if {
	unknown := {"m0": {"author": alex, "authors": [alex, {"name": "Robin", "email": ""}], "findings": [created]}}
	count(after([dana, kim], unknown)) == 1
	after([dana, kim, lee], unknown) == set()
}

test_the_author_is_known_by_name_too if {
	after([{"name": "alex", "email": "slack:U0ALEX"}, dana], {}) == one
}

test_who_asked_does_not_count if {
	after([dana, kim], {"deployerUser": dana}) == one
	after([dana, kim, lee], {"deployerUser": dana}) == set()
}

test_one_person_counts_once if {
	after([dana, dana], {}) == one
	after([dana, {"name": "Dana", "email": "Dana@Acme.dev"}], {}) == one
}

test_a_person_without_an_email_does_not_count if {
	after([dana, {"name": "Kim"}], {}) == one
	after([dana, {"name": "Kim", "email": ""}], {}) == one
	after([dana, {"name": "Kim", "email": null}], {}) == one
	after([dana, null], {}) == one
}

test_a_person_without_a_name_counts if {
	after([dana, {"email": "kim@acme.dev"}], {}) == set()
	after([dana, {"name": "", "email": "kim@acme.dev"}], {}) == set()
	after([dana, {"email": "alex@acme.dev"}], {}) == one
}

test_without_approvers_it_waits if {
	without := m0.pending with input as document
	without == none
	every approvers in [null, "everybody", 2] {
		after(approvers, {}) == none
	}
}

test_an_unknown_author_asks_for_one_more if {
	unknown := "2 of 3 people have approved (one more than usual, as the author is unknown)"
	every author in [{"name": "", "email": ""}, {"name": "Alex", "email": null}, null] {
		after([dana, kim], {"m0": {"author": author}}) == says(unknown)
		after([dana, kim, lee], {"m0": {"author": author}}) == set()
	}
	missing := m0.pending with input as {"m0": {"findings": [created]}, "approvers": [dana, kim]}
	missing == says(unknown)
}

test_an_update_by_hand_needs_nobody if {
	after([], {"m0": {"findings": [but({"action": "update"})]}}) == set()
}

test_everything_else_needs_them if {
	every action in ["create", "delete", "replace", "forget", "explode", null] {
		after([], {"m0": {"findings": [but({"action": action})]}}) == none
	}
	every origin in ["code", "both", "elsewhere", null] {
		after([], {"m0": {"findings": [but({"action": "update", "origin": origin})]}}) == none
	}
	every key in ["action", "origin"] {
		after([], {"m0": {"findings": [object.remove(but({"action": "update"}), [key])]}}) == none
	}
}

test_what_an_apply_leaves_alone_needs_nobody if {
	after([], {"m0": {"findings": [but({"actionable": false})]}}) == set()
	after([], {"m0": {"findings": [object.remove(created, ["actionable"])]}}) == none
}

test_how_many_comes_from_the_data if {
	after([dana, kim], {"policyData": {"need": 3}}) == says("2 of 3 people have approved (not the author)")
	after([dana, kim, lee], {"policyData": {"need": 3}}) == set()
	after([dana], {"policyData": {"need": 1}}) == set()
}

test_types_come_from_the_data if {
	instances := {"policyData": {"types": ["aws_db_", "aws_instance"]}}
	after([], instances) == none
	after([], {"policyData": {"types": ["aws_db_"]}}) == set()
	after([], object.union(instances, {"m0": {"findings": [but({"action": "update"})]}})) == none
	without := {"policyData": {"types": ["aws_db_"]}, "m0": {"findings": [object.remove(created, ["type"])]}}
	after([], without) == none
}

test_each_finding_is_judged_alone if {
	by_hand := but({"address": "aws_instance.old", "action": "update"})
	after([], {"m0": {"findings": [created, by_hand]}}) == none
}

test_bad_data_wait_and_say_so if {
	every need in [0, -1, 1.5, "2", null, true] {
		text := sprintf("two-people: need must be a whole number from 1 up, and it is %s", [json.marshal(need)])
		after([dana, kim], {"policyData": {"need": need}}) == {text}
		after([dana], {"policyData": {"need": need}}) == one | {text}
	}
	every types in [[], "aws_", [1], null] {
		text := sprintf("two-people: types must be a list of beginnings of resource types, and it is %s", [json.marshal(types)])
		after([dana, kim], {"policyData": {"types": types}}) == {text}
		after([dana], {"policyData": {"types": types}}) == one | {text}
	}
	after([dana, kim], {"policyData": {"needs": 1}}) == {"two-people: data has no key needs: there are need and types"}
	every settings in [null, [], "two", 2, false] {
		after([dana, kim], {"policyData": settings}) == {"two-people: its data must be keys and values: need, types"}
	}
}

test_findings_that_cannot_be_read_wait if {
	unreadable := {"two-people: there are findings that can’t be read"}
	unreadable == m0.pending with input as {}
	after([dana, kim], {"m0": {"findings": null}}) == unreadable
	after([dana, kim], {"m0": {"findings": [null]}}) == unreadable
	after([dana, kim], {"m0": {"findings": [object.remove(created, ["address"])]}}) == unreadable
}

test_nothing_to_judge_no_objection if {
	after([], {"m0": {"findings": []}}) == set()
}
