/** The tables of refused direct messages and of channels that refuse messages. */
import { and, asc, eq, isNull, lte, notExists, sql } from 'drizzle-orm';
import type { ReachStore } from '../ports/reach-store.ts';
import type { Database } from './database.ts';
import { check, platform } from './rows.ts';
import { alerts, lostChannels, refusals, refusedAlerts } from './schema.ts';
import { attempt, type Writing } from './writing.ts';

/** The methods of the store for unreachable people and channels. They reject with a StoreError. */
export function unreachableTables(db: Database, writing: Writing): ReachStore {
  /** Reads first, because this runs at every command and card, and a write is rarely needed. */
  function hasRefusals(doing: string, person: string): Promise<boolean> {
    return attempt(
      doing,
      () => db.select().from(refusals).where(eq(refusals.person, person)).get() !== undefined,
    );
  }

  return {
    refusals: (person) =>
      attempt(`reading the refused messages to ${person}`, () => {
        const row = db.select().from(refusals).where(eq(refusals.person, person)).get();
        if (row === undefined) return undefined;
        const { at, error, address, reachableAt } = row;
        const missing = db.select().from(refusedAlerts).where(eq(refusedAlerts.person, person)).all();
        const tried = new Map(missing.map((m) => [m.alertId, { times: m.times, at: m.at }]));
        return { at, error, address, reachableAt, alerts: tried };
      }),

    addRefusal: ({ person, alertId, address, error, at }) =>
      writing(`storing that a message to ${person} was refused`, (tx) => {
        const set = { at, error, address };
        tx.insert(refusals)
          .values({ person, ...set })
          .onConflictDoUpdate({ target: refusals.person, set })
          .run();
        tx.insert(refusedAlerts)
          .values({ person, alertId, times: 1, at })
          .onConflictDoUpdate({
            target: [refusedAlerts.person, refusedAlerts.alertId],
            set: { times: sql`${refusedAlerts.times} + 1`, at },
          })
          .run();
        const open = tx
          .select({ id: alerts.id })
          .from(alerts)
          .where(and(eq(alerts.id, refusedAlerts.alertId), eq(alerts.state, 'open')));
        const over = sql`${refusedAlerts.alertId} <> ${alertId}`;
        tx.delete(refusedAlerts)
          .where(and(eq(refusedAlerts.person, person), over, notExists(open)))
          .run();
      }),

    async removeRefusal(person, alertId, at) {
      const doing = `storing that a message to ${person} arrived`;
      if (!(await hasRefusals(doing, person))) return;
      await writing(doing, (tx) => {
        const known = eq(refusals.person, person);
        tx.update(refusals).set({ reachableAt: at }).where(known).run();
        tx.update(refusals)
          .set({ error: null })
          .where(and(known, lte(refusals.at, at)))
          .run();
        const of = eq(refusedAlerts.person, person);
        tx.delete(refusedAlerts)
          .where(and(of, eq(refusedAlerts.alertId, alertId)))
          .run();
        const missing = tx.select({ id: refusedAlerts.alertId }).from(refusedAlerts).where(of);
        tx.delete(refusals)
          .where(and(known, isNull(refusals.error), notExists(missing)))
          .run();
      });
    },

    async setReachable(person, at) {
      const doing = `storing that ${person} can be reached`;
      if (!(await hasRefusals(doing, person))) return;
      await writing(doing, (tx) => {
        tx.update(refusals).set({ reachableAt: at }).where(eq(refusals.person, person)).run();
      });
    },

    lostChannels: () =>
      attempt('reading which channels refuse messages', () =>
        db
          .select()
          .from(lostChannels)
          .orderBy(asc(lostChannels.platform), asc(lostChannels.channel))
          .all()
          .map((row) => ({ ...row, platform: check('lost channel', platform, row.platform) })),
      ),

    addLostChannel: ({ platform: of, channel, error }) =>
      writing(`storing that ${of}:${channel} refuses messages`, (tx) => {
        tx.insert(lostChannels)
          .values({ platform: of, channel, error })
          .onConflictDoUpdate({ target: [lostChannels.platform, lostChannels.channel], set: { error } })
          .run();
      }),

    async removeLostChannel(of, channel) {
      const doing = `storing that ${of}:${channel} accepts messages`;
      const it = and(eq(lostChannels.platform, of), eq(lostChannels.channel, channel));
      // Reads first, because this runs after every message, and a write is rarely needed.
      const lost = await attempt(doing, () => db.select().from(lostChannels).where(it).get());
      if (lost === undefined) return;
      await writing(doing, (tx) => {
        tx.delete(lostChannels).where(it).run();
      });
    },
  };
}
