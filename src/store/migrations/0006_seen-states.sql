CREATE TABLE `seen_states` (
	`stack` text PRIMARY KEY NOT NULL,
	`resources` integer NOT NULL,
	`run` integer NOT NULL,
	`at` integer NOT NULL
);
