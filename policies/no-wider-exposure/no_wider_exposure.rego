# METADATA
# title: Nothing opens by itself
# description: >-
#   Objects where an apply would make something more open than it is now: rules for 0.0.0.0/0, ::/0 or Azure's * and
#   Internet, public ACLs and policies, public access blocks turned off, lists of allowed addresses emptied, public
#   addresses. Closing needs no word from it. With policyData.strict: true nobody may apply it at all. What can't be
#   seen before an apply waits for a person. AWS, Azure, Google; meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Would open, wait
# description: Waits for a person where an apply would open something.
# scope: rule
pending contains message if {
	not strict
	some message in objections
}

# METADATA
# title: Would open, denied
# description: Lets nobody apply what would open something, where policyData.strict is set.
# scope: rule
deny contains message if {
	strict
	some message in objections
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

# METADATA
# title: Nothing to judge by
# description: Waits for a person where the findings, or an address, type, action or attribute of one, can't be read.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

default strict := false

# Anything but an outspoken false is meant as true.
strict if input.policyData.strict != false

# What an apply would not touch needs no objection.
actionable := [finding |
	some finding in input.m0.findings
	not finding.actionable == false
]

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
		is_string(finding.type)
		is_string(finding.action)
		is_array(finding.attributes)
		every attribute in finding.attributes {
			is_string(attribute.path)
		}
	}
}

objections := [{"msg": text, "address": finding.address} |
	some finding in actionable
	some text in messages(finding)
]

messages(finding) := would_open(sides(finding)) | would_end(finding)

would_end(finding) := {sprintf("would take away %s", [finding.type]) |
	finding.action in {"delete", "replace"}
	strings.any_prefix_match(finding.type, guards)
} | {sprintf("would make a public address: %s", [finding.type]) |
	finding.action in {"create", "replace"}
	strings.any_prefix_match(finding.type, addresses)
}

# What is there and what an apply would make of it, whole where the plan shows it, else row by row.
sides(finding) := [[object_of(change.before), object_of(change.after)]] if {
	change := planned[finding.address]
} else := [[{name(attribute.path): attribute.actual}, {name(attribute.path): attribute.desired}] |
	some attribute in moved(finding)
]

object_of(value) := value if {
	is_object(value)
} else := {}

moved(finding) := [attribute |
	some attribute in finding.attributes
	not is_metadata(attribute.path)
]

# A tag may be called public and opens nothing.
is_metadata(path) if regex.match(`^(tags|tags_all|labels|user_labels|terraform_labels|effective_labels)($|[.\[])`, path)

# The last name in a path: ingress of "ingress[*]", enabled of "versioning[0].enabled".
name(path) := regex.replace(regex.replace(path, `\[[^\]]*\]`, ""), `^.*\.`, "")

# Looked up by each finding, so gone through once.
planned := {change.address: change.change |
	some change in input.plan.resource_changes
	not change.deposed
	is_object(change.change)
	{"before", "after"} - object.keys(change.change) == set()
	change.change.before != change.change.after
}

# Names of what may open something and stands in no plan or finding in clear.
unseen(finding) := ({name(attribute.path) |
	some attribute in moved(finding)
	regex.match(watched, plain(attribute.path))
	is_hidden(attribute)
} | unseen_alone(finding)) | {key |
	finding.action in {"create", "replace"}
	walk(planned[finding.address].after_unknown, [path, true])
	some key in path
	is_string(key)
	plain(key) in set_by_code
}

# Without the plan nobody sees what a new resource is, nor the rest of a rule of which one attribute moved.
unseen_alone(finding) := set() if {
	planned[finding.address]
} else := {finding.type} if {
	finding.action in {"create", "replace"}
} else := {name(attribute.path) |
	strings.any_prefix_match(finding.type, rules)
	some attribute in moved(finding)
	regex.match(`port|protocol|access|action|direction|type|disabled|enabled|deny|allow`, name(attribute.path))
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
