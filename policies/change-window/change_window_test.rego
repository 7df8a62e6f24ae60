package m0_test

import data.m0

# 2026-06-10 is a Wednesday.
asked(now, settings) := {"m0": {"now": now}, "policyData": settings}

waiting(now, settings) := messages if {
	messages := m0.pending with input as asked(now, settings)
}

denied(now, settings) := messages if {
	messages := m0.deny with input as asked(now, settings)
}

in_time(now, settings) if waiting(now, settings) == set()

outside(now, settings) if {
	some message in waiting(now, settings)
	startswith(message, "outside the change window")
}

berlin(days, from, to) := {"zone": "Europe/Berlin", "windows": [{"days": days, "from": from, "to": to}]}

test_without_data_working_hours_in_utc_hold if {
	in_time("2026-06-10T09:00:00.000Z", {})
	in_time("2026-06-10T15:59:59.999Z", {})
	outside("2026-06-10T08:59:59.999Z", {})
	outside("2026-06-10T16:00:00.000Z", {})
	outside("2026-06-13T12:00:00.000Z", {})
	outside("2026-06-14T12:00:00.000Z", {})
	messages := m0.pending with input as {"m0": {"now": "2026-06-10T12:00:00Z"}}
	messages == set()
}

test_it_says_when_the_windows_are if {
	settings := {"windows": [
		{"days": ["mon", "tue"], "from": "09:00", "to": "16:00"},
		{"days": ["fri"], "from": "09:00", "to": "12:00"},
	]}
	waiting("2026-06-10T12:00:00Z", settings) == {"outside the change window (mon tue 09:00–16:00 UTC; fri 09:00–12:00 UTC)"}
}

test_each_window_opens if {
	settings := {"windows": [
		{"days": ["mon"], "from": "09:00", "to": "10:00"},
		{"days": ["Wed"], "from": "18:00", "to": "19:30"},
	]}
	in_time("2026-06-08T09:30:00Z", settings)
	in_time("2026-06-10T19:29:00Z", settings)
	outside("2026-06-10T09:30:00Z", settings)
}

test_hours_are_those_of_the_zone if {
	settings := berlin(["wed"], "09:00", "16:00")
	in_time("2026-06-10T07:00:00Z", settings)
	outside("2026-06-10T06:59:00Z", settings)
	outside("2026-06-10T14:00:00Z", settings)
}

test_the_day_is_that_of_the_zone if {
	in_time("2026-06-09T23:30:00Z", berlin(["wed"], "01:00", "02:00"))
	outside("2026-06-09T23:30:00Z", berlin(["tue"], "01:00", "02:00"))
}

test_any_offset_of_the_time_means_the_same_moment if {
	in_time("2026-06-10T09:00:00+02:00", berlin(["wed"], "09:00", "16:00"))
	outside("2026-06-10T09:00:00+03:00", berlin(["wed"], "09:00", "16:00"))
}

test_a_window_over_midnight_belongs_to_the_day_it_begins if {
	settings := {"windows": [{"days": ["wed"], "from": "22:00", "to": "04:00"}]}
	outside("2026-06-10T21:59:00Z", settings)
	in_time("2026-06-10T22:00:00Z", settings)
	in_time("2026-06-11T03:59:00Z", settings)
	outside("2026-06-11T04:00:00Z", settings)
	outside("2026-06-10T03:00:00Z", settings)
	outside("2026-06-11T22:00:00Z", settings)
}

test_a_window_over_midnight_from_sunday_to_monday if {
	settings := {"windows": [{"days": ["sun"], "from": "22:00", "to": "04:00"}]}
	in_time("2026-06-15T03:00:00Z", settings)
	outside("2026-06-16T03:00:00Z", settings)
}

test_midnight_ends_a_window_either_way if {
	every to in ["24:00", "00:00"] {
		settings := {"windows": [{"days": ["wed"], "from": "20:00", "to": to}]}
		in_time("2026-06-10T23:59:59Z", settings)
		outside("2026-06-11T00:00:00Z", settings)
	}
	in_time("2026-06-10T00:00:00Z", {"windows": [{"days": ["wed"], "from": "00:00", "to": "24:00"}]})
}

# Clocks in Berlin: 2026-03-29 from 2 to 3 (01:00Z), 2026-10-25 from 3 back to 2 (01:00Z). Both are Sundays.
test_a_window_moves_with_daylight_saving_time if {
	settings := berlin(["sat", "sun"], "09:00", "16:00")
	in_time("2026-03-28T08:00:00Z", settings)
	outside("2026-03-28T07:30:00Z", settings)
	in_time("2026-03-29T07:30:00Z", settings)
	outside("2026-10-25T07:30:00Z", settings)
	in_time("2026-10-25T08:00:00Z", settings)
}

test_an_hour_that_is_skipped_opens_nothing if {
	settings := berlin(["sun"], "02:15", "02:45")
	outside("2026-03-29T00:59:00Z", settings)
	outside("2026-03-29T01:30:00Z", settings)
}

test_an_hour_that_comes_twice_is_open_twice if {
	settings := berlin(["sun"], "02:15", "02:45")
	in_time("2026-10-25T00:30:00Z", settings)
	outside("2026-10-25T00:50:00Z", settings)
	in_time("2026-10-25T01:30:00Z", settings)
}

test_the_night_the_clocks_change_stays_one_window if {
	settings := berlin(["sat"], "22:00", "04:00")
	in_time("2026-03-29T01:59:00Z", settings)
	outside("2026-03-29T02:00:00Z", settings)
	in_time("2026-10-25T02:59:00Z", settings)
	outside("2026-10-25T03:00:00Z", settings)
}

holidays := {
	"zone": "Europe/Berlin",
	"windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
	"freezes": [{"from": "2026-12-20", "to": "2027-01-03", "reason": "holidays"}],
}

test_a_freeze_waits_from_its_first_to_its_last_day if {
	frozen := {"change freeze until 2027-01-03: holidays"}
	in_time("2026-12-19T22:59:59Z", holidays)
	waiting("2026-12-19T23:00:00Z", holidays) == frozen
	waiting("2027-01-03T22:59:59Z", holidays) == frozen
	in_time("2027-01-03T23:00:00Z", holidays)
	denied("2026-12-24T12:00:00Z", holidays) == set()
}

test_a_hard_freeze_denies if {
	hard := json.patch(holidays, [{"op": "add", "path": "/freezes/0/hard", "value": true}])
	denied("2026-12-24T12:00:00Z", hard) == {"change freeze until 2027-01-03: holidays"}
	denied("2026-12-19T12:00:00Z", hard) == set()
	soft := json.patch(holidays, [{"op": "add", "path": "/freezes/0/hard", "value": false}])
	denied("2026-12-24T12:00:00Z", soft) == set()
}

test_a_freeze_of_one_day_needs_no_reason if {
	settings := object.union(holidays, {"freezes": [{"from": "2026-06-10", "to": "2026-06-10"}]})
	waiting("2026-06-10T12:00:00Z", settings) == {"change freeze until 2026-06-10: no reason given"}
	in_time("2026-06-11T12:00:00Z", settings)
}

test_a_freeze_outside_a_window_says_both if {
	settings := {"freezes": [{"from": "2026-06-10", "to": "2026-06-10", "reason": "launch"}]}
	count(waiting("2026-06-10T20:00:00Z", settings)) == 2
}
