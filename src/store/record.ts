/** Reads the audit log in pages, oldest entry first, also while m0 writes to the database. */
import type Sqlite from 'better-sqlite3';
import { asc, eq, gt, isNull, not, or, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditEntry } from '../model/audit-entry.ts';
import { StoreError } from '../ports/store-error.ts';
import type { Queries, Reading, Tables } from './access.ts';
import type { ChainedEntry } from './audit-chain.ts';
import { actor, json, scopeEntry } from './rows.ts';
import { audit } from './schema.ts';

type Row = Tables['audit']['$inferSelect'];

/** How many entries one page has. */
const PAGE_LINES = 500;

const platform = z.enum(['slack', 'teams']);
const place = z.union([
  z.object({ platform, channel: z.string() }),
  z.object({ platform, user: z.string() }),
]);
const bundles = z.record(z.string(), z.string().nullable());
const scope = z.array(scopeEntry);

/** The entry that a row holds. Throws a StoreError if the row can't be read. */
export function toAuditEntry(row: Row): AuditEntry {
  const { at, action, stack, runId, fingerprint, commit, detail } = row;
  const what = `audit entry ${row.id}`;
  return {
    ...{ at, action, stack, runId, fingerprint, commit, detail },
    actor: json(what, actor, row.actor),
    place: row.place === null ? null : json(what, place, row.place),
    bundles: row.bundles === null ? null : json(what, bundles, row.bundles),
    scope: row.scope === null ? null : json(what, scope, row.scope),
  };
}

/** SQL for: the audit entry does not have this action, or (with `ending`) its detail does not end with `ending`. */
export function without(
  { tables: { audit: lines }, dialect }: Queries,
  { action, ending }: { readonly action: string; readonly ending?: string },
): SQL | undefined {
  const other = not(eq(lines.action, action));
  if (ending === undefined) return other;
  return or(
    other,
    isNull(lines.detail),
    sql`${dialect.ending(sql`${lines.detail}`, ending.length)} <> ${ending}`,
  );
}

function toChainedEntry(row: Row): ChainedEntry {
  const { id, prevHash, hash } = row;
  try {
    return { id, entry: toAuditEntry(row), prevHash, hash };
  } catch (error) {
    if (error instanceof StoreError) return { id, entry: null, prevHash, hash };
    throw error;
  }
}

/** The columns to select. A database of an older m0 that was not migrated yet lacks some, which become NULL. */
function columnsOf(client: Sqlite.Database): string {
  const there = new Set(
    (client.pragma('table_info(audit)') as readonly { readonly name: string }[]).map((c) => c.name),
  );
  if (there.size === 0) throw new StoreError('it holds no record: it is not a database of m0');
  return Object.entries(audit)
    .flatMap(([key, column]) =>
      'name' in column && typeof column.name === 'string'
        ? [`${there.has(column.name) ? `"${column.name}"` : 'NULL'} AS "${key}"`]
        : [],
    )
    .join(', ');
}

/**
 * All entries of the audit log, oldest first, also those that are added during the reading. Holds no lock between two
 * pages. Throws the driver's errors, and a StoreError if the file has no audit log.
 */
export function* recordLines(client: Sqlite.Database): Generator<ChainedEntry> {
  const page = client.prepare<[number], Row>(
    `SELECT ${columnsOf(client)} FROM audit WHERE id > ? ORDER BY id LIMIT ${PAGE_LINES}`,
  );
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = page.all(last);
    for (const row of rows) yield toChainedEntry(row);
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.id;
  }
}

/** As `recordLines`, of a database that this m0 has migrated. Rejects with a StoreError that begins with `doing`. */
export async function* storedLines(doing: string, reading: Reading): AsyncGenerator<ChainedEntry> {
  let last = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const rows = await reading(doing, async (db) => {
      const { audit: lines } = db.tables;
      return db.select().from(lines).where(gt(lines.id, last)).orderBy(asc(lines.id)).limit(PAGE_LINES);
    });
    for (const row of rows) yield toChainedEntry(row);
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.id;
  }
}
