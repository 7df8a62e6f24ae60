package m0

import rego.v1

allow contains {"msg": "changed by hand", "address": finding.address} if {
	some finding in input.m0.findings
	finding.origin == "cloud"
	finding.action == "update"
	not hidden(finding)
}

pending contains {"msg": "the code moved too", "address": finding.address} if {
	some finding in input.m0.findings
	finding.origin in {"code", "both"}
}

hidden(finding) if walk(finding.attributes, [_, {"sensitive": true}])

hidden(finding) if walk(finding.attributes, [_, {"unknown": true}])
