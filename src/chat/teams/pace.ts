/** Respects Teams' rate limits per conversation. */
import type { Clock } from '../../model/directory.ts';
import { RATES } from './limits.ts';

const LONGEST_WINDOW_MS = Math.max(...RATES.map((r) => r.ms));
/** Largest number of remembered conversations. */
const MAX_CONVERSATIONS = 2_000;

/** Keeps m0 below the rates at which Teams accepts a bot's messages in one conversation. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #sent = new Map<string, number[]>();
  /** The period in which Teams asked for no more messages there. */
  readonly #paused = new Map<string, { readonly from: number; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Teams asked for no more messages to the conversation for `ms` milliseconds. */
  pause(conversation: string, ms: number): void {
    const from = this.#clock();
    this.#paused.set(conversation, { from, until: from + ms });
    const [oldest] = this.#paused.keys();
    if (this.#paused.size > MAX_CONVERSATIONS && oldest !== undefined) this.#paused.delete(oldest);
  }

  /** Counts a message to the conversation and returns 0, or returns the ms until the next one is allowed. */
  take(conversation: string): number {
    const now = this.#clock();
    // A clock that was set back must not delay anything.
    const sent = (this.#sent.get(conversation) ?? []).filter(
      (at) => at <= now && now - at < LONGEST_WINDOW_MS,
    );
    const pause = this.#paused.get(conversation);
    const left = pause === undefined || now < pause.from ? 0 : pause.until - now;
    if (left <= 0) this.#paused.delete(conversation);
    const waits = RATES.map(({ messages, ms }) => {
      const oldest = sent.at(-messages);
      return oldest === undefined ? 0 : Math.max(0, oldest + ms - now);
    });
    const wait = Math.max(left, 0, ...waits);
    if (wait === 0) sent.push(now);
    this.#sent.delete(conversation);
    this.#sent.set(conversation, sent);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > MAX_CONVERSATIONS && oldest !== undefined) this.#sent.delete(oldest);
    return wait;
  }
}
