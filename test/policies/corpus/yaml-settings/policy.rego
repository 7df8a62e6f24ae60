package m0

settings := yaml.unmarshal(`
freeze:
  - {from: "2026-12-20", to: "2027-01-02"}
owners:
  network: [dana, kim]
  "data store": [lee]
limits: {most: 20, share: 0.25, strict: true, none: null}
note: |
  two
  lines
`)

deny contains sprintf("more than %d", [settings.limits.most]) if count(input.plan.resource_changes) > settings.limits.most

pending contains sprintf("ask %s", [concat(" or ", settings.owners[team])]) if {
	some team, _ in settings.owners
	contains(input.m0.stack, team)
}

warn contains json.marshal(settings)

allow contains "not frozen" if every window in settings.freeze {
	not input.m0.now >= window.from
}
