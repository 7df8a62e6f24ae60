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

acts(path) := {sprintf("%s: something acts on it, so it changes only by a person", [path])}

test_labels_of_kubernetes if {
	every path in [
		`metadata[0].labels["pod-security.kubernetes.io/enforce"]`,
		"spec[0].template[0].metadata[0].labels.app",
		"spec[0].selector.app",
		`metadata[0].annotations["eks.amazonaws.com/role-arn"]`,
		"spec[0].template[0].spec[0].toleration[*]",
	] {
		said([finding("kubernetes_deployment_v1", [row(path, "b", "a")])]) == acts(path)
	}
}

test_a_note_in_an_annotation_is_no_objection if {
	said([finding("kubernetes_deployment_v1", [row(`metadata[0].annotations["kubernetes.io/description"]`, "b", "a")])]) == set()
}

test_tags_of_google_are_no_metadata if {
	said([finding("google_compute_instance", [row("tags[*]", null, "allow-ssh")])]) == acts("tags[*]")
	said([finding("google_container_node_pool", [row("node_config[0].tags[*]", null, "public")])]) == acts("node_config[0].tags[*]")
	said([finding("google_compute_instance", [row("labels.team", null, "web")])]) == set()
	said([finding("google_monitoring_notification_channel", [row("labels.email_address", "b", "a")])]) == acts("labels.email_address")
}

test_tags_of_identities_and_new_machines if {
	said([finding("aws_iam_role", [row("tags.project", "b", "a")])]) == acts("tags.project")
	said([finding("aws_autoscaling_group", [row("tag[*]", null, {"key": "Role"})])]) == acts("tag[*]")
	said([finding("aws_launch_template", [row("tag_specifications[0].tags.role", "b", "a")])]) == acts("tag_specifications[0].tags.role")
}

test_tags_of_datadog_choose_who_is_called if {
	said([finding("datadog_monitor", [row("tags[*]", null, "team:web")])]) == acts("tags[*]")
}

test_resources_that_are_labels_or_choose_by_them if {
	every type, kind in {
		"aws_ec2_tag": "labels of other resources",
		"kubernetes_labels": "labels of other resources",
		"google_tags_tag_binding": "labels of other resources",
		"aws_backup_selection": "choice by labels",
		"aws_resourcegroups_group": "choice by labels",
	} {
		said([finding(type, [row("value", "b", "a")])]) == {sprintf("%s: changed only by a person", [kind])}
	}
}

test_keys_that_something_acts_on if {
	every path, meaning in {
		"tags.backup": "backup",
		"tags.Backup": "backup",
		"tags.AutoStop": "schedule",
		`tags["Patch Group"]`: "patch",
		"tags.quarantine": "security",
		`tags["kubernetes.io/role/elb"]`: "controller",
		`tags_all["k8s.io/cluster-autoscaler/enabled"]`: "controller",
	} {
		said([finding("aws_subnet", [row(path, "b", "a")])]) == {sprintf("%s: the key may mean %s, so it changes only by a person", [path, meaning])}
	}
	said([finding("azurerm_subnet", [row(`tags["hidden-link:x"]`, "b", "a")])]) != set()
}

test_other_keys_are_no_objection if {
	every path in ["tags.Owner", "tags_all.Owner", "tags.Team", "tags.Environment", `tags["cost center"]`, "tags.Name", "tags.env"] {
		said([finding("aws_s3_bucket", [row(path, "b", "a")])]) == set()
	}
}

test_all_tags_at_once_may_hold_any_key if {
	said([finding("aws_s3_bucket", [row("tags", {"unknown": true}, {"unknown": true})])]) == {"tags: the key may mean anything, so it changes only by a person"}
}

test_keys_of_the_team if {
	given := finding("aws_s3_bucket", [row("tags.Spacelift-Stack", "b", "a")])
	said_with({}, [given]) == set()
	{message.msg | some message in said_with({"keys": ["spacelift"]}, [given])} == {"tags.Spacelift-Stack: the key may mean what m0.yaml says, so it changes only by a person"}
	some message in said_with({"keys": ["SPACELIFT"]}, [given])
	message.address == "aws_s3_bucket.it"
}

test_data_that_cannot_be_read_waits if {
	every wrong in [{"keys": "backup"}, {"keys": [""]}, {"types": []}, "backup"] {
		said_with(wrong, []) == {"labels-human: its data must be keys: a list of beginnings of tag keys"}
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
	said([object.union(finding("aws_ec2_tag", [row("value", "b", "a")]), {"actionable": false})]) == set()
}

test_missing_lists_wait if {
	message := "labels-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.labels_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
