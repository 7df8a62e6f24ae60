# METADATA
# title: Outside of office hours a person decides
package m0

pending contains "outside of office hours" if not office_hours

office_hours if {
	now := [time.parse_rfc3339_ns(input.m0.now), "Europe/Berlin"]
	not time.weekday(now) in {"Saturday", "Sunday"}
	[hour, _, _] := time.clock(now)
	hour >= 9
	hour < 17
}
