/** The table `begun_posts`: messages that a chat was asked to post and that are not stored yet. */
import { and, asc, eq } from 'drizzle-orm';
import type { Place, Platform } from '../model/directory.ts';
import type { BegunPost, BegunPosts } from '../ports/begun-posts.ts';
import type { Access, Tables } from './access.ts';

function toBegunPost({ platform, channel, user, ...post }: Tables['begunPosts']['$inferSelect']): BegunPost {
  // The code that wrote it guarantees the platform, and that one of the two is there.
  const of = platform as Platform;
  const place: Place = channel === null ? { platform: of, user: user ?? '' } : { platform: of, channel };
  return { ...post, place };
}

/** The methods of the store for it. They reject with a StoreError. */
export function begunPostsIn({ reading, writing }: Access): BegunPosts {
  return {
    beginPost: ({ place, ...post }) =>
      writing(`recording that a message of alert ${post.alertId} is posted`, async (tx) => {
        const { begunPosts } = tx.tables;
        const to =
          'channel' in place ? { channel: place.channel, user: null } : { channel: null, user: place.user };
        await tx
          .insert(begunPosts)
          .values({ ...post, ...to, platform: place.platform })
          .onConflictDoNothing();
      }),

    endPost: (alertId, key) =>
      writing(`recording that a message of alert ${alertId} is known`, async (tx) => {
        const { begunPosts } = tx.tables;
        await tx.delete(begunPosts).where(and(eq(begunPosts.alertId, alertId), eq(begunPosts.key, key)));
      }),

    begunPosts: (alertId) =>
      reading(`reading which messages of alert ${alertId} are on their way`, async (db) => {
        const { begunPosts } = db.tables;
        const rows = await db
          .select()
          .from(begunPosts)
          .where(eq(begunPosts.alertId, alertId))
          .orderBy(asc(begunPosts.key));
        return rows.map(toBegunPost);
      }),
  };
}
