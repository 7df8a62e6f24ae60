/** The tables of the chat adapters: incoming events, and what m0 must remember about Teams. */
import { and, desc, eq, inArray, lt, ne } from 'drizzle-orm';
import { z } from 'zod';
import type { SeenEvents, TeamsConversation, TeamsNote, TeamsStore } from '../ports/chat-store.ts';
import type { Access, Queries, Tables } from './access.ts';
import { check } from './rows.ts';

/** How long incoming events are remembered. Chats send an event again for a few hours at most. */
const EVENTS_KEPT_MS = 7 * 24 * 60 * 60_000;
/** How many notes of a kind are kept: the newest. */
const MAX_NOTES = 4_096;
/** Teams allows no more channels in a team. */
const MAX_CHANNELS = 1_000;

const kindOfConversation = z.enum(['personal', 'groupChat', 'channel']);

/** Deletes all notes of a kind except the newest MAX_NOTES. */
async function deleteOldNotes(tx: Queries, kind: string): Promise<void> {
  const { teamsNotes } = tx.tables;
  const [last] = await tx
    .select({ at: teamsNotes.at })
    .from(teamsNotes)
    .where(eq(teamsNotes.kind, kind))
    .orderBy(desc(teamsNotes.at))
    .limit(1)
    .offset(MAX_NOTES - 1);
  if (last === undefined) return;
  await tx.delete(teamsNotes).where(and(eq(teamsNotes.kind, kind), lt(teamsNotes.at, last.at)));
}

function noteOf({ kind, key, value, at }: TeamsNote): TeamsNote {
  return { kind, key, value, at };
}

function toConversation(row: Tables['teamsConversations']['$inferSelect']): TeamsConversation {
  return { ...row, kind: check(`conversation ${row.id}`, kindOfConversation, row.kind) };
}

/** Remembers the event inside the caller's transaction, and forgets old ones. False if it was seen before. */
export async function seeEvent(tx: Queries, platform: string, key: string, now: number): Promise<boolean> {
  const { seenEvents } = tx.tables;
  await tx.delete(seenEvents).where(lt(seenEvents.at, now - EVENTS_KEPT_MS));
  const added = await tx
    .insert(seenEvents)
    .values({ platform, key, at: now })
    .onConflictDoNothing()
    .returning({ key: seenEvents.key });
  return added.length > 0;
}

/** The methods of the store for chat adapters. They reject with a StoreError. */
export function chatTables({ reading, snapshot, writing }: Access): SeenEvents & TeamsStore {
  return {
    isNewEvent: (platform, key, now) =>
      writing('storing that an event was received', (tx) => seeEvent(tx, platform, key, now)),

    teamsConversation: (id) =>
      reading('looking up a conversation', async (db) => {
        const { teamsConversations } = db.tables;
        const [row] = await db.select().from(teamsConversations).where(eq(teamsConversations.id, id));
        return row && toConversation(row);
      }),

    setTeamsConversation: ({ id, kind, serviceUrl, botId, tenantId, gone }) =>
      writing('storing a conversation', async (tx) => {
        const { teamsConversations } = tx.tables;
        const set = { kind, serviceUrl, botId, tenantId, gone };
        await tx
          .insert(teamsConversations)
          .values({ id, ...set })
          .onConflictDoUpdate({ target: teamsConversations.id, set });
      }),

    teamsPersonal: (user) =>
      reading('looking up the chat with a person', async (db) => {
        const { teamsPeople } = db.tables;
        const [row] = await db.select().from(teamsPeople).where(eq(teamsPeople.user, user));
        return row?.conversation;
      }),

    setTeamsPersonal: (user, conversation) =>
      writing('storing the chat with a person', async (tx) => {
        const { teamsPeople } = tx.tables;
        if (conversation === null) {
          await tx.delete(teamsPeople).where(eq(teamsPeople.user, user));
          return;
        }
        await tx
          .insert(teamsPeople)
          .values({ user, conversation })
          .onConflictDoUpdate({ target: teamsPeople.user, set: { conversation } });
      }),

    teamsTeam: (id) =>
      snapshot('looking up a team', async (db) => {
        const { teamsTeams, teamsChannels } = db.tables;
        const [row] = await db.select().from(teamsTeams).where(eq(teamsTeams.id, id));
        if (row === undefined) return undefined;
        const channels = await db.select().from(teamsChannels).where(eq(teamsChannels.team, id));
        return { serviceUrl: row.serviceUrl, listed: row.listed, channels: channels.map((c) => c.channel) };
      }),

    addTeamsChannels: (team, { serviceUrl, channels, listed }) =>
      writing('storing the channels of a team', async (tx) => {
        const { teamsTeams, teamsChannels, teamsConversations } = tx.tables;
        const [known] = await tx.select().from(teamsTeams).where(eq(teamsTeams.id, team));
        const before = await tx.select().from(teamsChannels).where(eq(teamsChannels.team, team));
        const there = new Set(before.map((c) => c.channel));
        if (known !== undefined && known.serviceUrl !== serviceUrl && there.size > 0) {
          // The whole team has a new service URL, so it also applies to channels without newer events.
          await tx
            .update(teamsConversations)
            .set({ serviceUrl })
            .where(
              and(inArray(teamsConversations.id, [...there]), ne(teamsConversations.serviceUrl, serviceUrl)),
            );
        }
        const fresh = [...new Set(channels)]
          .filter((c) => !there.has(c))
          .slice(0, Math.max(0, MAX_CHANNELS - there.size));
        if (fresh.length > 0) {
          await tx.insert(teamsChannels).values(fresh.map((channel) => ({ team, channel })));
        }
        const set = { serviceUrl, listed: listed ?? known?.listed ?? true };
        await tx
          .insert(teamsTeams)
          .values({ id: team, ...set })
          .onConflictDoUpdate({ target: teamsTeams.id, set });
      }),

    teamsNote: (kind, key) =>
      reading(`looking up a ${kind} in Teams`, async (db) => {
        const { teamsNotes } = db.tables;
        const [row] = await db
          .select({ value: teamsNotes.value })
          .from(teamsNotes)
          .where(and(eq(teamsNotes.kind, kind), eq(teamsNotes.key, key)));
        return row?.value;
      }),

    setTeamsNote: (note) =>
      writing(`storing a ${note.kind} in Teams`, async (tx) => {
        const { teamsNotes } = tx.tables;
        const { value, at } = note;
        await tx
          .insert(teamsNotes)
          .values(noteOf(note))
          .onConflictDoUpdate({ target: [teamsNotes.kind, teamsNotes.key], set: { value, at } });
        await deleteOldNotes(tx, note.kind);
      }),

    addTeamsNote: (note) =>
      writing(`storing a ${note.kind} in Teams`, async (tx) => {
        const { teamsNotes } = tx.tables;
        const added = await tx
          .insert(teamsNotes)
          .values(noteOf(note))
          .onConflictDoNothing()
          .returning({ key: teamsNotes.key });
        await deleteOldNotes(tx, note.kind);
        return added.length > 0;
      }),
  };
}
