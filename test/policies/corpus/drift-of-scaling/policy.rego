package m0

harmless := {"desired_capacity", "min_size", "instances", "last_modified"}

paths(finding) := {split(attribute.path, ".")[0] | some attribute in finding.attributes}

allow contains {"msg": "scaling", "address": finding.address} if {
	some finding in input.m0.findings
	some attribute in finding.attributes
	paths(finding) & harmless != set()
	count(paths(finding) - harmless) == 0
	attribute.kind == "changed"
}

numbers_of(attribute) := [attribute.recorded, attribute.actual] if {
	is_number(attribute.recorded)
	is_number(attribute.actual)
}

pending contains {"msg": sprintf("%s moved by %v", [attribute.path, actual - recorded]), "address": finding.address} if {
	some finding in input.m0.findings
	some attribute in finding.attributes
	[recorded, actual] := numbers_of(attribute)
	abs(actual - recorded) > 1
}

warn contains sprintf("%s: %s", [finding.address, type_name(attribute.actual)]) if {
	some finding in input.m0.findings
	some attribute in finding.attributes
}
