package m0

# Texts for what would be exposed: everything open after the apply but not now, and every removed protection.
would_open(pairs) := union({opened, undenied, unlimited}) if {
	views := [[before, after, scanned(before, after)] | some [before, after] in pairs]
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
scanned(before, after) := touched if {
	touched := changed(before, after)
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
	plain(key) in {"publicipaddressid", "publicipaddressids", "publicip", "accessconfig", "allocationid"}
	not inner in nothing
}

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
	lower(holder[key]) == "deny"
}

is_denial(holder) if count(holder.deny) > 0

# The traffic of a rule as a short text: 22/tcp.
traffic(key, holder) := "all traffic" if {
	protocol_of(holder) in {"-1", "all"}
} else := sprintf("%v/%s", [holder.from_port, protocol_of(holder)]) if {
	holder.from_port == holder.to_port
} else := sprintf("%v-%v/%s", [holder.from_port, holder.to_port, protocol_of(holder)]) if {
	holder.from_port != holder.to_port
} else := sprintf("%s/%s", [holder.destination_port_range, lower(protocol_of(holder))]) if {
	holder.destination_port_range != ""
} else := sprintf("%s/%s", [concat(",", sort(holder.destination_port_ranges)), lower(protocol_of(holder))]) if {
	count(holder.destination_port_ranges) > 0
} else := concat(" ", sort([sprintf("%s/%s", [concat(",", sort(object.get(rule, "ports", ["all"]))), rule.protocol]) |
	some rule in holder.allow
])) if {
	count(holder.allow) > 0
} else := holder.role if {
	holder.role
} else := key

protocol_of(holder) := lower(holder.protocol) if {
	is_string(holder.protocol)
} else := lower(object.get(holder, "ip_protocol", "any"))

leaves(inner) := {leaf | some leaf in inner; not is_object(leaf)} if {
	is_array(inner)
} else := {inner} if {
	not is_object(inner)
} else := set()

# One spelling for all clouds: source_address_prefix and sourceAddressPrefix.
plain(key) := lower(replace(key, "_", ""))

# Address ranges that mean everybody or very many, and names for everybody.
is_wide(_, leaf) if regex.match(`^[0-9a-fA-F:.]+/[0-7]$`, leaf)

is_wide(_, leaf) if {
	leaf in {
		"allUsers",
		"allAuthenticatedUsers",
		"http://acs.amazonaws.com/groups/global/AllUsers",
		"http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
	}
}

is_wide(key, leaf) if {
	regex.match(`^(source|src)(address|ip|range)|^(allowed|authorized)ip|^ip(range|address|mask|rule)|^(start|end)ip|^servicetag|^principal$`, key)
	lower(leaf) in {"*", "internet", "any", "0.0.0.0", "255.255.255.255"}
}

is_public(key, leaf) if {
	key in public_if_true
	leaf == true
}

is_public(key, leaf) if {
	key in public_unless_true
	leaf != true
}

is_public(key, leaf) if lower(leaf) in public_values[key]

public_if_true := {
	"allowblobpublicaccess",
	"allownesteditemstobepublic",
	"anonymouspullenabled",
	"assignpublicip",
	"associatepublicipaddress",
	"autoassignpublicips",
	"createpublicip",
	"enabledefaultinternetaccess",
	"enableinternetaccess",
	"endpointpublicaccess",
	"ipv4enabled",
	"ispubliclyaccessible",
	"mappubliciponlaunch",
	"nodepublicipenabled",
	"public",
	"publicconnectivity",
	"publiclyaccessible",
	"publicnetworkaccessenabled",
	"publicnetworkenabled",
}

public_unless_true := {
	"blockpublicacls",
	"blockpublicpolicy",
	"blockpublicsecuritygrouprules",
	"disallowpublicipaddress",
	"enableprivateendpoint",
	"enableprivatenodes",
	"ignorepublicacls",
	"internal",
	"privateclusterenabled",
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
	"acl": public_acls,
	"addresstype": {"external"},
	"authorization": {"none"},
	"authorizationtype": {"none"},
	"authtype": {"none"},
	"containeraccesstype": {"blob", "container"},
	"defaultaction": {"allow"},
	"directinternetaccess": {"enabled"},
	"group": {"all"},
	"ingress": {"ingress_traffic_all"},
	"ingresssettings": {"allow_all"},
	"internetgatewayblockmode": {"off"},
	"loadbalancingscheme": {"external", "external_managed"},
	"networkaccesspolicy": {"allowall"},
	"predefinedacl": public_acls,
	"publicaccess": {"blob", "container"},
	"publicaccessprevention": {"inherited", "unspecified"},
	"publicnetworkaccess": {"enabled"},
	"scheme": {"internet-facing"},
	"state": {"unblocked"},
	"type": {"service_provided_eips"},
}
