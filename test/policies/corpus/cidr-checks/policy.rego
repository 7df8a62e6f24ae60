package m0

private := ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8"]

blocks contains [rc.address, cidr] if {
	some rc in input.plan.resource_changes
	some key in ["cidr_block", "destination_cidr_block", "cidr_ipv4"]
	cidr := rc.change.after[key]
	is_string(cidr)
}

blocks contains [rc.address, cidr] if {
	some rc in input.plan.resource_changes
	some rule in rc.change.after.ingress
	some cidr in rule.cidr_blocks
}

is_private(cidr) if {
	some range in private
	net.cidr_contains(range, cidr)
}

deny contains sprintf("%s: %s is not private", [address, cidr]) if {
	some [address, cidr] in blocks
	not is_private(cidr)
}

deny contains sprintf("%s and %s overlap: %s, %s", [a, b, x, y]) if {
	some [a, x] in blocks
	some [b, y] in blocks
	a < b
	net.cidr_intersects(x, y)
}

warn contains sprintf("%s is a /%d", [cidr, to_number(split(cidr, "/")[1])]) if {
	some [_, cidr] in blocks
	net.cidr_is_valid(cidr)
}

warn contains sprintf("inside: %v", [net.cidr_contains_matches(private, [cidr | some [_, cidr] in blocks; net.cidr_is_valid(cidr)])])

warn contains sprintf("together: %v", [net.cidr_merge([cidr | some [_, cidr] in blocks; net.cidr_is_valid(cidr); not contains(cidr, ":")])])

warn contains sprintf("addresses: %d", [count(net.cidr_expand("10.1.2.0/28"))])
