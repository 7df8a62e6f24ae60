ALTER TABLE `audit` ADD `place` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `bundles` text;--> statement-breakpoint
ALTER TABLE `audit` ADD `scope` text;