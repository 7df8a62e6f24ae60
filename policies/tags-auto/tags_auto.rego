# METADATA
# title: Tags put themselves right
# description: >-
#   Allows putting back what somebody changed by hand where nothing but tags and labels moved. Everything else,
#   every change that comes from the code, and a tag whose value is hidden or known only after the apply, get no
#   word from this policy and so wait for a person.
# scope: package
package m0

# METADATA
# title: Metadata only
# description: An update by hand whose every changed attribute is a tag or a label.
# scope: rule
allow contains {"msg": "metadata only", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "update"
	finding.origin == "cloud"

	# "every" holds for an empty list too, and nothing is not metadata.
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

# Not the same word everywhere: a "tag" of a Google instance decides which firewall rules reach it.
metadata := {
	"aws_": ["tags", "tags_all"],
	"awscc_": ["tags"],
	"azurerm_": ["tags"],
	"azapi_": ["tags"],
	"google_": ["labels", "user_labels", "resource_labels", "effective_labels", "terraform_labels"],
}
