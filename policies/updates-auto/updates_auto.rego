# METADATA
# title: Updates put themselves right
# description: >-
#   Allows every update of a resource that exists, whichever attributes it changes and whether the cloud or the
#   code moved. Whatever would be created, deleted, replaced or forgotten gets no word from this policy and so
#   waits for a person. An update can still open a firewall, hand out a right or end a backup: use it together
#   with guardrails for network, identity and data (network-human, identity-human, data-human).
# scope: package
package m0

# METADATA
# title: Update in place
# description: The resource exists, stays, and only its attributes change.
# scope: rule
allow contains {"msg": "updated in place", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action == "update"
	finding.actionable == true
	finding.origin in {"cloud", "code", "both"}
	not object.get(finding, "deletedByHand", false)

	# An update that shows nothing can't be judged by anybody.
	count(finding.attributes) > 0
}
