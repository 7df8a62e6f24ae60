/** The code of m0 as its next version: the same, and one more migration of PostgreSQL. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What the migration adds: a column of a table that all processes read and write, and a table. */
const MIGRATION = `ALTER TABLE "runs" ADD COLUMN "of_the_next_version" text;
--> statement-breakpoint
CREATE TABLE "next_version" (
	"id" bigint PRIMARY KEY NOT NULL
);
`;

interface Journal {
  readonly entries: readonly { readonly idx: number; readonly when: number; readonly tag: string }[];
}

/** Copies the code to the folder, which must not be there yet, and adds the migration. */
export function makeNewerVersion(root: string): void {
  mkdirSync(root);
  cpSync(resolve('src'), join(root, 'src'), { recursive: true });
  cpSync(resolve('package.json'), join(root, 'package.json'));
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  const migrations = join(root, 'src', 'store', 'postgres', 'migrations');
  const file = join(migrations, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8')) as Journal;
  const last = journal.entries.at(-1);
  if (last === undefined) throw new Error('there is no migration');
  const tag = `${String(last.idx + 1).padStart(4, '0')}_next-version`;
  const next = { ...last, idx: last.idx + 1, when: last.when + 1, tag };
  writeFileSync(file, JSON.stringify({ ...journal, entries: [...journal.entries, next] }));
  writeFileSync(join(migrations, `${tag}.sql`), MIGRATION);
}
