# METADATA
# title: Tags put themselves right
# description: >-
#   Allows m0 to revert manual changes of tags and labels only. This policy has no answer for everything else, for
#   changes of the code, and for tags whose value is hidden or known only after the apply; these wait for a
#   person.
# scope: package
package m0

# METADATA
# title: Metadata only
# description: >-
#   A manual update of which every changed attribute is a tag or a label, and of which an apply changes nothing else.
# scope: rule
allow contains {"msg": "metadata only", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "update"
	finding.origin == "cloud"

	# "every" is true for an empty list too, but no attribute is not metadata.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		attribute.origin == "cloud"
		is_metadata(finding.type, attribute.path)
		is_known(attribute)
	}
	changes_metadata_only(finding)
}

# What an apply does to the address, read apart from what drifted: nothing of it may be left out of the answer.
changes_metadata_only(finding) if {
	changes := [change | some change in input.m0.changes; belongs_to(change, finding.address)]
	count(changes) > 0
	every change in changes {
		change.actions == ["update"]
		every path in change.paths {
			is_expected(finding, path)
		}
	}
}

belongs_to(change, address) if change.address == address

# An action of the provider that the change of this resource invokes.
belongs_to(change, address) if change.triggeredBy == address

is_expected(finding, path) if is_metadata(finding.type, path)

# A computed value that follows from the update.
is_expected(finding, path) if path in finding.follows

is_known(attribute) if {
	attribute.sensitive == false
	not is_hidden(attribute.desired)
}

is_hidden(value) if {
	walk(value, [_, inner])
	some mark in ["unknown", "sensitive"]
	inner[mark] == true
}

is_metadata(type, path) if {
	some provider, names in metadata
	startswith(type, provider)
	some name in names
	regex.match(sprintf(`^%s($|[.\[])`, [name]), path)
	not is_configuration(type, name)
}

# The "labels" of these resources are no metadata: they hold a notification channel's address, and say what kind of
# group an identity group is (the resources' pages in the documentation of the Google provider).
is_configuration("google_monitoring_notification_channel", "labels")

is_configuration("google_cloud_identity_group", "labels")

# "tags" differ between resources: those of a Google instance choose its firewall rules.
metadata := {
	"aws_": ["tags", "tags_all"],
	"awscc_": ["tags"],
	"azurerm_": ["tags"],
	"azapi_": ["tags"],
	"google_": ["labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"],
}
