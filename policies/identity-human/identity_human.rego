# METADATA
# title: Identity changes wait for a person
# description: >-
#   Objects to automatic changes of permissions: accounts, roles, policies, keys, secrets, sign-on and organisation
#   rules on AWS, Azure and Google, and the policies and roles inside other resources. It does not object if only tags
#   or labels changed, unless policyData.tagsDecideRights is true, for those whose policies depend on tags (ABAC). It
#   always objects to changed tags of an IAM user or role, and of Google's resource tags, because such policies use
#   them. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Who may do what
# description: Waits for a person for resources that are permissions, or hold keys to them.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	some kind in kinds[finding.type]
	not only_metadata(finding)
	message := sprintf("%s: rights change only by a person", [kind])
}

# METADATA
# title: Rights inside another resource
# description: >-
#   Waits for a person if a changed attribute of any other resource controls who may use it, its own permissions, or
#   how users authenticate.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	not is_metadata(finding.type, attribute.path)
	is_right(attribute)
	message := sprintf("%s: rights change only by a person", [attribute.path])
}

# METADATA
# title: A secret anywhere
# description: Waits for a person if a value is hidden, also in a tag, because nobody can see what would be restored.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in actionable
	count(kinds[finding.type]) == 0
	some attribute in finding.attributes
	not attribute.sensitive == false
	message := sprintf("%s: a hidden value changes only by a person", [attribute.path])
}

# METADATA
# title: Tags that decide rights
# description: Waits for a person for tags and labels of every resource, if policyData.tagsDecideRights is set.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	tags_decide_rights
	some finding in actionable
	some attribute in finding.attributes
	is_metadata(finding.type, attribute.path)
	message := sprintf("%s: tags decide rights here", [attribute.path])
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or an address, type or attribute of one, are not valid.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
		is_string(finding.type)
		is_array(finding.attributes)
		every attribute in finding.attributes {
			is_string(attribute.path)
		}
	}
}

# No objection to findings that an apply does not change.
actionable := [finding |
	some finding in input.m0.findings
	not finding.actionable == false
]

# Hundreds of findings have only a few types.
kinds := {type: kinds_of(type) | some type in {finding.type | some finding in actionable}}

kinds_of(type) := named if {
	named := {kind | some kind, prefixes in rights; strings.any_prefix_match(type, prefixes)}
	count(named) > 0
} else := {"IAM" | some part in parts; contains(type, part)}

only_metadata(finding) if {
	finding.action == "update"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		is_metadata(finding.type, attribute.path)
		is_known(attribute)
	}
	not strings.any_prefix_match(finding.type, principals)
}

default tags_decide_rights := false

# Every value except false counts as true.
tags_decide_rights if input.policyData.tagsDecideRights != false

is_metadata(type, path) if {
	some provider, names in metadata
	startswith(type, provider)
	some name in names
	regex.match(sprintf(`^%s($|[.\[])`, [name]), path)
}

# An unknown value may be anything.
is_known(attribute) if {
	attribute.sensitive == false
	not attribute.desired.unknown
}

# "tags" differ between resources: those of a Google instance choose its firewall rules.
metadata := {
	"aws_": ["tags", "tags_all"],
	"awscc_": ["tags"],
	"azurerm_": ["tags"],
	"azapi_": ["tags"],
	"google_": ["labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"],
}

# Conditions use their tags as aws:PrincipalTag and resource.matchTag.
principals := ["aws_iam_user", "aws_iam_role", "awscc_iam_user", "awscc_iam_role", "google_tags_"]

is_right(attribute) if {
	some name in names_in(attribute.path)
	regex.match(right, name)
}

is_right(attribute) if {
	some name in names_in(attribute.path)
	regex.match(`(^|_)polic(y|ies)(_|$)`, name)
	not regex.match(operations, name)
}

# A policy document, whatever its attribute is called.
is_right(attribute) if {
	some difference in attribute.json
	startswith(difference.path, "Statement")
}

# Environment variables have names in capitals.
names_in(path) := [lower(name) | some name in regex.find_n(`[A-Za-z_][A-Za-z0-9_-]*`, path, -1)]

# Words in names of attributes that grant access to a resource, give it permissions, or control authentication.
right := concat("", [
	`(^|_)(access_key|acl|acls|api_?key|assume|auth|authentication|authorization|authorizer|credentials?`,
	`|grantees?|grants?|iam|identit(y|ies)|members?|mfa|oauth|oidc|owners?|passwords?|permissions?|principals?`,
	`|private_key|public_key|roles?|saml|secrets?|service_accounts?|sso|sudo|tokens?|trust|trusted|user_data|users)(_|$)`,
	`|^instance_profile|^access($|_control|_config|_entr|_rule)`,
])

# Policies about operation, not about permissions.
operations := concat("", [
	`^(alpn|archive|auto_?scaling|backup|cache|delivery|deletion|dns|fair_share|filter|image_pull|instance_maintenance`,
	`|instance_reuse|latency|lifecycle|notification|origin_request|padding|pit|placement|queue|recrawl|redrive`,
	`|redrive_allow|replay|restart|retention|retry|rolling_update|rollout|scale_in|scale_out|scaling|scheduling`,
	`|schema_change|sizing|snapshot|termination|tiering|update|upgrade)_polic`,
])

# Parts of resource types that always mean a permission.
parts := [
	"_iam_",
	"_role_assignment",
	"_role_definition",
	"_authorization_rule",
	"_principal_assignment",
	"_active_directory_administrator",
	"_aad_admin",
	"_access_policy",
	"_access_control",
	"_resource_policy",
	"_bucket_policy",
	"_bucket_acl",
	"_object_acl",
]

# Prefixes of resource types; the key is the text for people.
rights := {
	"IAM": [
		"aws_eks_access_",
		"aws_eks_identity_provider_config",
		"aws_eks_pod_identity_association",
		"aws_iam_",
		"aws_lakeformation_",
		"aws_ram_",
		"aws_rolesanywhere_",
		"aws_verifiedpermissions_",
		"awscc_eks_access_entry",
		"awscc_eks_identity_provider_config",
		"awscc_eks_pod_identity_association",
		"awscc_iam_",
		"awscc_lakeformation_",
		"awscc_ram_",
		"awscc_rolesanywhere_",
		"awscc_verifiedpermissions_",
		"azuread_",
		"azurerm_aadb2c_directory",
		"azurerm_federated_identity_credential",
		"azurerm_kubernetes_cluster_trusted_access_role_binding",
		"azurerm_lighthouse_",
		"azurerm_role_management_policy",
		"azurerm_user_assigned_identity",
		"google_access_context_manager_",
		"google_bigquery_dataset_access",
		"google_bigquery_row_access_policy",
		"google_iam_",
		"google_privileged_access_manager_",
		"google_project_default_service_accounts",
		"google_service_account",
	],
	"key": [
		"aws_acmpca_",
		"aws_cloudhsm_",
		"aws_key_pair",
		"aws_kms_",
		"awscc_acmpca_",
		"awscc_ec2_key_pair",
		"awscc_kms_",
		"azurerm_dedicated_hardware_security_module",
		"azurerm_disk_encryption_set",
		"azurerm_key_vault",
		"azurerm_ssh_public_key",
		"google_apikeys_key",
		"google_kms_",
		"google_os_login_ssh_public_key",
		"google_privateca_",
		"google_storage_hmac_key",
	],
	"secret": [
		"aws_secretsmanager_",
		"aws_ssm_parameter",
		"awscc_secretsmanager_",
		"awscc_ssm_parameter",
		"azurerm_automation_credential",
		"azurerm_container_registry_token",
		"azurerm_managed_disk_sas_token",
		"azurerm_storage_account_local_user",
		"google_secret_manager_",
	],
	"sign-on": [
		"aws_cognito_",
		"aws_identitystore_",
		"aws_ssoadmin_",
		"awscc_cognito_",
		"awscc_identitystore_",
		"awscc_sso_",
		"google_cloud_identity_",
		"google_iap_",
		"google_identity_platform_",
	],
	"organisation": [
		"aws_controltower_",
		"aws_organizations_",
		"awscc_controltower_",
		"awscc_organizations_",
		"azurerm_management_group",
		"azurerm_management_lock",
		"azurerm_policy_",
		"azurerm_resource_group_policy_",
		"azurerm_resource_policy_",
		"azurerm_subscription",
		"google_folder_organization_policy",
		"google_org_policy_",
		"google_organization_policy",
		"google_project_organization_policy",
		"google_resource_manager_lien",
		"google_tags_",
	],
	"policy of a resource": [
		"aws_ami_launch_permission",
		"aws_api_gateway_rest_api_policy",
		"aws_backup_vault_policy",
		"aws_cloudsearch_domain_service_access_policy",
		"aws_cloudwatch_event_bus_policy",
		"aws_cloudwatch_event_permission",
		"aws_cloudwatch_log_delivery_destination_policy",
		"aws_cloudwatch_log_destination_policy",
		"aws_codeartifact_domain_permissions_policy",
		"aws_codeartifact_repository_permissions_policy",
		"aws_ecr_registry_policy",
		"aws_ecr_repository_policy",
		"aws_ecrpublic_repository_policy",
		"aws_efs_file_system_policy",
		"aws_elasticsearch_domain_policy",
		"aws_iot_policy",
		"aws_lambda_layer_version_permission",
		"aws_lambda_permission",
		"aws_media_store_container_policy",
		"aws_msk_cluster_policy",
		"aws_network_interface_permission",
		"aws_oam_sink_policy",
		"aws_opensearch_domain_policy",
		"aws_s3control_access_",
		"aws_s3control_multi_region_access_point_policy",
		"aws_s3control_object_lambda_access_point_policy",
		"aws_s3tables_table_policy",
		"aws_sagemaker_model_package_group_policy",
		"aws_schemas_registry_policy",
		"aws_ses_identity_policy",
		"aws_sesv2_email_identity_policy",
		"aws_signer_signing_profile_permission",
		"aws_snapshot_create_volume_permission",
		"aws_sns_topic_policy",
		"aws_sqs_queue_policy",
		"aws_transfer_access",
		"aws_vpc_endpoint_policy",
		"aws_vpclattice_auth_policy",
		"awscc_ecr_registry_policy",
		"awscc_events_event_bus_policy",
		"awscc_eventschemas_registry_policy",
		"awscc_iot_policy",
		"awscc_lambda_layer_version_permission",
		"awscc_lambda_permission",
		"awscc_msk_cluster_policy",
		"awscc_s3_access_grant",
		"awscc_s3_multi_region_access_point_policy",
		"awscc_s3objectlambda_access_point_policy",
		"awscc_s3tables_table_policy",
		"awscc_signer_profile_permission",
		"awscc_sns_topic_inline_policy",
		"awscc_sqs_queue_inline_policy",
		"awscc_vpclattice_auth_policy",
		"azurerm_iothub_dps_shared_access_policy",
		"azurerm_iothub_shared_access_policy",
	],
	# Their type does not show what they create.
	"resource of any kind": [
		"aws_cloudcontrolapi_resource",
		"aws_cloudformation_stack",
		"awscc_cloudformation_stack",
		"azapi_",
		"azurerm_management_group_template_deployment",
		"azurerm_resource_group_template_deployment",
		"azurerm_subscription_template_deployment",
		"azurerm_tenant_template_deployment",
		"google_deployment_manager_deployment",
	],
}
