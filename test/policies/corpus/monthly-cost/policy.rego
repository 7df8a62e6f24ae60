package env0

import future.keywords.if

threshold := 250.5

# METADATA
# title: costs too much
# description: a month may cost so much and no more
deny[msg] {
	cost := input.costEstimation.totalMonthlyCost
	cost > threshold * 2
	msg := sprintf("a month costs $%.2f, over $%.2f", [cost, threshold * 2])
}

pending[msg] {
	input.costEstimation.totalMonthlyCost > threshold
	not input.costEstimation.totalMonthlyCost > threshold * 2
	msg := sprintf("$%v a month is more than $%v", [input.costEstimation.totalMonthlyCost, threshold])
}

allow[format(rego.metadata.rule())] {
	not has_key(input, "costEstimation")
}

# METADATA
# description: cheap enough
allow[format(rego.metadata.rule())] {
	input.costEstimation.totalMonthlyCost <= threshold
}

has_key(x, k) {
	_ = x[k]
}

format(meta) := object.get(meta, "description", "no cost estimation")
