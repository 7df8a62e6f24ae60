/** Slack's commands, clicks, dialogs and events as calls of the command handler. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { AckFn, App, BlockAction, ViewResponseAction, ViewSubmitAction } from '@slack/bolt';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { withLogFields } from '../../base/log-context.ts';
import type { Card } from '../../messages/card.ts';
import { fileNameOf } from '../../messages/file-name.ts';
import type { CommandHandler, Incoming, Reply } from '../../ports/chat.ts';
import { GIVEN_UP } from '../left-commands.ts';
import type { Answerer, Origin } from './answer.ts';
import type { SlackApi } from './api.ts';
import { COMMAND_ACTION } from './buttons.ts';
import type { Homes } from './homes.ts';
import { LIMITS } from './limits.ts';
import type { SlackPeople } from './people.ts';
import type { Poster } from './poster.ts';
import { originOfClick, readTaken, type Taken, takenFrom } from './taken.ts';
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
  /** Keeps a command that was carried out to no end within Slack's time. */
  readonly keepIn: (key: string, taken: Taken) => Promise<void>;
  /** The command with this key was carried out and answered. */
  readonly carriedOut: (key: string) => Promise<void>;
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
      await this.#trackInNewTurn(
        () =>
          this.#run({
            userId: command.user_id,
            memory: { ...NO_ORIGIN, command: command.text.trim(), channel: command.channel_id },
            direct: false,
            triggerId: command.trigger_id,
            respond,
            viewId: null,
          }),
        takenFrom(command)?.key,
      );
    });
    app.event('app_mention', async ({ event, body }) => {
      // Whether it is new was asked before it was acknowledged, see taken.ts.
      const command = takenFrom(body);
      if (event.user !== undefined && command !== null) await this.#runTyped(command.taken, command.key);
    });
    app.message(async ({ message, body }) => {
      // Only plain messages: edits, deletions, joins and messages of bots have a subtype or a bot_id.
      if (message.subtype !== undefined || message.channel_type !== 'im' || message.bot_id !== undefined)
        return;
      const command = takenFrom(body);
      if (command !== null) await this.#runTyped(command.taken, command.key);
    });
    app.event('app_home_opened', async ({ event, body }) => {
      const { homes } = this.#parts;
      if (homes === null || event.tab !== 'home' || !(await this.#isNew(body.event_id))) return;
      await this.#track(() => homes.open(event.user));
    });
    app.action<BlockAction>(COMMAND_ACTION, async ({ ack, body, action, respond }) => {
      await ack();
      if (action.type !== 'button' || action.value === undefined) return;
      const origin = { ...originOfClick(body, action.value), triggerId: body.trigger_id, respond };
      await this.#trackInNewTurn(() => this.#run(origin), takenFrom(body)?.key);
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
   * are acknowledged before the first is answered. `key`: under which the command is kept until then.
   */
  async #trackInNewTurn(task: () => Promise<void>, key?: string): Promise<void> {
    await this.#track(async () => {
      this.#turns = this.#turns.then(() => nextTurn());
      await this.#turns;
      try {
        await task();
      } finally {
        if (key !== undefined) await this.#parts.carriedOut(key);
      }
    });
  }

  #isNew(eventId: string): Promise<boolean> {
    return this.#parts.isNewEvent(`event:${eventId}`);
  }

  async #runTyped(taken: Taken, key: string): Promise<void> {
    await this.#trackInNewTurn(async () => this.#run(await this.#originOf(taken)), key);
  }

  /** The origin of a kept command, without what Slack gave to answer at once. */
  async #originOf({ userId, memory, direct, typed, fromHomeTab }: Taken): Promise<Origin> {
    const base = { userId, direct, triggerId: null, respond: null, viewId: null };
    // The tab may not be open any more: what it showed goes to the person's messages.
    if (!typed) return { ...base, memory, ...(fromHomeTab ? { fromHomeTab } : {}) };
    const { botUserId } = await this.#parts.api.identity();
    return { ...base, memory: { ...memory, command: typedCommand(memory.command, botUserId) } };
  }

  /**
   * Carries out a command that an earlier process had acknowledged. Resolves once it is carried out; its answer, which
   * no dialog can show any more, goes on. False where nothing can be read in `payload`.
   */
  async carryOutLeft(key: string, payload: string, isGivenUp: boolean): Promise<boolean> {
    const taken = readTaken(payload);
    if (taken === null) return false;
    const carried = Promise.withResolvers<void>();
    void this.#trackInNewTurn(async () => {
      try {
        const origin = await this.#originOf(taken);
        const reply: Reply = isGivenUp
          ? { type: 'private', card: plain(GIVEN_UP) }
          : await this.#callHandler(origin.userId, origin.memory, taken.answers);
        carried.resolve();
        await this.#parts.answerer.answer(reply, origin);
      } finally {
        carried.resolve();
      }
    }, key);
    await carried.promise;
    return true;
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
    // Before this m0 has promised nothing: Slack tells the person that the form was not sent.
    const key = `form:${body.view.id}:${body.view.hash}`;
    const { userId } = origin;
    await this.#parts.keepIn(key, {
      userId,
      memory,
      direct: false,
      typed: false,
      fromHomeTab: false,
      answers,
    });
    try {
      await ack({ response_action: 'update', view: wait });
      await this.#finishForm(body.view.id, pending, origin);
    } finally {
      await this.#parts.carriedOut(key);
    }
  }

  /** Answers a form that shows "One moment". */
  async #finishForm(viewId: string, pending: Promise<Reply>, origin: Origin): Promise<void> {
    const { answerer, people } = this.#parts;
    const { memory } = origin;
    const reply = await pending;
    if (reply.type === 'public') await answerer.postPublicly(reply.card, origin);
    const view = answerer.viewOf(reply, memory) ?? resultView(plain('Done.'), memory, people.slackId);
    await answerer.replaceView(viewId, view);
  }
}
