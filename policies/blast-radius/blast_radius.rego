# METADATA
# title: No big change by itself
# description: >-
#   Adds up the changes of an apply and objects to the whole run if there are many: a lost provider setting or a wrong
#   workspace causes hundreds of findings at once. Deletes and replaces count more. Limits come from
#   `policies.KEY.data`: above `most` (10) a person decides, above `never` (five times `most`, at least 50) nobody may
#   apply; `weights` by action (create, update, forget 1; delete, replace 5). Meant for mode
#   guardrail.
# scope: package
package m0

# METADATA
# title: More than usual
# description: The sum of the findings' weights is above `most`.
# scope: rule
pending contains message if {
	radius > most
	message := sprintf("blast radius %v, more than %v (%s): a person looks first", [radius, most, summary])
}

# METADATA
# title: More than ever
# description: The sum of the findings' weights is above `never`.
# scope: rule
deny contains message if {
	radius > never
	message := sprintf("blast radius %v, more than %v (%s): split it up", [radius, never, summary])
}

# METADATA
# title: Limits that can’t be read
# description: Waits for a person while the policy’s data is not valid.
# scope: rule
pending contains sprintf("blast-radius: %s", [problem]) if some problem in problems

# METADATA
# title: Nothing to judge by
# description: Waits for a person if the findings are missing.
# scope: rule
pending contains "blast-radius: there are no findings that can be counted" if not countable

countable if is_array(input.m0.findings)

# Counts every finding that an apply may change.
changing := [finding |
	some finding in input.m0.findings
	not left_alone(finding)
]

left_alone(finding) if finding.actionable == false

actions := [action_of(finding) | some finding in changing]

default action_of(_) := "unknown"

action_of(finding) := finding.action if is_string(finding.action)

radius := sum([weight(action) | some action in actions])

summary := concat(", ", [sprintf("%d %s", [number, action]) |
	some action in {action | some action in actions}
	number := count([same | some same in actions; same == action])
])

usual := {"most": 10, "never": 50, "weights": {"create": 1, "update": 1, "forget": 1, "none": 1, "delete": 5, "replace": 5}}

# An unknown action has the highest weight.
weight(action) := object.get(weights, action, max([value | some value in weights]))

weights := {action: value |
	some action, normal in usual.weights
	value := good_or(object.get(given_weights, action, normal), normal)
}

default given_weights := {}

given_weights := settings.weights if is_object(settings.weights)

most := good_or(object.get(settings, "most", usual.most), usual.most)

never := settings.never if good(settings.never)

never := max([usual.never, most * 5]) if not "never" in object.keys(settings)

good(value) if {
	is_number(value)
	value >= 0
}

good_or(value, _) := value if good(value)

good_or(value, normal) := normal if not good(value)

default settings := {}

settings := input.policyData if is_object(input.policyData)

problems contains "its data must be keys and values: most, never, weights" if {
	given := input.policyData
	not is_object(given)
}

problems contains sprintf("data has no key %s: there are most, never and weights", [key]) if {
	some key, _ in settings
	not key in {"most", "never", "weights"}
}

problems contains sprintf("%s must be a number from 0 up, and it is %s", [key, json.marshal(value)]) if {
	some key in ["most", "never"]
	value := settings[key]
	not good(value)
}

problems contains sprintf("never (%v) must not be below most (%v)", [settings.never, most]) if {
	good(settings.never)
	settings.never < most
}

problems contains "weights must be numbers by action, such as delete: 5" if {
	given := settings.weights
	not is_object(given)
}

problems contains sprintf("weights: %s must be a number from 0 up, and it is %s", [action, json.marshal(value)]) if {
	some action, value in given_weights
	not good(value)
}

problems contains sprintf("weights: no plan has the action %s (there are %s)", [action, concat(", ", sort(object.keys(usual.weights)))]) if {
	some action, _ in given_weights
	not action in object.keys(usual.weights)
}
