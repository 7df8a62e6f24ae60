/** Calls Microsoft's Bot Connector, through which m0 writes to Teams. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { errorText, errorTextWithCause } from '../../base/error-text.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import type { Identity } from './identity.ts';
import { RateLimiter } from './pace.ts';

/** Time limit of a call to the Bot Connector. After it the outcome counts as uncertain. */
const TIMEOUT_MS = 10_000;
/** Longest wait for an answer to a person. Cards wait in the outbox instead. */
const MAX_WAIT_MS = 10_000;
const MAX_ATTEMPTS = 3;
/** Wait before the next attempt where the answer asks to try again but names no time. */
const RETRY_MS = 2_000;

export interface Call {
  readonly serviceUrl: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments of the path after `/v3`, not yet escaped. */
  readonly path: readonly string[];
  readonly body?: object;
  /** True for a message that only its recipient sees. */
  readonly targeted?: boolean;
  /** The conversation whose rate limit and health the call counts for; null for none. */
  readonly conversation: string | null;
}

const optionalText = z.string().max(2_000).nullish();
const failure = z.object({ error: z.object({ code: optionalText, message: optionalText }) });
/** The chat service's own error, which the Bot Connector passes on, e.g. where the person blocked m0. */
const innerError = z.object({ message: z.string().max(4_000) });
const innermostError = z.object({ subCode: optionalText, details: optionalText });

/** Teams knows no such conversation or message. */
export class NotFoundError extends ChatError {}

/** Refusals that a repeated call cannot solve, by HTTP status. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'Teams refuses the message',
  403: 'Teams does not let m0 write there: m0 is not installed there, or was blocked',
  404: 'the conversation or the message does not exist (any more)',
  405: 'Teams refuses the message',
  413: 'Teams finds the message too large',
};
/**
 * What Teams' own error codes mean, which say more than the status.
 * https://learn.microsoft.com/en-us/microsoftteams/platform/bots/build-conversational-capability#status-codes-from-bot-conversational-apis
 */
const CODES: Readonly<Record<string, string>> = {
  BotDisabledByAdmin:
    'an admin has switched m0 off for this organisation: they can allow it in the Teams admin center',
  BotNotInConversationRoster: 'm0 is not installed there: add it to the conversation (again)',
  ConversationBlockedByUser: 'the person has blocked m0',
  ConversationNotFound: 'the conversation does not exist (any more)',
  ActivityNotFoundInConversation: 'the message does not exist (any more)',
  ForbiddenOperationException: 'm0 is not installed for that person: they can add it in Teams',
  InvalidBotApiHost: 'the organisation is in another cloud of Microsoft than m0',
  MessageSizeTooBig: 'Teams finds the message too large',
  MessageWritesBlocked: 'the person has blocked m0',
  NotEnoughPermissions: 'Teams does not give m0 the permission for that',
};
/** Any other 4xx is a refusal too, except these: the request took too long or came too early. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425]);
const RETRYABLE: ReadonlySet<number> = new Set([412, 429, 500, 502, 503, 504]);

/**
 * The Bot Connector's REST API with m0's errors. botbuilder's own client is not used: it repeats a message by
 * itself where an answer is late, which posts it twice, and does not pass on how long to wait.
 */
export class Connector {
  readonly #identity: Identity;
  readonly #pace: RateLimiter;
  readonly #random: () => number;
  #appProblem: string | null = null;
  readonly #problems = new Map<string, string>();

  /** `random` returns 0 to 1. It spreads the retries of many m0 processes over time. */
  constructor(identity: Identity, clock: Clock, random: () => number) {
    this.#identity = identity;
    this.#pace = new RateLimiter(clock);
    this.#random = random;
  }

  /** The problem of the whole app, or null. */
  appProblem(): string | null {
    return this.#appProblem;
  }

  /** Drops the known problem of a conversation: it no longer exists, or m0 was added to it again. */
  forget(conversation: string): void {
    this.#problems.delete(conversation);
  }

  /** Problems of single conversations. */
  problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  /** Makes a call and returns its JSON. Rejects with a ChatError whose text begins with `doing`. */
  async call(doing: string, call: Call): Promise<unknown> {
    const { conversation } = call;
    if (conversation !== null && call.method !== 'GET') {
      const wait = this.#pace.take(conversation);
      if (wait > 0) throw this.#retryLater(`${doing}: Teams takes no more messages there at once`, wait);
    }
    try {
      const answer = await this.#send(doing, call);
      if (conversation !== null) this.#problems.delete(conversation);
      return answer;
    } catch (error) {
      // A refused targeted message says nothing about the conversation: some clients do not support those.
      // Neither does a message that was deleted.
      const isOfPlace = error instanceof ChatError && error.permanent && !error.deleted;
      if (conversation !== null && !call.targeted && isOfPlace) {
        this.#problems.set(conversation, error.message);
      }
      throw error;
    }
  }

  /** Like `call`, but waits where Teams asks for a short wait. For answers that a person waits for. */
  async callWithWait(doing: string, call: Call): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.call(doing, call);
      } catch (error) {
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        if (wait === null || wait > MAX_WAIT_MS || attempt === MAX_ATTEMPTS) throw error;
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
        // A redirect must not send the token to another server.
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

  #failure(doing: string, call: Call, response: Response, text: string): ChatError {
    const { conversation } = call;
    const { status } = response;
    const parsedText = errorIn(text);
    const details = parsedText === null ? `HTTP ${status}` : `HTTP ${status}, ${parsedText}`;
    if (status === 401) {
      this.#appProblem = `${doing}: Teams refuses m0's sign-in: check MICROSOFT_APP_ID, MICROSOFT_APP_PASSWORD and MICROSOFT_APP_TENANT_ID (${details})`;
      return new ChatError(this.#appProblem);
    }
    if (RETRYABLE.has(status)) {
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const wait = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : RETRY_MS;
      // Other messages to this conversation wait as well.
      if (conversation !== null) this.#pace.pause(conversation, wait);
      return this.#retryLater(`${doing}: Teams asks to try again (${details})`, wait);
    }
    const isRefusal = status >= 400 && status < 500 && !TRANSIENT.has(status);
    const code = isRefusal ? Object.keys(CODES).find((name) => parsedText?.startsWith(name)) : undefined;
    const known = code === undefined ? undefined : CODES[code];
    const why = known ?? REFUSALS[status] ?? (isRefusal ? 'Teams refuses the message' : undefined);
    if (why === undefined) return new ChatError(`${doing}: Teams answered with ${details}`);
    const options = { permanent: true, deleted: isDeleted(call, status, parsedText ?? '') };
    const message = `${doing}: ${why} (${details})`;
    return status === 404 ? new NotFoundError(message, options) : new ChatError(message, options);
  }

  #retryLater(message: string, wait: number): ChatError {
    return new ChatError(message, { retryAfterMs: Math.ceil(wait * (1 + this.#random() / 2)) });
  }
}

/**
 * True where the answer to an update or a reply says that the message no longer exists. Teams has several words for
 * it: 404 `ActivityNotFoundInConversation` or `ConversationNotFound` (the thread's root is gone), 400 `not a known
 * activity id`, and 403 `ServiceError: Unknown` for one that existed and was deleted (microsoft/BotFramework-Services
 * issue 269). If the whole conversation is gone, the next post to it is refused and says so.
 */
function isDeleted({ method, path }: Call, status: number, error: string): boolean {
  const isReply = method === 'POST' && path.some((segment) => segment.includes(';messageid='));
  if (method !== 'PUT' && !isReply) return false;
  if (status === 404) return true;
  if (method !== 'PUT') return false;
  return status === 403
    ? /^ServiceError: Unknown\b/i.test(error)
    : status === 400 && /not a known activity id/i.test(error);
}

function errorIn(text: string): string | null {
  const parsedText = jsonOf(text);
  const outer = failure.safeParse(parsedText);
  if (outer.success) return joined([outer.data.error.code, outer.data.error.message]);
  const parsed = innerError.safeParse(parsedText);
  if (!parsed.success) return null;
  const { message } = parsed.data;
  const innermost = innermostError.safeParse(jsonOf(message));
  return innermost.success ? joined([innermost.data.subCode, innermost.data.details]) : message;
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
