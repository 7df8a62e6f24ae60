package env0

patterns := {
	"AWS key": `AKIA[0-9A-Z]{16}`,
	"private key": "-----BEGIN [A-Z ]*PRIVATE KEY-----",
	"token": "(?i)\\b(ghp|gho|xox[baprs])[-_][a-z0-9-]{10,}",
	"email": "[\\w.+-]+@[\\w-]+\\.[a-z]{2,}",
}

texts[[rc.address, path, text]] {
	rc := input.plan.resource_changes[_]
	walk(rc.change.after, [path, text])
	is_string(text)
}

deny[msg] {
	texts[[address, path, text]]
	regex.match(patterns[kind], text)
	msg := sprintf("%s: %v holds what looks like a %s", [address, path, kind])
}

warn[msg] {
	texts[[_, _, text]]
	found := regex.find_n(patterns.email, text, 2)
	count(found) > 0
	msg := concat(" ", found)
}

warn[regex.replace(text, "[0-9]+", "#")] { texts[[_, ["name"], text]] }
