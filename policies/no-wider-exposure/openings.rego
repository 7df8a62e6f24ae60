package m0

# Texts for what would be exposed: everything open after the apply but not now, and every removed protection.
would_open(changes) := union({opened, undenied, unlimited}) if {
	views := [[before, after, scanned(before, after, touched)] | some [before, after, touched] in changes]
	opened := {text | some [text, _, _] in (all_open(views, 1) - all_open(views, 0))}
	undenied := {"would take away or change a rule that denies" | count(all_denied(views, 0) - all_denied(views, 1)) > 0}
	unlimited := {sprintf("would take away a limit: %s", [key]) |
		some [before, after, keys] in views
		after != {}
		limited := limits(after, keys)
		some key in limits(before, keys)
		not key in limited
	}
}

all_open(views, side) := {open |
	some view in views
	some open in openings(view[side], view[2])
}

all_denied(views, side) := {denial |
	some view in views
	some denial in denials(view[side], view[2])
}

# Attributes that an apply changes. If the traffic of a rule changes, the whole rule counts: an unchanged source
# that was open for port 443 would then be open for port 22.
scanned(before, after, touched) := touched if {
	not is_rule_changed(touched)
} else := {key |
	some key in (object.keys(before) | object.keys(after))
	not is_metadata(key)
}

changed(before, after) := {key |
	some key in (object.keys(before) | object.keys(after))
	object.get(before, key, null) != object.get(after, key, null)
	not is_metadata(key)
}

is_rule_changed(keys) if {
	some key in keys
	regex.match(about, key)
}

# Attributes that make a rule a different one; a description or an additional source does not.
about := concat("", [
	`^(from_|to_)?ports?$|port_range|protocol|direction|^type$|egress|^access$|action$|^role|^allow|^deny|disabled`,
	`|priority|rule_n|gateway|next_hop|target_|destination|resource`,
])

about_rule(holder) := {key: inner |
	some key, inner in holder
	regex.match(about, key)
	not inner in nothing
}

# The cloud has "" where the code has null.
nothing := {null, "", [], {}}

# Everything open in some attributes of a resource: the text for people, and a key that makes equal texts unique.
openings(root, keys) := {open |
	not is_shut(root)
	some key in keys
	leaf := leaves(root[key])[_]
	some open in open_leaf(key, leaf, root)
} | ({[sprintf("would give a public address: %s", [key]), key, null] |
	some key in keys
	is_attached(key, root[key])
} | {open |
	some key in keys
	some [at, holder] in holders(key, root[key])
	not is_shut(holder)
	some open in opened_in(at, holder)
})

open_leaf(key, leaf, root) := {[sprintf("would open %s to %s", [traffic(key, root), leaf]), key, about_rule(root)]} if {
	is_wide(plain(key), leaf)
} else := {[sprintf("would make public: %s = %v", [key, leaf]), key, null]} if {
	is_public(plain(key), leaf)
} else := set()

opened_in(at, holder) := ({[text, at, about_rule(holder)] |
	not holder.Effect
	some key, inner in holder
	some leaf in leaves(inner)
	some text in texts(key, leaf, holder)
} | {[sprintf("would give a public address: %s", [key]), at, key] |
	some key, inner in holder
	is_attached(key, inner)
}) | {[sprintf("would open %s to everybody", [what]), at, object.remove(holder, ["Sid"])] |
	holder.Effect == "Allow"
	is_for_everybody(holder)
	what := concat(", ", sort(leaves(object.get(holder, "Action", "what it says"))))
}

texts(key, leaf, holder) := {sprintf("would open %s to %s", [traffic(key, holder), leaf])} if {
	is_wide(plain(key), leaf)
} else := {sprintf("would make public: %s = %v", [key, leaf])} if {
	is_public(plain(key), leaf)
} else := set()

is_attached(key, inner) if {
	plain(key) in attaching
	not inner in nothing
}

attaching := {"publicipaddressid", "publicipaddressids", "publicip", "accessconfig", "allocationid"}

# Deny rules count too; at the top level of a resource only by attribute name, because it has other attributes.
denials(root, keys) := {["", object.union(about_rule(root), about_source(root))] | is_denial(root)} | {[at, denial] |
	some key in keys
	some [at, holder] in holders(key, root[key])
	is_denial(holder)
	denial := {name: inner |
		some name, inner in holder
		not name in {"Sid", "name", "description"}
		not inner in nothing
	}
}

about_source(root) := {key: inner |
	some key, inner in root
	regex.match(`source|cidr|range`, key)
	not inner in nothing
}

# Protections of a resource: switches against public access, and lists of allowed sources. An empty list allows all.
limits(root, keys) := {key |
	some key in keys
	is_limit(plain(key), root[key])
} | {inner_key |
	some key in keys
	is_nested(root[key])
	walk(root[key], [_, holder])
	is_object(holder)
	some inner_key, value in holder
	is_limit(plain(inner_key), value)
}

is_limit(key, value) if {
	key in limiting_lists
	not value in nothing
}

# For false the text is "would make public"; here the attribute is removed.
is_limit(key, _) if key in public_unless_true

limiting_lists := {
	"allowediprange",
	"allowedipranges",
	"apiserverauthorizedipranges",
	"authorizedipranges",
	"authorizednetworks",
	"iprangefilter",
	"iprestriction",
	"ipsecurityrestrictions",
	"masterauthorizednetworksconfig",
	"publicaccesscidrs",
	"sourceranges",
}

# Objects at any depth below a name, also in JSON strings, with their paths.
holders(key, value) := {[concat(".", [key, steps(path)]), holder] |
	some root in roots(value)
	walk(root, [path, holder])
	is_object(holder)
}

steps(path) := concat(".", [step | some step in path; is_string(step)])

roots(value) := array.concat(
	[value | is_nested(value)],
	[json.unmarshal(text) |
		walk(value, [_, text])
		is_string(text)
		regex.match(`^\s*[{\[]`, text)
		json.is_valid(text)
	],
)

# Most attributes are lists of strings and numbers, which contain no objects.
is_nested(value) if is_object(value)

is_nested(value) if {
	is_array(value)
	some inner in value
	not is_plain(inner)
}

is_plain(inner) if not type_name(inner) in {"object", "array"}

is_for_everybody(statement) if statement.Principal == "*"

is_for_everybody(statement) if "*" in leaves(statement.Principal.AWS)

# Everybody except those named.
is_for_everybody(statement) if statement.NotPrincipal

is_shut(holder) if is_denial(holder)

is_shut(holder) if holder.disabled == true

is_denial(holder) if {
	some key in ["access", "action", "rule_action", "Effect"]
	is_string(holder[key])
	lower(holder[key]) == "deny"
}

is_denial(holder) if {
	is_array(holder.deny)
	count(holder.deny) > 0
}

# The traffic of a rule as a short text: 22/tcp.
traffic(key, holder) := "all traffic" if {
	protocol_of(holder) in {"-1", "all"}
} else := sprintf("%v/%s", [holder.from_port, protocol_of(holder)]) if {
	holder.from_port == holder.to_port
} else := sprintf("%v-%v/%s", [holder.from_port, holder.to_port, protocol_of(holder)]) if {
	holder.from_port != holder.to_port
} else := sprintf("%s/%s", [holder.destination_port_range, lower(protocol_of(holder))]) if {
	is_string(holder.destination_port_range)
	holder.destination_port_range != ""
} else := sprintf("%s/%s", [concat(",", sort(leaves(holder.destination_port_ranges))), lower(protocol_of(holder))]) if {
	is_array(holder.destination_port_ranges)
	count(holder.destination_port_ranges) > 0
} else := concat(" ", sort([sprintf("%s/%s", [concat(",", sort(object.get(rule, "ports", ["all"]))), rule.protocol]) |
	some rule in holder.allow
	is_string(rule.protocol)
])) if {
	is_array(holder.allow)
	count(holder.allow) > 0
} else := holder.role if {
	is_string(holder.role)
} else := key

protocol_of(holder) := lower(holder.protocol) if {
	is_string(holder.protocol)
} else := lower(holder.ip_protocol) if {
	is_string(holder.ip_protocol)
} else := "any"

leaves(inner) := {leaf | some leaf in inner; not is_object(leaf)} if {
	is_array(inner)
} else := {inner} if {
	not is_object(inner)
} else := set()

# One spelling for all clouds: source_address_prefix and sourceAddressPrefix.
plain(key) := lower(replace(key, "_", ""))

# Address ranges that mean everybody or very many, and names for everybody.
is_wide(_, leaf) if {
	is_string(leaf)
	regex.match(wide_range, leaf)
}

is_wide(_, leaf) if {
	leaf in {
		"system:anonymous",
		"system:authenticated",
		"system:serviceaccounts",
		"system:unauthenticated",
		"allUsers",
		"allAuthenticatedUsers",
		"http://acs.amazonaws.com/groups/global/AllUsers",
		"http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
	}
}

is_wide(key, leaf) if {
	is_string(leaf)
	regex.match(sources, key)
	lower(leaf) in {"*", "internet", "any", "0.0.0.0", "255.255.255.255"}
}

# Azure's tag for all addresses of its data centres, which every customer can rent.
is_wide(key, leaf) if {
	is_string(leaf)
	regex.match(sources, key)
	startswith(lower(leaf), "azurecloud")
}

sources := concat("|", [
	`^(source|src)(address|ip|range)|^(allowed|authorized)ip|^ip(range|address|mask|rule)|^(start|end)ip|^servicetag`,
	`^principal$`,
])

# IPv4 with up to 7 bits, IPv6 with up to 19 (no network has more addresses), and every IPv4 address spelt as IPv6:
# mapped (RFC 4291, 2.5.5.2) and through NAT64 (RFC 6052).
wide_range := concat("|", [
	`^[0-9.]+/[0-7]$`,
	`^[0-9a-fA-F:]*:[0-9a-fA-F:.]*/1?[0-9]$`,
	`^(::|(0{1,4}:){5})[fF]{4}:[0-9a-fA-F:.]+/(9[6-9]|10[0-3])$`,
	`^64:[fF]{2}9[bB]::[0-9a-fA-F:.]*/(9[6-9]|10[0-3])$`,
])

is_public(key, leaf) if {
	key in public_if_true
	leaf == true
}

is_public(key, leaf) if {
	key in public_unless_true
	leaf != true
}

is_public(key, leaf) if {
	is_string(leaf)
	lower(leaf) in public_values[key]
}

# Every website may call with the browser of a user (CORS).
is_public(key, leaf) if {
	key in origins
	leaf in {"*", "http://*", "https://*"}
}

origins := {"alloworigins", "allowedorigin", "allowedorigins", "corsallowedorigins", "origin", "origins"}

public_if_true := {
	"allowblobpublicaccess",
	"allownesteditemstobepublic",
	"allowpublicaccess",
	"allowspublicrepositories",
	"anonymousauthenabled",
	"anonymouspullenabled",
	"assignpublicip",
	"associatepublicipaddress",
	"autoassignpublicips",
	"createpublicip",
	"enabledefaultinternetaccess",
	"enableexternalip",
	"enableinternetaccess",
	"endpointpublicaccess",
	"exposetointernet",
	"externalenabled",
	"externalipenabled",
	"invokeriamdisabled",
	"ipv4enabled",
	"ispubliclyaccessible",
	"mappubliciponlaunch",
	"nodepublicipenabled",
	"public",
	"publicaccessenabled",
	"publicconnectivity",
	"publiclyaccessible",
	"publiclyreadable",
	"publicnetworkaccessenabled",
	"publicnetworkenabled",
	"publicqueryaccessenabled",
	"remotedebuggingenabled",
}

public_unless_true := {
	"blockpublicacls",
	"blockpublicpolicy",
	"blockpublicsecuritygrouprules",
	"disablepublicip",
	"disallowpublicipaddress",
	"enableprivateendpoint",
	"enableprivatenodes",
	"ignorepublicacls",
	"internal",
	"internalipsonly",
	"internalonly",
	"noexternalip",
	"privateclusterenabled",
	"privateendpointonly",
	"proxied",
	"publicaccessblockenabled",
	"restrictpublicbuckets",
}

public_acls := {
	"public-read",
	"public-read-write",
	"authenticated-read",
	"publicread",
	"publicreadwrite",
	"authenticatedread",
}

public_values := {
	"accesscontrol": public_acls,
	"accesslevel": {"public", "organization"},
	"accessmode": {"public"},
	"accountids": {"all"},
	"acl": public_acls,
	"addresstype": {"external"},
	"authorization": {"none"},
	"authorizationtype": {"none"},
	"authtype": {"none"},
	"connectivitytype": {"public"},
	"containeraccesstype": {"blob", "container"},
	"decision": {"bypass"},
	"defaultaction": {"allow"},
	"directinternetaccess": {"enabled"},
	"endpointtype": {"public"},
	"externalaccess": {"enabled"},
	"group": {"all"},
	"ingress": {"ingress_traffic_all"},
	"ingresssettings": {"allow_all"},
	"internetgatewayblockmode": {"off"},
	"introspectionconfig": {"enabled"},
	"ipaddresstype": {"public"},
	"loadbalancingscheme": {"external", "external_managed"},
	"networkaccesspolicy": {"allowall"},
	"permission": {"community"},
	"predefinedacl": public_acls,
	"privacy": {"public"},
	"publicaccess": {"blob", "container"},
	"publicaccessprevention": {"inherited", "unspecified"},
	"publicnetworkaccess": {"enabled"},
	"scheme": {"internet-facing"},
	"sharedaccounts": {"all"},
	"sharing": {"public", "community"},
	"specialgroup": {"allusers", "allauthenticatedusers"},
	"state": {"unblocked"},
	"type": {"service_provided_eips", "loadbalancer", "nodeport"},
	"visibility": {"public", "all", "global"},
}
