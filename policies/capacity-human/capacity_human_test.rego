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

said(findings) := {message.msg |
	some message in m0.pending with input as {"m0": {"findings": findings}}
}

said_with(policy_data, findings) := {message |
	some message in m0.pending with input as {"policyData": policy_data, "m0": {"findings": findings}}
}

test_a_scale_out_in_an_incident_is_not_cut if {
	message := "desired_count: what runs changes only by a person"
	said([finding("aws_ecs_service", [row("desired_count", 20, 2)])]) == {message}
	some one in said_with({}, [finding("aws_ecs_service", [row("desired_count", 20, 2)])])
	one.address == "aws_ecs_service.it"
}

test_sizes_versions_weights_and_settings if {
	every pair in [
		["aws_instance", "instance_type"],
		["aws_autoscaling_group_x", "max_size"],
		["aws_eks_node_group", "scaling_config[0].desired_size"],
		["azurerm_kubernetes_cluster_node_pool", "node_count"],
		["azurerm_linux_web_app", "app_settings.FEATURE_PAY"],
		["azurerm_linux_web_app", "site_config[0].application_stack[0].docker_image_name"],
		["aws_lb_listener_rule", "action[0].forward[0].target_group[0].weight"],
		["google_container_node_pool", "node_count"],
		["google_compute_instance", "machine_type"],
		["cloudflare_load_balancer_pool", "origins[0].weight"],
		["aws_cloudwatch_event_x", "schedule_expression"],
	] {
		count(said([finding(pair[0], [row(pair[1], "b", "a")])])) == 1
	}
}

test_workloads_whatever_changes if {
	every type in ["aws_lambda_function", "kubernetes_deployment_v1", "google_cloud_run_v2_service", "cloudflare_workers_script"] {
		said([finding(type, [row("anything", "b", "a")])]) == {"workload: what runs changes only by a person"}
	}
	said([finding("kubernetes_config_map_v1", [row("data.pay", "off", "on")])]) == {"release: what runs changes only by a person"}
}

test_a_switch_of_any_resource if {
	said([finding("example_thing", [row("turbo", true, false)])]) == {"turbo: switched on or off only by a person"}
	said([finding("example_thing", [row("turbo", null, true)])]) == {"turbo: switched on or off only by a person"}
}

test_a_number_that_gets_lower if {
	said([finding("example_thing", [row("speed", 9, 3)])]) == {"speed: lowered only by a person"}
	said([finding("example_thing", [row("speed", 9, null)])]) == {"speed: lowered only by a person"}
	said([finding("example_thing", [row("speed", 9, {"unknown": true})])]) == {"speed: lowered only by a person"}
	said([finding("example_thing", [row("speed", 3, 9)])]) == set()
}

test_metadata_and_descriptions_are_no_objection if {
	said([finding("aws_lambda_function", [row("tags.Owner", null, "web"), row("description", "b", "a")])]) == set()
	said([finding("aws_instance", [row("tags.count", null, "2"), row("tags_all.count", null, "2")])]) == set()
	said([finding("google_compute_instance", [row(`labels["size"]`, null, "2")])]) == set()
	said([finding("aws_iam_policy", [row("description", "b", "a")])]) == set()
}

test_a_key_of_a_map_is_no_description if {
	said([finding("aws_lambda_function", [row("environment[0].variables.description", "b", "a")])]) != set()
}

test_an_unknown_tag_of_a_workload_waits if {
	said([finding("aws_lambda_function", [row("tags.Owner", null, {"unknown": true})])]) != set()
}

test_creates_and_deletes_of_workloads_wait if {
	every action in ["create", "delete", "replace"] {
		said([object.union(finding("aws_lambda_function", []), {"action": action})]) != set()
	}
}

test_types_of_the_team if {
	given := finding("acme_rocket", [row("fuel", "b", "a")])
	said_with({}, [given]) == set()
	{message.msg | some message in said_with({"types": ["acme_"]}, [given])} == {"type named in m0.yaml: what runs changes only by a person"}
}

test_data_that_cannot_be_read_waits if {
	every wrong in [{"types": "acme_"}, {"types": [""]}, {"types": [1]}, {"kinds": []}, "acme_", []] {
		said_with(wrong, []) == {"capacity-human: its data must be types: a list of beginnings of resource types"}
	}
}

test_findings_that_cannot_be_read_wait if {
	unreadable := {"there are findings that can’t be read, so a person looks first"}
	unreadable == m0.pending with input as {}
	every key in ["address", "type", "attributes"] {
		broken := object.remove(finding("aws_instance", [row("x", "b", "a")]), [key])
		unreadable == m0.pending with input as {"m0": {"findings": [broken]}}
	}
}

test_what_no_apply_would_touch_gets_no_objection if {
	said([object.union(finding("aws_ecs_service", [row("desired_count", 20, 2)]), {"actionable": false})]) == set()
}

test_missing_lists_wait if {
	message := "capacity-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.capacity_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
