# METADATA
# title: Updates put themselves right
# description: >-
#   Allows updates of existing AWS, Azure and Google resources, for all attributes, and for changes of the cloud and of
#   the code. Creates, deletes, replaces and forgets wait for a person, and so does a value that is hidden or known only
#   after the apply. An update can still open a firewall, grant a permission or
#   end a backup: use it together with guardrails for network, identity and data (network-human, identity-human,
#   data-human), which know the resources of these clouds and no other.
# scope: package
package m0

# METADATA
# title: Update in place
# description: The resource exists and stays; only its attributes change.
# scope: rule
allow contains {"msg": "updated in place", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "update"
	finding.actionable == true
	finding.origin in {"cloud", "code", "both"}
	not object.get(finding, "deletedByHand", false)
	strings.any_prefix_match(finding.type, ["aws_", "awscc_", "azurerm_", "azapi_", "google_"])

	# An update without attributes cannot be judged.
	count(finding.attributes) > 0
	every attribute in finding.attributes {
		is_string(attribute.path)
		attribute.sensitive == false
		not is_hidden(attribute.desired)
	}
	only_updates(finding.address)
}

# What an apply does to the address: no object left over from a replace is deleted, and no action is invoked.
only_updates(address) if {
	changes := [change | some change in input.m0.changes; belongs_to(change, address)]
	count(changes) > 0
	every change in changes {
		change.actions == ["update"]
	}
}

belongs_to(change, address) if change.address == address

belongs_to(change, address) if change.triggeredBy == address

# METADATA
# title: More than an update
# description: Says why creates, deletes, replaces and forgets wait for a person.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	not finding.actionable == false
	message := reasons[finding.action]
}

reasons := {
	"create": "would be made anew, empty, so a person decides",
	"delete": "would be deleted, so a person decides",
	"replace": "would be deleted and made anew, so a person decides",
	"forget": "would be forgotten and left alone from then on, so a person decides",
}

# At any depth: one element of a list may be known only after the apply.
is_hidden(value) if {
	walk(value, [_, inner])
	some mark in ["unknown", "sensitive"]
	inner[mark] == true
}
