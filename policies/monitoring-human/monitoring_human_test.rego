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

test_kinds_have_their_names if {
	every type, kind in {
		"aws_cloudwatch_metric_alarm": "alarm",
		"datadog_monitor": "alarm",
		"google_monitoring_alert_policy": "alarm",
		"azurerm_monitor_action_group": "alarm",
		"aws_cloudtrail": "record of what happened",
		"cloudflare_logpush_job": "record of what happened",
		"aws_guardduty_detector": "security scanner",
		"github_repository_vulnerability_alerts": "security scanner",
	} {
		said([finding(type, [row("anything", "b", "a")])]) == {sprintf("%s: monitoring changes only by a person", [kind])}
	}
}

test_the_objection_names_the_finding if {
	some message in said_with({}, [finding("aws_cloudtrail", [row("enable_logging", true, false)])])
	message.address == "aws_cloudtrail.it"
}

test_what_is_watched_in_other_resources if {
	every pair in [
		["aws_eks_cluster", "enabled_cluster_log_types[*]"],
		["aws_lb", "access_logs[0].enabled"],
		["aws_ecs_cluster", "setting[0].container_insights"],
		["google_container_cluster", "logging_service"],
		["google_compute_subnetwork", "log_config[*]"],
		["azurerm_linux_web_app", "logs[0].http_logs[0].retention_in_mb"],
		["aws_ecr_repository", "image_scanning_configuration[0].scan_on_push"],
		["github_repository", "security_and_analysis[0].secret_scanning[0].status"],
		["github_repository", "vulnerability_alerts"],
	] {
		said([finding(pair[0], [row(pair[1], "b", "a")])]) == {sprintf("%s: monitoring changes only by a person", [pair[1]])}
	}
}

test_metadata_and_texts_are_no_objection if {
	said([finding("aws_cloudwatch_metric_alarm", [row("tags.Owner", null, "web"), row("alarm_description", "b", "a")])]) == set()
	said([finding("azurerm_monitor_metric_alert", [row("tags.alert", null, "yes"), row("description", "b", "a")])]) == set()
	said([finding("google_monitoring_alert_policy", [row("user_labels.team", null, "web")])]) == set()
	said([finding("aws_s3_bucket", [row("tags.logs", null, "yes")])]) == set()
}

test_labels_that_are_no_metadata if {
	said([finding("google_monitoring_notification_channel", [row("labels.email_address", "b", "a")])]) != set()
	said([finding("datadog_monitor", [row("tags[*]", null, "team:web")])]) != set()
}

test_logs_that_are_kept_for_longer_are_no_objection if {
	said([finding("aws_cloudwatch_log_group", [row("retention_in_days", 7, 90)])]) == set()
	said([finding("aws_cloudwatch_log_group", [row("retention_in_days", 90, 7)])]) != set()
	said([finding("aws_cloudwatch_log_group", [row("retention_in_days", 0, 7)])]) != set()
	said([finding("aws_cloudwatch_log_group", [row("retention_in_days", 90, 0)])]) != set()
	said([finding("aws_cloudwatch_log_group", [row("retention_in_days", 7, {"unknown": true})])]) != set()
}

test_a_hidden_text_waits if {
	hidden := object.union(row("alarm_description", {"sensitive": true}, {"sensitive": true}), {"sensitive": true})
	said([finding("aws_cloudwatch_metric_alarm", [hidden])]) != set()
}

test_creates_and_deletes_wait if {
	every action in ["create", "delete", "replace"] {
		said([object.union(finding("aws_flow_log", []), {"action": action})]) != set()
	}
}

test_types_of_the_team if {
	given := finding("acme_siren", [row("volume", "b", "a")])
	said_with({}, [given]) == set()
	count(said_with({"types": ["acme_"]}, [given])) == 1
}

test_data_that_cannot_be_read_waits if {
	every wrong in [{"types": "acme_"}, {"types": [""]}, {"kinds": []}, "acme_"] {
		said_with(wrong, []) == {"monitoring-human: its data must be types: a list of beginnings of resource types"}
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
	said([object.union(finding("aws_cloudtrail", [row("enable_logging", true, false)]), {"actionable": false})]) == set()
}

test_missing_lists_wait if {
	message := "monitoring-human: its lists are missing, copy data.yaml as well"
	message in m0.pending with input as {"m0": {"findings": []}} with data.monitoring_human as {}
	not message in m0.pending with input as {"m0": {"findings": []}}
}
