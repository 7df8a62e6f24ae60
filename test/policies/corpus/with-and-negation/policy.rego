package m0

limit := object.get(input, ["policyData", "most"], 3)

too_many if count(input.plan.resource_changes) > limit

strict if too_many with input.policyData as {"most": 0}

relaxed if not too_many with input.policyData as {"most": 100000}

no_data if not data.unknown.things

relaxed_by(most) if not too_many with input.policyData as {"most": most}

deny contains "too many by any measure" if not relaxed_by(400)

pending contains sprintf("more than %v", [limit]) if too_many

allow contains "few" if {
	not too_many
	relaxed
	no_data
}

warn contains sprintf("strict: %v", [strict])

warn contains "lowered" if lower("ABC") == "x" with lower as "x"
