# METADATA
# title: m0 deletes and replaces nothing, whoever approves it
package m0

deny contains {"msg": "m0 deletes nothing here: change it in the code", "address": finding.address} if {
	some finding in input.m0.findings
	finding.action in {"delete", "replace"}
}
