package m0

edges[rc.address] := {target |
	some other in input.plan.resource_changes
	target := other.address
	target != rc.address
	split(target, ".")[0] == split(rc.address, ".")[0]
} if {
	count(input.plan.resource_changes) < 50
	some rc in input.plan.resource_changes
}

depends := {
	"network": ["subnet", "gateway"],
	"subnet": ["instance"],
	"gateway": ["network"],
	"instance": [],
}

reachable := graph.reachable(depends, {"network"})

paths := graph.reachable_paths(depends, ["network"])

warn contains sprintf("%v by %v", [reachable, paths])

pending contains sprintf("%s touches %d others", [address, count(graph.reachable(edges, {address})) - 1]) if {
	some address, _ in edges
	count(edges) < 20
	count(graph.reachable(edges, {address})) > 1
}

allow if count(edges) == 0
