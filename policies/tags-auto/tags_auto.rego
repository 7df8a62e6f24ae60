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
# description: A manual update of which every changed attribute is a tag or a label.
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
}

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
}

# "tags" differ between resources: those of a Google instance choose its firewall rules.
metadata := {
	"aws_": ["tags", "tags_all"],
	"awscc_": ["tags"],
	"azurerm_": ["tags"],
	"azapi_": ["tags"],
	"google_": ["labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"],
}
