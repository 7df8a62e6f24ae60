package env0

array_contains(arr, elem) {
	arr[_] = elem
}

get_basename(path) = basename {
	arr := split(path, "/")
	basename := arr[count(arr) - 1]
}

last(arr) = arr[minus(count(arr), 1)]

reverse_index(path, idx) = value {
	value := path[count(path) - idx]
}

deny[reason] {
	resource := input.plan.resource_changes[_]
	action := resource.change.actions[count(resource.change.actions) - 1]
	array_contains(["delete", "forget"], action)
	reason := sprintf("%s: action %q is not allowed", [resource.address, action])
}

warn[reason] {
	resource := input.plan.resource_changes[_]
	provider := get_basename(resource.provider_name)
	reason := sprintf("%s comes from %s (%s)", [resource.type, provider, last(split(resource.provider_name, "."))])
}

warn[reason] {
	parts := split(input.plan.resource_changes[_].address, ".")
	reason := sprintf("%s/%s", [reverse_index(parts, 1), parts[0]])
}

warn[reason] {
	joined := array.flatten([["a"], [["b"], "c"]])
	reason := sprintf("%v %v", [joined, any([false, true])])
}
