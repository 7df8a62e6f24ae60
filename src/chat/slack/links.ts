/** Links to Slack messages. */
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { ChatError } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';

/** The most links that are remembered. A forgotten one costs one more call. */
const MAX_LINKS = 5_000;

/**
 * Permalinks of messages, asked once and then remembered. Slack allows hundreds of these calls a minute
 * (docs.slack.dev, chat.getPermalink), and needs no scope for them.
 */
export class MessageLinks {
  readonly #api: SlackApi;
  readonly #log: Logger;
  readonly #links = new Map<string, string>();

  constructor(api: SlackApi, log: Logger) {
    this.#api = api;
    this.#log = log;
  }

  /** The message's permalink; null where there is no such message, or none that m0 can see. Never rejects. */
  async linkTo(channel: string, ts: string): Promise<string | null> {
    const id = JSON.stringify([channel, ts]);
    const known = this.#links.get(id);
    if (known !== undefined) return known;
    try {
      const answer = await this.#api.call(`asking for the link of a message in ${channel}`, null, (client) =>
        client.chat.getPermalink({ channel, message_ts: ts }),
      );
      if (answer.permalink === undefined) return this.#made(channel, ts);
      return this.#remember(id, answer.permalink);
    } catch (error) {
      if (error instanceof ChatError && error.permanent) return null;
      this.#log.debug({ channel, problem: errorText(error) }, 'Slack gave no link; m0 makes it itself');
      return this.#made(channel, ts);
    }
  }

  /** The same link without a call: permalinks of Slack have had this form for years. */
  #made(channel: string, ts: string): string | null {
    const url = this.#api.knownIdentity()?.url ?? null;
    if (url === null || !URL.canParse(url)) return null;
    return new URL(`archives/${encodeURIComponent(channel)}/p${ts.replace('.', '')}`, url).href;
  }

  #remember(id: string, link: string): string {
    this.#links.set(id, link);
    if (this.#links.size > MAX_LINKS) {
      const [oldest] = this.#links.keys();
      if (oldest !== undefined) this.#links.delete(oldest);
    }
    return link;
  }
}
