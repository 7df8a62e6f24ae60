package m0_test

import data.m0

# Wednesday, in the middle of every window here.
noon := "2026-06-10T12:00:00Z"

told(settings) := messages if {
	messages := m0.pending with input as {"m0": {"now": noon}, "policyData": settings}
}

window := {"days": ["wed"], "from": "09:00", "to": "16:00"}

window_with(changes) := {"windows": [object.union(window, changes)]}

freeze := {"from": "2026-12-20", "to": "2027-01-03", "reason": "holidays", "hard": false}

freeze_with(changes) := {"freezes": [object.union(freeze, changes)]}

test_good_data_have_no_problem if {
	told({"zone": "Europe/Berlin", "windows": [window], "freezes": [freeze]}) == set()
}

test_no_time_waits if {
	unknown := {"change-window: there is no time to go by"}
	unknown == m0.pending with input as {}
	unknown == m0.pending with input as {"m0": {"now": "yesterday"}}
	unknown == m0.pending with input as {"m0": {"now": "2026-06-10"}}
	unknown == m0.pending with input as {"m0": {"now": "2026-06-31T12:00:00Z"}}
	unknown == m0.pending with input as {"m0": {"now": "2026-06-10T12:00:00"}}
	unknown == m0.pending with input as {"m0": {"now": 1781092800}}
	unknown == m0.pending with input as {"m0": {"now": null}}
}

test_data_of_another_kind_wait if {
	every settings in [null, [], "always", 5, false] {
		told(settings) == {"change-window: its data must be keys and values: zone, windows, freezes"}
	}
	told({"timezone": "UTC"}) == {"change-window: data has no key timezone: there are zone, windows and freezes"}
}

test_a_zone_that_is_none_waits if {
	every zone in ["", "Local", "Europe / Berlin", "+02:00", "../UTC", null, 2, ["UTC"], false] {
		text := sprintf("change-window: zone must be a time zone such as Europe/Berlin, and it is %s", [json.marshal(zone)])
		told({"zone": zone}) == {text}
	}
}

test_lists_that_are_none_wait if {
	told({"windows": window}) == {"change-window: windows must be a list"}
	told({"windows": null}) == {"change-window: windows must be a list"}
	told({"freezes": "2026-12-24"}) == {"change-window: freezes must be a list"}
	told({"windows": []}) == {"change-window: windows is empty: no change would ever be in time"}
}

test_windows_with_other_keys_wait if {
	odd := {"change-window: windows[0] must have days, from and to, nothing else"}
	told({"windows": ["always"]}) == odd
	told(window_with({"zone": "UTC"})) == odd
	told({"windows": [object.remove(window, ["days"])]}) == odd
	told({"windows": [object.remove(window, ["to"])]}) == odd
}

test_days_nobody_knows_wait if {
	every days in [[], ["wednesday"], ["wed", "mo"], "wed", [3], null, [null]] {
		told(window_with({"days": days})) == {"change-window: windows[0]: days must be a list of mon, tue, wed, thu, fri, sat, sun"}
	}
}

test_times_nobody_knows_wait if {
	every time in ["9:00", "09.00", "25:00", "24:30", "09:60", "", 900, null, " 09:00"] {
		text := sprintf("change-window: windows[0]: from must be a time such as \"09:00\", and it is %s", [json.marshal(time)])
		told(window_with({"from": time})) == {text}
	}
	told(window_with({"to": 960})) == {"change-window: windows[0]: to must be a time such as \"09:00\", and it is 960"}
	told(window_with({"from": "16:00"})) == {"change-window: windows[0] ends when it begins, at 16:00"}
	told(window_with({"from": "24:00"})) == {"change-window: windows[0] never begins: the day is over at 24:00"}
}

test_one_bad_window_among_good_ones_waits if {
	told({"windows": [window, {"days": ["wed"]}]}) == {"change-window: windows[1] must have days, from and to, nothing else"}
}

test_freezes_with_other_keys_wait if {
	odd := {"change-window: freezes[0] must have from and to, may have reason and hard, nothing else"}
	told({"freezes": ["2026-12-24"]}) == odd
	told(freeze_with({"until": "2027-01-03"})) == odd
	told({"freezes": [object.remove(freeze, ["to"])]}) == odd
}

test_days_of_a_freeze_that_are_none_wait if {
	every day in ["2026-02-30", "2026-11-31", "2026-13-01", "2026-00-10", "20.12.2026", "2026-12-20T00:00:00Z", 20261220, null, ""] {
		text := sprintf("change-window: freezes[0]: from must be a day such as \"2026-12-20\", and it is %s", [json.marshal(day)])
		told(freeze_with({"from": day})) == {text}
	}
	told(freeze_with({"to": "2026-12-19"})) == {"change-window: freezes[0] ends on 2026-12-19, before it begins on 2026-12-20"}
}

test_a_freeze_neither_hard_nor_soft_waits if {
	told(freeze_with({"hard": "yes"})) == {"change-window: freezes[0]: hard must be true or false, and it is \"yes\""}
	told(freeze_with({"reason": 5})) == {"change-window: freezes[0]: reason must be text, and it is 5"}
}

test_a_freeze_neither_hard_nor_soft_denies if {
	every hard in ["yes", "true", 1, null] {
		today := {"from": "2026-06-10", "to": "2026-06-10", "reason": "launch", "hard": hard}
		denied_by := m0.deny with input as {"m0": {"now": noon}, "policyData": {"freezes": [today]}}
		denied_by == {"change freeze until 2026-06-10: launch"}
	}
}

test_a_mistake_beside_it_ends_no_freeze if {
	today := {"from": "2026-06-10", "to": "2026-06-10", "reason": "launch", "hard": true}
	every mistake in [{"zone": "Berlin time"}, {"windows": "none"}, {"max": 1}] {
		settings := object.union({"freezes": [today, {"from": "soon"}]}, mistake)
		denied_by := m0.deny with input as {"m0": {"now": noon}, "policyData": settings}
		denied_by == {"change freeze until 2026-06-10: launch"}
	}
}
