# METADATA
# title: In prod a person decides about changes of the code
package m0

pending contains {"msg": "changed in the code: look at stage first", "address": finding.address} if {
	input.m0.environment == "prod"
	some finding in input.m0.findings
	finding.origin in {"code", "both"}
}
