/** Teams' messages, clicks and installations as calls of the command handler. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { HOME_TEXT } from '../../commands/text.ts';
import type { CommandHandler, Incoming, Reply } from '../../ports/chat.ts';
import { storeUnavailable } from '../../ports/store-error.ts';
import { GIVEN_UP } from '../left-commands.ts';
import {
  type Activity,
  type Click,
  conversationOf,
  membershipChange,
  readActivity,
  readClick,
} from './activity.ts';
import type { Answerer, ClickAnswer, Origin } from './answer.ts';
import { VERB } from './buttons.ts';
import type { Conversations } from './conversations.ts';
import { userOf } from './conversations.ts';
import { CONSENT, readConsent } from './file-cards.ts';
import type { Files } from './files.ts';
import type { GreetingOf, Greetings } from './greetings.ts';
import type { TeamsPeople } from './people.ts';
import { renderCard } from './render.ts';
import { inert } from './spans.ts';
import { isForM0, typedCommand } from './typed.ts';

/** A click is answered with "one moment" after this long; Teams gives up after about 15 s. */
const CLICK_TIMEOUT_MS = 8_000;

export interface InboxParts {
  readonly people: TeamsPeople;
  readonly conversations: Conversations;
  readonly answerer: Answerer;
  readonly files: Files;
  /** True for the first activity with this key. Teams sends one again when m0's answer was lost. */
  readonly isNewEvent: (key: string) => Promise<boolean>;
  /** As `isNewEvent`; a new command is kept until it is carried out. */
  readonly takeIn: (key: string, activity: Activity) => Promise<boolean>;
  /** Keeps a click that takes longer than Teams waits. */
  readonly keepIn: (key: string, activity: Activity) => Promise<void>;
  /** The command with this key was carried out and answered. */
  readonly carriedOut: (key: string) => Promise<void>;
  /** Reads the channels of a team that m0 was added to. */
  readonly onAdded: (activity: Activity) => Promise<void>;
  /** Called when m0 was added for a person of m0.yaml. */
  readonly onAddedForPerson: (person: string) => Promise<void>;
  readonly greetings: Greetings;
  /** Builds the first message to a person who added m0; without it there is none. */
  readonly greetingOf?: GreetingOf | undefined;
  /** How long a click may take, in ms, if not the default. */
  readonly clickPatienceMs?: number | undefined;
  readonly log: Logger;
}

/**
 * The answer to an activity: the body for an invoke, null for an empty answer, 'unknown' for what m0 does not
 * support.
 */
export type ActivityAnswer = object | null | 'unknown';

const answerOf = (answer: ClickAnswer): object =>
  'card' in answer
    ? { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: answer.card }
    : {
        statusCode: 200,
        type: 'application/vnd.microsoft.activity.message',
        value: inert(answer.bar, 2_000),
      };

const ALREADY_HANDLED: ClickAnswer = { bar: 'm0 got this already.' };
const INTERNAL_ERROR = 'That broke in m0: its log tells why. Please try again.';

/**
 * Hands what people type, click and fill in to the command handler, as text. It uses the user that Teams
 * authenticated, the place, and the command's text; nothing else in an activity grants a right.
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #handler: CommandHandler;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(parts: InboxParts, handler: CommandHandler) {
    this.#parts = parts;
    this.#handler = handler;
  }

  /** Resolves when all activities that were taken in are answered. */
  async drained(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.allSettled([...this.#inFlight]);
  }

  /** Handles an activity, which must be authenticated as coming from Teams. */
  async handle(activity: Activity): Promise<ActivityAnswer> {
    const { isNewEvent, takeIn } = this.#parts;
    if (activity.id === undefined) return null;
    const key = keyOf(activity);
    // A typed command is answered with nothing at once: from then on Teams does not send it again.
    const isCommand = activity.type === 'message' && isForM0(activity);
    const isNew = isCommand ? await takeIn(key, activity) : await isNewEvent(key);
    const change = membershipChange(activity);
    if (change === 'removed') {
      if (isNew) await this.#handleRemoval(activity);
      return null;
    }
    await this.#meet(activity);
    if (isNew && (change === 'added' || (await this.#isUnlisted(activity)))) {
      void this.#track(() => this.#parts.onAdded(activity));
    }
    switch (activity.type) {
      case 'message':
        if (isNew && isCommand) void this.#track(() => this.#runTyped(activity));
        return null;
      case 'invoke': {
        if (activity.name === CONSENT) return this.#handleConsent(activity, isNew);
        if (activity.name !== 'adaptiveCard/action') return 'unknown';
        const click = readClick(activity.value);
        if (click === null || click.verb !== VERB) return answerOf({ bar: 'm0 knows no such button.' });
        return answerOf(isNew ? await this.#answerClick(activity, click) : ALREADY_HANDLED);
      }
      case 'installationUpdate':
        if (activity.conversation.conversationType === 'personal') {
          const { person } = this.#parts.people.actor(activity);
          if (person !== null) await this.#parts.onAddedForPerson(person);
          if (isNew) void this.#track(() => this.#greet(activity));
        }
        return null;
      default:
        return null;
    }
  }

  /** Carries out a typed command, and answers it. `onCarriedOut` is called in between. */
  async #runTyped(activity: Activity, onCarriedOut: () => void = () => {}): Promise<void> {
    const origin = { ...originOf(activity, typedCommand(activity), null), timedOut: () => false };
    try {
      const reply = await this.#callHandler(activity, origin.command, null, null);
      onCarriedOut();
      await this.#parts.answerer.answer(reply, origin);
    } finally {
      await this.#parts.carriedOut(keyOf(activity));
    }
  }

  /**
   * Carries out a command that an earlier process had acknowledged. Resolves once it is carried out; its answer goes on.
   * False where nothing can be read in `payload`.
   */
  async carryOutLeft(_key: string, payload: string, isGivenUp: boolean): Promise<boolean> {
    const activity = readActivity(parsedJson(payload));
    if (activity === null) return false;
    const carried = Promise.withResolvers<void>();
    void this.#track(async () => {
      if (isGivenUp) await this.#giveUp(activity);
      else if (activity.type === 'message') await this.#runTyped(activity, () => carried.resolve());
      else await this.#runLeftClick(activity);
    }).finally(() => carried.resolve());
    await carried.promise;
    return true;
  }

  async #giveUp(activity: Activity): Promise<void> {
    const card = { headline: GIVEN_UP, tone: 'bad', blocks: [] } as const;
    const origin = { ...originOf(activity, '', null), timedOut: () => true };
    try {
      await this.#parts.answerer.answer({ type: 'private', card }, origin);
    } finally {
      await this.#parts.carriedOut(keyOf(activity));
    }
  }

  /** A click that was answered with "one moment": its answer takes the way of a typed command. */
  async #runLeftClick(activity: Activity): Promise<void> {
    const click = readClick(activity.value);
    try {
      if (click === null) return;
      const origin = originOf(activity, click.command, activity.replyToId ?? null);
      await this.#runClick(activity, click, { ...origin, timedOut: () => true });
    } finally {
      await this.#parts.carriedOut(keyOf(activity));
    }
  }

  /** Remembers where m0 was met. The next activity does it where nothing can be stored now. */
  async #meet(activity: Activity): Promise<void> {
    try {
      await this.#parts.conversations.meet(activity);
    } catch (error) {
      if (storeUnavailable(error) === null) throw error;
      this.#parts.log.warn({ problem: errorText(error) }, 'a Teams conversation could not be stored');
    }
  }

  async #handleRemoval(activity: Activity): Promise<void> {
    const { conversations } = this.#parts;
    if (activity.conversation.conversationType === 'personal') {
      await conversations.forgetPersonal(userOf(activity));
      await this.#parts.greetings.removed(activity);
    } else {
      await conversations.leave(activity);
    }
  }

  async #greet(activity: Activity): Promise<void> {
    const { greetings, greetingOf, answerer, people } = this.#parts;
    if (greetingOf === undefined || !(await greetings.isDue(activity))) return;
    const card = await greetingOf(people.actor(activity));
    const origin = { ...originOf(activity, '', null), timedOut: () => false };
    await answerer.answer({ type: 'private', card }, origin);
  }

  /** True where the team's channels could not be read when m0 was added. */
  async #isUnlisted({ channelData }: Activity): Promise<boolean> {
    const team = channelData?.team?.id;
    return team !== undefined && (await this.#parts.conversations.isUnlisted(team));
  }

  /** Keeps track of a task whose request is answered already, so an error can only be logged. */
  #track(task: () => Promise<void>): Promise<void> {
    const work = task()
      .catch((error: unknown) => {
        const problem = errorText(error);
        this.#parts.log.error({ problem }, 'a Teams activity was not answered');
      })
      .finally(() => this.#inFlight.delete(work));
    this.#inFlight.add(work);
    return work;
  }

  async #answerClick(activity: Activity, click: Click): Promise<ClickAnswer> {
    const { answerer, clickPatienceMs = CLICK_TIMEOUT_MS } = this.#parts;
    const base = originOf(activity, click.command, activity.replyToId ?? null);
    // The activity itself does not say whether others see the clicked card.
    const onlySenderSees = base.clicked !== null && (await answerer.isTargeted(base.channel, base.clicked));
    let answer: ClickAnswer = { bar: INTERNAL_ERROR };
    let isTimedOut = false;
    // After "one moment", the answer takes the same way as for a typed command.
    const origin = { ...base, targeted: base.targeted || onlySenderSees, timedOut: () => isTimedOut };
    const work = this.#track(async () => {
      try {
        answer = await this.#runClick(activity, click, origin);
      } catch (error) {
        const card = { headline: INTERNAL_ERROR, tone: 'bad', blocks: [] } as const;
        if (isTimedOut)
          void this.#track(async () => void (await answerer.answer({ type: 'private', card }, origin)));
        throw error;
      }
    });
    const inTime = await Promise.race([work.then(() => true), sleep(clickPatienceMs, false, { ref: false })]);
    if (inTime) return answer;
    isTimedOut = true;
    // Before this m0 has promised nothing: Teams tells the person that the click failed.
    await this.#parts.keepIn(keyOf(activity), activity);
    void this.#track(() => work.then(() => this.#parts.carriedOut(keyOf(activity))));
    return { bar: 'One moment: the answer comes here.' };
  }

  async #runClick(activity: Activity, click: Click, origin: Origin): Promise<ClickAnswer> {
    const { answerer } = this.#parts;
    const { channel, clicked } = origin;
    const form = clicked === null ? undefined : await answerer.formAt(channel, clicked);
    const card = form === undefined && clicked !== null ? { channel, messageId: clicked } : (form ?? null);
    const reply = await this.#callHandler(activity, click.command, click.answers, card);
    if (click.page !== null && reply.type === 'pages' && !origin.timedOut()) {
      return { card: answerer.page(reply.pages, click.page, click.command) };
    }
    if (click.file && reply.type === 'pages') {
      const text = await this.#parts.files.offer(reply.pages, click.command, origin.userId);
      const card = { headline: text, tone: 'plain', blocks: [] } as const;
      return origin.timedOut() ? answerer.answer({ type: 'private', card }, origin) : { bar: text };
    }
    // A home card is refreshed in place, like a page, unless others see it.
    const onlySenderSees = origin.direct || origin.targeted;
    if (click.command === HOME_TEXT && reply.type === 'private' && onlySenderSees && !origin.timedOut()) {
      return { card: renderCard(reply.card, this.#parts.people.teamsId) };
    }
    if (form !== undefined && click.answers !== null) return answerer.answerForm(reply, origin);
    return answerer.answer(reply, origin, click.page ?? 0);
  }

  /** Answered at once. The result is posted in the chat, because Teams does not wait for it. */
  #handleConsent(activity: Activity, isNew: boolean): ActivityAnswer {
    const consent = readConsent(activity.value);
    if (consent === null || activity.conversation.conversationType !== 'personal') return 'unknown';
    if (!isNew) return null;
    const { files, answerer } = this.#parts;
    const where = { chat: conversationOf(activity), messageId: activity.replyToId ?? null };
    void this.#track(async () => {
      const reply = await files.handleConsent(consent, where, (command) =>
        this.#callHandler(activity, command, null, null),
      );
      const origin = { ...originOf(activity, '', null), timedOut: () => false };
      if (reply !== null) await answerer.answer(reply, origin);
    });
    return null;
  }

  #callHandler(
    activity: Activity,
    text: string,
    answers: Readonly<Record<string, string>> | null,
    from: Incoming['from'],
  ): Promise<Reply> {
    const direct = activity.conversation.conversationType === 'personal';
    return this.#handler({
      text,
      actor: this.#parts.people.actor(activity),
      place: direct
        ? { platform: 'teams', user: userOf(activity) }
        : { platform: 'teams', channel: conversationOf(activity) },
      answers,
      from,
    });
  }
}

/** The key under which an activity is remembered. */
function keyOf({ conversation, type, id }: Activity): string {
  return JSON.stringify([conversation.id, type, id]);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function originOf(activity: Activity, command: string, clicked: string | null): Omit<Origin, 'timedOut'> {
  return {
    userId: userOf(activity),
    teamsId: activity.from.id,
    targeted: activity.recipient.isTargeted === true,
    channel: conversationOf(activity),
    thread: activity.conversation.id,
    direct: activity.conversation.conversationType === 'personal',
    command,
    clicked,
  };
}
