package m0

before[rc.address] := {k | some k, _ in rc.change.before} if some rc in input.plan.resource_changes

after[rc.address] := {k | some k, _ in rc.change.after} if some rc in input.plan.resource_changes

gone[address] := before[address] - after[address] if some address, _ in after

both := intersection({keys | some keys in after})

all_keys := union({keys | some keys in after} | {keys | some keys in before})

warn contains sprintf("%d keys in all, %d in every resource", [count(all_keys), count(both)])

warn contains concat(",", both)

deny contains sprintf("%s loses %v", [address, keys]) if {
	some address, keys in gone
	count(keys) > 0
}

warn contains sprintf("%v", [array.slice(sort(all_keys), 0, 5)])

warn contains sprintf("%v", [array.concat([x | some x in both & {"id", "arn", "tags"}], array.reverse(["a", "b"]))])

allow if {
	count(before) == count(after)
	object.subset({"a": 1, "b": {2, 3}}, {"b": {2}})
}
