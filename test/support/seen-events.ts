/** De-duplication of chat events in an in-memory database. */
import { createLogger } from '../../src/base/log.ts';
import type { ChatInbox } from '../../src/ports/chat-store.ts';
import { openStore } from '../../src/store/open.ts';

/** The seen-events port on a new in-memory store. */
export function seenEvents(): ChatInbox {
  const store = openStore({ url: 'file::memory:', log: createLogger('silent') });
  return {
    isNewEvent: async (...about) => (await store).isNewEvent(...about),
    takeIn: async (...about) => (await store).takeIn(...about),
    keepIn: async (...about) => (await store).keepIn(...about),
    carriedOut: async (...about) => (await store).carriedOut(...about),
    leftIn: async (...about) => (await store).leftIn(...about),
  };
}
