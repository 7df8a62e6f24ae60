package m0

# Ranges of which none is wide, but all together are: as many addresses as two /7 (2^26). One /7 is wide by itself.
many_addresses := bits.lsh(1, 26)

# Texts for attributes whose ranges would together be very many addresses, and are not now.
would_flood(changes) := {sprintf("would open %s to %d ranges that together are %d million addresses", [key, count(after), round(size / 1000000)]) |
	some key in union({touched | some [_, _, touched] in changes})
	after := ranges_in([side[key] | some [_, side, _] in changes])
	count(after) > 1
	size := size_of(after)
	size >= many_addresses
	size_of(ranges_in([side[key] | some [side, _, _] in changes])) < many_addresses
} | {sprintf("would open to %s-%s", [after.start_ip_address, after.end_ip_address]) |
	some [before, after, _] in changes
	is_wide_span(after)
	not is_wide_span(before)
}

# Addresses of the Internet; a range that is wide by itself has its own text.
ranges_in(values) := {leaf |
	walk(values, [_, leaf])
	is_string(leaf)
	regex.match(`^[0-9]{1,3}(\.[0-9]{1,3}){3}/([89]|[12][0-9]|3[0-2])$`, leaf)
	not regex.match(private_range, leaf)
}

size_of(ranges) := sum([bits.lsh(1, 32 - to_number(split(range, "/")[1])) | some range in ranges])

# RFC 1918, RFC 6598, loopback and link-local.
private_range := concat("|", [
	`^10\.|^192\.168\.|^172\.(1[6-9]|2[0-9]|3[01])\.|^127\.|^169\.254\.`,
	`^100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.`,
])

# From 1.0.0.0 to 250.0.0.0; the first numbers are compared.
is_wide_span(side) if {
	[start, end] := [first_number(side.start_ip_address), first_number(side.end_ip_address)]
	end - start > 1
}

first_number(address) := to_number(split(address, ".")[0]) if {
	is_string(address)
	regex.match(`^[0-9]{1,3}\.`, address)
}

# Texts for accounts and groups that would get something which they have not now.
would_share(changes) := {sprintf("would share with %v: %s", [with_whom, name]) |
	some [before, after, touched] in changes
	some key in touched
	some [name, with_whom] in (shared(key, after[key]) - shared(key, object.get(before, key, null)))
}

shared(key, value) := {[key, leaf] |
	plain(key) in sharing
	some leaf in leaves(value)
	not leaf in nothing
} | {[name, leaf] |
	is_nested(value)
	walk(value, [_, holder])
	is_object(holder)
	some name, inner in holder
	plain(name) in sharing
	some leaf in leaves(inner)
	not leaf in nothing
}

# Lists of accounts that may use a snapshot, an image, a document or a service.
sharing := {
	"accountids",
	"allowedaccounts",
	"allowedprincipals",
	"authorizedaccounts",
	"crossaccountaccess",
	"launchpermissions",
	"organizationalunitarns",
	"organizationarns",
	"shareaccounts",
	"sharedaccounts",
	"sharewithaccounts",
	"subscriptionids",
	"trustedaccounts",
	"userids",
	"visibilitysubscriptionids",
}
