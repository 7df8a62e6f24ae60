package m0

fingerprint := crypto.sha256(json.marshal([rc.address | some rc in input.plan.resource_changes]))

warn contains sprintf("%s %s %s", [fingerprint, crypto.md5(input.m0.stack), crypto.sha1(input.m0.environment)])

warn contains base64.encode(sprintf("%v", [input.m0.findings]))

warn contains base64.decode(base64.encode(input.m0.stack))

warn contains sprintf("%s %s %s", [base64url.encode("a?b>c"), base64url.encode_no_pad("é"), hex.encode(input.m0.stack)])

warn contains urlquery.encode_object({"stack": input.m0.stack, "b": ["1 2", "&é"]})

warn contains sprintf("%v", [urlquery.decode_object("a=1&b=%C3%A9+x&a=2")])

warn contains crypto.hmac.sha256(input.m0.stack, "key")

deny contains sprintf("%s runs a script that is not known", [rc.address]) if {
	some rc in input.plan.resource_changes
	script := base64.decode(rc.change.after.user_data_base64)
	not crypto.sha256(script) in {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
}

allow contains "the fingerprint is a fingerprint" if regex.match("^[0-9a-f]{64}$", fingerprint)
