import { setTimeout as sleep } from 'node:timers/promises';
import { WebClient } from '@slack/web-api';
import type { Logger } from '../../base/log.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError } from '../../ports/chat.ts';
import { bridgeLogger } from './bridge.ts';
import { concernsApp, missingScope, scopesOf, slackCode, toChatError } from './errors.ts';

/** No call to Slack takes longer; then its outcome counts as uncertain. */
const TIMEOUT_MS = 10_000;
/** Longest wait, in all, that an answer to a person is worth; cards wait in the outbox instead. */
const PATIENCE_MS = 30_000;
/** Slack asks for a minute at most; a longer wait comes from a clock that was set back. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** Who m0 is in the workspace. */
export interface Identity {
  readonly botId: string;
  readonly botUserId: string;
  readonly teamId: string;
}

/** What is wrong with the app as a whole; `scope`: the one it lacks, null for other troubles. */
interface AppProblem {
  readonly message: string;
  readonly scope: string | null;
}

/** Slack asked to come back later. `error` is how it said so. */
interface Wait {
  readonly until: number;
  readonly error: unknown;
}

/** Options of each Slack client: nothing is sent twice behind m0's back, and a 429 comes back at once. */
export function clientOptions(log: Logger, secrets: readonly string[], apiUrl: string | undefined) {
  return {
    logger: bridgeLogger(log, secrets),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT_MS,
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` }),
  };
}

/** The Web API with m0's errors, and the memory of what is wrong with it. */
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
   * Makes a call. Rejects with a ChatError that begins with `doing`; `channel` is whose health it tells. Where Slack
   * asked to wait, the same `doing` (it names the channel) is refused here until then; others go on.
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
      this.#appProblem = stillThere(this.#appProblem, answer);
      if (channel !== null) this.#channelProblems.delete(channel);
      return answer;
    } catch (error) {
      const failure = toChatError(doing, error);
      if (failure.retryAfterMs !== null) {
        this.#waits.set(doing, { until: this.#clock() + failure.retryAfterMs, error });
      }
      if (concernsApp(error)) this.#appProblem = { message: failure.message, scope: missingScope(error) };
      else if (channel !== null && failure.permanent && slackCode(error) !== 'message_not_found') {
        this.#channelProblems.set(channel, failure.message);
      }
      throw failure;
    }
  }

  /** As `call`, for answers that somebody waits for: where Slack asks to wait a little, it waits. */
  async patiently<T>(
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

  /** Asks Slack once who m0 is. Rejects with a ChatError, e.g. where the token is refused. */
  async identity(): Promise<Identity> {
    if (this.#identity) return this.#identity;
    const me = await this.call('asking Slack who m0 is', null, (client) => client.auth.test());
    if (!me.bot_id || !me.user_id) {
      throw new ChatError('asking Slack who m0 is: the token is not one of a bot (xoxb-…)', {
        permanent: true,
      });
    }
    this.#identity = { botId: me.bot_id, botUserId: me.user_id, teamId: me.team_id ?? '' };
    return this.#identity;
  }

  /** Asks Slack anew whether the token still holds: `appProblem` tells. Rejects with a ChatError. */
  async look(): Promise<void> {
    await this.call('asking Slack whether the token holds', null, (client) => client.auth.test());
  }

  /** What is wrong with the app as a whole, or null. */
  appProblem(): string | null {
    return this.#appProblem?.message ?? null;
  }

  /** What is wrong with single channels (archived, not invited …). */
  channelProblems(): readonly string[] {
    return [...this.#channelProblems.values()];
  }

  /** The refusal of a call that Slack asked to wait with, or null where there is none or it is over. */
  #waitOf(doing: string): ChatError | null {
    const wait = this.#waits.get(doing);
    if (wait === undefined) return null;
    const left = wait.until - this.#clock();
    // A clock that was set back must not hold up anything for as long.
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

/** A scope that is missing shows only where it is needed, so another call's success does not mend it. */
function stillThere(problem: AppProblem | null, answer: unknown): AppProblem | null {
  if (problem === null || problem.scope === null) return null;
  return scopesOf(answer).includes(problem.scope) ? null : problem;
}
