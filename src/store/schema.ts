/** The tables of the SQLite database. A change here needs a new migration in `migrations/`. */
import { sql } from 'drizzle-orm';
import { check, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Fields that queries use have columns; `data` is the rest of the Run as JSON. All times are in ms since epoch. */
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
    index('runs_stack').on(t.stack, t.id),
  ],
);

export const alerts = sqliteTable(
  'alerts',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    kind: text('kind').notNull(),
    /** A stack, a policy, a place or on-call rotations, by kind: see model/alert.ts. */
    subject: text('subject').notNull(),
    /** The number of updates, for compare-and-set: an update must name the version that it read. */
    version: integer('version').notNull().default(1),
    fingerprint: text('fingerprint').notNull(),
    state: text('state').notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    seenCount: integer('seen_count').notNull(),
    /** Null for alerts that belong to no run. Those have `details`, as JSON. */
    runId: integer('run_id').references(() => runs.id),
    outcome: text('outcome'),
    details: text('details'),
  },
  (t) => [
    index('alerts_subject_state').on(t.subject, t.state),
    index('alerts_state').on(t.state),
    index('alerts_run').on(t.runId),
    uniqueIndex('alerts_open_drift').on(t.subject).where(sql`kind = 'drift' and state = 'open'`),
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

/** Messages of alerts that a chat was asked to post, until they are in `messages`. */
export const begunPosts = sqliteTable(
  'begun_posts',
  {
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id),
    key: text('key').notNull(),
    platform: text('platform').notNull(),
    /** The channel, or the person's id in the chat. */
    channel: text('channel'),
    user: text('user'),
    person: text('person'),
    why: text('why'),
    replaces: integer('replaces'),
  },
  (t) => [primaryKey({ columns: [t.alertId, t.key] })],
);

export const exemptions = sqliteTable(
  'exemptions',
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
  (t) => [index('exemptions_stack_ended').on(t.stack, t.endedAt)],
);

/** Messages to deliver. `doneAt` is null before the delivery. A key stays reserved after it. */
export const outbox = sqliteTable(
  'outbox',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    key: text('key').notNull(),
    /** An OutboxMessage as JSON. */
    message: text('message').notNull(),
    /** `kind` and `alertId` repeat the message's `type` and `alertId`, for queries. */
    kind: text('kind').notNull(),
    alertId: integer('alert_id'),
    createdAt: integer('created_at').notNull(),
    attempts: integer('attempts').notNull().default(0),
    nextAttemptAt: integer('next_attempt_at').notNull(),
    doneAt: integer('done_at'),
    lastError: text('last_error'),
  },
  (t) => [
    uniqueIndex('outbox_key').on(t.key),
    index('outbox_due').on(t.doneAt, t.nextAttemptAt),
    index('outbox_alert').on(t.alertId, t.doneAt),
  ],
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
    // No foreign key: audit entries are kept longer than their runs.
    runId: integer('run_id'),
    fingerprint: text('fingerprint'),
    commit: text('commit'),
    detail: text('detail'),
    /** `place`, `bundles` and `scope` are JSON, as `actor` is. They are also null in entries of older versions. */
    place: text('place'),
    bundles: text('bundles'),
    scope: text('scope'),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (t) => [index('audit_stack').on(t.stack), index('audit_run').on(t.runId)],
);

/** Channels that people subscribed to a target, in addition to those of m0.yaml. `by` is JSON. */
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

/**
 * Pauses: nothing is applied to the stacks of `target`, as it was typed, while `endedAt` is null. `by` and `endedBy`
 * are JSON.
 */
export const pauses = sqliteTable(
  'pauses',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    target: text('target').notNull(),
    by: text('by').notNull(),
    at: integer('at').notNull(),
    reason: text('reason').notNull(),
    endedBy: text('ended_by'),
    endedAt: integer('ended_at'),
  },
  (t) => [
    index('pauses_ended').on(t.endedAt),
    uniqueIndex('pauses_in_force').on(t.target).where(sql`ended_at is null`),
  ],
);

/** The findings of each apply that began, by policies and by people: the brake counts them. */
export const heals = sqliteTable(
  'heals',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    stack: text('stack').notNull(),
    environment: text('environment').notNull(),
    // No foreign key: the run may be deleted earlier.
    run: integer('run').notNull(),
    /** The run's version in the state `applying`: a run can apply several times. */
    version: integer('version').notNull(),
    address: text('address').notNull(),
    fingerprint: text('fingerprint').notNull(),
    at: integer('at').notNull(),
    byPolicy: integer('by_policy', { mode: 'boolean' }).notNull(),
    /** When a later plan found the same drift again. */
    seenAgainAt: integer('seen_again_at'),
  },
  (t) => [
    index('heals_stack_at').on(t.stack, t.at),
    index('heals_environment_at').on(t.environment, t.at),
    index('heals_run').on(t.run, t.version),
  ],
);

/**
 * Who changed the cloud, for each finding of a stack. `events` is JSON of CauseEvents; nothing of a request's own values
 * is in it.
 */
export const causes = sqliteTable(
  'causes',
  {
    stack: text('stack').notNull(),
    fingerprint: text('fingerprint').notNull(),
    address: text('address').notNull(),
    // No foreign key: the run may be deleted earlier.
    run: integer('run').notNull(),
    status: text('status').notNull(),
    events: text('events').notNull(),
    problem: text('problem'),
    since: integer('since').notNull(),
    looks: integer('looks').notNull(),
    nextLookAt: integer('next_look_at'),
    goneAt: integer('gone_at'),
  },
  (t) => [
    primaryKey({ columns: [t.stack, t.fingerprint] }),
    index('causes_next_look').on(t.nextLookAt),
    index('causes_run').on(t.run),
  ],
);

/** Findings on their way into the code. Fields that queries use have columns; `data` is the rest as JSON. */
export const codifications = sqliteTable(
  'codifications',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    stack: text('stack').notNull(),
    address: text('address').notNull(),
    state: text('state').notNull(),
    version: integer('version').notNull(),
    updatedAt: integer('updated_at').notNull(),
    data: text('data').notNull(),
  },
  (t) => [
    index('codifications_stack').on(t.stack, t.id),
    index('codifications_state').on(t.state),
    uniqueIndex('codifications_active')
      .on(t.stack, t.address)
      .where(sql`state in ('asked', 'proving', 'proven', 'open', 'merged')`),
  ],
);

/** Single named values, for example the key of the fingerprints. Lists have tables of their own. */
export const kv = sqliteTable('kv', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});

/** When each schedule last ticked. The name is the stack's, or `digest 0` for a digest. */
export const ticks = sqliteTable('ticks', {
  name: text('name').primaryKey(),
  at: integer('at').notNull(),
});

/** When each digest was last sent, and how many stacks had open drift then. */
export const digests = sqliteTable('digests', {
  name: text('name').primaryKey(),
  at: integer('at').notNull(),
  open: integer('open').notNull(),
});

/** Stacks whose last scheduled check was skipped, with the run that made it unnecessary. */
export const skippedChecks = sqliteTable('skipped_checks', {
  stack: text('stack').primaryKey(),
  kind: text('kind').notNull(),
  run: integer('run').notNull(),
  since: integer('since').notNull(),
  at: integer('at').notNull(),
  times: integer('times').notNull(),
});

/** How many objects each stack's state recorded when it was last read. A lost state is recognised by this number. */
export const seenStates = sqliteTable('seen_states', {
  stack: text('stack').primaryKey(),
  resources: integer('resources').notNull(),
  // No foreign key: the run may be deleted earlier.
  run: integer('run').notNull(),
  at: integer('at').notNull(),
});

/** The last commit of each stack's code that m0 has seen. `source` identifies the repository, branch and folder. */
export const pushedHeads = sqliteTable('pushed_heads', {
  stack: text('stack').primaryKey(),
  head: text('head').notNull(),
  source: text('source').notNull(),
});

/** People to whom a chat refused a direct message. `error` is null if a later message arrived. */
export const refusals = sqliteTable('refusals', {
  person: text('person').primaryKey(),
  at: integer('at').notNull(),
  error: text('error'),
  /** The address of the message, as `slack:U0DANA`; null if no chat knew the person. */
  address: text('address'),
  /** When m0 last had a sign that the person can be reached. */
  reachableAt: integer('reachable_at'),
});

/** Alerts that a person did not get, because the chat refused the direct message. */
export const refusedAlerts = sqliteTable(
  'refused_alerts',
  {
    person: text('person').notNull(),
    // No foreign key: the alert may be deleted earlier.
    alertId: integer('alert_id').notNull(),
    times: integer('times').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.person, t.alertId] })],
);

/** Channels that refused their last message. */
export const lostChannels = sqliteTable(
  'lost_channels',
  {
    platform: text('platform').notNull(),
    channel: text('channel').notNull(),
    error: text('error').notNull(),
  },
  (t) => [primaryKey({ columns: [t.platform, t.channel] })],
);

/** Incoming chat events that m0 has handled: a chat may send an event again, and it must have no second effect. */
export const seenEvents = sqliteTable(
  'seen_events',
  {
    platform: text('platform').notNull(),
    key: text('key').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.platform, t.key] }), index('seen_events_at').on(t.at)],
);

/**
 * Commands that a chat was told are taken in, until they are carried out. `payload` is JSON of the chat's adapter. A row
 * that is left was interrupted: the next start carries it out.
 */
export const inbox = sqliteTable(
  'inbox',
  {
    platform: text('platform').notNull(),
    key: text('key').notNull(),
    payload: text('payload').notNull(),
    at: integer('at').notNull(),
    /** How many starts have tried to carry it out. */
    attempts: integer('attempts').notNull().default(0),
    /** The number of the process that has it, as in `tool_processes`; null: of one without a lease. */
    fence: integer('fence'),
  },
  (t) => [primaryKey({ columns: [t.platform, t.key] })],
);

/**
 * Clean checks that said nothing new, one row for a stack and a day. `day` is its begin in UTC, in ms since epoch; `runs`
 * is a JSON array of their numbers, which are never given out again.
 */
export const foldedChecks = sqliteTable(
  'folded_checks',
  {
    stack: text('stack').notNull(),
    day: integer('day').notNull(),
    checks: integer('checks').notNull(),
    firstRun: integer('first_run').notNull(),
    lastRun: integer('last_run').notNull(),
    /** When the first of them was asked for, and when the last of them ended. */
    firstAt: integer('first_at').notNull(),
    lastAt: integer('last_at').notNull(),
    runs: text('runs').notNull(),
  },
  (t) => [primaryKey({ columns: [t.stack, t.day] }), index('folded_checks_last_run').on(t.lastRun)],
);

/** The Teams conversations in which m0 has received an event: a bot can write only to those. */
export const teamsConversations = sqliteTable('teams_conversations', {
  id: text('id').primaryKey(),
  kind: text('kind').notNull(),
  serviceUrl: text('service_url').notNull(),
  botId: text('bot_id').notNull(),
  tenantId: text('tenant_id'),
  /** True: m0 was removed from the conversation. */
  gone: integer('gone', { mode: 'boolean' }).notNull().default(false),
});

/** The conversation of each person's chat with m0; `user` is the Entra object id in lower case. */
export const teamsPeople = sqliteTable('teams_people', {
  user: text('user').primaryKey(),
  conversation: text('conversation').notNull(),
});

/** Teams (groups of people) that m0 was added to. `listed` is false until Teams has sent all of their channels. */
export const teamsTeams = sqliteTable('teams_teams', {
  id: text('id').primaryKey(),
  serviceUrl: text('service_url').notNull(),
  listed: integer('listed', { mode: 'boolean' }).notNull(),
});

export const teamsChannels = sqliteTable(
  'teams_channels',
  {
    team: text('team').notNull(),
    channel: text('channel').notNull(),
  },
  (t) => [primaryKey({ columns: [t.team, t.channel] })],
);

/** Facts about m0's newest messages in Teams, by kind (`posted`, `form` …) and hashed key. */
export const teamsNotes = sqliteTable(
  'teams_notes',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    value: text('value').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.key] }), index('teams_notes_kind_at').on(t.kind, t.at)],
);

/** The one process that owns the work: at most one row. Times in ms since epoch. */
export const owner = sqliteTable(
  'owner',
  {
    id: integer('id').primaryKey(),
    holder: text('holder').notNull(),
    host: text('host').notNull(),
    pid: integer('pid').notNull(),
    process: text('process').notNull(),
    since: integer('since').notNull(),
    heartbeatAt: integer('heartbeat_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    fence: integer('fence').notNull(),
  },
  () => [check('owner_one', sql`id = 1`)],
);

/** The running tools of an owner. The next owner waits for tools that a killed owner left running. */
export const toolProcesses = sqliteTable(
  'tool_processes',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    fence: integer('fence').notNull(),
    stack: text('stack').notNull(),
    phase: text('phase').notNull(),
    host: text('host').notNull(),
    pid: integer('pid').notNull(),
    process: text('process').notNull(),
    begunAt: integer('begun_at').notNull(),
    endsBy: integer('ends_by').notNull(),
  },
  (t) => [index('tool_processes_stack').on(t.stack)],
);

/** The processes that work on stacks beside the owner. Each extends its row; one that no longer does has stopped. */
export const workers = sqliteTable('workers', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  process: text('process').notNull(),
  /** A JSON array of texts. */
  labels: text('labels').notNull(),
  since: integer('since').notNull(),
  heartbeatAt: integer('heartbeat_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
});

/** Grows each time that a process takes a stack to work on it. Who took it before may store nothing of it any more. */
export const stackFences = sqliteTable('stack_fences', {
  stack: text('stack').primaryKey(),
  fence: integer('fence').notNull(),
});
