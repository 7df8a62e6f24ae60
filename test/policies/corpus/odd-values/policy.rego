package env0

warn[sprintf("%v", [sort([null, true, false, 0, "a", "B", "é", [], [1], {}, {"a": 1}, set(), {1}, input.m0.run, -1.5])])]

warn[sprintf("%v %v", [trim_space("\u00a0 x\t"), split("a😀b", "")])]

warn[sprintf("%v|%v|%v", [upper("straße"), lower("ÀÉ"), upper("ǆ")])]

warn[sprintf("%v|%v|%v", [substring("a😀é", 1, 1), indexof("a😀é", "é"), count("😀")])]

warn[sprintf("%v|%v|%v|%v", [0.1 + 0.2, 1 / 3, 10 / 4, 100000 * 100000])]

warn[sprintf("%v|%v|%v|%v", [round(2.5), round(-2.5), ceil(-0.5), floor(1e10)])]

warn[sprintf("%v", [[x | x := {"b": 1, "a": 2, "c": 3}[_]]])]

warn[sprintf("%v", [[k | {"b": 1, "a": 2, "10": 3, "9": 4}[k]]])]

warn[sprintf("%v", [[x | {"z", "y", "é", "😀", "a"}[x]]])]

warn[sprintf("%v", [json.unmarshal("{\"b\": [1.0, 2e3], \"a\": \"\\u00e9\"}")])]

warn[sprintf("%v", [max([1, "a", [0]])])]

warn[sprintf("%v %v", [1 == 1.0, {1, 1.0, 2}])]

deny[msg] { not input.plan; msg := "there is no plan" }

deny[msg] { input.plan.errored == true; msg := "the plan has errors" }

pending[msg] { msg := input.plan.resource_changes[_].address; msg > "m" }
