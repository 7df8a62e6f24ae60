# METADATA
# title: Only what was changed by hand goes back by itself
# description: >-
#   Objects to every finding in which the code changed: m0 then reverts manual changes by itself, and never applies a
#   change of the code without a person. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Not only the cloud moved
# description: Waits for a person if the code changed, alone or together with the cloud.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	not moved_by_hand(finding)
	message := object.get(reasons, object.get(finding, "origin", ""), "nobody knows whether the cloud or the code moved")
}

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings, or the address of one, are missing.
# scope: rule
pending contains "there are findings that can’t be read, so a person looks first" if not readable

# One attribute from the code is enough: an apply changes it together with the others.
moved_by_hand(finding) if {
	finding.origin == "cloud"
	every attribute in finding.attributes {
		attribute.origin == "cloud"
	}
}

reasons := {
	"cloud": "not every attribute of it was changed by hand",
	"code": "changed in the code, not by hand",
	"both": "changed by hand and in the code",
}

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
	}
}
