package m0_test

import data.m0

by_hand := {
	"address": "aws_s3_bucket.logs",
	"type": "aws_s3_bucket",
	"origin": "cloud",
	"action": "update",
	"actionable": true,
	"attributes": [{"path": "acl", "origin": "cloud", "kind": "changed", "sensitive": false}],
}

waiting(findings) := messages if {
	messages := m0.pending with input as {"m0": {"findings": findings}}
}

but(changes) := object.union(by_hand, changes)

says(text) := {{"msg": text, "address": "aws_s3_bucket.logs"}}

unreadable := {"there are findings that can’t be read, so a person looks first"}

test_by_hand_gets_no_objection if {
	waiting([by_hand]) == set()
	waiting([but({"action": "create", "deletedByHand": true, "attributes": []})]) == set()
}

test_the_code_waits if {
	waiting([but({"origin": "code"})]) == says("changed in the code, not by hand")
}

test_both_wait if {
	waiting([but({"origin": "both"})]) == says("changed by hand and in the code")
}

test_one_attribute_from_the_code_waits if {
	mixed := but({"attributes": [{"path": "acl", "origin": "cloud"}, {"path": "tags.Owner", "origin": "code"}]})
	waiting([mixed]) == says("not every attribute of it was changed by hand")
}

test_an_attribute_of_unknown_origin_waits if {
	unknown := says("not every attribute of it was changed by hand")
	waiting([but({"attributes": [{"path": "acl"}]})]) == unknown
	waiting([but({"attributes": null})]) == unknown
	waiting([object.remove(by_hand, ["attributes"])]) == unknown
}

test_an_unknown_origin_waits if {
	unknown := says("nobody knows whether the cloud or the code moved")
	waiting([but({"origin": "elsewhere"})]) == unknown
	waiting([but({"origin": null})]) == unknown
	waiting([object.remove(by_hand, ["origin"])]) == unknown
}

test_each_finding_is_judged_alone if {
	other := but({"address": "aws_s3_bucket.new", "origin": "code"})
	{message.address | some message in waiting([by_hand, other])} == {"aws_s3_bucket.new"}
}

test_findings_that_cannot_be_read_wait if {
	unreadable == m0.pending with input as {}
	waiting("none") == unreadable
	waiting(null) == unreadable
	waiting([null, "x"]) == unreadable
	waiting([object.remove(by_hand, ["address"])]) == unreadable
}

test_nothing_to_judge_no_objection if {
	waiting([]) == set()
}
