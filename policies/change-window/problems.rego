# The problems of the data of change_window.rego; each problem makes every change wait.
package m0

problems contains "there is no time to go by" if not clock_known

clock_known if {
	is_number(now)
	is_string(today)
	is_number(minute)
	weekday in object.keys(day_before)
}

problems contains "its data must be keys and values: zone, windows, freezes" if {
	given := input.policyData
	not is_object(given)
}

problems contains sprintf("data has no key %s: there are zone, windows and freezes", [key]) if {
	some key, _ in settings
	not key in {"zone", "windows", "freezes"}
}

problems contains sprintf("zone must be a time zone such as Europe/Berlin, and it is %s", [json.marshal(name)]) if {
	name := settings.zone
	not is_zone(name)
}

problems contains sprintf("%s must be a list", [key]) if {
	some key in ["windows", "freezes"]
	list := settings[key]
	not is_array(list)
}

problems contains "windows is empty: no change would ever be in time" if settings.windows == []

problems contains sprintf("windows[%d] must have days, from and to, nothing else", [i]) if {
	some i, window in windows
	not has_keys(window, {"days", "from", "to"}, set())
}

problems contains sprintf("windows[%d]: days must be a list of mon, tue, wed, thu, fri, sat, sun", [i]) if {
	some i, window in windows
	has_keys(window, {"days", "from", "to"}, set())
	not are_days(window.days)
}

problems contains sprintf("windows[%d]: %s must be a time such as \"09:00\", and it is %s", [i, key, json.marshal(value)]) if {
	some i, window in windows
	some key in ["from", "to"]
	value := window[key]
	not minute_of(value)
}

problems contains sprintf("windows[%d] ends when it begins, at %s", [i, window.from]) if {
	some i, window in windows
	minute_of(window.from) == minute_of(window.to)
}

problems contains sprintf("windows[%d] never begins: the day is over at 24:00", [i]) if {
	some i, window in windows
	minute_of(window.from) == 24 * 60
}

problems contains sprintf("freezes[%d] must have from and to, may have reason and hard, nothing else", [i]) if {
	some i, freeze in freezes
	not has_keys(freeze, {"from", "to"}, {"reason", "hard"})
}

problems contains sprintf("freezes[%d]: %s must be a day such as \"2026-12-20\", and it is %s", [i, key, json.marshal(value)]) if {
	some i, freeze in freezes
	some key in ["from", "to"]
	value := freeze[key]
	not is_day(value)
}

problems contains sprintf("freezes[%d] ends on %s, before it begins on %s", [i, freeze.to, freeze.from]) if {
	some i, freeze in freezes
	is_day(freeze.from)
	is_day(freeze.to)
	freeze.to < freeze.from
}

problems contains sprintf("freezes[%d]: hard must be true or false, and it is %s", [i, json.marshal(value)]) if {
	some i, freeze in freezes
	value := freeze.hard
	not is_boolean(value)
}

problems contains sprintf("freezes[%d]: reason must be text, and it is %s", [i, json.marshal(value)]) if {
	some i, freeze in freezes
	value := freeze.reason
	not is_string(value)
}

has_keys(value, needed, others) if {
	is_object(value)
	keys := object.keys(value)
	needed - keys == set()
	(keys - needed) - others == set()
}

are_days(days) if {
	is_array(days)
	count(days) > 0
	every day in days {
		lower(day) in object.keys(day_before)
	}
}
