/** De-duplication of chat events in an in-memory database. */
import { createLogger } from '../../src/base/log.ts';
import type { SeenEvents } from '../../src/ports/chat-store.ts';
import { openStore } from '../../src/store/open.ts';

/** The seen-events port on a new in-memory store. */
export function seenEvents(): SeenEvents {
  const store = openStore({ url: 'file::memory:', log: createLogger('silent') });
  return { isNewEvent: async (...about) => (await store).isNewEvent(...about) };
}
