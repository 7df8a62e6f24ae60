import { setTimeout as sleep } from 'node:timers/promises';
import { WebClient } from '@slack/web-api';
import type { Logger } from '../../log.ts';
import { ChatError } from '../../runs/ports.ts';
import { bridgeLogger } from './bridge.ts';
import { concernsApp, slackCode, toChatError } from './errors.ts';

/** No call to Slack takes longer; then its outcome counts as uncertain. */
const TIMEOUT_MS = 10_000;
/** Longest wait that an answer to a person is worth; cards wait in the outbox instead. */
const PATIENCE_MS = 30_000;
const PATIENT_ATTEMPTS = 3;

/** Who m0 is in the workspace. */
export interface Identity {
  readonly botId: string;
  readonly botUserId: string;
  readonly teamId: string;
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
  #identity: Identity | null = null;
  #appProblem: string | null = null;
  readonly #channelProblems = new Map<string, string>();

  constructor(token: string, options: ReturnType<typeof clientOptions>) {
    this.client = new WebClient(token, options);
  }

  /** Makes a call. Rejects with a ChatError that begins with `doing`; `channel` is whose health it tells. */
  async call<T>(
    doing: string,
    channel: string | null,
    request: (client: WebClient) => Promise<T>,
  ): Promise<T> {
    try {
      const answer = await request(this.client);
      this.#appProblem = null;
      if (channel !== null) this.#channelProblems.delete(channel);
      return answer;
    } catch (error) {
      const failure = toChatError(doing, error);
      if (concernsApp(error)) this.#appProblem = failure.message;
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
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.call(doing, channel, request);
      } catch (error) {
        const wait = error instanceof ChatError ? error.retryAfterMs : null;
        if (wait === null || wait > PATIENCE_MS || attempt === PATIENT_ATTEMPTS) throw error;
        await sleep(wait);
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

  /** What is wrong with the app as a whole, or null. */
  appProblem(): string | null {
    return this.#appProblem;
  }

  /** What is wrong with single channels (archived, not invited …). */
  channelProblems(): readonly string[] {
    return [...this.#channelProblems.values()];
  }
}
