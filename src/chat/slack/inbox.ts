/** Slack's commands, clicks, dialogs and events as calls of the command handler. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { AckFn, App, BlockAction, RespondFn, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { withLogFields } from '../../base/log-context.ts';
import type { Card } from '../../messages/card.ts';
import { fileNameOf } from '../../messages/file-name.ts';
import type { CommandHandler, Incoming, Reply } from '../../ports/chat.ts';
import type { Answerer, Origin } from './answer.ts';
import type { SlackApi } from './api.ts';
import { COMMAND_ACTION } from './buttons.ts';
import type { Homes } from './homes.ts';
import { LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import type { Poster } from './poster.ts';
import { typedCommand } from './typed.ts';
import {
  FILE_ACTION,
  FORM_VIEW,
  PAGE_ACTION,
  pagesView,
  readAnswers,
  readMemory,
  resultView,
  type ViewMemory,
} from './views.ts';

/** A submitted form shows "One moment" after this long, because Slack allows 3 seconds. */
const SUBMIT_TIMEOUT_MS = 2_000;

const plain = (headline: string): Card => ({ headline, tone: 'plain', blocks: [] });
const NO_ORIGIN = { channel: null, thread: null, card: null };

export interface InboxParts {
  readonly api: SlackApi;
  readonly people: SlackPeople;
  readonly poster: Poster;
  readonly answerer: Answerer;
  readonly homes: Homes | null;
  /** True for the first event with this key: Slack sends one again when its acknowledgement got lost. */
  readonly isNewEvent: (key: string) => Promise<boolean>;
  readonly log: Logger;
}

/**
 * Hands what people type, click and fill in to the command handler, as text. It uses the user that Slack
 * authenticated, the place, and the command's text; nothing else in a payload grants a right.
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #handler: CommandHandler;
  readonly #inFlight = new Set<Promise<void>>();
  #turns: Promise<unknown> = Promise.resolve();

  constructor(parts: InboxParts, handler: CommandHandler) {
    this.#parts = parts;
    this.#handler = handler;
  }

  /** Registers all listeners on the app. */
  listen(app: App): void {
    app.command('/m0', async ({ ack, command, respond }) => {
      await ack();
      await this.#trackInNewTurn(() =>
        this.#run({
          userId: command.user_id,
          memory: { ...NO_ORIGIN, command: command.text.trim(), channel: command.channel_id },
          direct: false,
          triggerId: command.trigger_id,
          respond,
          viewId: null,
        }),
      );
    });
    app.event('app_mention', async ({ event, body }) => {
      if (event.user === undefined || event.bot_id !== undefined || !(await this.#isNew(body.event_id)))
        return;
      await this.#runTyped(event.user, event.channel, event.thread_ts ?? null, event.text, false);
    });
    app.message(async ({ message, body }) => {
      // Only plain messages: edits, deletions, joins and messages of bots have a subtype or a bot_id.
      if (message.subtype !== undefined || message.channel_type !== 'im' || message.bot_id !== undefined)
        return;
      if (!(await this.#isNew(body.event_id))) return;
      await this.#runTyped(message.user, message.channel, null, message.text ?? '', true);
    });
    app.event('app_home_opened', async ({ event, body }) => {
      const { homes } = this.#parts;
      if (homes === null || event.tab !== 'home' || !(await this.#isNew(body.event_id))) return;
      await this.#track(() => homes.open(event.user));
    });
    app.action<BlockAction>(COMMAND_ACTION, async ({ ack, body, action, respond }) => {
      await ack();
      if (action.type !== 'button' || action.value === undefined) return;
      const origin = this.#originOfClick(body, respond, action.value);
      await this.#trackInNewTurn(() => this.#run(origin));
    });
    app.action<BlockAction>(PAGE_ACTION, async ({ ack, body, action }) => {
      await ack();
      const index = Number(PAGE_ACTION.exec(action.action_id)?.[1] ?? 0);
      await this.#trackInNewTurn(() => this.#turnPage(body, index));
    });
    app.action<BlockAction>(FILE_ACTION, async ({ ack, body }) => {
      await ack();
      await this.#trackInNewTurn(() => this.#sendFile(body));
    });
    app.view<ViewSubmitAction>(FORM_VIEW, async ({ ack, body }) => {
      await this.#track(() => this.#submitForm(body, ack));
    });
  }

  /** Resolves when all requests that were taken in are answered. */
  async drained(): Promise<void> {
    await Promise.allSettled([...this.#inFlight]);
  }

  /** Keeps track of a task. Its request is acknowledged already, so an error can only be logged. */
  async #track(task: () => Promise<void>): Promise<void> {
    const work = task().catch((error: unknown) => {
      this.#parts.log.error({ problem: errorText(error) }, 'an answer did not reach Slack');
    });
    this.#inFlight.add(work);
    await work;
    this.#inFlight.delete(work);
  }

  /**
   * Like `#track`, but the task begins in a new turn of the event loop. So of many simultaneous requests, all
   * are acknowledged before the first is answered.
   */
  async #trackInNewTurn(task: () => Promise<void>): Promise<void> {
    await this.#track(async () => {
      this.#turns = this.#turns.then(() => nextTurn());
      await this.#turns;
      await task();
    });
  }

  #isNew(eventId: string): Promise<boolean> {
    return this.#parts.isNewEvent(`event:${eventId}`);
  }

  async #runTyped(
    userId: string,
    channel: string,
    thread: string | null,
    text: string,
    direct: boolean,
  ): Promise<void> {
    await this.#trackInNewTurn(async () => {
      const { botUserId } = await this.#parts.api.identity();
      const command = typedCommand(text, botUserId);
      const memory: ViewMemory = { command, channel, thread, card: null };
      await this.#run({ userId, memory, direct, triggerId: null, respond: null, viewId: null });
    });
  }

  #originOfClick(body: BlockAction, respond: RespondFn, command: string): Origin {
    const userId = body.user.id;
    const triggerId = body.trigger_id;
    if (body.view?.type === 'home') {
      const memory = { ...NO_ORIGIN, command };
      return { userId, memory, direct: false, triggerId, respond: null, viewId: null, fromHomeTab: true };
    }
    if (body.view) {
      const memory = readMemory(body.view.private_metadata) ?? { ...NO_ORIGIN, command };
      const own = { ...memory, command };
      return { userId, memory: own, direct: false, triggerId, respond: null, viewId: body.view.id };
    }
    const channel = body.channel?.id ?? null;
    // An ephemeral message cannot be updated, so it does not count as the card of a command.
    const ephemeral = body.container.is_ephemeral === true;
    const card = ephemeral ? null : (body.message?.ts ?? null);
    const direct = !ephemeral && channel?.startsWith('D') === true;
    const memory = { command, channel, thread: null, card };
    return { userId, memory, direct, triggerId, respond, viewId: null };
  }

  async #callHandler(
    userId: string,
    memory: ViewMemory,
    answers: Readonly<Record<string, string>> | null,
  ): Promise<Reply> {
    const { channel, card } = memory;
    const incoming: Incoming = {
      text: memory.command,
      actor: await this.#parts.people.actor(userId),
      place: channel === null ? { platform: 'slack', user: userId } : { platform: 'slack', channel },
      answers,
      from: channel !== null && card !== null ? { channel, messageId: card } : null,
    };
    return this.#handler(incoming);
  }

  async #run(origin: Origin): Promise<void> {
    await withLogFields({ user: origin.userId }, async () => {
      const reply = await this.#callHandler(origin.userId, origin.memory, null);
      await this.#parts.answerer.answer(reply, origin);
      if (origin.fromHomeTab === true) await this.#parts.homes?.open(origin.userId);
    });
  }

  async #turnPage(body: BlockAction, index: number): Promise<void> {
    const { answerer, people } = this.#parts;
    const memory = body.view ? readMemory(body.view.private_metadata) : null;
    if (!body.view || memory === null) return;
    // Asked again for each page, so that an old dialog never shows old content.
    const reply = await this.#callHandler(body.user.id, memory, null);
    const view =
      reply.type === 'pages'
        ? pagesView(reply.pages, index, memory, people.slackId)
        : answerer.viewOf(reply, memory);
    if (view !== null) await answerer.replaceView(body.view.id, view);
  }

  async #sendFile(body: BlockAction): Promise<void> {
    const { answerer, api, people, poster } = this.#parts;
    const memory = body.view ? readMemory(body.view.private_metadata) : null;
    if (!body.view || memory === null) return;
    const reply = await this.#callHandler(body.user.id, memory, null);
    if (reply.type !== 'pages') {
      const view = answerer.viewOf(reply, memory);
      if (view !== null) await answerer.replaceView(body.view.id, view);
      return;
    }
    const channel = await poster.channelOf({ platform: 'slack', user: body.user.id });
    let note = 'sent to you as a file';
    try {
      await api.callWithWait('sending a file', null, (client) =>
        client.filesUploadV2({
          channel_id: channel,
          content: reply.pages.text,
          filename: fileNameOf(reply.pages.title, LIMITS.fileName),
          title: reply.pages.title.slice(0, LIMITS.fileName),
        }),
      );
    } catch (error) {
      note = 'the file could not be sent, please try again';
      this.#parts.log.warn({ problem: errorText(error) }, 'file not sent');
    }
    await answerer.replaceView(body.view.id, pagesView(reply.pages, 0, memory, people.slackId, note));
  }

  async #submitForm(body: ViewSubmitAction, ack: AckFn<ViewResponseAction>): Promise<void> {
    const { answerer, people } = this.#parts;
    const memory = readMemory(body.view.private_metadata);
    if (memory === null) return ack();
    const { answers, problems } = readAnswers(body.view);
    if (Object.keys(problems).length > 0) return ack({ response_action: 'errors', errors: problems });

    const pending = this.#callHandler(body.user.id, memory, answers);
    const inTime = await Promise.race([pending, sleep(SUBMIT_TIMEOUT_MS, null, { ref: false })]);
    const origin: Origin = {
      userId: body.user.id,
      memory,
      direct: false,
      triggerId: null,
      respond: null,
      viewId: null,
    };
    if (inTime !== null) {
      const view = answerer.viewOf(inTime, memory);
      // Without a view the form closes; the answer is in the channel.
      await (view === null ? ack() : ack({ response_action: 'update', view }));
      if (inTime.type === 'public') await answerer.postPublicly(inTime.card, origin);
      return;
    }
    const wait = resultView(plain('One moment …'), memory, people.slackId);
    await ack({ response_action: 'update', view: wait });
    const reply = await pending;
    if (reply.type === 'public') await answerer.postPublicly(reply.card, origin);
    const view = answerer.viewOf(reply, memory) ?? resultView(plain('Done.'), memory, people.slackId);
    await answerer.replaceView(body.view.id, view);
  }
}
