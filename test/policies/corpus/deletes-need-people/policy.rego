package env0

protected = {"aws_s3_bucket", "aws_db_instance", "aws_security_group", "aws_iam_role"}

is_replace(actions) { actions == ["delete", "create"] }
is_replace(actions) { actions == ["create", "delete"] }

deny[{"msg": msg, "address": rc.address}] {
	rc := input.plan.resource_changes[_]
	rc.change.actions == ["delete"]
	protected[rc.type]
	msg := sprintf("%s must not be deleted", [rc.address])
}

pending[{"msg": msg, "address": rc.address}] {
	rc := input.plan.resource_changes[_]
	is_replace(rc.change.actions)
	msg := sprintf("%s is replaced because of %v", [rc.address, object.get(rc.change, "replace_paths", [])])
}

allow[rc.address] {
	rc := input.plan.resource_changes[_]
	rc.change.actions == ["update"]
}
