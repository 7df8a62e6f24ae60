package m0

least := {"registry.terraform.io/hashicorp/aws": "5.0.0", "registry.terraform.io/hashicorp/random": "3.5.1"}

constraints[config.full_name] := version if {
	some config in input.plan.configuration.provider_config
	version := trim_space(trim_left(config.version_constraint, "~>=! "))
}

full(version) := version if count(split(version, ".")) == 3

full(version) := sprintf("%s.0", [version]) if count(split(version, ".")) == 2

deny contains sprintf("%s %s is older than %s", [name, version, least[name]]) if {
	some name, version in constraints
	semver.is_valid(full(version))
	semver.compare(full(version), least[name]) < 0
}

warn contains sprintf("%s %s", [name, version]) if some name, version in constraints

deny contains sprintf("Terraform %s is not wanted", [input.plan.terraform_version]) if {
	semver.is_valid(input.plan.terraform_version)
	semver.compare(input.plan.terraform_version, "1.5.0") == -1
}

pending contains "a release candidate" if {
	semver.compare(input.plan.terraform_version, "1.11.4") < 0
	contains(input.plan.terraform_version, "-")
}
