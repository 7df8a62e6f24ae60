import { createLogger } from '../../src/base/log.ts';
import type { SeenEvents } from '../../src/ports/chat-store.ts';
import { openStore } from '../../src/store/open.ts';

/** The events of a store of its own, in memory. */
export function seenEvents(): SeenEvents {
  const store = openStore({ url: 'file::memory:', log: createLogger('silent') });
  return { isNewEvent: async (...about) => (await store).isNewEvent(...about) };
}
