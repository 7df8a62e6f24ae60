CREATE TABLE `codifications` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`stack` text NOT NULL,
	`address` text NOT NULL,
	`state` text NOT NULL,
	`version` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`data` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `codifications_stack` ON `codifications` (`stack`,`id`);--> statement-breakpoint
CREATE INDEX `codifications_state` ON `codifications` (`state`);--> statement-breakpoint
CREATE UNIQUE INDEX `codifications_active` ON `codifications` (`stack`,`address`) WHERE state in ('asked', 'proving', 'proven', 'open', 'merged');