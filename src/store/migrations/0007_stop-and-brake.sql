CREATE TABLE `heals` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`stack` text NOT NULL,
	`environment` text NOT NULL,
	`run` integer NOT NULL,
	`version` integer NOT NULL,
	`address` text NOT NULL,
	`fingerprint` text NOT NULL,
	`at` integer NOT NULL,
	`by_policy` integer NOT NULL,
	`seen_again_at` integer
);
--> statement-breakpoint
CREATE INDEX `heals_stack_at` ON `heals` (`stack`,`at`);--> statement-breakpoint
CREATE INDEX `heals_environment_at` ON `heals` (`environment`,`at`);--> statement-breakpoint
CREATE INDEX `heals_run` ON `heals` (`run`,`version`);--> statement-breakpoint
CREATE TABLE `pauses` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`target` text NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL,
	`reason` text NOT NULL,
	`ended_by` text,
	`ended_at` integer
);
--> statement-breakpoint
CREATE INDEX `pauses_ended` ON `pauses` (`ended_at`);--> statement-breakpoint
CREATE UNIQUE INDEX `pauses_in_force` ON `pauses` (`target`) WHERE ended_at is null;