package m0

expires[rc.address] := ns if {
	some rc in input.plan.resource_changes
	day := rc.change.after.tags.Expires
	regex.match(`^\d{4}-\d{2}-\d{2}$`, day)
	ns := time.parse_ns("2006-01-02", day)
}

day_ns := time.parse_duration_ns("24h")

deny contains sprintf("%s expired %d days ago", [address, floor((time.now_ns() - ns) / day_ns)]) if {
	some address, ns in expires
	ns < time.now_ns()
}

warn contains sprintf("%s expires on %s", [address, time.format([ns, "", "Monday, 2 January 2006"])]) if some address, ns in expires

allow contains "nothing has expired" if {
	every ns in expires {
		ns >= time.now_ns()
	}
}
