package m0

production if startswith(input.m0.environment, "prod")

production if input.m0.workspace == "production"

production if {
	some part in split(input.template.path, "/")
	part in {"prod", "production", "live"}
}

pending := production

deny if {
	production
	some finding in input.m0.findings
	finding.action == "delete"
}

allow if not production
