package m0

now := time.parse_rfc3339_ns(input.m0.now)

zone := "Europe/Berlin"

clock := time.clock([now, zone])

hour := clock[0]

minute := clock[1]

day := time.weekday([now, zone])

today := time.date([now, zone])

month := today[1]

date := today[2]

weekend if day in {"Saturday", "Sunday"}

frozen if {
	month == 12
	date >= 20
}

office if {
	not weekend
	hour >= 9
	hour < 17
}

deny contains "nothing moves before the new year" if frozen

pending contains sprintf("%s, %02d:%02d is no time for changes", [day, hour, minute]) if not office

allow contains sprintf("%d-%02d-%02d is a working day", today) if office

warn contains time.format([now, zone, "Mon Jan _2 15:04 2006"])

warn contains time.format(time.add_date(now, 0, 1, -3))

warn contains sprintf("since the release: %v", [time.diff(now, time.parse_rfc3339_ns("2026-01-31T23:59:59Z"))])
