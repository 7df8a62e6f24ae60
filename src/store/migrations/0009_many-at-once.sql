CREATE TABLE `folded_checks` (
	`stack` text NOT NULL,
	`day` integer NOT NULL,
	`checks` integer NOT NULL,
	`first_run` integer NOT NULL,
	`last_run` integer NOT NULL,
	`first_at` integer NOT NULL,
	`last_at` integer NOT NULL,
	`runs` text NOT NULL,
	PRIMARY KEY(`stack`, `day`)
);
--> statement-breakpoint
CREATE INDEX `folded_checks_last_run` ON `folded_checks` (`last_run`);--> statement-breakpoint
CREATE TABLE `inbox` (
	`platform` text NOT NULL,
	`key` text NOT NULL,
	`payload` text NOT NULL,
	`at` integer NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`platform`, `key`)
);
--> statement-breakpoint
CREATE INDEX `runs_stack` ON `runs` (`stack`,`id`);