package env0

values := [input.m0.run, input.m0.stack, input.m0.drift, null, 1.5, 1e21, "é\"q", [1, "a", {"k": [null]}], {"b": 2, "a": {3, 1, 2}}, {"x"}, set(), []]

warn[msg] {
	v := values[_]
	msg := sprintf("%v|%s|%q|%d|%x|%5v|%-8v|%T", [v, v, v, v, v, v, v, v])
}

warn[msg] { msg := sprintf("%5.1f|%08.3f|%+d|%e|%g|%t|%%|%c|%U|%o|%b|%X", [3.14159, 2.5, 42, 123456.789, 0.00001, true, 128512, 233, 8, 5, 255]) }

warn[msg] {
	rc := input.plan.resource_changes[i]
	i < 3
	msg := sprintf("%d of %d changes: %v", [i, count(input.plan.resource_changes), rc.change.actions])
}

warn[msg] { msg := sprintf("missing %d %s", [1]) }

warn[msg] { msg := sprintf("extra", [1, "a"]) }

warn[msg] { msg := sprintf("%[2]v then %[1]v, %*d", ["a", "b", 5]) }

warn[msg] { msg := sprintf("%v", [{k: v | v := input.plan.resource_changes[k].type; k < 4}]) }

deny[msg] { input.plan.resource_changes[i].change.after == null; msg := sprintf("#%03d is gone: %s", [i, input.plan.resource_changes[i].address]) }
