/** Teams' rate limits for a bot in one conversation: at most `messages` in `ms`. */
export type Rates = readonly { readonly messages: number; readonly ms: number }[];

/** Teams' limits: 7 in a second, 8 in two, 60 in thirty, 1,800 in an hour. */
export const TEAMS_RATES: Rates = [
  { messages: 7, ms: 1_000 },
  { messages: 8, ms: 2_000 },
  { messages: 60, ms: 30_000 },
  { messages: 1_800, ms: 3_600_000 },
];

/** Counts a bot's messages by conversation. */
export class RateLimiter {
  readonly #rates: Rates;
  readonly #sent = new Map<string, number[]>();

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  /** Counts a message at `now` (ms) and returns 0, or returns the seconds until the next one is allowed. */
  take(conversation: string, now: number): number {
    const longest = Math.max(0, ...this.#rates.map((r) => r.ms));
    const sent = (this.#sent.get(conversation) ?? []).filter((at) => now - at < longest);
    this.#sent.set(conversation, sent);
    const waits = this.#rates.map(({ messages, ms }) => (sent.at(-messages) ?? -Infinity) + ms - now);
    const wait = Math.max(0, ...waits);
    if (wait === 0) sent.push(now);
    return Math.ceil(wait / 1_000);
  }
}
