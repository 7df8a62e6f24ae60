import type { Delivery } from './delivery.ts';
import type { Faults } from './faults.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { SocketMode } from './socket-mode.ts';
import type { ChatState } from './state.ts';
import type { Triggers } from './triggers.ts';

/** What the parts of one running workspace share. */
export interface Runtime {
  readonly state: ChatState;
  readonly triggers: Triggers;
  readonly limiter: RateLimiter;
  readonly socketMode: SocketMode;
  readonly delivery: Delivery;
  readonly faults: Faults;
  readonly botToken: string;
  readonly appToken: string;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  readonly origin: string;
  /** Slash commands that the app has registered, such as `/m0`. */
  readonly commands: readonly string[];
  readonly allowBroadcast: boolean;
}
