/** The store, on SQLite and on PostgreSQL: see access.ts. */
import { and, asc, count, desc, eq, gt, inArray, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { Logger } from '../base/log.ts';
import { noteStored } from '../base/stored.ts';
import type { AlertKind, AlertOf } from '../model/alert.ts';
import type { SharedWork } from '../ports/shared-work.ts';
import type { AlertQuery, Change, CommitResult, Store } from '../ports/store.ts';
import { StoreError } from '../ports/store-error.ts';
import type { ToolProcesses } from '../ports/tool-processes.ts';
import type { Access, Queries, Writing } from './access.ts';
import { type ChainVerdict, verifyChainOf } from './audit-chain.ts';
import { begunPostsIn } from './begun-posts.ts';
import { causeTables } from './cause-tables.ts';
import { chatTables } from './chat-tables.ts';
import { codifyTable, StaleCodification } from './codify-table.ts';
import { type Committed, committedOf } from './committed.ts';
import { waiting } from './due.ts';
import { watchDisk } from './full-disk.ts';
import { inboxTable } from './inbox-table.ts';
import { MEMORY_VALUE, parseMemory } from './memory.ts';
import { messageTable } from './message-table.ts';
import { outboxTable } from './outbox-table.ts';
import { overviewOf } from './overview.ts';
import { pastTables } from './past-tables.ts';
import { HeldBack, pauseTables } from './pause-tables.ts';
import { type Cutoffs, type Pruned, prune } from './prune.ts';
import { newestFirst, newestRuns, queuedRuns } from './queue.ts';
import { storedLines, toAuditEntry, without as withoutActions } from './record.ts';
import { toAlert, toExemption, toRun, toSubscription } from './rows.ts';
import { scheduleTables } from './schedule-tables.ts';
import { StackMoved, StackTaken, StillApplying, takenStacks } from './stack-fences.ts';
import { stateTables } from './state-tables.ts';
import { toolProcessesIn } from './tool-processes.ts';
import { unreachableTables } from './unreachable-tables.ts';
import { type Inserted, StaleAlert, StaleRun, setValue, write } from './write.ts';

/** A store with what only its owner and the command line use: audit verification, retention, tool processes. */
export interface AuditedStore extends Store {
  /** Verifies the hash chain of the whole audit log. */
  verifyAudit(): Promise<ChainVerdict>;
  /** Deletes one batch of what ended before the cutoffs, see prune.ts. Call it until it deletes nothing. */
  prune(before: Cutoffs): Promise<Pruned>;
  /** The tools that owners of this database have started; null if it was opened without a lease. */
  readonly toolProcesses: ToolProcesses | null;
  /** The work that is shared with other processes; null: this process works alone. */
  readonly shared: SharedWork | null;
}

/** An open database, as the store needs it. */
export interface StoreParts extends Access {
  /** As `writing`, but waits only briefly for others. */
  readonly probing: Writing;
  /**
   * The number of this process: the fence number of the owner's lease, a negative number for a worker; null if the
   * database was opened without a lease.
   */
  readonly fence: number | null;
  /** Tells other processes of a commit, inside its transaction. Left out: there are none. */
  readonly announce?: (tx: Queries, committed: Committed) => Promise<void>;
  readonly shared?: SharedWork;
  /** Rejects with LeaseLost if another process has taken over, or with a StoreError. */
  proveOwner(): Promise<void>;
  /** Ends the lease and closes the database. Rejects with a StoreError. */
  close(): Promise<void>;
  readonly log: Logger;
}

/** How long a probe waits for another process, in ms: health checks call it every few seconds. */
export const PROBE_MS = 200;
/** For queries without a limit. */
const ALL = Number.MAX_SAFE_INTEGER;

/** `and` of the conditions; `false` entries, for filters that were not given, are left out. */
function andAll(...conditions: readonly (SQL | undefined | false)[]): SQL | undefined {
  return and(...conditions.filter((c) => c !== false));
}

/** The store on the open database. Its methods reject with a StoreError, or with LeaseLost. */
export function createStore(given: StoreParts): AuditedStore {
  const disk = watchDisk(given.writing, given.probing);
  const parts: StoreParts = { ...given, writing: disk.writing };
  const { reading, writing } = parts;
  const { refuseLost, takeStack } = takenStacks(parts);

  async function commit(changes: readonly Change[]): Promise<CommitResult> {
    const doing = `storing ${changes.map((c) => c.type).join(', ') || 'nothing'}`;
    let inserted: Inserted = { runs: [], alerts: [] };
    try {
      await writing(doing, async (tx) => {
        inserted = { runs: [], alerts: [] };
        for (const change of changes) await write(tx, change, inserted);
        await parts.announce?.(tx, committedOf(changes, inserted));
      });
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : null;
      if (cause instanceof StaleRun) return { ok: false, stale: cause.id };
      if (cause instanceof StaleAlert) return { ok: false, staleAlert: cause.id };
      if (cause instanceof StillApplying) return { ok: false, applying: cause.stackName };
      if (cause instanceof StackTaken) return { ok: false, taken: cause.stackName };
      if (cause instanceof StackMoved) return { ok: false, moved: cause.stackName };
      if (cause instanceof StaleCodification) return { ok: false, staleCodification: cause.id };
      if (cause instanceof HeldBack) return { ok: false, refused: cause.refusal };
      throw error;
    }
    if (changes.length > 0) noteStored();
    return { ok: true, insertedRuns: inserted.runs, insertedAlerts: inserted.alerts };
  }

  function storedValue(doing: string, name: string): Promise<string | undefined> {
    return reading(doing, async (db) => {
      const { kv } = db.tables;
      const [row] = await db.select().from(kv).where(eq(kv.name, name));
      return row?.value;
    });
  }

  return {
    takeStack,
    ...scheduleTables(parts),
    ...stateTables(reading),
    ...pauseTables(parts),
    ...causeTables(reading),
    ...codifyTable(reading),
    ...unreachableTables(parts),
    ...chatTables(parts),
    ...inboxTable(writing, parts.fence),
    ...pastTables(parts),
    ...begunPostsIn(parts),
    ...outboxTable(parts),
    ...messageTable(parts),

    commit,

    run: (id) =>
      reading(`reading run #${id}`, async (db) => {
        const { runs } = db.tables;
        const [row] = await db.select().from(runs).where(eq(runs.id, id));
        return row && toRun(row);
      }),

    runs: ({ stack, states, limit = ALL }) =>
      reading('reading runs', async (db) => {
        const { runs } = db.tables;
        const rows = await db
          .select()
          .from(runs)
          .where(
            andAll(stack !== undefined && eq(runs.stack, stack), states && inArray(runs.state, [...states])),
          )
          .orderBy(newestFirst(db.tables, states))
          .limit(limit);
        return rows.map(toRun);
      }),

    runsById: (ids) =>
      reading('reading runs', async (db) => {
        const { runs } = db.tables;
        const wanted = sql`(SELECT value FROM ${db.dialect.numbers(ids, 'ids')})`;
        const rows = await db.select().from(runs).where(sql`${runs.id} IN ${wanted}`);
        return rows.map(toRun);
      }),

    newestRuns: (stacks) => reading('reading the newest runs', (db) => newestRuns(db, stacks)),

    queued: () => reading('reading the queue', queuedRuns),

    alert: (id) =>
      reading(`reading alert ${id}`, async (db) => {
        const { alerts } = db.tables;
        const [row] = await db.select().from(alerts).where(eq(alerts.id, id));
        return row && toAlert(row);
      }),

    alerts: <K extends AlertKind>({ subject, state, kind, runId }: AlertQuery<K>) =>
      reading('reading alerts', async (db) => {
        const { alerts } = db.tables;
        const rows = await db
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
          .orderBy(desc(alerts.id));
        // The query returns only alerts of this kind.
        return rows.map((row) => toAlert(row) as AlertOf<K>);
      }),

    exemptions: (stack) =>
      reading(`reading the exemptions of ${stack}`, async (db) => {
        const { exemptions } = db.tables;
        const rows = await db
          .select()
          .from(exemptions)
          .where(and(eq(exemptions.stack, stack), isNull(exemptions.endedAt)))
          .orderBy(asc(exemptions.id));
        return rows.map(toExemption);
      }),

    exemptionsEnded: (after, upTo) =>
      reading('reading which snoozes have ended', async (db) => {
        const { exemptions } = db.tables;
        const rows = await db
          .select()
          .from(exemptions)
          .where(and(isNull(exemptions.endedAt), gt(exemptions.until, after), lte(exemptions.until, upTo)))
          .orderBy(asc(exemptions.id));
        return rows.map(toExemption);
      }),

    audit: ({ stack, runId, without = [], limit = ALL }) =>
      reading('reading the audit record', async (db) => {
        const { audit } = db.tables;
        const rows = await db
          .select()
          .from(audit)
          .where(
            andAll(
              stack !== undefined && eq(audit.stack, stack),
              runId !== undefined && eq(audit.runId, runId),
              ...without.map((one) => withoutActions(db, one)),
            ),
          )
          .orderBy(desc(audit.id))
          .limit(limit);
        return rows.map(toAuditEntry);
      }),

    verifyAudit: () => verifyChainOf(storedLines('verifying the audit record', reading)),

    prune: (before) => writing('deleting old data', (tx) => prune(tx, before)),

    subscriptions: () =>
      reading('reading which channels are subscribed', async (db) => {
        const { subscriptions } = db.tables;
        return (await db.select().from(subscriptions).orderBy(asc(subscriptions.id))).map(toSubscription);
      }),

    value: (name) => storedValue(`reading the value ${name}`, name),

    values: (prefix) =>
      reading(`reading the values ${prefix}…`, async (db) => {
        const { kv } = db.tables;
        // Not `<` and `>`: the order of texts is another one in each database.
        const begins = sql`substr(${kv.name}, 1, ${prefix.length}) = ${prefix}`;
        const rows = await db.select().from(kv).where(begins).orderBy(asc(kv.name));
        return new Map(rows.map(({ name, value }) => [name, value]));
      }),

    setValue: (name, value) => writing(`storing the value ${name}`, (tx) => setValue(tx, name, value)),

    memory: async () => parseMemory(await storedValue('reading the id of the memory', MEMORY_VALUE)),

    overview: (stacks, now) =>
      parts.snapshot('reading how everything stands', async (db) => {
        const { outbox: counts, ...rest } = await overviewOf(db, stacks, now);
        const { outbox } = db.tables;
        const [due] = await db.select({ n: count() }).from(outbox).where(waiting(db, now));
        return { ...rest, outbox: { ...counts, due: due?.n ?? 0 } };
      }),

    probe: disk.probe,

    proveOwner: parts.proveOwner,

    toolProcesses: toolProcessesIn({ ...parts, prove: parts.proveOwner, refuseLost }),

    shared: parts.shared ?? null,

    close: parts.close,
  };
}
