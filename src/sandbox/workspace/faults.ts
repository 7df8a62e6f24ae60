/** Faults that tests and people can cause in the local Slack. */
import { ApiError } from './api/api-error.ts';

interface MethodLimit {
  readonly method: string;
  /** Null: all channels. */
  readonly channel: string | null;
  readonly until: number;
}

const MAX_CALLS = 10_000;

/** Faults of Slack or of the connection to the app, switched on by a test or a person. */
export class Faults {
  readonly #now: () => number;
  #limits: MethodLimit[] = [];
  /** Slack is down: every call is answered with 503. */
  isDown = false;
  /** The error code for the bot's token, such as `token_revoked`; null: it is valid. */
  token: 'token_revoked' | 'account_inactive' | null = null;
  /** How many messages that show an uploaded picture are still refused, because Slack has not taken it in yet. */
  unreadyFiles = 0;
  /** Scopes of the installed app; null: all. */
  scopes: ReadonlySet<string> | null;
  /** The calls and their results: `ok` or Slack's error code. */
  readonly calls: { readonly method: string; readonly channel: string; readonly outcome: string }[] = [];

  constructor(now: () => number, scopes: readonly string[] | null) {
    this.#now = now;
    this.scopes = scopes === null ? null : new Set(scopes);
  }

  /** Answers calls of a method, in one channel or in all, with 429 for `seconds` seconds. */
  limitMethod(method: string, seconds: number, channel: string | null): void {
    this.#limits.push({ method, channel, until: this.#now() + seconds * 1000 });
  }

  /** Records the result of a call; the oldest records are dropped. */
  recordCall(method: string, channel: string, outcome: string): void {
    this.calls.push({ method, channel, outcome });
    if (this.calls.length > MAX_CALLS) this.calls.splice(0, MAX_CALLS / 2);
  }

  /** Throws `ratelimited` where the method is limited. */
  throwIfLimited(method: string, channel: string): void {
    const now = this.#now();
    this.#limits = this.#limits.filter(({ until }) => until > now);
    const limit = this.#limits.find((h) => h.method === method && [null, channel].includes(h.channel));
    if (limit) throw new ApiError('ratelimited', [], Math.max(1, Math.ceil((limit.until - now) / 1000)));
  }

  hasScope(scope: string): boolean {
    return this.scopes === null || this.scopes.has(scope);
  }
}
