package m0

import rego.v1

kinds := {rc.type | some rc in input.plan.resource_changes}

warn contains kind if {
	some kind in kinds
	startswith(kind, "aws_")
	not endswith(kind, "_group")
}

warn contains {"msg": name, "severity": severity} if {
	some rc in input.plan.resource_changes
	name := object.get(rc.change, ["after", "tags", "Name"], "no name")
	severity := object.get({"aws_s3_bucket": "high"}, rc.type, "low")
}

default pending := false

pending if count(kinds) > 1

deny contains "of another kind than text" if {
	some rc in input.plan.resource_changes
	some value in object.get(rc.change, "before", {})
	is_array(value)
	type_name(value[0]) != "string"
}
