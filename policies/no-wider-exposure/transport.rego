package m0

# Texts for connections that would be less protected than now: http for https, older TLS, certificates not checked.
would_weaken(finding) := {text |
	some attribute in moved(finding)
	some [key, before, after] in values_of(attribute)
	text := weaker(plain(key), key, before, after)
}

# A plain value, or the plain values of a whole block. A value that is hidden has its own message.
values_of(attribute) := {[names[attribute.path], attribute.actual, attribute.desired]} if {
	not is_object(attribute.desired)
} else := {[key, null, value] |
	walk(attribute.desired, [_, holder])
	is_object(holder)
	some key, value in holder
	not is_object(value)
}

weaker(key, said, before, after) := sprintf("would weaken encryption in transit: %s = %v", [said, after]) if {
	is_unencrypted(key, after)
	not is_unencrypted(key, before)
} else := sprintf("would allow older TLS: %s = %v", [said, after]) if {
	version_of(after) < version_of(before)
	regex.match(`tls|ssl|cipher|securitypolicy|minimumprotocol`, key)
} else := sprintf("may weaken encryption in transit: %s = %v", [said, after]) if {
	is_string(after)
	regex.match(tls_settings, key)
	before != after
	not is_no_older(before, after)
} else := sprintf("would send without encryption: %s = %s", [said, after]) if {
	is_string(after)
	startswith(after, "http://")
	is_string(before)
	startswith(before, "https://")
}

tls_settings := concat("|", [
	`^(min|minimum)?(tls|ssl|cipher|tlssecurity|security)(cipher)?(policy|policyname|profile|suites?|version|mode|protocols?)$`,
	`^minimumprotocolversion$`,
])

is_no_older(before, after) if version_of(after) >= version_of(before)

# 1.2 of TLS1_2, TLSv1.2_2021 and ELBSecurityPolicy-TLS13-1-2-2021-06.
version_of(value) := to_number(concat(".", [parts[1], parts[2]])) if {
	is_string(value)
	some parts in regex.find_all_string_submatch_n(`(?:^|[^0-9])([0-3])[._-]([0-3])(?:$|[^0-9])`, value, 1)
}

is_unencrypted(key, value) if {
	key in unencrypted_unless_true
	value == false
}

is_unencrypted(key, value) if {
	key in unencrypted_if_true
	value == true
}

is_unencrypted(key, value) if {
	is_string(value)
	lower(value) in unencrypted_values[key]
}

unencrypted_unless_true := {
	"enablehttpstrafficonly",
	"encryptioninflight",
	"encryptionintransit",
	"enforcehttps",
	"enforcessl",
	"httpsonly",
	"httpstrafficonlyenabled",
	"incluster",
	"redirecthttptohttps",
	"requiressl",
	"requiresecuretransport",
	"requiretls",
	"securetransportenabled",
	"sslenforcementenabled",
	"tlsenabled",
	"transitencryptionenabled",
	"verifyssl",
	"verifytls",
}

unencrypted_if_true := {
	"allowhttp",
	"allowinsecure",
	"allowinsecureconnections",
	"disablesslverification",
	"disabletlsverification",
	"enablenonsslport",
	"http10enabled",
	"httpenabled",
	"insecure",
	"insecureskipverify",
	"insecuressl",
	"nonsslportenabled",
	"notlsverify",
	"skiptlsverify",
}

unencrypted_values := {
	"alwaysusehttps": {"off"},
	"clientbroker": {"plaintext", "tls_plaintext"},
	"clientprotocol": {"plaintext"},
	"ftpsstate": {"allallowed"},
	"httpstriggersecuritylevel": {"secure_optional"},
	"originprotocolpolicy": {"http-only", "match-viewer"},
	"protocol": {"http"},
	"securitymode": {"none"},
	"ssl": {"off", "flexible"},
	"sslmode": {"allow_unencrypted_and_encrypted", "allow", "disable", "prefer"},
	"transitencryptionmode": {"disabled", "preferred"},
	"viewerprotocolpolicy": {"allow-all"},
}
