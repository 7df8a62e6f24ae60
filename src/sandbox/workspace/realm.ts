import type { Delivery } from './delivery.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { SocketMode } from './socket-mode.ts';
import type { ChatState } from './state.ts';
import type { Triggers } from './triggers.ts';
import type { Troubles } from './troubles.ts';

/** Everything the parts of one running workspace share. */
export interface Realm {
  readonly state: ChatState;
  readonly triggers: Triggers;
  readonly limiter: RateLimiter;
  readonly socketMode: SocketMode;
  readonly delivery: Delivery;
  readonly troubles: Troubles;
  readonly botToken: string;
  readonly appToken: string;
  /** `http://127.0.0.1:PORT`, known once it listens. */
  readonly origin: string;
  /** Slash commands the app has registered, such as `/m0`. */
  readonly commands: readonly string[];
  readonly allowBroadcast: boolean;
}
