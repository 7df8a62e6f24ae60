/** Turns a copy of a back-up into the database of a new memory, see `prepareCopy`. */
import type Sqlite from 'better-sqlite3';
import { type Memory, RESTORE_JUMP, RESTORE_PENDING, type Restore } from '../model/memory.ts';
import { M0 } from '../model/run.ts';
import { type Database, migrateDatabase, openFile } from './database.ts';
import { newMemoryId, readMemory, writeMemory } from './memory.ts';
import { setValue, write } from './write.ts';
import { queriesOf } from './writing.ts';

/** The tables whose row numbers people or chats see. The audit record must stay without gaps. */
const NUMBERED = ['runs', 'alerts', 'messages', 'exemptions', 'outbox'] as const;
type Numbers = Readonly<Record<(typeof NUMBERED)[number], number>>;

type Row = Readonly<Record<string, unknown>>;

/** What a restore takes over from the database that it replaces. */
export interface Replaced {
  readonly numbers: Numbers;
  readonly owner: Row | null;
  readonly tools: readonly Row[];
  /** Pauses that hold, and what the brake counts: without them a restore would let applies begin. */
  readonly pauses: readonly Row[];
  readonly heals: readonly Row[];
}

/** The highest number that each table ever gave out; 0 for none. Throws the driver's errors. */
function numbersOf(client: Sqlite.Database): Numbers {
  const seq = client.prepare<[string], { seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?');
  const entries = NUMBERED.map((table) => [table, seq.get(table)?.seq ?? 0] as const);
  return Object.fromEntries(entries) as Numbers;
}

/** Reads what a restore keeps of the database that it replaces. Throws the driver's errors. */
export function replacedBy(client: Sqlite.Database): Replaced {
  const table = client.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  // A database of an older m0 lacks some of them.
  const rows = (name: string) =>
    table.get(name) === undefined ? [] : client.prepare<[], Row>(`SELECT * FROM ${name}`).all();
  return {
    numbers: numbersOf(client),
    owner: rows('owner')[0] ?? null,
    tools: rows('tool_processes'),
    pauses: rows('pauses').filter((pause) => pause.ended_at === null),
    heals: rows('heals'),
  };
}

/** The number after which the new memory counts: beyond all that both databases gave out. */
function jumped(stored: number, replaced: number): number {
  return stored + RESTORE_JUMP * (1 + Math.floor(Math.max(0, replaced - stored) / RESTORE_JUMP));
}

/**
 * Ends what the former memory has probably sent since the back-up, or sends no more: lines of history, reminders,
 * digests, and everything of alerts that are over. What is left asks about open alerts or updates a message that
 * exists.
 */
const END_OLD_NEWS = `
  UPDATE outbox SET done_at = :at, last_error = 'not sent: m0 was restored from a back-up'
  WHERE done_at IS NULL AND NOT (
    (kind IN ('card', 'dm') AND alert_id IN (SELECT id FROM alerts WHERE state = 'open'))
    OR (kind = 'card' AND alert_id IN (SELECT alert_id FROM messages)))`;
const SEND_THE_REST_NOW = 'UPDATE outbox SET next_attempt_at = :at WHERE done_at IS NULL';
/** A digest that was due between the back-up and now was sent by the former memory. */
const DIGESTS_ARE_SENT = "UPDATE ticks SET at = :at WHERE name LIKE 'digest %' AND at < :at";

/** Commands that were on their way at the time of the back-up were carried out by the former memory. */
const NO_COMMANDS_LEFT = 'DELETE FROM inbox';

const NEWEST_HEAL = 'SELECT coalesce(max(at), 0) AS newest FROM heals';

function insertRows(client: Sqlite.Database, table: string, rows: readonly Row[]): void {
  const known = client.pragma(`table_info(${table})`) as readonly { readonly name: string }[];
  for (const row of rows) {
    const names = known.map(({ name }) => name).filter((name) => name in row);
    const values = names.map((name) => row[name]);
    client
      .prepare(
        `INSERT OR IGNORE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      )
      .run(values);
  }
}

/** Adds what holds applies back and was stored after the back-up. */
function keepHolds(client: Sqlite.Database, { pauses, heals }: Replaced): void {
  const withoutId = ({ id, ...row }: Row): Row => row;
  // A target that is paused in the back-up as well keeps that pause.
  insertRows(client, 'pauses', pauses.map(withoutId));
  const { newest } = client.prepare<[], { newest: number }>(NEWEST_HEAL).get() ?? { newest: 0 };
  insertRows(client, 'heals', heals.filter(({ at }) => Number(at) > newest).map(withoutId));
}

/** The restore becomes the owner of the new database too, and the next owner waits for tools that still run. */
function takeOverOwner(client: Sqlite.Database, { owner, tools }: Replaced): void {
  if (owner === null) {
    client.prepare('UPDATE owner SET expires_at = 0, fence = fence + ?').run(RESTORE_JUMP);
  } else {
    client.prepare('DELETE FROM owner').run();
    insertRows(client, 'owner', [owner]);
  }
  // Of an owner before any other, so that whoever comes next waits for them.
  client.prepare('UPDATE tool_processes SET fence = 0').run();
  insertRows(
    client,
    'tool_processes',
    tools.map(({ id, ...tool }) => ({ ...tool, fence: 0 })),
  );
}

/** What the audit record says about a restore, after the numbers that are gone. */
export interface RestoreNote {
  /** ms since epoch */
  readonly at: number;
  readonly detail: string;
}

/**
 * Migrates the copy of a back-up in `file` and makes it a new memory: with a new id, with numbers that go on far beyond
 * all that were given out, and without old news to send. It is then one file that only its owner can read. Rejects with
 * a StoreError or the driver's errors.
 */
export async function prepareCopy(
  file: string,
  replaced: Replaced | null,
  note: RestoreNote,
): Promise<{ readonly memory: Memory; readonly restore: Restore }> {
  const db = migrateDatabase(openFile(file, 0));
  try {
    db.$client.exec('BEGIN IMMEDIATE');
    // If it fails, closing the database rolls it back.
    const made = await renew(db, replaced, note);
    db.$client.exec('COMMIT');
    // Without this the newest data would be in a second file.
    db.$client.pragma('journal_mode = DELETE');
    return made;
  } finally {
    db.$client.close();
  }
}

async function renew(
  db: Database,
  replaced: Replaced | null,
  { at, detail }: RestoreNote,
): Promise<{ readonly memory: Memory; readonly restore: Restore }> {
  const client = db.$client;
  const tx = queriesOf(db);
  const stored = numbersOf(client);
  const nextAfter = (table: keyof Numbers): number => jumped(stored[table], replaced?.numbers[table] ?? 0);
  const before = readMemory(client);
  const restore: Restore = {
    at,
    of: before.id,
    lastRun: stored.runs,
    lastAlert: stored.alerts,
    lastDelivery: stored.outbox,
    runsAfter: nextAfter('runs'),
  };
  for (const table of NUMBERED) {
    const next = nextAfter(table);
    client.prepare('DELETE FROM sqlite_sequence WHERE name = ?').run(table);
    client.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, next);
  }
  const memory = { id: newMemoryId(), restores: [...before.restores, restore] };
  writeMemory(client, memory);
  await setValue(tx, RESTORE_PENDING, String(at));
  for (const statement of [END_OLD_NEWS, SEND_THE_REST_NOW, DIGESTS_ARE_SENT]) {
    client.prepare(statement).run({ at });
  }
  client.prepare(NO_COMMANDS_LEFT).run();
  const kept = replaced ?? { numbers: stored, owner: null, tools: [], pauses: [], heals: [] };
  takeOverOwner(client, kept);
  keepHolds(client, kept);
  const gone = `runs #${restore.lastRun + 1} to #${restore.runsAfter} are from before the restore`;
  const entry = {
    ...{
      at,
      actor: M0,
      action: 'restore' as const,
      stack: 'all stacks',
      runId: null,
      fingerprint: null,
      commit: null,
    },
    ...{ place: null, bundles: null, scope: null, detail: `${gone}; ${detail}` },
  };
  await write(tx, { type: 'audit', entry }, { runs: [], alerts: [] });
  return { memory, restore };
}
