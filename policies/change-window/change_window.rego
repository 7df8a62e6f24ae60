# METADATA
# title: Changes in working hours only
# description: >-
#   Objects to the whole run outside the change windows and during a freeze; the next check inside a window has no such
#   objection. From `policies.KEY.data`: `zone` (default UTC), the name of a time zone; `windows` (default Monday to
#   Friday from 09:00 to 16:00), each with the `days` on which it begins (mon … sun), `from` and `to`, which may be after
#   midnight; `freezes` (default none), each with its first day `from`, its last day `to`, a `reason`, and `hard: true`
#   if nobody may apply anything. Hours are local times in that zone, so a window follows daylight saving
#   time. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Outside the change windows
# description: Waits for a person while no window is open.
# scope: rule
pending contains message if {
	not in_a_window
	count(problems) == 0
	message := sprintf("outside the change window (%s)", [shown_windows])
}

# METADATA
# title: Change freeze
# description: Waits for a person on every day of a freeze.
# scope: rule
pending contains freeze_message(freeze) if some freeze in freezes_today

# METADATA
# title: Hard change freeze
# description: Nobody may apply anything on a day of a freeze with `hard`.
# scope: rule
deny contains freeze_message(freeze) if {
	some freeze in freezes_today
	not soft(freeze)
}

# METADATA
# title: Windows that can’t be read
# description: Waits for a person while the policy’s data or the time is not valid.
# scope: rule
pending contains sprintf("change-window: %s", [problem]) if some problem in problems

default settings := {}

settings := input.policyData if is_object(input.policyData)

windows := list_of("windows", [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "16:00"}])

freezes := list_of("freezes", [])

# An invalid list is reported as a separate problem.
list_of(key, usual) := list if {
	list := object.get(settings, key, usual)
	is_array(list)
} else := []

# A mistake in the zone must not end a freeze.
default zone := "UTC"

zone := settings.zone if is_zone(settings.zone)

# A name that looks like a zone but is none ends the evaluation with an error, and a person decides.
is_zone(name) if {
	regex.match(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`, name)

	# That would be the time zone of this machine.
	name != "Local"
	time.clock([0, name])
}

# Checked first: parsing an invalid time would end the evaluation.
now := time.parse_rfc3339_ns(input.m0.now) if {
	[day, _] := split(input.m0.now, "T")
	is_day(day)
	regex.match(`T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$`, input.m0.now)
}

today := sprintf("%04d-%02d-%02d", time.date([now, zone]))

weekday := lower(substring(time.weekday([now, zone]), 0, 3))

minute := (hours * 60) + minutes if [hours, minutes, _] := time.clock([now, zone])

in_a_window if {
	some window in windows
	open(window)
}

# The beginning is included, the end is not.
open(window) if {
	from := minute_of(window.from)
	to := minute_of(window.to)
	from < to
	weekday in names(window.days)
	minute >= from
	minute < to
}

# Across midnight: the evening of its day …
open(window) if {
	from := minute_of(window.from)
	minute_of(window.to) < from
	weekday in names(window.days)
	minute >= from
}

# … and the morning after.
open(window) if {
	to := minute_of(window.to)
	to < minute_of(window.from)
	day_before[weekday] in names(window.days)
	minute < to
}

day_before := {"mon": "sun", "tue": "mon", "wed": "tue", "thu": "wed", "fri": "thu", "sat": "fri", "sun": "sat"}

names(days) := {lower(day) | some day in days}

minute_of(text) := (to_number(hours) * 60) + to_number(minutes) if {
	regex.match(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`, text)
	[hours, minutes] := split(text, ":")
}

shown_windows := concat("; ", [text |
	some window in windows
	text := sprintf("%s %s–%s %s", [concat(" ", window.days), window.from, window.to, zone])
])

freezes_today := [freeze |
	some freeze in freezes
	is_day(freeze.from)
	is_day(freeze.to)

	# Days in the same format can be compared as text.
	freeze.from <= today
	today <= freeze.to
]

# "yes" or "true" in quotes is reported as a problem, and counts as hard.
soft(freeze) if object.get(freeze, "hard", false) == false

freeze_message(freeze) := sprintf("change freeze until %s: %s", [freeze.to, reason_of(freeze)])

default reason_of(_) := "no reason given"

reason_of(freeze) := freeze.reason if is_string(freeze.reason)

is_day(text) if regex.match(`^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$`, text)
