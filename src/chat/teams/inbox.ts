import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import { HOME_TEXT } from '../../commands/text.ts';
import type { CommandHandler, Incoming, Reply } from '../../ports/chat.ts';
import { type Activity, type Click, conversationOf, moveIn, readClick } from './activity.ts';
import type { Answerer, ClickAnswer, Origin } from './answer.ts';
import { VERB } from './buttons.ts';
import type { Conversations } from './conversations.ts';
import { userOf } from './conversations.ts';
import { CONSENT, readConsent } from './file-cards.ts';
import type { Files } from './files.ts';
import type { GreetingOf, Greetings } from './greetings.ts';
import type { TeamsPeople } from './people.ts';
import type { Recent } from './recent.ts';
import { renderCard } from './render.ts';
import { inert } from './spans.ts';
import { isForM0, typedCommand } from './typed.ts';

/** After this long a click is answered with "one moment": Teams gives up on it after some 15 s. */
const CLICK_PATIENCE_MS = 8_000;

export interface InboxParts {
  readonly people: TeamsPeople;
  readonly conversations: Conversations;
  readonly answerer: Answerer;
  readonly files: Files;
  /** Activities that were heard: Teams sends one again when its answer got lost. */
  readonly heard: Recent;
  /** Learns the channels of a team that m0 was added to. */
  readonly joined: (activity: Activity) => Promise<void>;
  /** m0 was added for a person of m0.yaml. */
  readonly added: (person: string) => Promise<void>;
  readonly greetings: Greetings;
  /** What m0 says to whom it was added for; without it, nothing. */
  readonly greetingOf?: GreetingOf | undefined;
  /** How long a click may take, if not as long as Teams waits. */
  readonly clickPatienceMs?: number | undefined;
  readonly log: Logger;
}

/** What an activity is answered with: the body of an invoke's answer, null for none, or that m0 knows no such thing. */
export type ActivityAnswer = object | null | 'unknown';

const answerOf = (answer: ClickAnswer): object =>
  'card' in answer
    ? { statusCode: 200, type: 'application/vnd.microsoft.card.adaptive', value: answer.card }
    : {
        statusCode: 200,
        type: 'application/vnd.microsoft.activity.message',
        value: inert(answer.bar, 2_000),
      };

const TAKEN: ClickAnswer = { bar: 'm0 has heard this already.' };
const BROKEN = 'That broke in m0: its log tells why. Please try again.';

/**
 * Takes what people type, click and fill in, and hands it to the command handler as text. Of an activity it uses
 * the user that Teams authenticated, where it was, and the command's text; nothing in it grants anything.
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #handler: CommandHandler;
  readonly #underWay = new Set<Promise<void>>();

  constructor(parts: InboxParts, handler: CommandHandler) {
    this.#parts = parts;
    this.#handler = handler;
  }

  /** Resolves when all that was taken in has been answered. */
  async drained(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled([...this.#underWay]);
  }

  /** `activity` must be proven to come from Teams. */
  async hear(activity: Activity): Promise<ActivityAnswer> {
    const { conversations, heard } = this.#parts;
    if (activity.id === undefined) return null;
    const isNew = await heard.claim(JSON.stringify([activity.conversation.id, activity.type, activity.id]));
    const move = moveIn(activity);
    if (move === 'out') {
      if (isNew) await this.#left(activity);
      return null;
    }
    await conversations.meet(activity);
    if (isNew && (move === 'in' || (await this.#isUnlisted(activity)))) {
      void this.#work(() => this.#parts.joined(activity));
    }
    switch (activity.type) {
      case 'message':
        if (isNew && isForM0(activity)) {
          const origin = { ...originOf(activity, typedCommand(activity), null), late: () => false };
          void this.#work(async () => {
            await this.#parts.answerer.answer(await this.#ask(activity, origin.command, null, null), origin);
          });
        }
        return null;
      case 'invoke': {
        if (activity.name === CONSENT) return this.#consented(activity, isNew);
        if (activity.name !== 'adaptiveCard/action') return 'unknown';
        const click = readClick(activity.value);
        if (click === null || click.verb !== VERB) return answerOf({ bar: 'm0 knows no such button.' });
        return answerOf(isNew ? await this.#clicked(activity, click) : TAKEN);
      }
      case 'installationUpdate':
        if (activity.conversation.conversationType === 'personal') {
          const { person } = this.#parts.people.actor(activity);
          if (person !== null) await this.#parts.added(person);
          if (isNew) void this.#work(() => this.#greet(activity));
        }
        return null;
      default:
        return null;
    }
  }

  async #left(activity: Activity): Promise<void> {
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
    const origin = { ...originOf(activity, '', null), late: () => false };
    await answerer.answer({ type: 'private', card }, origin);
  }

  /** True where its team's channels could not be learned when m0 was added. */
  async #isUnlisted({ channelData }: Activity): Promise<boolean> {
    const team = channelData?.team?.id;
    return team !== undefined && (await this.#parts.conversations.isUnlisted(team));
  }

  /** Keeps track of work whose request is answered already; what goes wrong in it is logged here. */
  #work(task: () => Promise<void>): Promise<void> {
    const work = task()
      .catch((error: unknown) => {
        const problem = errorText(error);
        this.#parts.log.error({ problem }, 'a Teams activity was not answered');
      })
      .finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    return work;
  }

  async #clicked(activity: Activity, click: Click): Promise<ClickAnswer> {
    const { answerer, clickPatienceMs = CLICK_PATIENCE_MS } = this.#parts;
    const seen = originOf(activity, click.command, activity.replyToId ?? null);
    // What Teams says of the click does not tell who sees the card.
    const alone = seen.clicked !== null && (await answerer.isWhisper(seen.channel, seen.clicked));
    let answer: ClickAnswer = { bar: BROKEN };
    let late = false;
    // Once its sender was told "one moment", the answer goes the way of one that was typed.
    const origin = { ...seen, targeted: seen.targeted || alone, late: () => late };
    const work = this.#work(async () => {
      try {
        answer = await this.#act(activity, click, origin);
      } catch (error) {
        const card = { headline: BROKEN, tone: 'bad', blocks: [] } as const;
        if (late)
          void this.#work(async () => void (await answerer.answer({ type: 'private', card }, origin)));
        throw error;
      }
    });
    const inTime = await Promise.race([work.then(() => true), sleep(clickPatienceMs, false, { ref: false })]);
    if (inTime) return answer;
    late = true;
    return { bar: 'One moment: the answer comes here.' };
  }

  async #act(activity: Activity, click: Click, origin: Origin): Promise<ClickAnswer> {
    const { answerer } = this.#parts;
    const { channel, clicked } = origin;
    const form = clicked === null ? undefined : await answerer.formAt(channel, clicked);
    const card = form === undefined && clicked !== null ? { channel, messageId: clicked } : (form ?? null);
    const reply = await this.#ask(activity, click.command, click.answers, card);
    if (click.page !== null && reply.type === 'pages' && !origin.late()) {
      return { card: answerer.page(reply.pages, click.page, click.command) };
    }
    if (click.file && reply.type === 'pages') {
      const said = await this.#parts.files.offer(reply.pages, click.command, origin.userId);
      const card = { headline: said, tone: 'plain', blocks: [] } as const;
      return origin.late() ? answerer.answer({ type: 'private', card }, origin) : { bar: said };
    }
    // A home is looked at anew where it stands, like a page, unless others see that card.
    const isAlone = origin.direct || origin.targeted;
    if (click.command === HOME_TEXT && reply.type === 'private' && isAlone && !origin.late()) {
      return { card: renderCard(reply.card, this.#parts.people.teamsId) };
    }
    if (form !== undefined && click.answers !== null) return answerer.answerForm(reply, origin);
    return answerer.answer(reply, origin, click.page ?? 0);
  }

  /** Answered at once: what comes of it is told in the chat, for which Teams does not wait. */
  #consented(activity: Activity, isNew: boolean): ActivityAnswer {
    const consent = readConsent(activity.value);
    if (consent === null || activity.conversation.conversationType !== 'personal') return 'unknown';
    if (!isNew) return null;
    const { files, answerer } = this.#parts;
    const where = { chat: conversationOf(activity), messageId: activity.replyToId ?? null };
    void this.#work(async () => {
      const reply = await files.settle(consent, where, (command) => this.#ask(activity, command, null, null));
      const origin = { ...originOf(activity, '', null), late: () => false };
      if (reply !== null) await answerer.answer(reply, origin);
    });
    return null;
  }

  #ask(
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

function originOf(activity: Activity, command: string, clicked: string | null): Omit<Origin, 'late'> {
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
