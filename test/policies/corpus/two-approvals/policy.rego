package env0

format(meta) := meta.description

others := {email | email := input.approvers[_].email; email != input.deployerUser.email}

# METADATA
# title: two others
# description: two people other than the deployer must approve
pending[format(rego.metadata.rule())] {
	print("approvers", others)
	count(others) < 2
}

# METADATA
# title: approved
# description: two other people have approved
allow[format(rego.metadata.rule())] {
	count(others) >= 2
}

deny[msg] {
	domain := split(others[_], "@")[1]
	domain != "acme.dev"
	msg := sprintf("%v is not one of us", [domain])
}

warn[msg] {
	msg := sprintf("approved by %s", [concat(", ", [name | name := input.approvers[_].name])])
}
