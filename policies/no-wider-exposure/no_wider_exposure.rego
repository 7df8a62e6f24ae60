# METADATA
# title: Nothing opens by itself
# description: >-
#   Objects if an apply would expose more than now: rules for 0.0.0.0/0, ::/0 or Azure's *, Internet and AzureCloud, many
#   ranges that together are very many addresses, public ACLs and policies, public access blocks turned off, lists of
#   allowed addresses emptied, public addresses, snapshots and images shared with more accounts, CORS for every site, and
#   http or older TLS. It does not object to less exposure. With policyData.strict: true nobody may apply. Values that
#   are unknown before an apply wait for a person. AWS, Azure, Google, Kubernetes, Cloudflare, GitHub; meant for mode
#   guardrail.
# scope: package
package m0

# METADATA
# title: Would open, wait
# description: Waits for a person if an apply would expose something.
# scope: rule
pending contains message if {
	not strict
	some message in objections
}

# METADATA
# title: Would open, denied
# description: Denies an apply that would expose something, if policyData.strict is set.
# scope: rule
deny contains message if {
	strict
	some message in objections
}

# METADATA
# title: Can't be seen
# description: Waits for a person if a value that may expose something is sensitive or known only after an apply.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some name in unseen(finding)
	message := sprintf("%s: whether this opens anything can't be seen before an apply", [name])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type, action or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

default strict := false

# Every value except false counts as true.
strict if input.policyData.strict != false

# No objection to findings that an apply does not change.
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

messages(finding) := (would_end(finding) | would_weaken(finding)) | would_widen(views) if {
	views := [[before, after, touched] |
		some [before, after] in sides(finding)
		touched := changed(before, after)
		may_matter(touched, before, after)
	]
}

# Most changes are of metadata only, and expose nothing.
would_widen([]) := set()

would_widen(views) := union({would_open(views), would_flood(views), would_share(views)}) if count(views) > 0

would_end(finding) := {sprintf("would take away %s", [finding.type]) |
	finding.action in {"delete", "replace"}
	strings.any_prefix_match(finding.type, guards)
} | {sprintf("would make a public address: %s", [finding.type]) |
	finding.action in {"create", "replace"}
	strings.any_prefix_match(finding.type, addresses)
}

# The value before and after an apply: completely if the plan has it, else attribute by attribute.
sides(finding) := [[object_of(change.before), object_of(change.after)]] if {
	change := planned[finding.address]
} else := [[{names[attribute.path]: attribute.actual}, {names[attribute.path]: attribute.desired}] |
	some attribute in moved(finding)
]

object_of(value) := value if {
	is_object(value)
} else := {}

moved(finding) := [attribute |
	some attribute in finding.attributes
	names[attribute.path]
]

# The name of each path that is no metadata. Thousands of findings have only a few paths.
names := {path: name(path) |
	some path in {attribute.path |
		some finding in actionable
		some attribute in finding.attributes
	}
	not is_metadata(path)
}

# A tag named "public" exposes nothing.
is_metadata(path) if regex.match(`^(tags|tags_all|labels|user_labels|terraform_labels|effective_labels)($|[.\[])`, path)

# The last name in a path: ingress of "ingress[*]", enabled of "versioning[0].enabled".
name(path) := regex.replace(regex.replace(path, `\[[^\]]*\]`, ""), `^.*\.`, "")

# Computed once, because each finding uses it.
planned := {change.address: change.change |
	some change in input.plan.resource_changes
	not change.deposed
	is_object(change.change)
	{"before", "after"} - object.keys(change.change) == set()
	change.change.before != change.change.after
}

# Attributes that may expose something and whose values are hidden in plan and findings.
unseen(finding) := ({names[attribute.path] |
	some attribute in moved(finding)
	is_hidden(attribute)
	regex.match(watched, plain(attribute.path))
} | unseen_alone(finding)) | {key |
	finding.action in {"create", "replace"}
	walk(planned[finding.address].after_unknown, [path, true])
	some key in path
	is_string(key)
	plain(key) in set_by_code
}

# Without the plan, a new resource and the unchanged attributes of a rule are unknown.
unseen_alone(finding) := set() if {
	planned[finding.address]
} else := {finding.type} if {
	finding.action in {"create", "replace"}
} else := {names[attribute.path] |
	strings.any_prefix_match(finding.type, rules)
	some attribute in moved(finding)
	regex.match(`port|protocol|access|action|direction|type|disabled|enabled|deny|allow`, names[attribute.path])
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

# In a new resource, only values that the code sets count as unknown; others are unknown in every new resource.
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

# Prefixes of types whose attributes show the exposure only in combination.
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

# Prefixes of types that restrict access.
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
	"cloudflare_access_rule",
	"cloudflare_filter",
	"cloudflare_firewall_rule",
	"cloudflare_ruleset",
	"cloudflare_waf_",
	"cloudflare_zero_trust_access_policy",
	"cloudflare_zero_trust_gateway_policy",
	"cloudflare_zone_lockdown",
	"datadog_ip_allowlist",
	"github_branch_protection",
	"github_enterprise_ip_allow_list_entry",
	"github_repository_ruleset",
	"google_access_context_manager_",
	"google_compute_firewall",
	"google_compute_network_firewall_policy",
	"google_compute_region_network_firewall_policy",
	"google_compute_security_policy",
	"google_iam_deny_policy",
	"google_org_policy_",
	"kubernetes_network_policy",
]

# Prefixes of types that allow access from the internet.
addresses := [
	"aws_eip",
	"aws_internet_gateway",
	"awscc_ec2_eip",
	"awscc_ec2_internet_gateway",
	"azurerm_public_ip",
]
