package m0_test

import data.m0

test_waits_at_night if {
	m0.pending["outside of office hours"] with input as {"m0": {"now": "2026-03-02T21:00:00Z"}}
}

test_waits_on_sunday if {
	m0.pending["outside of office hours"] with input as {"m0": {"now": "2026-03-01T11:00:00Z"}}
}

test_silent_on_monday_morning if {
	count(m0.pending) == 0 with input as {"m0": {"now": "2026-03-02T09:30:00Z"}}
}
