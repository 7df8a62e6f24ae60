/** Queries of runs whose cost must not grow with the runs that have ended. */
import { desc, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isTerminal, type RunState, TRIGGERS } from '../model/run.ts';
import type { NewestRun, QueuedRun } from '../ports/store.ts';
import type { Queries, Tables } from './access.ts';
import { check } from './rows.ts';

const trigger = z.enum(TRIGGERS);

/** The queued runs, oldest first. Rejects with the driver's errors, or with a StoreError if a run is damaged. */
export async function queuedRuns(db: Queries): Promise<readonly QueuedRun[]> {
  const rows = await db.rows<{ id: number; stack: string; trigger: unknown }>(sql`
    SELECT id, stack, ${db.dialect.text(sql`data`, 'trigger')} AS "trigger"
    FROM runs WHERE state = 'queued' ORDER BY id`);
  return rows.map((row) => ({
    ...{ id: row.id, stack: row.stack, state: 'queued' },
    trigger: check(`run #${row.id}`, trigger, row.trigger),
  }));
}

/**
 * SQL for: newest first. Few runs of a stack have not ended, often none: sorting those costs less than the search for
 * them among all runs of the stack, which the database would choose. The plus sign keeps it from that.
 */
export function newestFirst({ runs }: Tables, states: readonly RunState[] | undefined): SQL {
  const areFew = states?.every((state) => !isTerminal(state)) === true;
  return areFew ? sql`+${runs.id} desc` : desc(runs.id);
}

/** As `Store.newestRuns`. Rejects with the driver's errors. */
export async function newestRuns(
  db: Queries,
  stacks: readonly string[],
): Promise<ReadonlyMap<string, NewestRun>> {
  // Most runs have no such reason, and to look for its name costs much less than to parse thousands of them.
  const rows = await db.rows<NewestRun & { readonly stack: string }>(sql`
    SELECT r.stack, r.id, r.created_at AS "createdAt",
      CASE WHEN r.data LIKE '%"tellOnly":"%' THEN ${db.dialect.text(sql`r.data`, 'tellOnly')} END AS "tellOnly"
    FROM ${db.dialect.texts(stacks, 's')}
      JOIN runs r ON r.id = (SELECT n.id FROM runs n WHERE n.stack = s.value ORDER BY n.id DESC LIMIT 1)`);
  return new Map(rows.map(({ stack, ...run }) => [stack, run]));
}
