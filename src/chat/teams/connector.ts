import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { errorText, errorTextWithCause } from '../../base/error-text.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import type { Identity } from './identity.ts';
import { Pace } from './pace.ts';

/** No call to the Bot Connector takes longer; then its outcome counts as uncertain. */
const TIMEOUT_MS = 10_000;
/** Longest wait that an answer to a person is worth; cards wait in the outbox instead. */
const PATIENCE_MS = 10_000;
const PATIENT_ATTEMPTS = 3;
/** First wait after an answer that asks to try again and names no time. */
const RETRY_MS = 2_000;

export interface Call {
  readonly serviceUrl: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parts of the address after `/v3`, not yet escaped. */
  readonly path: readonly string[];
  readonly body?: object;
  /** True: a message that only its recipient sees. */
  readonly targeted?: boolean;
  /** The conversation whose rate it counts to and whose health it tells; null: none. */
  readonly conversation: string | null;
}

const word = z.string().max(2_000).nullish();
const failure = z.object({ error: z.object({ code: word, message: word }) });
/** The chat service's own words, which the Bot Connector passes on, e.g. of a chat in which m0 was blocked. */
const inner = z.object({ message: z.string().max(4_000) });
const innermost = z.object({ subCode: word, details: word });

/** Teams knows no such conversation or message. */
export class NotThereError extends ChatError {}

/** Refusals that trying again can't mend. */
const PERMANENT: Readonly<Record<number, string>> = {
  400: 'Teams refuses the message',
  403: 'Teams does not let m0 write there: m0 is not installed there, or was blocked',
  404: 'the conversation or the message does not exist (any more)',
  405: 'Teams refuses the message',
  413: 'Teams finds the message too large',
};
/** Any other 4xx is a refusal too, but for a request that took too long or came too early. */
const PASSING: ReadonlySet<number> = new Set([408, 425]);
const AGAIN: ReadonlySet<number> = new Set([412, 429, 500, 502, 503, 504]);

/**
 * The Bot Connector's REST interface with m0's errors. botbuilder's own client is not used for it: it sends a
 * message again by itself where an answer is late, which posts it twice, and keeps to itself how long to wait.
 */
export class Connector {
  readonly #identity: Identity;
  readonly #pace: Pace;
  readonly #random: () => number;
  #appProblem: string | null = null;
  readonly #problems = new Map<string, string>();

  /** `random`: from 0 to 1, so that many m0s don't come back at the same moment. */
  constructor(identity: Identity, clock: Clock, random: () => number) {
    this.#identity = identity;
    this.#pace = new Pace(clock);
    this.#random = random;
  }

  /** What is wrong with the app as a whole, or null. */
  appProblem(): string | null {
    return this.#appProblem;
  }

  /** What was wrong with a conversation is so no more: it is gone, or m0 was added there anew. */
  forget(conversation: string): void {
    this.#problems.delete(conversation);
  }

  /** What is wrong with single conversations. */
  problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  /** Makes a call and answers its JSON. Rejects with a ChatError that begins with `doing`. */
  async call(doing: string, call: Call): Promise<unknown> {
    const { conversation } = call;
    if (conversation !== null && call.method !== 'GET') {
      const wait = this.#pace.take(conversation);
      if (wait > 0) throw this.#later(`${doing}: Teams takes no more messages there at once`, wait);
    }
    try {
      const answer = await this.#send(doing, call);
      if (conversation !== null) this.#problems.delete(conversation);
      return answer;
    } catch (error) {
      // Not every client takes targeted messages, which tells nothing of the conversation.
      if (conversation !== null && !call.targeted && error instanceof ChatError && error.permanent) {
        this.#problems.set(conversation, error.message);
      }
      throw error;
    }
  }

  /** As `call`, for answers that somebody waits for: where Teams asks to wait a little, it waits. */
  async patiently(doing: string, call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.call(doing, call);
      } catch (error) {
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        if (wait === null || wait > PATIENCE_MS || attempt === PATIENT_ATTEMPTS) throw error;
        await sleep(wait);
      }
    }
  }

  async #send(doing: string, call: Call): Promise<unknown> {
    const address = this.#identity.address(call.serviceUrl);
    if (address === null) {
      throw new ChatError(`${doing}: the stored service URL is none of Teams'`, { permanent: true });
    }
    const path = ['v3', ...call.path].map(encodeURIComponent).join('/');
    let response: Response;
    let text: string;
    const headers = await this.#headers(doing);
    try {
      headers.set('content-type', 'application/json');
      const query = call.targeted ? '?isTargetedActivity=true' : '';
      response = await fetch(`${address.href.replace(/\/$/, '')}/${path}${query}`, {
        method: call.method,
        headers,
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        // A token must not travel to wherever a redirect points.
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (error) {
      throw new ChatError(`${doing}: ${errorTextWithCause(error)}`, { cause: error });
    }
    if (!response.ok) throw this.#failure(doing, call, response, text);
    this.#appProblem = null;
    try {
      return text === '' ? {} : JSON.parse(text);
    } catch (error) {
      throw new ChatError(`${doing}: the Bot Connector answered no JSON`, { cause: error });
    }
  }

  async #headers(doing: string): Promise<Headers> {
    try {
      return await this.#identity.headers();
    } catch (error) {
      const message = errorText(error);
      this.#appProblem = `${doing}: signing in at Microsoft: ${message}`;
      throw new ChatError(this.#appProblem, { cause: error });
    }
  }

  #failure(doing: string, { conversation }: Call, response: Response, text: string): ChatError {
    const { status } = response;
    const said = saidIn(text);
    const details = said === null ? `HTTP ${status}` : `HTTP ${status}, ${said}`;
    if (status === 401) {
      this.#appProblem = `${doing}: Teams refuses m0's sign-in: check MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID (${details})`;
      return new ChatError(this.#appProblem);
    }
    if (AGAIN.has(status)) {
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const wait = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : RETRY_MS;
      // Nor does anything else that is to be said there come before.
      if (conversation !== null) this.#pace.hold(conversation, wait);
      return this.#later(`${doing}: Teams asks to try again (${details})`, wait);
    }
    const isRefusal = status >= 400 && status < 500 && !PASSING.has(status);
    const why = PERMANENT[status] ?? (isRefusal ? 'Teams refuses the message' : undefined);
    if (why === undefined) return new ChatError(`${doing}: Teams answered with ${details}`);
    const options = { permanent: true };
    const message = `${doing}: ${why} (${details})`;
    return status === 404 ? new NotThereError(message, options) : new ChatError(message, options);
  }

  #later(message: string, wait: number): ChatError {
    return new ChatError(message, { retryAfterMs: Math.ceil(wait * (1 + this.#random() / 2)) });
  }
}

function saidIn(text: string): string | null {
  const said = jsonOf(text);
  const outer = failure.safeParse(said);
  if (outer.success) return joined([outer.data.error.code, outer.data.error.message]);
  const parsed = inner.safeParse(said);
  if (!parsed.success) return null;
  const { message } = parsed.data;
  const deep = innermost.safeParse(jsonOf(message));
  return deep.success ? joined([deep.data.subCode, deep.data.details]) : message;
}

const joined = (parts: readonly (string | null | undefined)[]): string | null =>
  parts.filter((part) => part !== undefined && part !== null && part !== '').join(': ') || null;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
