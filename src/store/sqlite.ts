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
import { reachTables } from './reach-tables.ts';
import { recordLines, toAuditEntry } from './record.ts';
import { toAlert, toExemption, toMessage, toOutboxEntry, toRun, toSubscription } from './rows.ts';
import { scheduleTables } from './schedule-tables.ts';
import { alerts, audit, exemptions, kv, messages, outbox, runs, subscriptions } from './schema.ts';
import { StoreError } from './store-error.ts';
import { toolProcessesIn } from './tool-processes.ts';
import { type Inserted, StaleAlert, StaleRun, setValue, write } from './write.ts';
import { attempt, writingTo } from './writing.ts';

/** A store whose record of who did what can be checked. */
export interface AuditedStore extends Store {
  /** Walks the whole audit record and says whether it still is what was written. */
  verifyAudit(): Promise<ChainVerdict>;
  /** Deletes one batch of what was over before the cutoffs, see prune.ts; call it until nothing went. */
  prune(before: Cutoffs): Promise<Pruned>;
  /** The tools that owners of this memory started; null where it was opened without a lease. */
  readonly toolProcesses: ToolProcesses | null;
}

const MAX_ERROR_TEXT = 2000;
/** How long a probe waits for another process, in ms: it blocks, and somebody may ask for it every few seconds. */
const PROBE_MS = 200;
const PROBE_NAME = 'probed-at';

/** Nobody puts a delivery off for longer, in ms: one that seems to be waits on a clock that was set back. */
const LONGEST_PAUSE = 60 * 60_000;

/** `now` and `later`, which is LONGEST_PAUSE after it, are filled in with each question. */
function isDue(nextAttemptAt: Column): SQL | undefined {
  return or(lte(nextAttemptAt, sql.placeholder('now')), gt(nextAttemptAt, sql.placeholder('later')));
}

/** True unless it is a line of history and one in front of it, of the same alert, has been put off. */
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

/** False for lines of the action, or for those of them whose detail ends so. */
function leftOut({ action, ending }: { readonly action: string; readonly ending?: string }): SQL | undefined {
  const other = not(eq(audit.action, action));
  if (ending === undefined) return other;
  return or(other, isNull(audit.detail), sql`substr(${audit.detail}, ${-ending.length}) <> ${ending}`);
}

/** `eq` where a value was asked for, nothing where not. */
function all(...conditions: readonly (SQL | undefined | false)[]): SQL | undefined {
  return and(...conditions.filter((c) => c !== false));
}

/**
 * Opens the store in `file`, made and migrated where needed. Blocks for up to `busyTimeoutMs` where another
 * process is writing. Rejects with a StoreError.
 */
export async function openSqliteStore(
  file: string,
  log: Logger,
  busyTimeoutMs: number,
  owner: OwnerOptions | null,
): Promise<AuditedStore> {
  const { db, lease } = await openOwned(file, log, busyTimeoutMs, owner);
  const writing = writingTo(db, lease.prove);

  // Asked every second, busy or not: so it is made ready once.
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

  /** Leaves out what can't be read, loudly: one damaged entry must not hold up every other delivery. */
  function readable(row: typeof outbox.$inferSelect): readonly OutboxEntry[] {
    try {
      return [toOutboxEntry(row)];
    } catch (error) {
      log.error({ delivery: row.id, key: row.key, err: error }, 'delivery cannot be read and is left out');
      return [];
    }
  }

  return {
    ...scheduleTables(db, writing),
    ...reachTables(db, writing),
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
            all(stack !== undefined && eq(runs.stack, stack), states && inArray(runs.state, [...states])),
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
            all(
              subject !== undefined && eq(alerts.subject, subject),
              state !== undefined && eq(alerts.state, state),
              kind !== undefined && eq(alerts.kind, kind),
              runId !== undefined && eq(alerts.runId, runId),
            ),
          )
          .orderBy(desc(alerts.id))
          .all()
          // The query itself lets no other kind through.
          .map((row) => toAlert(row) as AlertOf<K>),
      ),

    exemptions: (stack) =>
      attempt(`reading what is kept of ${stack}`, () =>
        db
          .select()
          .from(exemptions)
          .where(and(eq(exemptions.stack, stack), isNull(exemptions.endedAt)))
          .orderBy(asc(exemptions.id))
          .all()
          .map(toExemption),
      ),

    exemptionsEnded: (after, upTo) =>
      attempt('reading which snoozes are over', () =>
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
            all(
              stack !== undefined && eq(audit.stack, stack),
              runId !== undefined && eq(audit.runId, runId),
              ...without.map(leftOut),
            ),
          )
          .orderBy(desc(audit.id))
          .limit(limit ?? -1)
          .all()
          .map(toAuditEntry),
      ),

    verifyAudit: () => attempt('verifying the audit record', () => verifyChain(recordLines(db.$client))),

    prune: (before) => writing('deleting what is long over', () => prune(db, before)),

    dueOutbox: (now, limit) =>
      attempt('reading the outbox', () =>
        due.all({ now, later: now + LONGEST_PAUSE, limit }).flatMap(readable),
      ),

    hasOutboxKey: (key) =>
      attempt(
        'looking a delivery up',
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
      writing(`putting delivery ${id} off`, (tx) => {
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
      attempt('looking a message up', () => {
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
        // A post that is repeated after a crash comes back with the same message: told twice, stored once.
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
        const { outbox: standing, ...rest } = overviewOf(db, stacks, now);
        const due = dueCount.get({ now, later: now + LONGEST_PAUSE })?.n ?? 0;
        return { ...rest, outbox: { ...standing, due } };
      }),

    async probe(now) {
      const doing = 'writing to the database';
      await attempt(doing, () => {
        db.$client.pragma(`busy_timeout = ${Math.min(PROBE_MS, busyTimeoutMs)}`);
        try {
          // Another value each time: SQLite leaves out a write that changes nothing.
          return writing(doing, (tx) => setValue(tx, PROBE_NAME, String(now)));
        } finally {
          // The write is over by now, only its promise is not.
          db.$client.pragma(`busy_timeout = ${busyTimeoutMs}`);
        }
      });
    },

    proveOwner: () => attempt('proving the lease', lease.prove),

    toolProcesses:
      lease.fence === null
        ? null
        : toolProcessesIn(db.$client, lease.fence, { writing, reading: attempt, prove: lease.prove }),

    async close() {
      await lease.release();
      await attempt('closing the database', () => {
        db.$client.close();
      });
    },
  };
}
