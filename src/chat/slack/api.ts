import { setTimeout as sleep } from 'node:timers/promises';
import { WebClient } from '@slack/web-api';
import type { Logger } from '../../base/log.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import { bridgeLogger } from './bridge.ts';
import { concernsApp, concernsMessage, isUncertain, missingScope, scopesOf, toChatError } from './errors.ts';

/** Time limit of a call to Slack. After it the outcome counts as uncertain. */
const TIMEOUT_MS = 10_000;
/** Longest total wait for an answer to a person. Cards wait in the outbox instead. */
const PATIENCE_MS = 30_000;
/** Slack asks for a minute at most, so a longer wait means that this machine's clock was set back. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** m0's ids in the workspace. */
export interface Identity {
  readonly botId: string;
  readonly botUserId: string;
  readonly teamId: string;
  /** The workspace's address, as `https://acme.slack.com/`; null where Slack names none. */
  readonly url: string | null;
}

/** A problem of the whole app. `scope` is the missing scope, or null for other problems. */
interface AppProblem {
  readonly message: string;
  readonly scope: string | null;
}

/** Slack asked to call again later. `error` is its answer. */
interface Wait {
  readonly until: number;
  readonly error: unknown;
}

/** Options of each Slack client: the client repeats nothing by itself, and reports a 429 at once. */
export function clientOptions(log: Logger, secrets: readonly string[], apiUrl: string | undefined) {
  return {
    logger: bridgeLogger(log, secrets),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT_MS,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` }),
  };
}

/**
 * Slack's Web API with m0's errors. Remembers problems of the app and of single channels for the health
 * check.
 */
export class SlackApi {
  readonly client: WebClient;
  readonly #clock: Clock;
  #identity: Identity | null = null;
  #appProblem: AppProblem | null = null;
  readonly #waits = new Map<string, Wait>();
  readonly #channelProblems = new Map<string, string>();

  constructor(token: string, options: ReturnType<typeof clientOptions>, clock: Clock) {
    this.client = new WebClient(token, options);
    this.#clock = clock;
  }

  /**
   * Makes a call. Rejects with a ChatError whose text begins with `doing`. The result updates the health of
   * `channel`. After a rate limit, calls with the same `doing` (it names the channel) are refused here until
   * the wait is over; other calls go on.
   */
  async call<T>(
    doing: string,
    channel: string | null,
    request: (client: WebClient) => Promise<T>,
  ): Promise<T> {
    const waiting = this.#waitOf(doing);
    if (waiting !== null) throw waiting;
    try {
      const answer = await request(this.client);
      this.#appProblem = remainingProblem(this.#appProblem, answer);
      if (channel !== null) this.#channelProblems.delete(channel);
      return answer;
    } catch (error) {
      const failure = toChatError(doing, error);
      if (failure.retryAfterMs !== null) {
        this.#waits.set(doing, { until: this.#clock() + failure.retryAfterMs, error });
      }
      if (concernsApp(error)) this.#appProblem = { message: failure.message, scope: missingScope(error) };
      else if (channel !== null && failure.permanent && !concernsMessage(error)) {
        this.#channelProblems.set(channel, failure.message);
      }
      throw failure;
    }
  }

  /**
   * Asks for something that m0 can do without, such as an old message. `refused` if Slack does not answer it: for want
   * of a scope, or because of a limit (apps that are distributed outside of Slack's Marketplace may read a conversation
   * once a minute), and then `retryAfterMs` says when it may. That is no problem of the app's health. Rejects with a
   * ChatError if Slack can't be reached.
   */
  async lookUp<T>(
    doing: string,
    request: (client: WebClient) => Promise<T>,
  ): Promise<{ readonly found: T } | { readonly refused: true; readonly retryAfterMs: number | null }> {
    const waiting = this.#waitOf(doing);
    if (waiting !== null) return { refused: true, retryAfterMs: waiting.retryAfterMs };
    try {
      return { found: await request(this.client) };
    } catch (error) {
      const failure = toChatError(doing, error);
      if (isUncertain(error)) throw failure;
      const { retryAfterMs } = failure;
      if (retryAfterMs !== null) this.#waits.set(doing, { until: this.#clock() + retryAfterMs, error });
      return { refused: true, retryAfterMs };
    }
  }

  /**
   * Makes a call that m0 can do without: its failure says nothing about m0's health. Rejects with a ChatError.
   */
  async callApart<T>(doing: string, request: (client: WebClient) => Promise<T>): Promise<T> {
    try {
      return await request(this.client);
    } catch (error) {
      throw toChatError(doing, error);
    }
  }

  /**
   * Like `call`, but waits where Slack asks to, up to 30 seconds in all. For answers that a person waits for.
   */
  async callWithWait<T>(
    doing: string,
    channel: string | null,
    request: (client: WebClient) => Promise<T>,
  ): Promise<T> {
    for (let waited = 0; ; ) {
      try {
        return await this.call(doing, channel, request);
      } catch (error) {
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        if (wait === null || waited + wait > PATIENCE_MS) throw error;
        await sleep(wait);
        waited += wait;
      }
    }
  }

  /**
   * m0's own ids, asked once and then remembered. Rejects with a ChatError, e.g. where the token is refused.
   */
  async identity(): Promise<Identity> {
    if (this.#identity) return this.#identity;
    const me = await this.call('asking Slack who m0 is', null, (client) => client.auth.test());
    if (!me.bot_id || !me.user_id) {
      throw new ChatError('asking Slack who m0 is: the token is not one of a bot (xoxb-…)', {
        permanent: true,
      });
    }
    this.#identity = {
      botId: me.bot_id,
      botUserId: me.user_id,
      teamId: me.team_id ?? '',
      url: me.url ?? null,
    };
    return this.#identity;
  }

  /** m0's ids, if Slack was asked for them before; null otherwise. Makes no call. */
  knownIdentity(): Identity | null {
    return this.#identity;
  }

  /**
   * Asks Slack whether the token is still valid; `appProblem` then gives the result. Rejects with a
   * ChatError.
   */
  async checkToken(): Promise<void> {
    await this.call('asking Slack whether the token holds', null, (client) => client.auth.test());
  }

  /** The problem of the whole app, or null. */
  appProblem(): string | null {
    return this.#appProblem?.message ?? null;
  }

  /** Problems of single channels (archived, m0 not invited …). */
  channelProblems(): readonly string[] {
    return [...this.#channelProblems.values()];
  }

  /** A ChatError while Slack's requested wait for this call is not over; null otherwise. */
  #waitOf(doing: string): ChatError | null {
    const wait = this.#waits.get(doing);
    if (wait === undefined) return null;
    const left = wait.until - this.#clock();
    // After the clock was set back the wait would be far too long, so it is dropped.
    if (left <= 0 || left > LONGEST_WAIT_MS) {
      this.#waits.delete(doing);
      return null;
    }
    return new ChatError(`${doing}: Slack asked to wait, for ${Math.ceil(left / 1000)} s more`, {
      retryAfterMs: left,
      cause: wait.error,
    });
  }
}

/**
 * A missing scope fails only the calls that need it. So another call's success clears that problem only if
 * Slack now lists the scope.
 */
function remainingProblem(problem: AppProblem | null, answer: unknown): AppProblem | null {
  if (problem === null || problem.scope === null) return null;
  return scopesOf(answer).includes(problem.scope) ? null : problem;
}
