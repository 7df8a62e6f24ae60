/** The tables of the chat adapters: incoming events, and what m0 must remember about Teams. */
import { and, desc, eq, inArray, lt, ne } from 'drizzle-orm';
import { z } from 'zod';
import type { SeenEvents, TeamsConversation, TeamsNote, TeamsStore } from '../ports/chat-store.ts';
import type { Database } from './database.ts';
import { check } from './rows.ts';
import {
  seenEvents,
  teamsChannels,
  teamsConversations,
  teamsNotes,
  teamsPeople,
  teamsTeams,
} from './schema.ts';
import { attempt, type Writer, type Writing } from './writing.ts';

/** How long incoming events are remembered. Chats send an event again for a few hours at most. */
const EVENTS_KEPT_MS = 7 * 24 * 60 * 60_000;
/** How many notes of a kind are kept: the newest. */
const MAX_NOTES = 4_096;
/** Teams allows no more channels in a team. */
const MAX_CHANNELS = 1_000;

const kindOfConversation = z.enum(['personal', 'groupChat', 'channel']);

/** Deletes all notes of a kind except the newest MAX_NOTES. */
function deleteOldNotes(tx: Writer, kind: string): void {
  const last = tx
    .select({ at: teamsNotes.at })
    .from(teamsNotes)
    .where(eq(teamsNotes.kind, kind))
    .orderBy(desc(teamsNotes.at))
    .limit(1)
    .offset(MAX_NOTES - 1)
    .get();
  if (last === undefined) return;
  tx.delete(teamsNotes)
    .where(and(eq(teamsNotes.kind, kind), lt(teamsNotes.at, last.at)))
    .run();
}

function noteOf({ kind, key, value, at }: TeamsNote): TeamsNote {
  return { kind, key, value, at };
}

function toConversation(row: typeof teamsConversations.$inferSelect): TeamsConversation {
  return { ...row, kind: check(`conversation ${row.id}`, kindOfConversation, row.kind) };
}

/** The methods of the store for chat adapters. They reject with a StoreError. */
export function chatTables(db: Database, writing: Writing): SeenEvents & TeamsStore {
  return {
    isNewEvent: (platform, key, now) =>
      writing('storing that an event was received', (tx) => {
        tx.delete(seenEvents)
          .where(lt(seenEvents.at, now - EVENTS_KEPT_MS))
          .run();
        const added = tx.insert(seenEvents).values({ platform, key, at: now }).onConflictDoNothing().run();
        return added.changes > 0;
      }),

    teamsConversation: (id) =>
      attempt('looking up a conversation', () => {
        const row = db.select().from(teamsConversations).where(eq(teamsConversations.id, id)).get();
        return row && toConversation(row);
      }),

    setTeamsConversation: ({ id, kind, serviceUrl, botId, tenantId, gone }) =>
      writing('storing a conversation', (tx) => {
        const set = { kind, serviceUrl, botId, tenantId, gone };
        tx.insert(teamsConversations)
          .values({ id, ...set })
          .onConflictDoUpdate({ target: teamsConversations.id, set })
          .run();
      }),

    teamsPersonal: (user) =>
      attempt(
        'looking up the chat with a person',
        () => db.select().from(teamsPeople).where(eq(teamsPeople.user, user)).get()?.conversation,
      ),

    setTeamsPersonal: (user, conversation) =>
      writing('storing the chat with a person', (tx) => {
        if (conversation === null) {
          tx.delete(teamsPeople).where(eq(teamsPeople.user, user)).run();
          return;
        }
        tx.insert(teamsPeople)
          .values({ user, conversation })
          .onConflictDoUpdate({ target: teamsPeople.user, set: { conversation } })
          .run();
      }),

    teamsTeam: (id) =>
      attempt('looking up a team', () => {
        const row = db.select().from(teamsTeams).where(eq(teamsTeams.id, id)).get();
        if (row === undefined) return undefined;
        const channels = db.select().from(teamsChannels).where(eq(teamsChannels.team, id)).all();
        return { serviceUrl: row.serviceUrl, listed: row.listed, channels: channels.map((c) => c.channel) };
      }),

    addTeamsChannels: (team, { serviceUrl, channels, listed }) =>
      writing('storing the channels of a team', (tx) => {
        const known = tx.select().from(teamsTeams).where(eq(teamsTeams.id, team)).get();
        const before = tx.select().from(teamsChannels).where(eq(teamsChannels.team, team)).all();
        const there = new Set(before.map((c) => c.channel));
        if (known !== undefined && known.serviceUrl !== serviceUrl && there.size > 0) {
          // The whole team has a new service URL, so it also applies to channels without newer events.
          tx.update(teamsConversations)
            .set({ serviceUrl })
            .where(
              and(inArray(teamsConversations.id, [...there]), ne(teamsConversations.serviceUrl, serviceUrl)),
            )
            .run();
        }
        const fresh = [...new Set(channels)]
          .filter((c) => !there.has(c))
          .slice(0, Math.max(0, MAX_CHANNELS - there.size));
        if (fresh.length > 0) {
          tx.insert(teamsChannels)
            .values(fresh.map((channel) => ({ team, channel })))
            .run();
        }
        const set = { serviceUrl, listed: listed ?? known?.listed ?? true };
        tx.insert(teamsTeams)
          .values({ id: team, ...set })
          .onConflictDoUpdate({ target: teamsTeams.id, set })
          .run();
      }),

    teamsNote: (kind, key) =>
      attempt(
        `looking up a ${kind} in Teams`,
        () =>
          db
            .select({ value: teamsNotes.value })
            .from(teamsNotes)
            .where(and(eq(teamsNotes.kind, kind), eq(teamsNotes.key, key)))
            .get()?.value,
      ),

    setTeamsNote: (note) =>
      writing(`storing a ${note.kind} in Teams`, (tx) => {
        const { value, at } = note;
        tx.insert(teamsNotes)
          .values(noteOf(note))
          .onConflictDoUpdate({ target: [teamsNotes.kind, teamsNotes.key], set: { value, at } })
          .run();
        deleteOldNotes(tx, note.kind);
      }),

    addTeamsNote: (note) =>
      writing(`storing a ${note.kind} in Teams`, (tx) => {
        const added = tx.insert(teamsNotes).values(noteOf(note)).onConflictDoNothing().run();
        deleteOldNotes(tx, note.kind);
        return added.changes > 0;
      }),
  };
}
