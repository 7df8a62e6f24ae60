package env0

import future.keywords

defaults := {"notify": true, "limits": {"most": 5, "least": 1}}

settings := object.union(defaults, object.get(input, "policyData", {}))

deny[msg] {
	n := count(input.plan.resource_changes)
	n > settings.limits.most
	msg := sprintf("%d changes, at most %d", [n, settings.limits.most])
}

warn[json.marshal(settings)]

warn[json.marshal(object.remove(settings, ["limits"]))]

warn[json.marshal(object.union_n([defaults, {"limits": {"most": 7}}, {"é<&>": null}]))]

warn[sprintf("%v", [object.keys(settings)])]

warn[json.marshal(json.filter(rc, ["address", "change/actions", "change/after/tags"]))] { some rc in input.plan.resource_changes }

warn[json.marshal(json.remove({"a": {"b": [1, 2], "c": 3}}, ["a/b/0", "a/c"]))]

warn[json.marshal(json.patch(settings, [{"op": "add", "path": "/limits/extra", "value": [1]}, {"op": "remove", "path": "notify"}]))]

allow if object.get(settings, ["limits", "least"], 0) > 0
