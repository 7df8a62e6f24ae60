package m0_test

import data.m0

drift(environment, origin) := {"m0": {
	"environment": environment,
	"findings": [{"address": "aws_vpc.this", "origin": origin}],
}}

test_code_in_prod_waits if {
	count(m0.pending) == 1 with input as drift("prod", "code")
}

test_says_nothing_of_the_cloud if {
	count(m0.pending) == 0 with input as drift("prod", "cloud")
}

test_silent_in_stage if {
	count(m0.pending) == 0 with input as drift("stage", "code")
}
