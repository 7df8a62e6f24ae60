import type { RespondFn, types } from '@slack/bolt';
import { assertNever } from '../../base/assert-never.ts';
import type { Logger } from '../../base/log.ts';
import type { Block, Card } from '../../messages/card.ts';
import type { Place } from '../../model/directory.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import type { SlackApi } from './api.ts';
import { isSolvedByInviting, slackCode, toChatError } from './errors.ts';
import { CARD_DETAIL, LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import { hasPictures, type Pictures } from './pictures.ts';
import type { Poster } from './poster.ts';
import { type Rendered, renderCard } from './render.ts';
import { fitsView, formView, pagesView, resultView, type ViewMemory } from './views.ts';

/** Where a command came from, and the ways Slack gave to answer it. */
export interface Origin {
  readonly userId: string;
  readonly memory: ViewMemory;
  /** True in the direct messages between the person and m0: a private answer is a plain message there. */
  readonly direct: boolean;
  /** Valid once, for 3 seconds. Null where the command came from neither a click nor a slash command. */
  readonly triggerId: string | null;
  readonly respond: RespondFn | null;
  /** The modal in which a button was clicked; null otherwise. */
  readonly viewId: string | null;
  /** True where a button on the person's Home tab was clicked: a private answer opens as a dialog there. */
  readonly fromHomeTab?: boolean;
}

const TOO_LATE: Card = {
  headline: 'That took longer than Slack lets a dialog wait. Please try again.',
  tone: 'plain',
  blocks: [],
};

/** The card, with a line that says why only its sender sees it. */
function notPosted(card: Card, error: ChatError): Card {
  const again = error.retryAfterMs === null ? '' : '. Please ask again later';
  const invite = isSolvedByInviting(error) ? '. Invite it and ask again' : '';
  const note = `Only you see this: ${error.message}${again}${invite}`;
  return { ...card, blocks: [...card.blocks, { type: 'context', spans: [{ type: 'text', text: note }] }] };
}

/** Sends the command handler's answers back to where the command came from. */
export class Answerer {
  readonly #api: SlackApi;
  readonly #people: SlackPeople;
  readonly #poster: Poster;
  readonly #pictures: Pictures;
  readonly #log: Logger;

  constructor(api: SlackApi, people: SlackPeople, poster: Poster, pictures: Pictures, log: Logger) {
    this.#api = api;
    this.#people = people;
    this.#poster = poster;
    this.#pictures = pictures;
    this.#log = log;
  }

  async answer(reply: Reply, origin: Origin): Promise<void> {
    switch (reply.type) {
      case 'none':
        return;
      case 'private':
        return this.sendPrivately(reply.card, origin);
      case 'public':
        return this.postPublicly(reply.card, origin, reply.posted);
      case 'form':
      case 'pages':
        return this.#openDialog(reply, origin);
      case 'files':
        return this.#sendFiles(reply, origin);
      default:
        return assertNever(reply);
    }
  }

  /** The modal view of this reply. Null where the reply is not for a modal, or does not fit one. */
  viewOf(reply: Reply, memory: ViewMemory): types.ModalView | null {
    const slackId = this.#people.slackId;
    switch (reply.type) {
      case 'none':
      case 'public':
        return null;
      case 'private':
      case 'files':
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

  /** Shows a card to the sender only. Rejects with a ChatError. */
  async sendPrivately(card: Card, origin: Origin): Promise<void> {
    if (origin.viewId !== null)
      return this.#stackView(resultView(card, origin.memory, this.#people.slackId), origin);
    if (origin.fromHomeTab === true && (await this.#openInDialog(card, origin))) return;
    if (hasPictures(card) && (await this.#sendWithPictures(card, origin))) return;
    const rendered = renderCard(card, this.#people.slackId);
    const { text, blocks } = rendered;
    const { respond, memory } = origin;
    const { channel } = memory;
    if (channel !== null && origin.direct) return this.#postTo(channel, rendered);
    if (respond !== null) {
      try {
        await respond({ response_type: 'ephemeral', replace_original: false, text, blocks });
        return;
      } catch (error) {
        this.#log.warn({ problem: toChatError('answering', error).message }, 'a response URL did not work');
      }
    }
    if (channel === null) return this.#postTo(await this.#ownChannel(origin), rendered);
    await this.#postEphemeral(channel, origin, rendered);
  }

  /** The person's direct messages with m0. */
  #ownChannel({ userId }: Origin): Promise<string> {
    return this.#poster.channelOf({ platform: 'slack', user: userId });
  }

  async #postTo(channel: string, { text, blocks }: Rendered): Promise<void> {
    await this.#api.callWithWait(`answering in ${channel}`, channel, (client) =>
      client.chat.postMessage({ channel, text, blocks, unfurl_links: false, unfurl_media: false }),
    );
  }

  async #postEphemeral(channel: string, origin: Origin, { text, blocks }: Rendered): Promise<void> {
    const { thread } = origin.memory;
    await this.#api.callWithWait(`answering in ${channel}`, channel, (client) =>
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
   * Answers with a message of m0's own, because a response URL does not tell whether Slack shows a picture yet. False
   * where m0 may not write there: the answer then takes the usual way, without its pictures.
   */
  async #sendWithPictures(card: Card, origin: Origin): Promise<boolean> {
    const { channel } = origin.memory;
    const own = channel === null ? await this.#ownChannel(origin) : origin.direct ? channel : null;
    try {
      await this.#pictures.send(
        card,
        (images) => renderCard(card, this.#people.slackId, CARD_DETAIL, images),
        (rendered) =>
          own === null && channel !== null
            ? this.#postEphemeral(channel, origin, rendered)
            : this.#postTo(own ?? '', rendered),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ChatError && error.permanent)) throw error;
      this.#log.debug({ problem: error.message }, 'an answer goes out without its pictures');
      return false;
    }
  }

  /**
   * Posts a card that the whole channel sees. Where m0 may not post there, or Slack's rate limit there lasts
   * too long, the sender alone gets it. `onPosted` is told where the card is.
   */
  async postPublicly(
    card: Card,
    origin: Origin,
    onPosted?: Extract<Reply, { type: 'public' }>['posted'],
  ): Promise<void> {
    const { text, blocks } = renderCard(card, this.#people.slackId);
    const { thread } = origin.memory;
    const place: Place =
      origin.memory.channel === null
        ? { platform: 'slack', user: origin.userId }
        : { platform: 'slack', channel: origin.memory.channel };
    try {
      const channel = await this.#poster.channelOf(place);
      const posted = await this.#api.callWithWait(`answering in ${channel}`, channel, (client) =>
        client.chat.postMessage({
          channel,
          text,
          blocks,
          ...(thread === null ? {} : { thread_ts: thread }),
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      if (posted.ts !== undefined) await onPosted?.({ channel, messageId: posted.ts });
    } catch (error) {
      const isFull = error instanceof ChatError && error.retryAfterMs !== null;
      if (!isFull && !(error instanceof ChatError && error.permanent)) throw error;
      await this.sendPrivately(notPosted(card, error), origin);
    }
  }

  /** Uploads the files to the person's direct messages: a message that only one person sees can hold none. */
  async #sendFiles(reply: Extract<Reply, { type: 'files' }>, origin: Origin): Promise<void> {
    let note = origin.direct
      ? 'The files come as a message of their own.'
      : 'The files are in your direct messages with m0.';
    try {
      const channel = await this.#ownChannel(origin);
      await this.#api.callApart('sending files', (client) =>
        client.filesUploadV2({
          channel_id: channel,
          file_uploads: reply.files.map(({ name, text }) => ({
            content: text,
            filename: name,
            title: name,
          })),
        }),
      );
    } catch (error) {
      const problem = toChatError('sending files', error).message;
      this.#log.warn({ problem }, 'files not sent');
      note = `The files could not be sent: ${problem}.`;
    }
    const told: Block = { type: 'context', spans: [{ type: 'text', text: note }] };
    await this.sendPrivately({ ...reply.card, blocks: [...reply.card.blocks, told] }, origin);
  }

  /** Replaces the view that has this id. */
  async replaceView(viewId: string, view: types.ModalView): Promise<void> {
    await this.#api.callWithWait('updating a dialog', null, (client) =>
      client.views.update({ view_id: viewId, view }),
    );
  }

  async #openDialog(reply: Extract<Reply, { type: 'form' | 'pages' }>, origin: Origin): Promise<void> {
    const view = this.viewOf(reply, origin.memory);
    if (view === null) {
      const headline = 'That command is too long for a dialog. Please shorten it.';
      return this.sendPrivately({ headline, tone: 'plain', blocks: [] }, origin);
    }
    if (origin.viewId !== null) return this.#stackView(view, origin);
    const { triggerId } = origin;
    if (triggerId === null) return this.sendPrivately(this.#openButtonCard(reply, origin), origin);
    try {
      await this.#api.call('opening a dialog', null, (client) =>
        client.views.open({ trigger_id: triggerId, view }),
      );
    } catch (error) {
      const code = error instanceof ChatError ? slackCode(error.cause) : null;
      if (code !== 'expired_trigger_id' && code !== 'exchanged_trigger_id') throw error;
      await this.sendPrivately(TOO_LATE, origin);
    }
  }

  /**
   * Opens the card in a dialog. False where Slack opens none any more: the answer then takes the usual way.
   */
  async #openInDialog(card: Card, { memory, triggerId }: Origin): Promise<boolean> {
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

  /** A dialog needs a click. Where there was none, this message offers a button that opens it. */
  #openButtonCard(reply: Extract<Reply, { type: 'form' | 'pages' }>, origin: Origin): Card {
    const title = reply.type === 'form' ? reply.form.title : reply.pages.title;
    const { command } = origin.memory;
    if (command.length > LIMITS.buttonValue) {
      return { headline: `${title}: please use /m0 for this.`, tone: 'plain', blocks: [] };
    }
    const label = reply.type === 'form' ? `${title}…` : 'Open';
    return { headline: title, tone: 'plain', blocks: [{ type: 'buttons', buttons: [{ label, command }] }] };
  }

  /**
   * Puts a view on top of the modal that asked for it. Slack allows three; after that the view replaces the
   * modal.
   */
  async #stackView(view: types.ModalView, origin: Origin): Promise<void> {
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
