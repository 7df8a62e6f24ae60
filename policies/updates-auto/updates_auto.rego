# METADATA
# title: Updates put themselves right
# description: >-
#   Allows every update of an existing AWS, Azure or Google resource that no guardrail stops: also one that takes back a
#   hotfix, cuts capacity, opens a firewall, grants a permission or ends a backup, by hand or by the code. Creates,
#   deletes, replaces and forgets wait for a person, and so does a value that is hidden or known only after the apply.
#   Use it together with all guardrails, which know the resources of these clouds, or use known-safe-auto instead.
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
	not change.actions == ["update"]
}

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
