CREATE TABLE "begun_posts" (
	"alert_id" bigint NOT NULL,
	"key" text NOT NULL,
	"platform" text NOT NULL,
	"channel" text,
	"user" text,
	"person" text,
	"why" text,
	"replaces" bigint,
	CONSTRAINT "begun_posts_alert_id_key_pk" PRIMARY KEY("alert_id","key")
);
--> statement-breakpoint
ALTER TABLE "begun_posts" ADD CONSTRAINT "begun_posts_alert_id_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."alerts"("id") ON DELETE no action ON UPDATE no action;