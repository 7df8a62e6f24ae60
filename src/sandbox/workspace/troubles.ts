import { ApiError } from './api/api-error.ts';

interface Held {
  readonly method: string;
  /** Null: whatever the channel. */
  readonly channel: string | null;
  readonly until: number;
}

const REMEMBERED = 10_000;

/** What may go wrong with Slack or between it and the app; a test or a person brings it about. */
export class Troubles {
  readonly #now: () => number;
  #held: Held[] = [];
  /** Slack itself is away: every call is answered with 503. */
  isDown = false;
  /** What Slack says of the bot's token, such as `token_revoked`; null: it is good. */
  token: 'token_revoked' | 'account_inactive' | null = null;
  /** Scopes the app was installed with; null: all there are. */
  scopes: ReadonlySet<string> | null;
  /** Calls that were made, and how they ended: `ok` or Slack's word for the refusal. */
  readonly calls: { readonly method: string; readonly channel: string; readonly outcome: string }[] = [];

  constructor(now: () => number, scopes: readonly string[] | null) {
    this.#now = now;
    this.scopes = scopes === null ? null : new Set(scopes);
  }

  /** Answers calls of a method, in one channel or in all, with 429 for so long. */
  hold(method: string, seconds: number, channel: string | null): void {
    this.#held.push({ method, channel, until: this.#now() + seconds * 1000 });
  }

  /** Remembers how a call ended; the oldest are forgotten. */
  note(method: string, channel: string, outcome: string): void {
    this.calls.push({ method, channel, outcome });
    if (this.calls.length > REMEMBERED) this.calls.splice(0, REMEMBERED / 2);
  }

  /** Throws what Slack answers where the method is held. */
  refuseHeld(method: string, channel: string): void {
    const now = this.#now();
    this.#held = this.#held.filter(({ until }) => until > now);
    const held = this.#held.find((h) => h.method === method && [null, channel].includes(h.channel));
    if (held) throw new ApiError('ratelimited', [], Math.max(1, Math.ceil((held.until - now) / 1000)));
  }

  has(scope: string): boolean {
    return this.scopes === null || this.scopes.has(scope);
  }
}
