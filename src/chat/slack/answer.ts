import type { RespondFn, types } from '@slack/bolt';
import { assertNever } from '../../base/assert-never.ts';
import type { Logger } from '../../base/log.ts';
import type { Card } from '../../messages/card.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';
import { slackCode, toChatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import type { Poster } from './poster.ts';
import { renderCard } from './render.ts';
import { fitsView, formView, pagesView, resultView, type ViewMemory } from './views.ts';

/** Where a command came from, and the ways back that Slack gave with it. */
export interface Origin {
  readonly userId: string;
  readonly memory: ViewMemory;
  /** Direct messages between the person and m0: there a private answer is a plain message. */
  readonly direct: boolean;
  /** One use, 3 seconds; null where nothing was clicked and no slash command typed. */
  readonly triggerId: string | null;
  readonly respond: RespondFn | null;
  /** Set where a button inside a modal was clicked. */
  readonly viewId: string | null;
  /** True where a button of the person's home was clicked: what only they see is a dialog over it. */
  readonly atHome?: boolean;
}

const TOO_LATE: Card = {
  headline: 'That took longer than Slack lets a dialog wait. Please try again.',
  tone: 'plain',
  blocks: [],
};

/** The card with a line that says why only its sender sees it. */
function notPosted(card: Card, problem: string): Card {
  const said = `Only you see this: ${problem}. Where m0 should post, invite it first: /invite @m0`;
  return { ...card, blocks: [...card.blocks, { type: 'context', spans: [{ type: 'text', text: said }] }] };
}

/** Carries answers of the command handler back to where the command came from. */
export class Answerer {
  readonly #api: SlackApi;
  readonly #people: SlackPeople;
  readonly #poster: Poster;
  readonly #log: Logger;

  constructor(api: SlackApi, people: SlackPeople, poster: Poster, log: Logger) {
    this.#api = api;
    this.#people = people;
    this.#poster = poster;
    this.#log = log;
  }

  async answer(reply: Reply, origin: Origin): Promise<void> {
    switch (reply.type) {
      case 'none':
        return;
      case 'private':
        return this.tell(reply.card, origin);
      case 'public':
        return this.announce(reply.card, origin, reply.updates);
      case 'form':
      case 'pages':
        return this.#openDialog(reply, origin);
      default:
        return assertNever(reply);
    }
  }

  /** The view that shows this reply, or null where it is not one for a modal or does not fit one. */
  viewOf(reply: Reply, memory: ViewMemory): types.ModalView | null {
    const slackId = this.#people.slackId;
    switch (reply.type) {
      case 'none':
      case 'public':
        return null;
      case 'private':
        return resultView(reply.card, memory, slackId);
      case 'form': {
        const own = { ...memory, command: reply.form.command };
        return fitsView(own) ? formView(reply.form, own, slackId) : null;
      }
      case 'pages':
        return fitsView(memory) ? pagesView(reply.pages, 0, memory, slackId) : null;
      default:
        return assertNever(reply);
    }
  }

  /** Shows a card to the sender only. */
  async tell(card: Card, origin: Origin): Promise<void> {
    if (origin.viewId !== null)
      return this.#showOver(resultView(card, origin.memory, this.#people.slackId), origin);
    if (origin.atHome === true && (await this.#showAtHome(card, origin))) return;
    const { text, blocks } = renderCard(card, this.#people.slackId);
    const { respond, memory } = origin;
    const { channel, thread } = memory;
    if (channel !== null && origin.direct) {
      await this.#api.patiently(`answering in ${channel}`, channel, (client) =>
        client.chat.postMessage({ channel, text, blocks, unfurl_links: false, unfurl_media: false }),
      );
      return;
    }
    if (respond !== null) {
      try {
        await respond({ response_type: 'ephemeral', replace_original: false, text, blocks });
        return;
      } catch (error) {
        this.#log.warn({ problem: toChatError('answering', error).message }, 'a response URL did not work');
      }
    }
    if (channel === null) {
      const own = await this.#poster.channelOf({ platform: 'slack', user: origin.userId });
      await this.#api.patiently(`answering ${origin.userId}`, own, (client) =>
        client.chat.postMessage({ channel: own, text, blocks, unfurl_links: false, unfurl_media: false }),
      );
      return;
    }
    await this.#api.patiently(`answering in ${channel}`, channel, (client) =>
      client.chat.postEphemeral({
        channel,
        user: origin.userId,
        text,
        blocks,
        ...(thread === null ? {} : { thread_ts: thread }),
      }),
    );
  }

  /**
   * Posts a card where everybody of the channel sees it; where m0 may not, or the channel is full for long, the sender gets it. What `updates`
   * brings later takes the posted card's place; nobody waits for it.
   */
  async announce(card: Card, origin: Origin, updates?: AsyncIterable<Card>): Promise<void> {
    const { text, blocks } = renderCard(card, this.#people.slackId);
    const { thread } = origin.memory;
    const place: Place =
      origin.memory.channel === null
        ? { platform: 'slack', user: origin.userId }
        : { platform: 'slack', channel: origin.memory.channel };
    try {
      const channel = await this.#poster.channelOf(place);
      const posted = await this.#api.patiently(`answering in ${channel}`, channel, (client) =>
        client.chat.postMessage({
          channel,
          text,
          blocks,
          ...(thread === null ? {} : { thread_ts: thread }),
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      if (updates !== undefined && posted.ts !== undefined) {
        this.#follow(updates, channel, posted.ts).catch((error: unknown) => {
          const { message } = toChatError(`updating an answer in ${channel}`, error);
          this.#log.warn({ problem: message }, 'an answer could not be updated');
        });
      }
    } catch (error) {
      const isFull = error instanceof ChatError && error.retryAfterMs !== null;
      if (!isFull && !(error instanceof ChatError && error.permanent)) throw error;
      await this.tell(notPosted(card, error.message), origin);
    }
  }

  async #follow(updates: AsyncIterable<Card>, channel: string, ts: string): Promise<void> {
    for await (const card of updates) await this.#poster.update(channel, ts, card);
  }

  /** Puts a view in place of the one with this id. */
  async replaceView(viewId: string, view: types.ModalView): Promise<void> {
    await this.#api.patiently('updating a dialog', null, (client) =>
      client.views.update({ view_id: viewId, view }),
    );
  }

  async #openDialog(reply: Extract<Reply, { type: 'form' | 'pages' }>, origin: Origin): Promise<void> {
    const view = this.viewOf(reply, origin.memory);
    if (view === null) {
      const headline = 'That command is too long for a dialog. Please shorten it.';
      return this.tell({ headline, tone: 'plain', blocks: [] }, origin);
    }
    if (origin.viewId !== null) return this.#showOver(view, origin);
    const { triggerId } = origin;
    if (triggerId === null) return this.tell(this.#offer(reply, origin), origin);
    try {
      await this.#api.call('opening a dialog', null, (client) =>
        client.views.open({ trigger_id: triggerId, view }),
      );
    } catch (error) {
      const code = error instanceof ChatError ? slackCode(error.cause) : null;
      if (code !== 'expired_trigger_id' && code !== 'exchanged_trigger_id') throw error;
      await this.tell(TOO_LATE, origin);
    }
  }

  /** False where Slack opens no dialog any more: then the answer goes the way of all others. */
  async #showAtHome(card: Card, { memory, triggerId }: Origin): Promise<boolean> {
    if (triggerId === null || !fitsView(memory)) return false;
    const view = resultView(card, memory, this.#people.slackId);
    try {
      await this.#api.call('opening a dialog', null, (client) =>
        client.views.open({ trigger_id: triggerId, view }),
      );
      return true;
    } catch (error) {
      this.#log.debug({ problem: toChatError('opening', error).message }, 'a dialog could not be opened');
      return false;
    }
  }

  /** A dialog needs a click, so where there was none a message offers one. */
  #offer(reply: Extract<Reply, { type: 'form' | 'pages' }>, origin: Origin): Card {
    const title = reply.type === 'form' ? reply.form.title : reply.pages.title;
    const { command } = origin.memory;
    if (command.length > LIMITS.buttonValue) {
      return { headline: `${title}: please use /m0 for this.`, tone: 'plain', blocks: [] };
    }
    const label = reply.type === 'form' ? `${title}…` : 'Open';
    return { headline: title, tone: 'plain', blocks: [{ type: 'buttons', buttons: [{ label, command }] }] };
  }

  /** Lays a view over the modal it was asked in; three deep is Slack's limit, then it takes its place. */
  async #showOver(view: types.ModalView, origin: Origin): Promise<void> {
    const { viewId, triggerId } = origin;
    if (viewId === null) return;
    if (triggerId !== null) {
      try {
        await this.#api.call('opening a dialog', null, (client) =>
          client.views.push({ trigger_id: triggerId, view }),
        );
        return;
      } catch (error) {
        this.#log.debug({ problem: toChatError('pushing', error).message }, 'a view could not be pushed');
      }
    }
    await this.replaceView(viewId, view);
  }
}
