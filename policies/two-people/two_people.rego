# METADATA
# title: Two people, and not the author
# description: >-
#   Waits until enough people have approved, not counting the author of the code and the person who asked for the
#   deployment; m0 evaluates it again after each approval. From `policies.KEY.data`: `need` (default 2), the number of
#   people; `types`, prefixes of the resource types that it applies to. Without `types` it applies to creates, deletes,
#   replaces and changes of the code, but not to reverting manual updates. People are distinguished by e-mail in lower
#   case. Meant for mode guardrail.
# scope: package
package m0

# METADATA
# title: Too few people
# description: Waits until `need` people other than the author have approved.
# scope: rule
pending contains {"msg": message, "address": finding.address} if {
	some finding in input.m0.findings
	applies(finding)
	count(people) < needed
	message := sprintf("%d of %d people have approved (%s)", [count(people), needed, counted])
}

# METADATA
# title: Data that can’t be read
# description: Waits while the policy’s data or the findings are not valid.
# scope: rule
pending contains sprintf("two-people: %s", [problem]) if some problem in problems

applies(finding) if {
	not left_alone(finding)
	not spared(finding)
}

left_alone(finding) if finding.actionable == false

spared(finding) if {
	by_type
	is_string(finding.type)
	every beginning in settings.types {
		not startswith(finding.type, beginning)
	}
}

spared(finding) if {
	not by_type
	finding.action == "update"
	finding.origin == "cloud"
}

by_type if are_beginnings(settings.types)

people := {email |
	some approver in input.approvers
	email := known_as(approver.email)
	not wrote_it(approver)
}

wrote_it(person) if known_as(person.email) in authors.emails

wrote_it(person) if known_as(person.name) in authors.names

# A person with another address in Git than in m0.yaml is recognised by name.
authors := {
	"emails": {known_as(user.email) | some user in writers},
	"names": {known_as(user.name) | some user in writers},
}

writers contains input.m0.author

# Everybody who wrote what the stack reads since its code and cloud agreed.
writers contains input.m0.authors[_]

writers contains input.deployerUser if input.deployerUser.email != "m0:m0"

known_as(text) := known if {
	known := lower(trim_space(text))
	known != ""
}

default author_known := false

author_known if {
	known_as(input.m0.author.email)
	every author in object.get(input.m0, "authors", []) {
		known_as(author.email)
	}
}

needed := need if author_known

# One of them may be the author.
needed := need + 1 if not author_known

default counted := "not the author"

counted := "one more than usual, as the author is unknown" if not author_known

default need := 2

need := settings.need if is_number_of_people(settings.need)

is_number_of_people(value) if {
	is_number(value)
	value >= 1
	floor(value) == value
}

are_beginnings(list) if {
	is_array(list)
	count(list) > 0
	every beginning in list {
		is_string(beginning)
	}
}

default settings := {}

settings := input.policyData if is_object(input.policyData)

problems contains "there are findings that can’t be read" if not readable

readable if {
	is_array(input.m0.findings)
	every finding in input.m0.findings {
		is_string(finding.address)
	}
}

problems contains "its data must be keys and values: need, types" if {
	given := input.policyData
	not is_object(given)
}

problems contains sprintf("data has no key %s: there are need and types", [key]) if {
	some key, _ in settings
	not key in {"need", "types"}
}

problems contains sprintf("need must be a whole number from 1 up, and it is %s", [json.marshal(value)]) if {
	value := settings.need
	not is_number_of_people(value)
}

problems contains sprintf("types must be a list of beginnings of resource types, and it is %s", [json.marshal(value)]) if {
	value := settings.types
	not are_beginnings(value)
}
