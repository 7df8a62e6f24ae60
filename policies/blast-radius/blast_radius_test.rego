package m0_test

import data.m0

some_of(number, action) := [finding |
	some i in numbers.range(1, number)
	finding := {"address": sprintf("aws_instance.%s[%d]", [action, i]), "action": action, "actionable": true}
]

waiting(findings, settings) := messages if {
	messages := m0.pending with input as {"m0": {"findings": findings}, "policyData": settings}
}

denied(findings, settings) := messages if {
	messages := m0.deny with input as {"m0": {"findings": findings}, "policyData": settings}
}

# The limits of the defaults, to the finding.
test_ten_updates_are_usual if {
	waiting(some_of(10, "update"), {}) == set()
}

test_eleven_updates_wait if {
	waiting(some_of(11, "update"), {}) == {"blast radius 11, more than 10 (11 update): a person looks first"}
	denied(some_of(11, "update"), {}) == set()
}

test_fifty_one_updates_are_denied if {
	denied(some_of(50, "update"), {}) == set()
	denied(some_of(51, "update"), {}) == {"blast radius 51, more than 50 (51 update): split it up"}
}

test_without_any_data_the_defaults_hold if {
	messages := m0.pending with input as {"m0": {"findings": some_of(11, "update")}}
	count(messages) == 1
	denials := m0.deny with input as {"m0": {"findings": some_of(51, "update")}}
	count(denials) == 1
}

test_deletes_and_replaces_weigh_more if {
	waiting(some_of(2, "delete"), {}) == set()
	findings := array.concat(some_of(2, "delete"), some_of(1, "replace"))
	waiting(findings, {}) == {"blast radius 15, more than 10 (2 delete, 1 replace): a person looks first"}
}

test_an_unknown_action_weighs_as_much_as_the_worst if {
	count(waiting(some_of(3, "explode"), {})) == 1
	without := [object.remove(finding, ["action"]) | some finding in some_of(3, "update")]
	waiting(without, {}) == {"blast radius 15, more than 10 (3 unknown): a person looks first"}
	count(waiting([null, null, null], {})) == 1
}

test_what_an_apply_leaves_alone_does_not_count if {
	left := [object.union(finding, {"actionable": false}) | some finding in some_of(11, "update")]
	waiting(left, {}) == set()
	unsaid := [object.remove(finding, ["actionable"]) | some finding in some_of(11, "update")]
	count(waiting(unsaid, {})) == 1
}

test_limits_come_from_the_data if {
	waiting(some_of(11, "update"), {"most": 11}) == set()
	count(waiting(some_of(1, "update"), {"most": 0})) == 1
	count(denied(some_of(4, "update"), {"most": 2, "never": 3})) == 1
	denied(some_of(3, "update"), {"most": 2, "never": 3}) == set()
}

test_never_follows_a_greater_most if {
	denied(some_of(100, "update"), {"most": 20}) == set()
	count(denied(some_of(101, "update"), {"most": 20})) == 1
	denied(some_of(50, "update"), {"most": 0}) == set()
}

test_weights_come_from_the_data if {
	waiting(some_of(10, "delete"), {"weights": {"delete": 1}}) == set()
	count(waiting(some_of(2, "create"), {"weights": {"create": 6}})) == 1
	waiting(some_of(99, "update"), {"weights": {"update": 0}}) == set()
	count(waiting(some_of(3, "delete"), {"weights": {"update": 2}})) == 1
}

test_bad_limits_wait_and_say_so if {
	waiting([], {"most": "ten"}) == {"blast-radius: most must be a number from 0 up, and it is \"ten\""}
	waiting([], {"most": -1}) == {"blast-radius: most must be a number from 0 up, and it is -1"}
	waiting([], {"never": null}) == {"blast-radius: never must be a number from 0 up, and it is null"}
	waiting([], {"never": "100"}) == {"blast-radius: never must be a number from 0 up, and it is \"100\""}
	waiting([], {"most": 5, "never": 4}) == {"blast-radius: never (4) must not be below most (5)"}
	waiting([], {"most": false}) == {"blast-radius: most must be a number from 0 up, and it is false"}
}

test_bad_weights_wait_and_say_so if {
	waiting([], {"weights": 5}) == {"blast-radius: weights must be numbers by action, such as delete: 5"}
	waiting([], {"weights": {"delete": "5"}}) == {"blast-radius: weights: delete must be a number from 0 up, and it is \"5\""}
	waiting([], {"weights": {"delete": -5}}) == {"blast-radius: weights: delete must be a number from 0 up, and it is -5"}
	known := "create, delete, forget, none, replace, update"
	waiting([], {"weights": {"removal": 9}}) == {sprintf("blast-radius: weights: no plan has the action removal (there are %s)", [known])}
}

test_bad_data_wait_and_say_so if {
	every settings in [null, [], "most", 5, false] {
		waiting([], settings) == {"blast-radius: its data must be keys and values: most, never, weights"}
	}
	waiting([], {"max": 5}) == {"blast-radius: data has no key max: there are most, never and weights"}
}

test_a_mistake_beside_it_lifts_no_limit if {
	count(denied(some_of(4, "update"), {"most": "two", "never": 3})) == 1
	count(denied(some_of(51, "update"), {"weights": {"update": "one"}})) == 1
	count(waiting(some_of(11, "update"), {"most": "ten"})) == 2
	denied(some_of(51, "update"), {"never": "100"}) == set()
}

test_findings_that_cannot_be_counted_wait if {
	none := {"blast-radius: there are no findings that can be counted"}
	none == m0.pending with input as {}
	waiting(null, {}) == none
	waiting({"a": 1}, {}) == none
}

test_nothing_to_count_no_objection if {
	waiting([], {}) == set()
	denied([], {}) == set()
}
