/** The id of this memory and its restores, as one value of the table `kv`. */
import { randomBytes } from 'node:crypto';
import type Sqlite from 'better-sqlite3';
import { z } from 'zod';
import type { Memory } from '../model/memory.ts';
import { json } from './rows.ts';

/** The name of the stored value. */
export const MEMORY_VALUE = 'memory';
const ID_BYTES = 9;

const restore = z.object({
  at: z.number(),
  of: z.string(),
  lastRun: z.number(),
  lastAlert: z.number(),
  lastDelivery: z.number(),
  runsAfter: z.number(),
});
const memory = z.object({ id: z.string(), restores: z.array(restore) });

/** A random id for a new memory: letters, digits, `-` and `_`. */
export function newMemoryId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/** The memory that the stored value describes; undefined: none is stored. Throws a StoreError if it can't be read. */
export function parseMemory(value: string | undefined): Memory {
  return value === undefined ? { id: '', restores: [] } : json('the id of the memory', memory, value);
}

/** The memory that the database is. Throws the driver's errors, or a StoreError if the value cannot be read. */
export function readMemory(client: Sqlite.Database): Memory {
  const row = client
    .prepare<[string], { value: string }>('SELECT value FROM kv WHERE name = ?')
    .get(MEMORY_VALUE);
  return parseMemory(row?.value);
}

/** Stores the id and the restores. Call it inside the transaction that it belongs to. Throws the driver's errors. */
export function writeMemory(client: Sqlite.Database, value: Memory): void {
  client
    .prepare(
      'INSERT INTO kv (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    )
    .run(MEMORY_VALUE, JSON.stringify(value));
}

/** True if a run, an alert or a message was ever stored, also one that was deleted since. */
function wasEverUsed(client: Sqlite.Database): boolean {
  const used = client.prepare(
    "SELECT 1 FROM sqlite_sequence WHERE name IN ('runs', 'alerts', 'outbox', 'messages') AND seq > 0 LIMIT 1",
  );
  return used.get() !== undefined;
}

/**
 * Gives a new database its id. One that an older version has used keeps none, because messages that it posted must
 * still be recognised. Throws the driver's errors.
 */
export function nameNewMemory(client: Sqlite.Database): void {
  const isNew = (): boolean => readMemory(client).id === '' && !wasEverUsed(client);
  if (!isNew()) return;
  client
    .transaction(() => {
      // Another process may have named or used it meanwhile.
      if (isNew()) writeMemory(client, { id: newMemoryId(), restores: [] });
    })
    .immediate();
}
