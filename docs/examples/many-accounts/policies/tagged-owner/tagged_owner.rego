# METADATA
# title: What has no owner in its tags waits for a person
package m0

pending contains {"msg": "the change leaves it without an Owner", "address": resource.address} if {
	some resource in input.plan.resource_changes
	not resource.change.actions in [["no-op"], ["read"], ["delete"]]
	resource.change.after.tags
	not resource.change.after.tags.Owner
}
