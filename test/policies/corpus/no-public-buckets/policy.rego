package env0

bad_acls := {"public-read", "public-read-write", "authenticated-read"}

deny[reason] {
	r = input.plan.resource_changes[_]
	r.mode == "managed"
	r.type == "aws_s3_bucket"
	bad_acls[r.change.after.acl]
	reason := sprintf("%-40s :: S3 buckets must not be %s", [r.address, r.change.after.acl])
}

block_flags := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

deny[reason] {
	r = input.plan.resource_changes[_]
	r.type == "aws_s3_bucket_public_access_block"
	flag := block_flags[_]
	not r.change.after[flag]
	reason := sprintf("%s: %s is off", [r.address, replace(flag, "_", " ")])
}

warn[reason] {
	r = input.plan.resource_changes[_]
	r.type == "aws_s3_bucket"
	not r.change.after.versioning[0].enabled
	reason := sprintf("%s keeps no versions", [r.address])
}

allow { count(deny) == 0 }
