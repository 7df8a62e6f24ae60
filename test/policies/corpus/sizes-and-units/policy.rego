package m0

bytes(size) := units.parse_bytes(size)

limits := {"memory": bytes("1.5GiB"), "disk": bytes("200GB"), "cpu": units.parse("2500m"), "small": units.parse("10Ki")}

volumes[rc.address] := size if {
	some rc in input.plan.resource_changes
	some key in ["size", "volume_size", "allocated_storage"]
	size := rc.change.after[key]
	is_number(size)
}

deny contains sprintf("%s: %v GB are %d bytes, over %d", [address, size, size * 1000000000, limits.disk]) if {
	some address, size in volumes
	size * 1000000000 > limits.disk
}

warn contains sprintf("%v", [limits])

warn contains sprintf("%s holds %v", [address, size]) if some address, size in volumes

warn contains sprintf("all: %v, most %v, least %v", [sum(sizes), max(sizes), min(sizes)]) if {
	sizes := [size | some size in volumes]
	count(sizes) > 0
}

pending contains sprintf("grows by %v%%", [growth]) if {
	some rc in input.plan.resource_changes
	growth := ((rc.change.after.size - rc.change.before.size) * 100) / rc.change.before.size
	growth > 0
}

warn contains sprintf("%d %d %d %s %s", [bits.and(limits.disk, 255), bits.lsh(1, 40), bits.xor(5, 3), format_int(limits.disk, 16), format_int(4294967295.9, 2)])
