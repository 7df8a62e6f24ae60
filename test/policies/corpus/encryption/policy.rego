package m0

default encrypted(_) := false

encrypted(after) if after.encrypted == true

encrypted(after) if after.storage_encrypted == true

encrypted(after) if count(after.server_side_encryption_configuration) > 0

encrypted(after) if trim_space(object.get(after, "kms_key_id", "")) != ""

storage := {"aws_ebs_volume", "aws_db_instance", "aws_s3_bucket", "aws_efs_file_system"}

deny contains {"msg": sprintf("%s is not encrypted", [rc.address]), "address": rc.address, "failed": true} if {
	some rc in input.plan.resource_changes
	rc.type in storage
	rc.change.after
	not encrypted(rc.change.after)
}

allow if every rc in input.plan.resource_changes {
	not rc.type in storage
}
