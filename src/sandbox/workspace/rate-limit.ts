/** The rate limit of a channel; null: none. */
export type RateLimit = { readonly perSecond: number; readonly burst?: number } | null;

/**
 * One token bucket per channel. Slack accepts about one message a second and answers 429 with Retry-After
 * above that.
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(limit: RateLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Counts one message. Returns the whole seconds to wait where the limit is reached, else null. */
  take(channel: string): number | null {
    if (!this.#limit) return null;
    const { perSecond, burst = 1 } = this.#limit;
    const now = this.#now();
    const bucket = this.#buckets.get(channel) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    const allowed = tokens >= 1;
    this.#buckets.set(channel, { tokens: allowed ? tokens - 1 : tokens, at: now });
    return allowed ? null : Math.max(1, Math.ceil((1 - tokens) / perSecond));
  }
}
