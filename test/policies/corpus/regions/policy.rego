package env0

allowed_regions = {"eu-central-1", "eu-west-1"}

regions[region] {
	config := input.plan.configuration.provider_config[_]
	region := config.expressions.region.constant_value
}

regions[region] {
	rc := input.plan.resource_changes[_]
	zone := rc.change.after.availability_zone
	region := regex.replace(zone, "[a-z]$", "")
}

regions[region] {
	arn := input.plan.resource_changes[_].change.before.arn
	region := split(arn, ":")[3]
	region != ""
}

deny[msg] {
	bad := regions - allowed_regions
	count(bad) > 0
	msg := sprintf("not these regions: %s", [concat(" and ", sort(bad))])
}

warn[region] { regions[region] }
