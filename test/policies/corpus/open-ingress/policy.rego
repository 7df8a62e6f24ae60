package env0

world := ["0.0.0.0/0", "::/0"]

rules[[rc.address, rule]] {
	rc := input.plan.resource_changes[_]
	rc.type == "aws_security_group"
	rule := rc.change.after.ingress[_]
}

rules[[rc.address, rc.change.after]] {
	rc := input.plan.resource_changes[_]
	rc.type == "aws_security_group_rule"
	rc.change.after.type == "ingress"
}

open(rule) { rule.cidr_blocks[_] == world[_] }
open(rule) { rule.ipv6_cidr_blocks[_] == world[_] }

deny[msg] {
	rules[[address, rule]]
	open(rule)
	not rule.to_port == 443
	msg := sprintf("%s opens %v-%v/%s to the world", [address, rule.from_port, rule.to_port, rule.protocol])
}

warn[msg] {
	rules[[address, rule]]
	ports := numbers.range(rule.from_port, rule.to_port)
	count(ports) > 1
	count(ports) < 2000
	msg := sprintf("%s opens %d ports from %d", [address, count(ports), min(ports)])
}
