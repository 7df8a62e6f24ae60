package m0_test

import data.m0

change(action) := {"m0": {"findings": [{"address": "aws_vpc.this", "action": action}]}}

test_denies_a_delete if {
	count(m0.deny) == 1 with input as change("delete")
}

test_denies_a_replace if {
	count(m0.deny) == 1 with input as change("replace")
}

test_says_nothing_of_an_update if {
	count(m0.deny) == 0 with input as change("update")
}
