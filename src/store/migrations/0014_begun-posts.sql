CREATE TABLE `begun_posts` (
	`alert_id` integer NOT NULL,
	`key` text NOT NULL,
	`platform` text NOT NULL,
	`channel` text,
	`user` text,
	`person` text,
	`why` text,
	`replaces` integer,
	PRIMARY KEY(`alert_id`, `key`),
	FOREIGN KEY (`alert_id`) REFERENCES `alerts`(`id`) ON UPDATE no action ON DELETE no action
);
