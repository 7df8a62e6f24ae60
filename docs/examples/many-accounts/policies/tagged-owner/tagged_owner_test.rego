package m0_test

import data.m0

plan(tags) := {"plan": {"resource_changes": [{
	"address": "aws_s3_bucket.logs",
	"change": {"actions": ["update"], "after": {"tags": tags}},
}]}}

test_waits_without_an_owner if {
	count(m0.pending) == 1 with input as plan({"CostCenter": "4711"})
}

test_silent_with_an_owner if {
	count(m0.pending) == 0 with input as plan({"Owner": "platform"})
}
