package m0

by_origin[finding.origin] contains finding.address if some finding in input.m0.findings

counts := {origin: count(addresses) | some origin, addresses in by_origin}

allow contains {"msg": "changed by hand, put back", "address": finding.address} if {
	some finding in input.m0.findings
	finding.origin == "cloud"
	finding.action == "update"
	every attribute in finding.attributes {
		startswith(attribute.path, "tags")
	}
}

pending contains {"msg": sprintf("%d attributes moved: %s", [count(paths), concat(", ", paths)]), "address": finding.address} if {
	some finding in input.m0.findings
	paths := {attribute.path | some attribute in finding.attributes; not startswith(attribute.path, "tags")}
	count(paths) > 0
}

warn contains sprintf("%v", [counts])

warn contains sprintf("%s %s: %v -> %v", [finding.address, attribute.path, attribute.recorded, attribute.actual]) if {
	some finding in input.m0.findings
	some attribute in finding.attributes
	attribute.kind == "changed"
}

deny contains sprintf("first by name: %s", [sorted[0]]) if {
	sorted := sort([finding.address | some finding in input.m0.findings])
	count(sorted) > 20
}
