# Which tags and labels are metadata, and what an apply does to an address: the same as in tags-auto, for known_safe_auto.rego.
package m0

# By hand, in place, and every value can be seen. "every" is true for an empty list too, but no attribute is no change.
is_manual_update(finding) if {
	finding.action == "update"
	finding.origin == "cloud"
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		attribute.origin == "cloud"
		attribute.sensitive == false
		not is_hidden(attribute)
	}
	not has_unknown_metadata(finding)
}

is_hidden(attribute) if {
	some side in ["recorded", "actual", "desired"]
	walk(attribute[side], [_, inner])
	some mark in ["unknown", "sensitive"]
	inner[mark] == true
}

is_hidden(attribute) if attribute.unsteady == true

# Tags that the provider computes as a whole, as with default_tags that are known only after the apply.
has_unknown_metadata(finding) if {
	some path in finding.follows
	some provider, names in metadata
	startswith(finding.type, provider)
	path in names
}

# What an apply does to an address, read apart from what drifted: nothing of it may be left out of the answer.
changes_nothing_else(address) if {
	address in updated
	not address in changed_otherwise
}

# Both are computed once, so that many findings and many changes stay cheap.
updated := {change.address | some change in input.m0.changes}

changed_otherwise := {address |
	some change in input.m0.changes

	# An action of the provider belongs to the resource that invokes it.
	some key in ["address", "triggeredBy"]
	address := change[key]
	not is_told(findings_by_address[address], change)
}

findings_by_address := {finding.address: finding | some finding in input.m0.findings}

# An update of nothing but the attributes that the finding has, and of computed values that follow from them.
is_told(finding, change) if {
	change.actions == ["update"]
	not change.deposed
	told := {attribute.path | some attribute in finding.attributes}
	every path in change.paths {
		is_told_path(finding, told, path)
	}
}

is_told_path(_, told, path) if path in told

is_told_path(finding, _, path) if path in finding.follows

# The plan has tags that are null in one place as a whole; the finding has each of them.
is_told_path(finding, told, path) if {
	some name in names_of(finding.type)
	path == name
	some other in told
	startswith(other, name)
}

# A tag or a label of which nothing depends on the key.
is_metadata(type, attribute) if {
	some name in names_of(type)
	startswith(attribute.path, name)
	keys := keys_of(substring(attribute.path, count(name), -1), attribute)
	count(keys) > 0
	every key in keys {
		is_string(key)
		not is_guarded(lower(key))
	}
}

names_of(type) := {name |
	some provider, names in metadata
	startswith(type, provider)
	not strings.any_prefix_match(type, no_metadata)
	some name in names
	not name in object.get(configuration, type, set())
}

# The keys of the tags in a row: of `tags.Owner`, of `tags["cost/center"]`, of all of `tags`, and of a list's element.
keys_of(rest, _) := {substring(rest, 1, -1)} if regex.match(`^\.[A-Za-z0-9_-]+$`, rest)

keys_of(rest, _) := {json.unmarshal(substring(rest, 1, count(rest) - 2))} if regex.match(`^\["([^"\\]|\\.)*"\]$`, rest)

keys_of("", attribute) := {key |
	some side in ["recorded", "actual", "desired"]
	is_object(attribute[side])
	some key, _ in attribute[side]
}

keys_of("[*]", attribute) := {attribute[side].key | some side in ["recorded", "actual", "desired"]}

# "tags" differ between resources: those of a Google instance choose its firewall rules, so they are not here.
metadata := {
	"aws_": {"tags", "tags_all"},
	"awscc_": {"tags"},
	"azurerm_": {"tags"},
	"google_": {"labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"},
}

# These labels hold a notification channel's address, and say what kind of group an identity group is (the resources'
# pages in the documentation of the Google provider).
configuration := {
	"google_cloud_identity_group": {"labels", "effective_labels", "terraform_labels"},
	"google_monitoring_notification_channel": {"labels", "effective_labels", "terraform_labels"},
}

# Prefixes of types whose tags are more than metadata.
no_metadata := array.concat(identities, spreading)

# Permissions may depend on the tags of who asks (ABAC): accounts, users, roles, groups, policies, sessions.
identities := [
	"aws_cognito_",
	"aws_connect_",
	"aws_directory_service_",
	"aws_eks_access_entry",
	"aws_eks_pod_identity_association",
	"aws_elasticache_user",
	"aws_iam_",
	"aws_identitystore_",
	"aws_iot_",
	"aws_lakeformation_",
	"aws_memorydb_acl",
	"aws_memorydb_user",
	"aws_organizations_",
	"aws_rolesanywhere_",
	"aws_sagemaker_domain",
	"aws_sagemaker_user_profile",
	"aws_ssoadmin_",
	"aws_transfer_user",
	"aws_verifiedaccess_",
	"aws_verifiedpermissions_",
	"awscc_cognito_",
	"awscc_connect_",
	"awscc_directoryservice_",
	"awscc_ec2_verified_access_",
	"awscc_eks_access_entry",
	"awscc_eks_pod_identity_association",
	"awscc_elasticache_user",
	"awscc_iam_",
	"awscc_identitystore_",
	"awscc_iot_",
	"awscc_lakeformation_",
	"awscc_memorydb_acl",
	"awscc_memorydb_user",
	"awscc_organizations_",
	"awscc_rolesanywhere_",
	"awscc_sagemaker_domain",
	"awscc_sagemaker_user_profile",
	"awscc_sso_",
	"awscc_transfer_user",
	"awscc_verifiedpermissions_",
	"azurerm_aadb2c_",
	"azurerm_active_directory_",
	"azurerm_federated_identity_",
	"azurerm_role_",
	"azurerm_user_assigned_identity",
	"google_cloud_identity_",
	"google_iam_",
	"google_service_account",
]

# A change of tags updates machines, stacks or releases, moves an attachment, or is a selector.
spreading := [
	"aws_autoscaling_",
	"aws_batch_",
	"aws_cloudformation_",
	"aws_ec2_fleet",
	"aws_ecs_capacity_provider",
	"aws_eks_node_group",
	"aws_elastic_beanstalk_",
	"aws_emr_",
	"aws_imagebuilder_",
	"aws_networkmanager_",
	"aws_opsworks_",
	"aws_servicecatalog_",
	"aws_spot_fleet_request",
	"aws_vpclattice_",
	"awscc_autoscaling_",
	"awscc_batch_",
	"awscc_cloudformation_",
	"awscc_ec2_ec2_fleet",
	"awscc_ec2_spot_fleet",
	"awscc_ecs_capacity_provider",
	"awscc_eks_nodegroup",
	"awscc_elasticbeanstalk_",
	"awscc_emr_",
	"awscc_imagebuilder_",
	"awscc_networkmanager_",
	"awscc_servicecatalog_",
	"awscc_vpclattice_",
	"azurerm_api_management_named_value",
	"azurerm_api_management_workspace_",
	"azurerm_databricks_",
	"azurerm_hdinsight_",
	"azurerm_kubernetes_",
	"azurerm_linux_virtual_machine_scale_set",
	"azurerm_maintenance_",
	"azurerm_managed_application",
	"azurerm_orchestrated_virtual_machine_scale_set",
	"azurerm_sentinel_",
	"azurerm_virtual_machine_scale_set",
	"azurerm_windows_virtual_machine_scale_set",
	"google_clouddeploy_",
	"google_cloudfunctions",
	"google_composer_",
	"google_dataproc_",
	"google_deployment_manager_",
	"google_edgecontainer_",
	"google_gke_hub_",
	"google_gkeonprem_",
	"google_os_config_",
	"google_saas_runtime_",
	"google_workstations_",
]

# Backups, schedules, guards of cost, clusters and access rules choose what they act on by such keys.
is_guarded(key) if regex.match(guarded_words, key)

is_guarded(key) if strings.any_prefix_match(key, ["aws:", "aws-", "amazon", "azsec", "ecs:", "eks:", "goog-", "hidden-", "ms-"])

is_guarded(key) if {
	some guard in guarded_tags
	matches(guard, key)
}

guarded_words := concat("|", [
	`abac|access|allow|block|cluster|deny|exclu|exempt|firewall|ignore|isolat|permission|polic|public|quarantine|role`,
	`backup|restor|replic|retention|snapshot|lifecycle|expir|ttl|delet|destroy|nuke|terminat|custodian|maid`,
	`schedul|autost|auto[-_]?st|start[-_]?stop|startup|shutdown|power|uptime|hibernat|maintenance|patch`,
	`budget|cost[-_]?guard|scaling|scaler|karpenter|kubernetes|k8s|eksctl|crossplane`,
	`classif|confidential|sensitiv|encrypt|compliance|monitor|datadog|alert|inspect|guardduty|waf|deploy|stack`,
])

matches(guard, key) if guard == key

matches(guard, key) if {
	startswith(guard, "*")
	endswith(key, substring(guard, 1, -1))
}

matches(guard, key) if {
	endswith(guard, "*")
	startswith(key, trim_suffix(guard, "*"))
}

matches(guard, key) if {
	startswith(guard, "*")
	endswith(guard, "*")
	contains(key, trim(guard, "*"))
}

guarded_tags := {lower(guard) |
	some guard in settings.guardedTags
	is_string(guard)
}

settings := input.policyData if {
	is_object(input.policyData)
} else := {}

tag_problems contains "guardedTags must be a list of keys, such as [\"Backup\", \"backup:*\"]" if {
	given := settings.guardedTags
	not is_array(given)
}

tag_problems contains sprintf("guardedTags[%d] must be a key, with * only at its start or its end, and it is %s", [i, json.marshal(guard)]) if {
	is_array(settings.guardedTags)
	some i, guard in settings.guardedTags
	not is_guard(guard)
}

is_guard(guard) if {
	is_string(guard)
	inner := trim_suffix(trim_prefix(guard, "*"), "*")
	inner != ""
	trim_space(inner) == inner
	not contains(inner, "*")
}
