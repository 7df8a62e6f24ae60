CREATE TABLE `causes` (
	`stack` text NOT NULL,
	`fingerprint` text NOT NULL,
	`address` text NOT NULL,
	`run` integer NOT NULL,
	`status` text NOT NULL,
	`events` text NOT NULL,
	`problem` text,
	`since` integer NOT NULL,
	`looks` integer NOT NULL,
	`next_look_at` integer,
	`gone_at` integer,
	PRIMARY KEY(`stack`, `fingerprint`)
);
--> statement-breakpoint
CREATE INDEX `causes_next_look` ON `causes` (`next_look_at`);--> statement-breakpoint
CREATE INDEX `causes_run` ON `causes` (`run`);