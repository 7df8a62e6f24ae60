-- Nothing is rebuilt but the outbox, which no table refers to.
ALTER TABLE `alerts` RENAME COLUMN `stack` TO `subject`;
--> statement-breakpoint
ALTER TABLE `alerts` RENAME COLUMN `data` TO `details`;
--> statement-breakpoint
ALTER TABLE `alerts` ADD `version` integer DEFAULT 1 NOT NULL;
--> statement-breakpoint
DROP INDEX `alerts_stack_state`;
--> statement-breakpoint
CREATE INDEX `alerts_subject_state` ON `alerts` (`subject`,`state`);
--> statement-breakpoint
-- Of two open drift alerts of a stack, which should never have been, the newer one stays open. The card of the
-- older one is brought up to date.
INSERT OR IGNORE INTO `outbox` (`key`, `delivery`, `created_at`, `next_attempt_at`)
SELECT 'card:' || `id` || ':one-open', json_object('d', 'card', 'alertId', `id`), unixepoch() * 1000, unixepoch() * 1000
FROM `alerts` `old` WHERE `kind` = 'drift' AND `state` = 'open' AND EXISTS (
	SELECT 1 FROM `alerts` `new`
	WHERE `new`.`subject` = `old`.`subject` AND `new`.`kind` = 'drift' AND `new`.`state` = 'open' AND `new`.`id` > `old`.`id`
);
--> statement-breakpoint
UPDATE `alerts` SET `state` = 'superseded', `outcome` = 'superseded by a newer alert of this stack'
WHERE `kind` = 'drift' AND `state` = 'open' AND `id` < (
	SELECT max(`new`.`id`) FROM `alerts` `new`
	WHERE `new`.`subject` = `alerts`.`subject` AND `new`.`kind` = 'drift' AND `new`.`state` = 'open'
);
--> statement-breakpoint
CREATE UNIQUE INDEX `alerts_open_drift` ON `alerts` (`subject`) WHERE kind = 'drift' and state = 'open';
--> statement-breakpoint
ALTER TABLE `keeps` RENAME TO `exemptions`;
--> statement-breakpoint
DROP INDEX `keeps_stack_ended`;
--> statement-breakpoint
CREATE INDEX `exemptions_stack_ended` ON `exemptions` (`stack`,`ended_at`);
--> statement-breakpoint
-- The discriminants of a stored card were called "b" and "t". These texts are never part of a value: a quotation
-- mark within a JSON string is escaped, and no key of a card comes from outside.
UPDATE `outbox` SET `delivery` = replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(`delivery`,
	'"b":"line"', '"type":"line"'),
	'"b":"context"', '"type":"context"'),
	'"b":"finding"', '"type":"finding"'),
	'"b":"facts"', '"type":"facts"'),
	'"b":"buttons"', '"type":"buttons"'),
	'"b":"outcome"', '"type":"outcome"'),
	'"b":"divider"', '"type":"divider"'),
	'"t":"text"', '"type":"text"'),
	'"t":"strong"', '"type":"strong"'),
	'"t":"quiet"', '"type":"quiet"'),
	'"t":"code"', '"type":"code"'),
	'"t":"command"', '"type":"command"'),
	'"t":"person"', '"type":"person"'),
	'"t":"time"', '"type":"time"'),
	'"t":"link"', '"type":"link"')
WHERE json_valid(`delivery`) AND json_extract(`delivery`, '$.d') = 'post';
--> statement-breakpoint
CREATE TABLE `__new_outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`key` text NOT NULL,
	`message` text NOT NULL,
	`kind` text NOT NULL,
	`alert_id` integer,
	`created_at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_attempt_at` integer NOT NULL,
	`done_at` integer,
	`last_error` text
);
--> statement-breakpoint
-- The kind of a message was called "d", lately "type". What is not even JSON stays as it is: m0 tells of it when it
-- reads it.
INSERT INTO `__new_outbox`("id", "key", "message", "kind", "alert_id", "created_at", "attempts", "next_attempt_at", "done_at", "last_error")
SELECT "id", "key",
	CASE WHEN json_valid("delivery") THEN json_set(json_remove("delivery", '$.d'), '$.type', coalesce(json_extract("delivery", '$.d'), json_extract("delivery", '$.type'))) ELSE "delivery" END,
	coalesce(CASE WHEN json_valid("delivery") THEN coalesce(json_extract("delivery", '$.d'), json_extract("delivery", '$.type')) END, 'unreadable'),
	CASE WHEN json_valid("delivery") THEN json_extract("delivery", '$.alertId') END,
	"created_at", "attempts", "next_attempt_at", "done_at", "last_error"
FROM `outbox`;
--> statement-breakpoint
DROP TABLE `outbox`;
--> statement-breakpoint
ALTER TABLE `__new_outbox` RENAME TO `outbox`;
--> statement-breakpoint
CREATE UNIQUE INDEX `outbox_key` ON `outbox` (`key`);
--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`done_at`,`next_attempt_at`);
--> statement-breakpoint
CREATE INDEX `outbox_alert` ON `outbox` (`alert_id`,`done_at`);
--> statement-breakpoint
CREATE TABLE `ticks` (
	`name` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `digests` (
	`name` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`open` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `skipped_checks` (
	`stack` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`run` integer NOT NULL,
	`since` integer NOT NULL,
	`at` integer NOT NULL,
	`times` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pushed_heads` (
	`stack` text PRIMARY KEY NOT NULL,
	`head` text NOT NULL,
	`source` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `refusals` (
	`person` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`error` text,
	`address` text,
	`reachable_at` integer
);
--> statement-breakpoint
CREATE TABLE `refused_alerts` (
	`person` text NOT NULL,
	`alert_id` integer NOT NULL,
	`times` integer NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`person`, `alert_id`)
);
--> statement-breakpoint
CREATE TABLE `lost_channels` (
	`platform` text NOT NULL,
	`channel` text NOT NULL,
	`error` text NOT NULL,
	PRIMARY KEY(`platform`, `channel`)
);
--> statement-breakpoint
CREATE TABLE `seen_events` (
	`platform` text NOT NULL,
	`key` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`platform`, `key`)
);
--> statement-breakpoint
CREATE INDEX `seen_events_at` ON `seen_events` (`at`);
--> statement-breakpoint
CREATE TABLE `teams_conversations` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`service_url` text NOT NULL,
	`bot_id` text NOT NULL,
	`tenant_id` text,
	`gone` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE `teams_people` (
	`user` text PRIMARY KEY NOT NULL,
	`conversation` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `teams_teams` (
	`id` text PRIMARY KEY NOT NULL,
	`service_url` text NOT NULL,
	`listed` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `teams_channels` (
	`team` text NOT NULL,
	`channel` text NOT NULL,
	PRIMARY KEY(`team`, `channel`)
);
--> statement-breakpoint
CREATE TABLE `teams_notes` (
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`kind`, `key`)
);
--> statement-breakpoint
CREATE INDEX `teams_notes_kind_at` ON `teams_notes` (`kind`,`at`);
--> statement-breakpoint
CREATE TABLE `owner` (
	`id` integer PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`host` text NOT NULL,
	`pid` integer NOT NULL,
	`process` text NOT NULL,
	`since` integer NOT NULL,
	`heartbeat_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`fence` integer NOT NULL,
	CONSTRAINT "owner_one" CHECK(id = 1)
);
--> statement-breakpoint
CREATE TABLE `tool_processes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`fence` integer NOT NULL,
	`stack` text NOT NULL,
	`phase` text NOT NULL,
	`host` text NOT NULL,
	`pid` integer NOT NULL,
	`process` text NOT NULL,
	`begun_at` integer NOT NULL,
	`ends_by` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `tool_processes_stack` ON `tool_processes` (`stack`);
--> statement-breakpoint
-- What was JSON in `kv` moves to the tables.
INSERT INTO `ticks` (`name`, `at`)
SELECT substr(`name`, 6), CAST(`value` AS integer) FROM `kv` WHERE `name` GLOB 'tick:*' AND `value` GLOB '[0-9]*';
--> statement-breakpoint
INSERT INTO `digests` (`name`, `at`, `open`)
SELECT `name`, json_extract(`value`, '$.at'), json_extract(`value`, '$.open') FROM `kv`
WHERE `name` GLOB 'digest [0-9]*' AND json_valid(`value`)
	AND json_type(`value`, '$.at') = 'integer' AND json_type(`value`, '$.open') = 'integer';
--> statement-breakpoint
INSERT INTO `skipped_checks` (`stack`, `kind`, `run`, `since`, `at`, `times`)
SELECT substr(`name`, 9), `value` ->> 'kind', `value` ->> 'run', `value` ->> 'since', `value` ->> 'at', `value` ->> 'times'
FROM `kv` WHERE `name` GLOB 'skipped:*' AND json_valid(`value`);
--> statement-breakpoint
INSERT INTO `pushed_heads` (`stack`, `head`, `source`)
SELECT substr(`name`, 8),
	CASE instr(`value`, ' ') WHEN 0 THEN `value` ELSE substr(`value`, 1, instr(`value`, ' ') - 1) END,
	CASE instr(`value`, ' ') WHEN 0 THEN '' ELSE substr(`value`, instr(`value`, ' ') + 1) END
FROM `kv` WHERE `name` GLOB 'pushed:*';
--> statement-breakpoint
-- Early ones have but `at` and `text`.
INSERT INTO `refusals` (`person`, `at`, `error`, `address`, `reachable_at`)
SELECT substr(`name`, 13), coalesce(`value` ->> 'at', 0), `value` ->> 'text', `value` ->> 'to',
	(SELECT CAST(`there`.`value` AS integer) FROM `kv` `there` WHERE `there`.`name` = 'there:' || substr(`kv`.`name`, 13))
FROM `kv` WHERE `name` GLOB 'not-reached:*' AND json_valid(`value`);
--> statement-breakpoint
INSERT INTO `refused_alerts` (`person`, `alert_id`, `times`, `at`)
SELECT substr(`kv`.`name`, 13), CAST(`alert`.`key` AS integer), `alert`.`value` ->> 'times', `alert`.`value` ->> 'at'
FROM `kv`, json_each(CASE WHEN json_valid(`kv`.`value`) THEN `kv`.`value` ELSE '{}' END, '$.alerts') `alert`
WHERE `kv`.`name` GLOB 'not-reached:*';
--> statement-breakpoint
INSERT INTO `lost_channels` (`platform`, `channel`, `error`)
SELECT substr(`name`, 14, instr(substr(`name`, 14), ':') - 1), substr(`name`, 14 + instr(substr(`name`, 14), ':')), `value`
FROM `kv` WHERE `name` GLOB 'lost-channel:*:*' AND `value` <> '';
--> statement-breakpoint
INSERT INTO `seen_events` (`platform`, `key`, `at`)
SELECT DISTINCT 'teams', `event`.`value` ->> 0, unixepoch() * 1000
FROM `kv`, json_each(CASE WHEN json_valid(`kv`.`value`) THEN `kv`.`value` ELSE '[]' END) `event`
WHERE `kv`.`name` GLOB 'teams:heard:*';
--> statement-breakpoint
-- The newest stood first.
INSERT OR IGNORE INTO `teams_notes` (`kind`, `key`, `value`, `at`)
SELECT `kinds`.`value`, `note`.`value` ->> 0, `note`.`value` ->> 1, unixepoch() * 1000 - `note`.`key`
FROM json_each('{"posted":"posted","whispers":"whisper","file-offers":"file-offer","file-answers":"file-answer","greeted":"greeted","forms":"form"}') `kinds`
JOIN `kv` ON `kv`.`name` GLOB 'teams:' || `kinds`.`key` || ':*'
JOIN json_each(CASE WHEN json_valid(`kv`.`value`) THEN `kv`.`value` ELSE '[]' END) `note`;
--> statement-breakpoint
INSERT INTO `teams_conversations` (`id`, `kind`, `service_url`, `bot_id`, `tenant_id`, `gone`)
SELECT substr(`name`, 20), `value` ->> 'kind', `value` ->> 'serviceUrl', `value` ->> 'botId', `value` ->> 'tenantId', coalesce(`value` ->> 'gone', 0)
FROM `kv` WHERE `name` GLOB 'teams:conversation:*' AND json_valid(`value`);
--> statement-breakpoint
INSERT INTO `teams_people` (`user`, `conversation`)
SELECT substr(`name`, 14), `value` ->> 'conversation' FROM `kv` WHERE `name` GLOB 'teams:person:*' AND json_valid(`value`);
--> statement-breakpoint
INSERT INTO `teams_teams` (`id`, `service_url`, `listed`)
SELECT substr(`name`, 12), `value` ->> 'serviceUrl', `value` ->> 'listed' FROM `kv` WHERE `name` GLOB 'teams:team:*' AND json_valid(`value`);
--> statement-breakpoint
INSERT OR IGNORE INTO `teams_channels` (`team`, `channel`)
SELECT substr(`kv`.`name`, 12), `channel`.`value`
FROM `kv`, json_each(CASE WHEN json_valid(`kv`.`value`) THEN `kv`.`value` ELSE '{}' END, '$.channels') `channel`
WHERE `kv`.`name` GLOB 'teams:team:*';
--> statement-breakpoint
DELETE FROM `kv` WHERE `name` GLOB 'tick:*' OR `name` GLOB 'digest [0-9]*' OR `name` GLOB 'skipped:*' OR `name` GLOB 'pushed:*'
	OR `name` GLOB 'not-reached:*' OR `name` GLOB 'there:*' OR `name` GLOB 'lost-channel:*'
	OR (`name` GLOB 'teams:*' AND `name` <> 'teams:service');
