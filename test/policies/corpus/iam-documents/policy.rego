package m0

documents[address] contains statement if {
	some rc in input.plan.resource_changes
	address := rc.address
	some key in ["policy", "assume_role_policy"]
	document := json.unmarshal(rc.change.after[key])
	some statement in as_array(document.Statement)
}

as_array(x) := x if is_array(x)
else := [x]

wildcard(statement) if {
	some action in as_array(statement.Action)
	action in {"*", "iam:*", "s3:*"}
}

public(statement) if statement.Principal == "*"
public(statement) if "*" in as_array(statement.Principal.AWS)

deny contains {"msg": sprintf("%s lets everybody in", [address]), "address": address} if {
	some address, statements in documents
	some statement in statements
	statement.Effect == "Allow"
	public(statement)
}

pending contains sprintf("%s: %s may do anything", [address, json.marshal(statement.Action)]) if {
	some address, statements in documents
	some statement in statements
	wildcard(statement)
}

warn contains json.marshal(statement) if {
	some statements in documents
	some statement in statements
}

warn contains sprintf("%s: %v", [address, {key: value |
	some statement in statements
	some key, value in statement.Condition
}]) if some address, statements in documents
