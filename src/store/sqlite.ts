/** The store on SQLite. */
import {
  and,
  asc,
  type Column,
  count,
  desc,
  eq,
  exists,
  gt,
  gte,
  inArray,
  isNull,
  lt,
  lte,
  ne,
  not,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Logger } from '../base/log.ts';
import type { AlertKind, AlertOf } from '../model/alert.ts';
import type { OutboxEntry } from '../ports/outbox.ts';
import type { AlertQuery, Change, CommitResult, Store } from '../ports/store.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import { type ChainVerdict, verifyChain } from './audit-chain.ts';
import { chatTables } from './chat-tables.ts';
import type { Database } from './database.ts';
import type { OwnerOptions } from './lease.ts';
import { overviewOf } from './overview.ts';
import { openOwned } from './owned-database.ts';
import { type Cutoffs, type Pruned, prune } from './prune.ts';
import { recordLines, toAuditEntry } from './record.ts';
import { toAlert, toExemption, toMessage, toOutboxEntry, toRun, toSubscription } from './rows.ts';
import { scheduleTables } from './schedule-tables.ts';
import { alerts, audit, exemptions, kv, messages, outbox, runs, subscriptions } from './schema.ts';
import { stateTables } from './state-tables.ts';
import { StoreError } from './store-error.ts';
import { toolProcessesIn } from './tool-processes.ts';
import { unreachableTables } from './unreachable-tables.ts';
import { type Inserted, StaleAlert, StaleRun, setValue, write } from './write.ts';
import { attempt, writingTo } from './writing.ts';

/** A store with what only SQLite offers: audit verification, retention, tool processes. */
export interface AuditedStore extends Store {
  /** Verifies the hash chain of the whole audit log. */
  verifyAudit(): Promise<ChainVerdict>;
  /** Deletes one batch of what ended before the cutoffs, see prune.ts. Call it until it deletes nothing. */
  prune(before: Cutoffs): Promise<Pruned>;
  /** The tools that owners of this database have started; null if it was opened without a lease. */
  readonly toolProcesses: ToolProcesses | null;
}

const MAX_ERROR_TEXT = 2000;
/** How long a probe waits for another process, in ms. It blocks m0, and health checks call it every few seconds. */
const PROBE_MS = 200;
const PROBE_NAME = 'probed-at';

/** The longest possible pause of a delivery, in ms. A longer one means that the clock was set back: it is due. */
const MAX_PAUSE_MS = 60 * 60_000;

/** SQL for: the delivery is due. Each query passes `now` and `later` (`now` + MAX_PAUSE_MS). */
function isDue(nextAttemptAt: Column): SQL | undefined {
  return or(lte(nextAttemptAt, sql.placeholder('now')), gt(nextAttemptAt, sql.placeholder('later')));
}

/** SQL for: no earlier history line of the same alert waits for its next try. True for all other messages. */
function inOrder(db: Database): SQL | undefined {
  const before = alias(outbox, 'before');
  const blocking = db
    .select({ id: before.id })
    .from(before)
    .where(
      and(
        isNull(before.doneAt),
        lt(before.id, outbox.id),
        not(isDue(before.nextAttemptAt) as SQL),
        eq(before.kind, 'thread'),
        eq(before.alertId, outbox.alertId),
      ),
    );
  return or(ne(outbox.kind, 'thread'), not(exists(blocking)));
}

/** SQL for: the audit entry does not have this action, or (with `ending`) its detail does not end with `ending`. */
function exclude({ action, ending }: { readonly action: string; readonly ending?: string }): SQL | undefined {
  const other = not(eq(audit.action, action));
  if (ending === undefined) return other;
  return or(other, isNull(audit.detail), sql`substr(${audit.detail}, ${-ending.length}) <> ${ending}`);
}

/** `and` of the conditions; `false` entries, for filters that were not given, are left out. */
function andAll(...conditions: readonly (SQL | undefined | false)[]): SQL | undefined {
  return and(...conditions.filter((c) => c !== false));
}

/**
 * Opens the store in `file`. Creates and migrates it if needed. Blocks for up to `busyTimeoutMs` if another process
 * writes. Rejects with a StoreError, or with an OwnedError if another process owns the database.
 */
export async function openSqliteStore(
  file: string,
  log: Logger,
  busyTimeoutMs: number,
  owner: OwnerOptions | null,
): Promise<AuditedStore> {
  const { db, lease } = await openOwned(file, log, busyTimeoutMs, owner);
  const writing = writingTo(db, lease.prove);

  // This query runs every second, so it is prepared once.
  const due = db
    .select()
    .from(outbox)
    .where(and(isNull(outbox.doneAt), isDue(outbox.nextAttemptAt), inOrder(db)))
    .orderBy(asc(outbox.id))
    .limit(sql.placeholder('limit'))
    .prepare();
  const dueCount = db
    .select({ n: count() })
    .from(outbox)
    .where(and(isNull(outbox.doneAt), isDue(outbox.nextAttemptAt), inOrder(db)))
    .prepare();

  async function commit(changes: readonly Change[]): Promise<CommitResult> {
    const doing = `storing ${changes.map((c) => c.type).join(', ') || 'nothing'}`;
    const inserted: Inserted = { runs: [], alerts: [] };
    try {
      await writing(doing, (tx) => {
        for (const change of changes) write(tx, change, inserted);
      });
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : null;
      if (cause instanceof StaleRun) return { ok: false, stale: cause.id };
      if (cause instanceof StaleAlert) return { ok: false, staleAlert: cause.id };
      throw error;
    }
    return { ok: true, insertedRuns: inserted.runs, insertedAlerts: inserted.alerts };
  }

  /** The entry, or nothing and a log line if it is damaged: it must not stop the other deliveries. */
  function readEntry(row: typeof outbox.$inferSelect): readonly OutboxEntry[] {
    try {
      return [toOutboxEntry(row)];
    } catch (error) {
      log.error({ delivery: row.id, key: row.key, err: error }, 'delivery cannot be read and is left out');
      return [];
    }
  }

  return {
    ...scheduleTables(db, writing),
    ...stateTables(db),
    ...unreachableTables(db, writing),
    ...chatTables(db, writing),

    commit,

    run: (id) =>
      attempt(`reading run #${id}`, () => {
        const row = db.select().from(runs).where(eq(runs.id, id)).get();
        return row && toRun(row);
      }),

    runs: ({ stack, states, limit }) =>
      attempt('reading runs', () =>
        db
          .select()
          .from(runs)
          .where(
            andAll(stack !== undefined && eq(runs.stack, stack), states && inArray(runs.state, [...states])),
          )
          .orderBy(desc(runs.id))
          .limit(limit ?? -1)
          .all()
          .map(toRun),
      ),

    alert: (id) =>
      attempt(`reading alert ${id}`, () => {
        const row = db.select().from(alerts).where(eq(alerts.id, id)).get();
        return row && toAlert(row);
      }),

    alerts: <K extends AlertKind>({ subject, state, kind, runId }: AlertQuery<K>) =>
      attempt('reading alerts', () =>
        db
          .select()
          .from(alerts)
          .where(
            andAll(
              subject !== undefined && eq(alerts.subject, subject),
              state !== undefined && eq(alerts.state, state),
              kind !== undefined && eq(alerts.kind, kind),
              runId !== undefined && eq(alerts.runId, runId),
            ),
          )
          .orderBy(desc(alerts.id))
          .all()
          // The query returns only alerts of this kind.
          .map((row) => toAlert(row) as AlertOf<K>),
      ),

    exemptions: (stack) =>
      attempt(`reading the exemptions of ${stack}`, () =>
        db
          .select()
          .from(exemptions)
          .where(and(eq(exemptions.stack, stack), isNull(exemptions.endedAt)))
          .orderBy(asc(exemptions.id))
          .all()
          .map(toExemption),
      ),

    exemptionsEnded: (after, upTo) =>
      attempt('reading which snoozes have ended', () =>
        db
          .select()
          .from(exemptions)
          .where(and(isNull(exemptions.endedAt), gt(exemptions.until, after), lte(exemptions.until, upTo)))
          .orderBy(asc(exemptions.id))
          .all()
          .map(toExemption),
      ),

    audit: ({ stack, runId, without = [], limit }) =>
      attempt('reading the audit record', () =>
        db
          .select()
          .from(audit)
          .where(
            andAll(
              stack !== undefined && eq(audit.stack, stack),
              runId !== undefined && eq(audit.runId, runId),
              ...without.map(exclude),
            ),
          )
          .orderBy(desc(audit.id))
          .limit(limit ?? -1)
          .all()
          .map(toAuditEntry),
      ),

    verifyAudit: () => attempt('verifying the audit record', () => verifyChain(recordLines(db.$client))),

    prune: (before) => writing('deleting old data', () => prune(db, before)),

    dueOutbox: (now, limit) =>
      attempt('reading the outbox', () =>
        due.all({ now, later: now + MAX_PAUSE_MS, limit }).flatMap(readEntry),
      ),

    hasOutboxKey: (key) =>
      attempt(
        'looking up a delivery',
        () => db.select({ id: outbox.id }).from(outbox).where(eq(outbox.key, key)).get() !== undefined,
      ),

    hasNewerCard: (alertId, entry) =>
      attempt('looking for a newer card', () => {
        const newer = and(
          isNull(outbox.doneAt),
          gt(outbox.id, entry),
          eq(outbox.kind, 'card'),
          eq(outbox.alertId, alertId),
        );
        return db.select({ id: outbox.id }).from(outbox).where(newer).limit(1).get() !== undefined;
      }),

    outboxDone: (id, at) =>
      writing(`marking delivery ${id} as done`, (tx) => {
        tx.update(outbox)
          .set({ doneAt: at })
          .where(and(eq(outbox.id, id), isNull(outbox.doneAt)))
          .run();
      }),

    outboxFailed: (id, error, nextAttemptAt) =>
      writing(`storing the failed try of delivery ${id}`, (tx) => {
        tx.update(outbox)
          .set({
            attempts: sql`${outbox.attempts} + 1`,
            lastError: error.slice(0, MAX_ERROR_TEXT),
            nextAttemptAt,
          })
          .where(and(eq(outbox.id, id), isNull(outbox.doneAt)))
          .run();
      }),

    messages: (alertId) =>
      attempt(`reading the messages of alert ${alertId}`, () =>
        db
          .select()
          .from(messages)
          .where(eq(messages.alertId, alertId))
          .orderBy(asc(messages.id))
          .all()
          .map(toMessage),
      ),

    messageAt: (platform, channel, messageId) =>
      attempt('looking up a message', () => {
        const row = db
          .select()
          .from(messages)
          .where(
            and(
              eq(messages.platform, platform),
              eq(messages.channel, channel),
              eq(messages.messageId, messageId),
            ),
          )
          .get();
        return row && toMessage(row);
      }),

    postedSince: (where, kind, since) =>
      attempt('reading what was posted lately', () =>
        db
          .selectDistinct({ id: messages.alertId })
          .from(messages)
          .innerJoin(alerts, eq(alerts.id, messages.alertId))
          .where(
            and(
              eq(messages.platform, where.platform),
              'channel' in where
                ? and(eq(messages.channel, where.channel), eq(messages.role, 'root'))
                : and(eq(messages.person, where.person), eq(messages.role, 'dm')),
              eq(alerts.kind, kind),
              gte(messages.postedAt, since),
            ),
          )
          .orderBy(asc(messages.alertId))
          .all()
          .map((row) => row.id),
      ),

    addMessage: ({ alertId, platform, channel, messageId, role, person, why, postedAt }) =>
      writing(`storing a message of alert ${alertId}`, (tx) => {
        // After a crash a post may be repeated. The chat returns the same message, which is stored only once.
        const values = { alertId, platform, channel, messageId, role, person, why, postedAt };
        const { changes } = tx.insert(messages).values(values).onConflictDoNothing().run();
        if (changes > 0) return;
        const there = and(
          eq(messages.platform, platform),
          eq(messages.channel, channel),
          eq(messages.messageId, messageId),
        );
        const other = tx.select().from(messages).where(there).get()?.alertId;
        if (other !== alertId) throw new StoreError(`that message already belongs to alert ${String(other)}`);
      }),

    subscriptions: () =>
      attempt('reading which channels are subscribed', () =>
        db.select().from(subscriptions).orderBy(asc(subscriptions.id)).all().map(toSubscription),
      ),

    value: (name) =>
      attempt(`reading the value ${name}`, () => db.select().from(kv).where(eq(kv.name, name)).get()?.value),

    setValue: (name, value) =>
      writing(`storing the value ${name}`, (tx) => {
        setValue(tx, name, value);
      }),

    overview: (stacks, now) =>
      attempt('reading how everything stands', () => {
        const { outbox: outboxCounts, ...rest } = overviewOf(db, stacks, now);
        const due = dueCount.get({ now, later: now + MAX_PAUSE_MS })?.n ?? 0;
        return { ...rest, outbox: { ...outboxCounts, due } };
      }),

    async probe(now) {
      const doing = 'writing to the database';
      await attempt(doing, () => {
        db.$client.pragma(`busy_timeout = ${Math.min(PROBE_MS, busyTimeoutMs)}`);
        try {
          // The value changes each time, because SQLite skips writes that change nothing.
          return writing(doing, (tx) => setValue(tx, PROBE_NAME, String(now)));
        } finally {
          // The write is synchronous, so it has ended here although its promise has not resolved yet.
          db.$client.pragma(`busy_timeout = ${busyTimeoutMs}`);
        }
      });
    },

    proveOwner: () => attempt('proving the lease', lease.prove),

    toolProcesses: toolProcessesIn(db.$client, lease, writing),

    async close() {
      await lease.release();
      await attempt('closing the database', () => {
        db.$client.close();
      });
    },
  };
}
