/** Which messages of the outbox are due. */
import { and, type Column, eq, exists, gt, isNull, lt, lte, ne, not, or, type SQL } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Queries } from './access.ts';

/** The longest possible pause of a delivery, in ms. A longer one means that the clock was set back: it is due. */
const MAX_PAUSE_MS = 60 * 60_000;

function isDue(nextAttemptAt: Column, now: number): SQL | undefined {
  return or(lte(nextAttemptAt, now), gt(nextAttemptAt, now + MAX_PAUSE_MS));
}

/** SQL for: no earlier history line of the same alert waits for its next try. True for all other messages. */
function inOrder(db: Queries, now: number): SQL | undefined {
  const { outbox } = db.tables;
  const before = alias(outbox, 'before');
  const blocking = db
    .select({ id: before.id })
    .from(before)
    .where(
      and(
        isNull(before.doneAt),
        lt(before.id, outbox.id),
        not(isDue(before.nextAttemptAt, now) as SQL),
        eq(before.kind, 'thread'),
        eq(before.alertId, outbox.alertId),
      ),
    );
  return or(ne(outbox.kind, 'thread'), not(exists(blocking)));
}

/** SQL for: the message is not delivered and is due at `now` (ms since epoch). */
export function waiting(db: Queries, now: number): SQL | undefined {
  const { outbox } = db.tables;
  return and(isNull(outbox.doneAt), isDue(outbox.nextAttemptAt, now), inOrder(db, now));
}
