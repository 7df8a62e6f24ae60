import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Columns are what queries look for; `data` is the rest of the Run as JSON. Times in ms since epoch. */
export const runs = sqliteTable(
  'runs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    stack: text('stack').notNull(),
    environment: text('environment').notNull(),
    state: text('state').notNull(),
    version: integer('version').notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    data: text('data').notNull(),
  },
  (t) => [
    index('runs_stack_state').on(t.stack, t.state),
    index('runs_state').on(t.state),
    index('runs_environment').on(t.environment),
  ],
);

export const alerts = sqliteTable(
  'alerts',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    kind: text('kind').notNull(),
    stack: text('stack').notNull(),
    fingerprint: text('fingerprint').notNull(),
    state: text('state').notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    seenCount: integer('seen_count').notNull(),
    /** Null for alerts that are about no run; those have `data`, as JSON. */
    runId: integer('run_id').references(() => runs.id),
    outcome: text('outcome'),
    data: text('data'),
  },
  (t) => [
    index('alerts_stack_state').on(t.stack, t.state),
    index('alerts_state').on(t.state),
    index('alerts_run').on(t.runId),
  ],
);

export const messages = sqliteTable(
  'messages',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id),
    platform: text('platform').notNull(),
    channel: text('channel').notNull(),
    messageId: text('message_id').notNull(),
    role: text('role').notNull(),
    person: text('person'),
    why: text('why'),
    postedAt: integer('posted_at').notNull(),
  },
  (t) => [
    uniqueIndex('messages_place').on(t.platform, t.channel, t.messageId),
    index('messages_alert').on(t.alertId),
  ],
);

export const exemptions = sqliteTable(
  'keeps',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    kind: text('kind').notNull(),
    stack: text('stack').notNull(),
    address: text('address'),
    fingerprint: text('fingerprint'),
    until: integer('until'),
    by: text('by').notNull(),
    at: integer('at').notNull(),
    reason: text('reason').notNull(),
    runId: integer('run_id').references(() => runs.id),
    endedBy: text('ended_by'),
    endedAt: integer('ended_at'),
  },
  (t) => [index('keeps_stack_ended').on(t.stack, t.endedAt)],
);

/** Effects still to be delivered. `doneAt` null: undelivered. The key stays taken after delivery. */
export const outbox = sqliteTable(
  'outbox',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    key: text('key').notNull(),
    delivery: text('delivery').notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: integer('next_attempt_at').notNull(),
    doneAt: integer('done_at'),
    lastError: text('last_error'),
  },
  (t) => [uniqueIndex('outbox_key').on(t.key), index('outbox_due').on(t.doneAt, t.nextAttemptAt)],
);

/** Append-only (triggers forbid UPDATE, DELETE and a break of the chain). See audit-chain.ts for the hashes. */
export const audit = sqliteTable(
  'audit',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    stack: text('stack').notNull(),
    // No foreign key: the record outlives the runs it speaks of.
    runId: integer('run_id'),
    fingerprint: text('fingerprint'),
    commit: text('commit'),
    detail: text('detail'),
    /** JSON, as `actor` is; null also in lines from before m0 wrote them. */
    place: text('place'),
    bundles: text('bundles'),
    scope: text('scope'),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [index('audit_stack').on(t.stack), index('audit_run').on(t.runId)],
);

/** Channels that people made hear of a target, besides those of m0.yaml. `by` is JSON. */
export const subscriptions = sqliteTable(
  'subscriptions',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    platform: text('platform').notNull(),
    channel: text('channel').notNull(),
    target: text('target').notNull(),
    by: text('by').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [uniqueIndex('subscriptions_place_target').on(t.platform, t.channel, t.target)],
);

export const kv = sqliteTable('kv', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});
