package m0

# True if one of the changed attributes may expose something, by its name or by its value. It costs little and is true
# for few changes; what follows looks at each of them in full.
may_matter(touched, before, after) if {
	some key in touched
	some side in [before, after]
	is_of_interest(key, object.get(side, key, null))
}

is_of_interest(key, _) if plain(key) in names_of_interest

is_of_interest(key, _) if regex.match(of_interest, key)

is_of_interest(_, value) if type_name(value) in {"object", "array"}

is_of_interest(_, value) if {
	is_string(value)
	regex.match(`^\s*[{\[]|/[0-9]+$|^all(Users|AuthenticatedUsers)$|^http://acs|^system:`, value)
}

of_interest := concat("|", [about, `source|src|cidr|range|authorized|allowed|ip|principal|service_?[tT]ag`])

names_of_interest := union({
	attaching,
	limiting_lists,
	object.keys(public_values),
	origins,
	public_if_true,
	public_unless_true,
	sharing,
})
