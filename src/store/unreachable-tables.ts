/** The tables of refused direct messages and of channels that refuse messages. */
import { and, asc, eq, isNull, lte, notExists, sql } from 'drizzle-orm';
import type { ReachStore } from '../ports/reach-store.ts';
import type { Access } from './access.ts';
import { check, platform } from './rows.ts';

/** The methods of the store for unreachable people and channels. They reject with a StoreError. */
export function unreachableTables({ reading, snapshot, writing }: Access): ReachStore {
  /** Reads first, because this runs at every command and card, and a write is rarely needed. */
  function hasRefusals(doing: string, person: string): Promise<boolean> {
    return reading(doing, async (db) => {
      const { refusals } = db.tables;
      const known = await db.select().from(refusals).where(eq(refusals.person, person));
      return known.length > 0;
    });
  }

  return {
    refusals: (person) =>
      snapshot(`reading the refused messages to ${person}`, async (db) => {
        const { refusals, refusedAlerts } = db.tables;
        const [row] = await db.select().from(refusals).where(eq(refusals.person, person));
        if (row === undefined) return undefined;
        const { at, error, address, reachableAt } = row;
        const missing = await db.select().from(refusedAlerts).where(eq(refusedAlerts.person, person));
        const tried = new Map(missing.map((m) => [m.alertId, { times: m.times, at: m.at }]));
        return { at, error, address, reachableAt, alerts: tried };
      }),

    addRefusal: ({ person, alertId, address, error, at }) =>
      writing(`storing that a message to ${person} was refused`, async (tx) => {
        const { alerts, refusals, refusedAlerts } = tx.tables;
        const set = { at, error, address };
        await tx
          .insert(refusals)
          .values({ person, ...set })
          .onConflictDoUpdate({ target: refusals.person, set });
        await tx
          .insert(refusedAlerts)
          .values({ person, alertId, times: 1, at })
          .onConflictDoUpdate({
            target: [refusedAlerts.person, refusedAlerts.alertId],
            set: { times: sql`${refusedAlerts.times} + 1`, at },
          });
        const open = tx
          .select({ id: alerts.id })
          .from(alerts)
          .where(and(eq(alerts.id, refusedAlerts.alertId), eq(alerts.state, 'open')));
        const over = sql`${refusedAlerts.alertId} <> ${alertId}`;
        await tx.delete(refusedAlerts).where(and(eq(refusedAlerts.person, person), over, notExists(open)));
      }),

    async removeRefusal(person, alertId, at) {
      const doing = `storing that a message to ${person} arrived`;
      if (!(await hasRefusals(doing, person))) return;
      await writing(doing, async (tx) => {
        const { refusals, refusedAlerts } = tx.tables;
        const known = eq(refusals.person, person);
        await tx.update(refusals).set({ reachableAt: at }).where(known);
        await tx
          .update(refusals)
          .set({ error: null })
          .where(and(known, lte(refusals.at, at)));
        const of = eq(refusedAlerts.person, person);
        await tx.delete(refusedAlerts).where(and(of, eq(refusedAlerts.alertId, alertId)));
        const missing = tx.select({ id: refusedAlerts.alertId }).from(refusedAlerts).where(of);
        await tx.delete(refusals).where(and(known, isNull(refusals.error), notExists(missing)));
      });
    },

    async setReachable(person, at) {
      const doing = `storing that ${person} can be reached`;
      if (!(await hasRefusals(doing, person))) return;
      await writing(doing, async (tx) => {
        const { refusals } = tx.tables;
        await tx.update(refusals).set({ reachableAt: at }).where(eq(refusals.person, person));
      });
    },

    lostChannels: () =>
      reading('reading which channels refuse messages', async (db) => {
        const { lostChannels } = db.tables;
        const rows = await db
          .select()
          .from(lostChannels)
          .orderBy(asc(lostChannels.platform), asc(lostChannels.channel));
        return rows.map((row) => ({ ...row, platform: check('lost channel', platform, row.platform) }));
      }),

    addLostChannel: ({ platform: of, channel, error }) =>
      writing(`storing that ${of}:${channel} refuses messages`, async (tx) => {
        const { lostChannels } = tx.tables;
        await tx
          .insert(lostChannels)
          .values({ platform: of, channel, error })
          .onConflictDoUpdate({ target: [lostChannels.platform, lostChannels.channel], set: { error } });
      }),

    async removeLostChannel(of, channel) {
      const doing = `storing that ${of}:${channel} accepts messages`;
      // Reads first, because this runs after every message, and a write is rarely needed.
      const lost = await reading(doing, async (db) => {
        const { lostChannels } = db.tables;
        const it = and(eq(lostChannels.platform, of), eq(lostChannels.channel, channel));
        return (await db.select().from(lostChannels).where(it)).length > 0;
      });
      if (!lost) return;
      await writing(doing, async (tx) => {
        const { lostChannels } = tx.tables;
        await tx
          .delete(lostChannels)
          .where(and(eq(lostChannels.platform, of), eq(lostChannels.channel, channel)));
      });
    },
  };
}
