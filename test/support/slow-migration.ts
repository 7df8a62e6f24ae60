/** A thread that brings a database of schema 0004 to 0005 as another m0 would, and takes its time before the commit. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';

const { file, holdMs } = workerData as { readonly file: string; readonly holdMs: number };
const migrations = new URL('../../src/store/migrations/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(name, migrations), 'utf8');
const { entries } = JSON.parse(text('meta/_journal.json')) as {
  readonly entries: readonly { readonly tag: string; readonly when: number }[];
};

const client = new Sqlite(file);
client.pragma('foreign_keys = OFF');
client.exec('BEGIN IMMEDIATE');
for (const { tag, when } of entries.slice(5)) {
  for (const statement of text(`${tag}.sql`).split('--> statement-breakpoint')) client.exec(statement);
  client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run(tag, when);
}
parentPort?.postMessage('migrated');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, holdMs);
client.exec('COMMIT');
client.close();
