-- Foreign keys are off while m0 migrates, and checked right after.
CREATE TABLE `__new_alerts` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`stack` text NOT NULL,
	`fingerprint` text NOT NULL,
	`state` text NOT NULL,
	`first_seen_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`seen_count` integer NOT NULL,
	`run_id` integer,
	`outcome` text,
	`data` text,
	FOREIGN KEY (`run_id`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_alerts`("id", "kind", "stack", "fingerprint", "state", "first_seen_at", "last_seen_at", "seen_count", "run_id", "outcome", "data") SELECT "id", "kind", "stack", "fingerprint", "state", "first_seen_at", "last_seen_at", "seen_count", "run_id", "outcome", NULL FROM `alerts`;--> statement-breakpoint
DROP TABLE `alerts`;--> statement-breakpoint
ALTER TABLE `__new_alerts` RENAME TO `alerts`;--> statement-breakpoint
CREATE INDEX `alerts_stack_state` ON `alerts` (`stack`,`state`);--> statement-breakpoint
CREATE INDEX `alerts_state` ON `alerts` (`state`);--> statement-breakpoint
CREATE INDEX `alerts_run` ON `alerts` (`run_id`);