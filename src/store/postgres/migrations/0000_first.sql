CREATE TABLE "alerts" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"version" bigint DEFAULT 1 NOT NULL,
	"fingerprint" text NOT NULL,
	"state" text NOT NULL,
	"first_seen_at" bigint NOT NULL,
	"last_seen_at" bigint NOT NULL,
	"seen_count" bigint NOT NULL,
	"run_id" bigint,
	"outcome" text,
	"details" text
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"stack" text NOT NULL,
	"run_id" bigint,
	"fingerprint" text,
	"commit" text,
	"detail" text,
	"place" text,
	"bundles" text,
	"scope" text,
	"prev_hash" text NOT NULL,
	"hash" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "causes" (
	"stack" text NOT NULL,
	"fingerprint" text NOT NULL,
	"address" text NOT NULL,
	"run" bigint NOT NULL,
	"status" text NOT NULL,
	"events" text NOT NULL,
	"problem" text,
	"since" bigint NOT NULL,
	"looks" bigint NOT NULL,
	"next_look_at" bigint,
	"gone_at" bigint,
	CONSTRAINT "causes_stack_fingerprint_pk" PRIMARY KEY("stack","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "codifications" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stack" text NOT NULL,
	"address" text NOT NULL,
	"state" text NOT NULL,
	"version" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"data" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "digests" (
	"name" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"open" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "exemptions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"stack" text NOT NULL,
	"address" text,
	"fingerprint" text,
	"until" bigint,
	"by" text NOT NULL,
	"at" bigint NOT NULL,
	"reason" text NOT NULL,
	"run_id" bigint,
	"ended_by" text,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE TABLE "folded_checks" (
	"stack" text NOT NULL,
	"day" bigint NOT NULL,
	"checks" bigint NOT NULL,
	"first_run" bigint NOT NULL,
	"last_run" bigint NOT NULL,
	"first_at" bigint NOT NULL,
	"last_at" bigint NOT NULL,
	"runs" text NOT NULL,
	CONSTRAINT "folded_checks_stack_day_pk" PRIMARY KEY("stack","day")
);
--> statement-breakpoint
CREATE TABLE "heals" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stack" text NOT NULL,
	"environment" text NOT NULL,
	"run" bigint NOT NULL,
	"version" bigint NOT NULL,
	"address" text NOT NULL,
	"fingerprint" text NOT NULL,
	"at" bigint NOT NULL,
	"by_policy" boolean NOT NULL,
	"seen_again_at" bigint
);
--> statement-breakpoint
CREATE TABLE "inbox" (
	"platform" text NOT NULL,
	"key" text NOT NULL,
	"payload" text NOT NULL,
	"at" bigint NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"rowid" bigserial NOT NULL,
	CONSTRAINT "inbox_platform_key_pk" PRIMARY KEY("platform","key")
);
--> statement-breakpoint
CREATE TABLE "kv" (
	"name" text PRIMARY KEY NOT NULL,
	"value" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "lost_channels" (
	"platform" text NOT NULL,
	"channel" text NOT NULL,
	"error" text NOT NULL,
	CONSTRAINT "lost_channels_platform_channel_pk" PRIMARY KEY("platform","channel")
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"alert_id" bigint NOT NULL,
	"platform" text NOT NULL,
	"channel" text NOT NULL,
	"message_id" text NOT NULL,
	"role" text NOT NULL,
	"person" text,
	"why" text,
	"posted_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"message" text NOT NULL,
	"kind" text NOT NULL,
	"alert_id" bigint,
	"created_at" bigint NOT NULL,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"next_attempt_at" bigint NOT NULL,
	"done_at" bigint,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "owner" (
	"id" bigint PRIMARY KEY NOT NULL,
	"holder" text NOT NULL,
	"host" text NOT NULL,
	"pid" bigint NOT NULL,
	"process" text NOT NULL,
	"since" bigint NOT NULL,
	"heartbeat_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"fence" bigint NOT NULL,
	CONSTRAINT "owner_one" CHECK (id = 1)
);
--> statement-breakpoint
CREATE TABLE "pauses" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"target" text NOT NULL,
	"by" text NOT NULL,
	"at" bigint NOT NULL,
	"reason" text NOT NULL,
	"ended_by" text,
	"ended_at" bigint
);
--> statement-breakpoint
CREATE TABLE "pushed_heads" (
	"stack" text PRIMARY KEY NOT NULL,
	"head" text NOT NULL,
	"source" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "refusals" (
	"person" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL,
	"error" text,
	"address" text,
	"reachable_at" bigint
);
--> statement-breakpoint
CREATE TABLE "refused_alerts" (
	"person" text NOT NULL,
	"alert_id" bigint NOT NULL,
	"times" bigint NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "refused_alerts_person_alert_id_pk" PRIMARY KEY("person","alert_id")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"stack" text NOT NULL,
	"environment" text NOT NULL,
	"state" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	"data" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seen_events" (
	"platform" text NOT NULL,
	"key" text NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "seen_events_platform_key_pk" PRIMARY KEY("platform","key")
);
--> statement-breakpoint
CREATE TABLE "seen_states" (
	"stack" text PRIMARY KEY NOT NULL,
	"resources" bigint NOT NULL,
	"run" bigint NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "skipped_checks" (
	"stack" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"run" bigint NOT NULL,
	"since" bigint NOT NULL,
	"at" bigint NOT NULL,
	"times" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subscriptions" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"platform" text NOT NULL,
	"channel" text NOT NULL,
	"target" text NOT NULL,
	"by" text NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "teams_channels" (
	"team" text NOT NULL,
	"channel" text NOT NULL,
	CONSTRAINT "teams_channels_team_channel_pk" PRIMARY KEY("team","channel")
);
--> statement-breakpoint
CREATE TABLE "teams_conversations" (
	"id" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"service_url" text NOT NULL,
	"bot_id" text NOT NULL,
	"tenant_id" text,
	"gone" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "teams_notes" (
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"value" text NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "teams_notes_kind_key_pk" PRIMARY KEY("kind","key")
);
--> statement-breakpoint
CREATE TABLE "teams_people" (
	"user" text PRIMARY KEY NOT NULL,
	"conversation" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "teams_teams" (
	"id" text PRIMARY KEY NOT NULL,
	"service_url" text NOT NULL,
	"listed" boolean NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ticks" (
	"name" text PRIMARY KEY NOT NULL,
	"at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tool_processes" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"fence" bigint NOT NULL,
	"stack" text NOT NULL,
	"phase" text NOT NULL,
	"host" text NOT NULL,
	"pid" bigint NOT NULL,
	"process" text NOT NULL,
	"begun_at" bigint NOT NULL,
	"ends_by" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "exemptions" ADD CONSTRAINT "exemptions_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_alert_id_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."alerts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "alerts_subject_state" ON "alerts" USING btree ("subject","state");--> statement-breakpoint
CREATE INDEX "alerts_state" ON "alerts" USING btree ("state");--> statement-breakpoint
CREATE INDEX "alerts_run" ON "alerts" USING btree ("run_id");--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_open_drift" ON "alerts" USING btree ("subject") WHERE kind = 'drift' and state = 'open';--> statement-breakpoint
CREATE INDEX "audit_stack" ON "audit" USING btree ("stack");--> statement-breakpoint
CREATE INDEX "audit_run" ON "audit" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "causes_next_look" ON "causes" USING btree ("next_look_at");--> statement-breakpoint
CREATE INDEX "causes_run" ON "causes" USING btree ("run");--> statement-breakpoint
CREATE INDEX "codifications_stack" ON "codifications" USING btree ("stack","id");--> statement-breakpoint
CREATE INDEX "codifications_state" ON "codifications" USING btree ("state");--> statement-breakpoint
CREATE UNIQUE INDEX "codifications_active" ON "codifications" USING btree ("stack","address") WHERE state in ('asked', 'proving', 'proven', 'open', 'merged');--> statement-breakpoint
CREATE INDEX "exemptions_stack_ended" ON "exemptions" USING btree ("stack","ended_at");--> statement-breakpoint
CREATE INDEX "folded_checks_last_run" ON "folded_checks" USING btree ("last_run");--> statement-breakpoint
CREATE INDEX "heals_stack_at" ON "heals" USING btree ("stack","at");--> statement-breakpoint
CREATE INDEX "heals_environment_at" ON "heals" USING btree ("environment","at");--> statement-breakpoint
CREATE INDEX "heals_run" ON "heals" USING btree ("run","version");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_place" ON "messages" USING btree ("platform","channel","message_id");--> statement-breakpoint
CREATE INDEX "messages_alert" ON "messages" USING btree ("alert_id");--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_key" ON "outbox" USING btree ("key");--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("done_at","next_attempt_at");--> statement-breakpoint
CREATE INDEX "outbox_alert" ON "outbox" USING btree ("alert_id","done_at");--> statement-breakpoint
CREATE INDEX "pauses_ended" ON "pauses" USING btree ("ended_at");--> statement-breakpoint
CREATE UNIQUE INDEX "pauses_in_force" ON "pauses" USING btree ("target") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "runs_stack_state" ON "runs" USING btree ("stack","state","id");--> statement-breakpoint
CREATE INDEX "runs_state" ON "runs" USING btree ("state");--> statement-breakpoint
CREATE INDEX "runs_environment" ON "runs" USING btree ("environment");--> statement-breakpoint
CREATE INDEX "runs_stack" ON "runs" USING btree ("stack","id");--> statement-breakpoint
CREATE INDEX "seen_events_at" ON "seen_events" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "subscriptions_place_target" ON "subscriptions" USING btree ("platform","channel","target");--> statement-breakpoint
CREATE INDEX "teams_notes_kind_at" ON "teams_notes" USING btree ("kind","at");--> statement-breakpoint
CREATE INDEX "tool_processes_stack" ON "tool_processes" USING btree ("stack");