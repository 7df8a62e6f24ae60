# METADATA
# title: Nothing opens by itself
# description: >-
#   Objects where an apply would make something more open than it is now: rules for 0.0.0.0/0, ::/0 or Azure's * and
#   Internet, public ACLs and policies, public access blocks turned off, public addresses. Closing needs no word from
#   it. With policyData.strict: true nobody may apply it at all. What can't be seen before an apply waits for a
#   person. AWS, Azure, Google; meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Would open, wait
# description: Waits for a person where an apply would open something.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	not strict
	some finding in actionable
	some message in messages(finding)
}

# METADATA
# title: Would open, denied
# description: Lets nobody apply what would open something, where policyData.strict is set.
# scope: rule
deny contains {"msg": message, "address": finding.address} if {
	strict
	some finding in actionable
	some message in messages(finding)
}

# METADATA
# title: Can't be seen
# description: Waits for a person where a value that may open something is sensitive or known only after an apply.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some name in unseen(finding)
	message := sprintf("%s: whether this opens anything can't be seen before an apply", [name])
}

# Anything but an outspoken false is meant as true.
strict if object.get(input, ["policyData", "strict"], false) != false

# What an apply would not touch needs no objection.
actionable contains finding if {
	some finding in input.m0.findings
	not finding.actionable == false
}

messages(finding) := (({opening.text | some opening in (openings(desired_of(finding)) - openings(actual_of(finding)))} | {"would take away a rule that denies" | count(denials(actual_of(finding)) - denials(desired_of(finding))) > 0}) | {sprintf("would take away %s", [finding.type]) |
	finding.action in {"delete", "replace"}
	strings.any_prefix_match(finding.type, guards)
}) | {sprintf("would make a public address: %s", [finding.type]) |
	finding.action in {"create", "replace"}
	strings.any_prefix_match(finding.type, addresses)
}

# What is there, and what an apply would make of it: whole where the plan shows it, else what moved.
actual_of(finding) := planned[finding.address].before if {
	planned[finding.address]
} else := [{name(attribute.path): attribute.actual} | some attribute in moved(finding)]

desired_of(finding) := planned[finding.address].after if {
	planned[finding.address]
} else := [{name(attribute.path): attribute.desired} | some attribute in moved(finding)]

moved(finding) := [attribute |
	some attribute in object.get(finding, "attributes", [])
	not is_metadata(attribute.path)
]

# A tag may be called public and opens nothing.
is_metadata(path) if regex.match(`^(tags|tags_all|labels|user_labels|terraform_labels|effective_labels)($|[.\[])`, path)

# The last name in a path: ingress of "ingress[*]", enabled of "versioning[0].enabled".
name(path) := regex.replace(regex.replace(path, `\[[^\]]*\]`, ""), `^.*\.`, "")

# A plan of thousands is gone through once.
planned := {change.address: change.change |
	some change in input.plan.resource_changes
	change.address in {finding.address | some finding in actionable}
	not change.deposed
	is_object(change.change)
	{"before", "after"} - object.keys(change.change) == set()
}

# Everything open in a value. "at" and "of" tell apart what reads the same.
openings(value) := {opening |
	some [at, holder] in holders(value)
	not is_shut(holder)
	some opening in ((ranges(at, holder) | flags(at, holder)) | (statements(at, holder) | attached(at, holder)))
}

denials(value) := {[at, relevant(holder)] | some [at, holder] in holders(value); is_denial(holder)}

# Objects at any depth, also inside policies that are JSON in a string, and the names that lead to them.
holders(value) := {[[step | some step in path; is_string(step)], holder] |
	some root in (documents(value) | {value})
	some path, holder
	walk(root, [path, holder])
	is_object(holder)
}

documents(value) := {json.unmarshal(text) |
	walk(value, [_, text])
	is_string(text)
	regex.match(`^\s*[{\[]`, text)
	json.is_valid(text)
}

ranges(at, holder) := {{"text": text, "at": at, "of": relevant(holder)} |
	some key, inner in holder
	not holder.Effect
	some leaf in leaves(inner)
	is_wide(plain(key), leaf)
	text := sprintf("would open %s to %s", [traffic(key, holder), leaf])
}

flags(at, holder) := {{"text": text, "at": at, "of": relevant(holder)} |
	some key, inner in holder
	some leaf in leaves(inner)
	is_public(plain(key), leaf)
	text := sprintf("would make public: %s = %v", [key, leaf])
}

attached(at, holder) := {{"text": text, "at": at, "of": key} |
	some key, inner in holder
	plain(key) in {"publicipaddressid", "publicipaddressids", "publicip", "accessconfig", "allocationid"}
	not inner in {null, "", [], {}}
	text := sprintf("would give a public address: %s", [key])
}

statements(at, holder) := {{"text": text, "at": at, "of": object.remove(holder, ["Sid"])} |
	holder.Effect == "Allow"
	is_for_everybody(holder)
	text := sprintf("would open %s to everybody", [concat(", ", sort(leaves(object.get(holder, "Action", "what it says"))))])
}

is_for_everybody(statement) if statement.Principal == "*"

is_for_everybody(statement) if "*" in leaves(statement.Principal.AWS)

# Everybody but those named.
is_for_everybody(statement) if statement.NotPrincipal

is_shut(holder) if is_denial(holder)

is_shut(holder) if holder.disabled == true

is_denial(holder) if {
	some key in ["access", "action", "rule_action", "Effect"]
	lower(holder[key]) == "deny"
}

is_denial(holder) if count(holder.deny) > 0

# Which traffic a rule is about, as people say it: 22/tcp.
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

# What one opening has that another has not; a description opens nothing.
relevant(holder) := {key: inner |
	some key, inner in holder
	regex.match(`port|protocol|cidr|source|destination|direction|type|egress|access|action|role|allow|deny|target|group|resource`, key)
	not regex.match(`description|tag`, key)
}

leaves(inner) := {leaf | some leaf in inner; not is_object(leaf)} if {
	is_array(inner)
} else := {inner} if {
	not is_object(inner)
} else := set()

# The same name on every cloud: source_address_prefix and sourceAddressPrefix.
plain(key) := lower(replace(key, "_", ""))

# Everybody's addresses, or at least half of a continent's; everybody by name.
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
	regex.match(`^(source|src)(address|ip|range)|^(allowed|authorized)ip|^ip(range|address|mask|rule)|^(start|end)ip|^principal$`, key)
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
	"ingress": {"ingress_traffic_all"},
	"ingresssettings": {"allow_all"},
	"internetgatewayblockmode": {"off"},
	"loadbalancingscheme": {"external", "external_managed"},
	"predefinedacl": public_acls,
	"publicaccess": {"blob", "container"},
	"publicaccessprevention": {"inherited", "unspecified"},
	"publicnetworkaccess": {"enabled"},
	"scheme": {"internet-facing"},
	"state": {"unblocked"},
}

# Names of what may open something and stands in no plan or finding in clear.
unseen(finding) := (({name(attribute.path) |
	some attribute in moved(finding)
	regex.match(watched, plain(attribute.path))
	is_hidden(attribute)
} | {name(attribute.path) |
	not planned[finding.address]
	some attribute in moved(finding)
	regex.match(`port|protocol|access|action|direction|type|disabled|enabled|deny|allow`, name(attribute.path))
	strings.any_prefix_match(finding.type, rules)
}) | {finding.type |
	not planned[finding.address]
	finding.action in {"create", "replace"}
}) | {key |
	finding.action in {"create", "replace"}
	walk(planned[finding.address].after_unknown, [path, true])
	some key in path
	is_string(key)
	plain(key) in set_by_code
}

is_hidden(attribute) if not attribute.sensitive == false

is_hidden(attribute) if {
	walk(attribute.desired, [_, inner])
	some mark in ["unknown", "sensitive"]
	inner[mark] == true
}

watched := concat("", [
	`cidr|public|internet|source|srcip|iprange|iprule|ipaddress|allowedip|authorized|ingress|egress|securityrule|acl`,
	`|grant|policy|principal|member|internal|scheme|accessconfig|accesstype|authorizationtype|defaultaction|rule|port`,
])

# Unknown in a new resource only where the code gives it; the rest is what every new resource doesn't know yet.
set_by_code := {
	"acl",
	"cidripv4",
	"cidripv6",
	"cidrblocks",
	"ipv6cidrblocks",
	"member",
	"members",
	"policy",
	"publiclyaccessible",
	"sourceaddressprefix",
	"sourceaddressprefixes",
	"sourceranges",
}

# Beginnings of types whose attributes say only together what is open.
rules := [
	"aws_default_network_acl",
	"aws_default_security_group",
	"aws_network_acl",
	"aws_security_group",
	"aws_vpc_security_group_",
	"awscc_ec2_network_acl",
	"awscc_ec2_security_group",
	"azapi_",
	"azurerm_network_security_",
	"google_compute_firewall",
	"google_compute_network_firewall_policy",
	"google_compute_region_network_firewall_policy",
]

# Beginnings of types that keep others out.
guards := [
	"aws_ebs_snapshot_block_public_access",
	"aws_ec2_image_block_public_access",
	"aws_emr_block_public_access_configuration",
	"aws_network_acl",
	"aws_networkfirewall_",
	"aws_s3_account_public_access_block",
	"aws_s3_bucket_policy",
	"aws_s3_bucket_public_access_block",
	"aws_vpc_block_public_access_",
	"aws_waf",
	"awscc_ec2_network_acl",
	"awscc_ec2_snapshot_block_public_access",
	"awscc_ec2_vpc_block_public_access_",
	"awscc_networkfirewall_",
	"awscc_s3_bucket_policy",
	"awscc_wafv2_",
	"azurerm_firewall",
	"azurerm_network_interface_security_group_association",
	"azurerm_network_security_",
	"azurerm_storage_account_network_rules",
	"azurerm_subnet_network_security_group_association",
	"azurerm_web_application_firewall_policy",
	"google_access_context_manager_",
	"google_compute_firewall",
	"google_compute_network_firewall_policy",
	"google_compute_region_network_firewall_policy",
	"google_compute_security_policy",
	"google_iam_deny_policy",
	"google_org_policy_",
]

# Beginnings of types that are ways in from the internet.
addresses := [
	"aws_eip",
	"aws_internet_gateway",
	"awscc_ec2_eip",
	"awscc_ec2_internet_gateway",
	"azurerm_public_ip",
]
