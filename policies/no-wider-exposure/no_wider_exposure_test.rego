package m0_test

import data.m0

row(path, actual, desired) := {
	"path": path,
	"origin": "cloud",
	"kind": "changed",
	"recorded": desired,
	"actual": actual,
	"desired": desired,
	"sensitive": false,
}

finding(type, rows) := {
	"address": sprintf("%s.it", [type]),
	"type": type,
	"origin": "cloud",
	"action": "update",
	"actionable": true,
	"attributes": rows,
}

# A change that the plan shows whole.
in_plan(type, before, after) := {
	"finding": object.union(finding(type, []), {"action": action_of(before, after)}),
	"change": {"address": sprintf("%s.it", [type]), "change": {"before": before, "after": after}},
}

action_of(before, after) := "create" if {
	before == null
} else := "delete" if {
	after == null
} else := "update"

said(findings) := {message.msg |
	some message in m0.pending with input as {"m0": {"findings": findings}}
}

said_in_plan(it) := {message.msg |
	some message in m0.pending with input as {
		"plan": {"resource_changes": [it.change]},
		"m0": {"findings": [it.finding]},
	}
}

denied(policy_data, findings) := {message.msg |
	some message in m0.deny with input as {"policyData": policy_data, "m0": {"findings": findings}}
}

ingress(port, sources) := {
	"cidr_blocks": sources,
	"description": "",
	"from_port": port,
	"to_port": port,
	"protocol": "tcp",
	"ipv6_cidr_blocks": [],
	"self": false,
}

ssh_opened := finding("aws_security_group", [row("ingress[*]", null, ingress(22, ["0.0.0.0/0"]))])

test_the_message_says_what_would_open if {
	said([ssh_opened]) == {"would open 22/tcp to 0.0.0.0/0"}
	some message in m0.pending with input as {"m0": {"findings": [ssh_opened]}}
	message.address == "aws_security_group.it"
}

test_closing_is_no_objection if {
	said([finding("aws_security_group", [row("ingress[*]", ingress(22, ["0.0.0.0/0"]), null)])]) == set()
	said([finding("aws_db_instance", [row("publicly_accessible", true, false)])]) == set()
	said([finding("aws_s3_bucket_public_access_block", [row("block_public_acls", false, true)])]) == set()
}

test_a_narrow_rule_is_no_objection if {
	said([finding("aws_security_group", [row("ingress[*]", null, ingress(22, ["10.0.0.0/8"]))])]) == set()
}

test_every_spelling_of_everybody if {
	said([finding("aws_security_group", [row("ingress[*]", null, ingress(22, ["0.0.0.0/1"]))])]) == {"would open 22/tcp to 0.0.0.0/1"}
	said([finding("aws_vpc_security_group_ingress_rule", [row("cidr_ipv6", null, "::/0")])]) == {"would open cidr_ipv6 to ::/0"}
	said([finding("google_compute_firewall", [row("source_ranges[*]", null, "0.0.0.0/0")])]) == {"would open source_ranges to 0.0.0.0/0"}
	every source in ["*", "Internet", "0.0.0.0/0", "Any"] {
		azure := row("source_address_prefix", "10.0.0.0/8", source)
		said([finding("azurerm_network_security_rule", [azure])]) == {sprintf("would open source_address_prefix to %s", [source])}
	}
	said([finding("azurerm_mssql_firewall_rule", [row("start_ip_address", "1.2.3.4", "0.0.0.0")])]) == {"would open start_ip_address to 0.0.0.0"}
	said([finding("google_storage_bucket_iam_binding", [row("members[*]", null, "allUsers")])]) == {"would open members to allUsers"}
}

test_a_star_that_is_no_source_is_no_objection if {
	said([finding("azurerm_network_security_group", [row("security_rule[*]", null, {
		"access": "Allow",
		"direction": "Inbound",
		"source_address_prefix": "10.0.0.0/8",
		"source_port_range": "*",
		"destination_port_range": "22",
		"protocol": "Tcp",
	})])]) == set()
}

test_azure_says_its_port if {
	said([finding("azurerm_network_security_group", [row("security_rule[*]", null, {
		"access": "Allow",
		"direction": "Inbound",
		"source_address_prefix": "Internet",
		"destination_port_range": "22",
		"protocol": "Tcp",
	})])]) == {"would open 22/tcp to Internet"}
}

test_all_traffic if {
	every_port := object.union(ingress(0, ["0.0.0.0/0"]), {"protocol": "-1"})
	said([finding("aws_security_group", [row("egress[*]", null, every_port)])]) == {"would open all traffic to 0.0.0.0/0"}
}

test_only_the_description_of_an_open_rule_moves if {
	said([finding("aws_security_group", [
		row("ingress[*]", ingress(443, ["0.0.0.0/0"]), null),
		row("ingress[*]", null, object.union(ingress(443, ["0.0.0.0/0"]), {"description": "web"})),
	])]) == set()
}

test_open_out_is_not_open_in if {
	said([finding("aws_security_group", [
		row("egress[*]", ingress(443, ["0.0.0.0/0"]), null),
		row("ingress[*]", null, ingress(443, ["0.0.0.0/0"])),
	])]) == {"would open 443/tcp to 0.0.0.0/0"}
}

test_a_rule_that_denies_opens_nothing_but_its_end_does if {
	deny := {"access": "Deny", "source_address_prefix": "*", "destination_port_range": "22", "protocol": "Tcp"}
	said([finding("azurerm_network_security_group", [row("security_rule[*]", null, deny)])]) == set()
	said([finding("azurerm_network_security_group", [row("security_rule[*]", deny, null)])]) == {"would take away or change a rule that denies"}
}

test_switches if {
	said([finding("aws_db_instance", [row("publicly_accessible", false, true)])]) == {"would make public: publicly_accessible = true"}
	said([finding("aws_s3_bucket_public_access_block", [row("block_public_acls", true, false)])]) == {"would make public: block_public_acls = false"}
	said([finding("aws_s3_bucket_public_access_block", [row("block_public_acls", true, null)])]) == {"would make public: block_public_acls = null"}
	said([finding("aws_s3_bucket_acl", [row("acl", "private", "public-read")])]) == {"would make public: acl = public-read"}
	said([finding("azurerm_storage_account", [row("allow_nested_items_to_be_public", false, true)])]) != set()
	said([finding("azurerm_key_vault", [row("network_acls[0].default_action", "Deny", "Allow")])]) != set()
	said([finding("azapi_resource", [row("body.properties.publicNetworkAccess", "Disabled", "Enabled")])]) != set()
	said([finding("google_storage_bucket", [row("public_access_prevention", "enforced", "inherited")])]) != set()
	said([finding("google_sql_database_instance", [row("settings[0].ip_configuration[0].ipv4_enabled", false, true)])]) != set()
	said([finding("azurerm_network_interface", [row("ip_configuration[0].public_ip_address_id", null, "id")])]) == {"would give a public address: public_ip_address_id"}
	said([finding("google_compute_instance", [row("network_interface[0].access_config[*]", null, {"nat_ip": ""})])]) != set()
}

policy(principal) := json.marshal({"Statement": [{
	"Sid": "Read",
	"Effect": "Allow",
	"Principal": principal,
	"Action": ["s3:GetObject"],
	"Resource": "*",
}]})

test_a_policy_for_everybody if {
	narrow := policy({"AWS": "arn:aws:iam::123456789012:root"})
	every wide in ["*", {"AWS": "*"}, {"AWS": ["*"]}] {
		said([finding("aws_s3_bucket_policy", [row("policy", narrow, policy(wide))])]) == {"would open s3:GetObject to everybody"}
	}
	said([finding("aws_s3_bucket_policy", [row("policy", policy("*"), narrow)])]) == set()
}

test_a_policy_for_everybody_but_one if {
	but := `{"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "a"}, "Action": "sqs:*"}]}`
	said([finding("aws_sqs_queue", [row("policy", null, but)])]) == {"would open sqs:* to everybody"}
}

test_a_statement_that_denies_goes if {
	deny := json.marshal({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]})
	said([finding("aws_sqs_queue", [row("policy", deny, `{"Statement": []}`)])]) == {"would take away or change a rule that denies"}
}

test_a_new_rule_is_seen_in_the_plan if {
	rule := {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22, "ip_protocol": "tcp"}
	said_in_plan(in_plan("aws_vpc_security_group_ingress_rule", null, rule)) == {"would open 22/tcp to 0.0.0.0/0"}
	narrow := object.union(rule, {"cidr_ipv4": "10.0.0.0/8"})
	said_in_plan(in_plan("aws_vpc_security_group_ingress_rule", null, narrow)) == set()
}

test_a_port_that_moves_under_an_open_source_is_seen_in_the_plan if {
	before := {"cidr_ipv4": "0.0.0.0/0", "from_port": 443, "to_port": 443, "ip_protocol": "tcp", "tags": {}}
	after := object.union(before, {"from_port": 22, "to_port": 22})
	said_in_plan(in_plan("aws_vpc_security_group_ingress_rule", before, after)) == {"would open 22/tcp to 0.0.0.0/0"}
	tagged := object.union(before, {"tags": {"public": "yes"}, "description": "web"})
	said_in_plan(in_plan("aws_vpc_security_group_ingress_rule", before, tagged)) == set()
}

test_google_says_its_ports if {
	said_in_plan(in_plan("google_compute_firewall", null, {
		"allow": [{"protocol": "tcp", "ports": ["22"]}],
		"source_ranges": ["0.0.0.0/0"],
	})) == {"would open 22/tcp to 0.0.0.0/0"}
}

test_one_more_source_in_an_open_rule_opens_nothing if {
	said([finding("aws_security_group", [
		row("ingress[*]", ingress(443, ["0.0.0.0/0", "10.0.0.0/8"]), null),
		row("ingress[*]", null, ingress(443, ["0.0.0.0/0"])),
	])]) == set()
}

test_what_else_moves_in_something_public_opens_nothing if {
	before := {"internal": false, "instance_type": "m5.large", "idle_timeout": 60, "access_logs": [{"enabled": true}]}
	after := object.union(before, {"instance_type": "m5.xlarge", "access_logs": [{"enabled": false}]})
	said_in_plan(in_plan("aws_lb", before, after)) == set()
}

test_a_way_to_the_internet_in_place_of_another if {
	nat := {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "nat-1", "gateway_id": ""}
	igw := {"cidr_block": "0.0.0.0/0", "nat_gateway_id": "", "gateway_id": "igw-1"}
	said_in_plan(in_plan("aws_route_table", {"route": [nat]}, {"route": [igw]})) == {"would open cidr_block to 0.0.0.0/0"}
	said_in_plan(in_plan("aws_route_table", {"route": [nat]}, {"route": [nat], "propagating_vgws": ["vgw-1"]})) == set()
}

test_nothing_written_in_two_ways_opens_nothing if {
	as_cloud := {"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": ""}
	as_code := object.union(as_cloud, {"nat_gateway_id": null})
	said_in_plan(in_plan("aws_route_table", {"route": [as_cloud]}, {"route": [as_code]})) == set()
}

test_a_firewall_for_all_machines_in_place_of_some if {
	some_machines := {"source_ranges": ["0.0.0.0/0"], "target_tags": ["web"], "allow": [{"protocol": "tcp", "ports": ["22"]}]}
	all_machines := object.union(some_machines, {"target_tags": []})
	said_in_plan(in_plan("google_compute_firewall", some_machines, all_machines)) == {"would open 22/tcp to 0.0.0.0/0"}
}

test_a_limit_that_goes if {
	limited := {"api_server_access_profile": [{"authorized_ip_ranges": ["203.0.113.0/24"]}]}
	open := {"api_server_access_profile": [{"authorized_ip_ranges": []}]}
	said_in_plan(in_plan("azurerm_kubernetes_cluster", limited, open)) == {"would take away a limit: authorized_ip_ranges"}
	said_in_plan(in_plan("azurerm_kubernetes_cluster", limited, {"api_server_access_profile": []})) == {"would take away a limit: authorized_ip_ranges"}
	said_in_plan(in_plan("azurerm_kubernetes_cluster", open, limited)) == set()
	blocked := {"public_access_block_configuration": {"block_public_acls": true}}
	said_in_plan(in_plan("awscc_s3_bucket", blocked, {"public_access_block_configuration": null})) == {"would take away a limit: block_public_acls"}
	said_in_plan(in_plan("awscc_s3_bucket", blocked, null)) == set()
}

test_a_denying_rule_that_comes_later if {
	deny := {"access": "Deny", "priority": 100, "source_address_prefix": "*", "destination_port_range": "22", "protocol": "Tcp"}
	later := object.union(deny, {"priority": 4000})
	said_in_plan(in_plan("azurerm_network_security_group", {"security_rule": [deny]}, {"security_rule": [later]})) == {"would take away or change a rule that denies"}
	said_in_plan(in_plan("azurerm_network_security_rule", deny, later)) == {"would take away or change a rule that denies"}
	renamed := object.union(deny, {"description": "ssh"})
	said_in_plan(in_plan("azurerm_network_security_rule", deny, renamed)) == set()
}

test_a_policy_inside_a_block if {
	before := {"inline": [{"policy": policy({"AWS": "arn:aws:iam::123456789012:root"})}]}
	said_in_plan(in_plan("example_resource", before, {"inline": [{"policy": policy("*")}]})) == {"would open s3:GetObject to everybody"}
}

test_a_deposed_object_of_the_same_name_confuses_nothing if {
	rule := {"cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22, "ip_protocol": "tcp"}
	new := in_plan("aws_vpc_security_group_ingress_rule", null, rule)
	deposed := object.union(new.change, {"deposed": "00ab12cd", "change": {"before": rule, "after": null}})
	{message.msg | some message in m0.pending} == {"would open 22/tcp to 0.0.0.0/0"} with input as {
		"plan": {"resource_changes": [new.change, deposed]},
		"m0": {"findings": [new.finding]},
	}
}

test_findings_that_cannot_be_read_wait if {
	unreadable := {"there are findings that can’t be read, so a person looks first"}
	unreadable == m0.pending with input as {}
	unreadable == m0.pending with input as {"m0": {"findings": "none"}}
	bucket := finding("aws_s3_bucket", [row("acl", "private", "private")])
	every key in ["address", "type", "action", "attributes"] {
		unreadable == m0.pending with input as {"m0": {"findings": [object.remove(bucket, [key])]}}
	}
	unreadable == m0.pending with input as {"m0": {"findings": [object.union(bucket, {"attributes": [{"sensitive": false}]})]}}
}

test_a_firewall_switched_on_again if {
	off := {"allow": [{"protocol": "tcp", "ports": ["22"]}], "source_ranges": ["0.0.0.0/0"], "disabled": true}
	said_in_plan(in_plan("google_compute_firewall", off, object.union(off, {"disabled": false}))) == {"would open 22/tcp to 0.0.0.0/0"}
}

test_taking_away_what_keeps_others_out if {
	gone := in_plan("aws_s3_bucket_public_access_block", {"block_public_acls": true}, null)
	said_in_plan(gone) == {"would take away aws_s3_bucket_public_access_block"}
}

test_a_new_address if {
	said_in_plan(in_plan("aws_eip", null, {"domain": "vpc"})) == {"would make a public address: aws_eip"}
}

test_what_cannot_be_seen_waits if {
	unknown := row("cidr_ipv4", "10.0.0.0/8", {"unknown": true})
	message := "cidr_ipv4: whether this opens anything can't be seen before an apply"
	said([finding("aws_vpc_security_group_ingress_rule", [unknown])]) == {message}
	sensitive := object.union(row("cidr_ipv4", {"sensitive": true}, {"sensitive": true}), {"sensitive": true})
	said([finding("aws_vpc_security_group_ingress_rule", [sensitive])]) == {message}
	nested := row("ingress[*]", null, object.union(ingress(22, []), {"cidr_blocks": [{"unknown": true}]}))
	said([finding("aws_security_group", [nested])]) == {"ingress: whether this opens anything can't be seen before an apply"}
}

test_a_new_resource_that_no_plan_shows_waits if {
	every action in ["create", "replace"] {
		said([object.union(finding("aws_db_instance", []), {"action": action})]) == {"aws_db_instance: whether this opens anything can't be seen before an apply"}
	}
}

test_a_port_that_moves_unseen_waits if {
	said([finding("aws_vpc_security_group_ingress_rule", [row("from_port", 443, 22)])]) == {"from_port: whether this opens anything can't be seen before an apply"}
}

test_a_source_unknown_in_a_new_rule_waits if {
	new := in_plan("aws_vpc_security_group_ingress_rule", null, {"from_port": 22})
	unknown := object.union(new, {"change": {"change": {"after_unknown": {"cidr_ipv4": true, "arn": true}}}})
	said_in_plan(unknown) == {"cidr_ipv4: whether this opens anything can't be seen before an apply"}
}

test_strict_denies if {
	denied({"strict": true}, [ssh_opened]) == {"would open 22/tcp to 0.0.0.0/0"}
	denied({"strict": "yes"}, [ssh_opened]) == {"would open 22/tcp to 0.0.0.0/0"}
	denied({"strict": false}, [ssh_opened]) == set()
	denied({}, [ssh_opened]) == set()
	denied({"strict": true}, [finding("aws_s3_bucket", [row("tags.Owner", null, "x")])]) == set()
}

test_what_is_open_on_both_sides_is_no_objection if {
	said([finding("aws_instance", [row("associate_public_ip_address", true, true)])]) == set()
}

test_what_no_apply_would_touch_gets_no_objection if {
	said([object.union(ssh_opened, {"actionable": false, "action": "none"})]) == set()
}

test_a_finding_that_does_not_say_whether_an_apply_touches_it_waits if {
	said([object.remove(ssh_opened, ["actionable"])]) != set()
}

test_tags_open_nothing if {
	said([finding("aws_s3_bucket", [row("tags.public", null, true), row("tags.source", "a", {"unknown": true})])]) == set()
	said([finding("aws_s3_bucket", [row("tags.cidr", null, "0.0.0.0/0")])]) == set()
}

test_nothing_to_judge_no_objection if {
	said([]) == set()
}

test_many_ranges_together if {
	some_ranges := ["1.0.0.0/8", "2.0.0.0/8", "3.0.0.0/8"]
	all := array.concat(some_ranges, ["4.0.0.0/8"])
	said_in_plan(in_plan("aws_wafv2_ip_set", {"addresses": some_ranges}, {"addresses": all})) == {"would open addresses to 4 ranges that together are 67 million addresses"}
	said_in_plan(in_plan("aws_wafv2_ip_set", {"addresses": all}, {"addresses": some_ranges})) == set()
	said_in_plan(in_plan("aws_wafv2_ip_set", {"addresses": all}, {"addresses": array.concat(all, ["5.0.0.0/8"])})) == set()
	private := ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
	said_in_plan(in_plan("aws_wafv2_ip_set", {"addresses": []}, {"addresses": array.concat(private, some_ranges)})) == set()
	entries := [{"cidr": cidr, "description": ""} | some cidr in all]
	count(said_in_plan(in_plan("aws_ec2_managed_prefix_list", {"entry": []}, {"entry": entries}))) == 1
}

test_a_span_of_addresses if {
	narrow := {"start_ip_address": "1.2.3.4", "end_ip_address": "1.2.3.9"}
	wide := {"start_ip_address": "1.0.0.0", "end_ip_address": "250.255.255.0"}
	said_in_plan(in_plan("azurerm_mssql_firewall_rule", narrow, wide)) == {"would open to 1.0.0.0-250.255.255.0"}
	said_in_plan(in_plan("azurerm_mssql_firewall_rule", wide, narrow)) == set()
}

test_ipv4_in_other_spellings_and_large_ipv6 if {
	every source in ["::ffff:0:0/96", "::ffff:0.0.0.0/96", "0000:0000:0000:0000:0000:ffff:0:0/96", "64:ff9b::/96", "2000::/3", "2400::/12", "::/0"] {
		said([finding("aws_vpc_security_group_ingress_rule", [row("cidr_ipv6", null, source)])]) == {sprintf("would open cidr_ipv6 to %s", [source])}
	}
	every source in ["2001:db8::/32", "fd00::/20", "::ffff:10.0.0.0/104"] {
		said([finding("aws_vpc_security_group_ingress_rule", [row("cidr_ipv6", null, source)])]) == set()
	}
}

test_the_tag_of_all_customers_of_azure if {
	every source in ["AzureCloud", "AzureCloud.westeurope"] {
		azure := row("source_address_prefix", "10.0.0.0/8", source)
		said([finding("azurerm_network_security_rule", [azure])]) == {sprintf("would open source_address_prefix to %s", [source])}
	}
	narrow := row("source_address_prefix", "10.0.0.0/8", "AzureLoadBalancer")
	said([finding("azurerm_network_security_rule", [narrow])]) == set()
}

test_shared_with_other_accounts if {
	said([finding("aws_db_snapshot", [row("shared_accounts[*]", null, "999999999999")])]) == {"would share with 999999999999: shared_accounts"}
	said([finding("aws_db_snapshot", [row("shared_accounts[*]", "999999999999", null)])]) == set()
	said_in_plan(in_plan("aws_ssm_document", {"permissions": {"account_ids": "1"}}, {"permissions": {"account_ids": "1", "type": "Share"}})) == set()
	said_in_plan(in_plan("aws_ssm_document", {"permissions": {"account_ids": "1"}}, {"permissions": {"account_ids": "All"}})) != set()
}

test_every_website_may_call if {
	said([finding("aws_apigatewayv2_api", [row("cors_configuration[0].allow_origins[*]", null, "*")])]) == {"would make public: allow_origins = *"}
	said([finding("google_storage_bucket", [row("cors[0].origin[*]", null, "https://acme.dev")])]) == set()
}

test_http_and_older_tls if {
	every pair in [
		[row("https_only", true, false), "would weaken encryption in transit: https_only = false"],
		[row("non_ssl_port_enabled", false, true), "would weaken encryption in transit: non_ssl_port_enabled = true"],
		[row("default_cache_behavior[0].viewer_protocol_policy", "https-only", "allow-all"), "would weaken encryption in transit: viewer_protocol_policy = allow-all"],
		[row("min_tls_version", "TLS1_2", "TLS1_0"), "would allow older TLS: min_tls_version = TLS1_0"],
		[row("minimum_tls_version", "1.2", "1.0"), "would allow older TLS: minimum_tls_version = 1.0"],
		[row("viewer_certificate[0].minimum_protocol_version", "TLSv1.2_2021", "TLSv1"), "may weaken encryption in transit: minimum_protocol_version = TLSv1"],
		[row("ssl_policy", "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"), "may weaken encryption in transit: ssl_policy = ELBSecurityPolicy-2016-08"],
		[row("configuration[0].url", "https://a.acme.dev", "http://a.acme.dev"), "would send without encryption: url = http://a.acme.dev"],
	] {
		said([finding("example_thing", [pair[0]])]) == {pair[1]}
	}
	every attribute in [
		row("https_only", false, true),
		row("min_tls_version", "TLS1_0", "TLS1_2"),
		row("configuration[0].url", "http://a.acme.dev", "https://a.acme.dev"),
		row("configuration[0].url", "https://a.acme.dev", "https://b.acme.dev"),
	] {
		said([finding("example_thing", [attribute])]) == set()
	}
}
