package m0

numbers contains n if {
	walk(input.plan, [_, n])
	is_number(n)
}

warn contains sprintf("%v", [sort([n | some n in numbers])]) if count(numbers) < 200

warn contains sprintf("sum %v", [sum(numbers)]) if count(numbers) < 200

deny contains sprintf("%v is more than a billion", [n]) if {
	some n in numbers
	n > 1000000000
}

warn contains sprintf("%v %v %v %v", [n + 0.1, n * 3, n - 1, n / 7]) if {
	some n in numbers
	count(numbers) < 40
}

warn contains sprintf("%d %s", [n, format_int(n, 16)]) if {
	some n in numbers
	n == round(n)
	count(numbers) < 40
}

warn contains sprintf("%v", [to_number(text)]) if {
	walk(input.plan, [_, text])
	is_string(text)
	regex.match(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`, text)
}
