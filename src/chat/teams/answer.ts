import { assertNever } from '../../base/assert-never.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Block, Card, Pages } from '../../messages/card.ts';
import { plainOf } from '../../messages/span-text.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import type { TeamsStore } from '../../ports/chat-store.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { AdaptiveCard } from './elements.ts';
import type { Files } from './files.ts';
import { LIMITS } from './limits.ts';
import { Notes } from './notes.ts';
import type { TeamsPeople } from './people.ts';
import type { Posted, Poster } from './poster.ts';
import { renderCard, renderForm, renderPage } from './render.ts';

/** Where a command came from. */
export interface Origin {
  /** The sender's id as m0.yaml has it. */
  readonly userId: string;
  /** The sender's id as Teams has it. */
  readonly teamsId: string;
  /** True where only the sender saw the command: a slash command, or a click on a card that only they see. */
  readonly targeted: boolean;
  readonly channel: string;
  /** The conversation including its thread; answers are posted there. */
  readonly thread: string;
  /** True in the chat between the person and m0: a private answer is a plain message there. */
  readonly direct: boolean;
  readonly command: string;
  /** The message whose button was clicked; null where the command was typed. */
  readonly clicked: string | null;
  /** True once the click was answered with "one moment": a bar can no longer reach the sender then. */
  readonly timedOut: () => boolean;
}

/**
 * The answer to a click: a line below the card that only the sender sees, or a card that replaces the clicked
 * one.
 */
export type ClickAnswer = { readonly bar: string } | { readonly card: AdaptiveCard };

const DONE: Card = { headline: 'Done.', tone: 'plain', blocks: [] };
const ANSWERED_BELOW: ClickAnswer = { bar: 'Answered below.' };

/** Joins sentences into one line. A dot separates parts that do not end in a full stop. */
function joinSentences(...parts: readonly string[]): string {
  return parts.reduce((line, next) => `${line}${/[.!?]$/.test(line) ? ' ' : ' · '}${next}`);
}

/** A card as one line, for the bar below a card. */
function oneLine(card: Card): string {
  const lines = card.blocks.flatMap((block) => {
    switch (block.type) {
      case 'line':
      case 'context':
      case 'outcome':
        return [plainOf(block.spans)];
      case 'facts':
        return block.facts.map((f) => `${f.label}: ${plainOf(f.spans)}`);
      case 'finding':
        return [`${block.address} ${plainOf(block.status)}`];
      case 'buttons':
      case 'divider':
      case 'picture':
        return [];
      default:
        return assertNever(block);
    }
  });
  return clip(joinSentences(...[card.headline, ...lines].map(visible)), LIMITS.barText);
}

const commandsOf = (card: Card): readonly string[] =>
  card.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons.map((button) => button.command) : []));

export interface AnswererParts {
  readonly files: Pick<Files, 'offerFiles'>;
  readonly poster: Poster;
  readonly people: TeamsPeople;
  readonly store: TeamsStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sends the command handler's answers back to where the command came from. */
export class Answerer {
  readonly #parts: AnswererParts;
  /** Messages that are a form, each with the card on which it was opened. */
  readonly #forms: Notes;

  constructor(parts: AnswererParts) {
    this.#parts = parts;
    this.#forms = new Notes(parts.store, 'form', parts.clock);
  }

  /**
   * The card that a form belongs to, where the message is a form (null: none). Undefined where the message is
   * not a form.
   */
  async formAt(channel: string, messageId: string): Promise<Posted | null | undefined> {
    const value = await this.#forms.get(JSON.stringify([channel, messageId]));
    return value === null ? undefined : (JSON.parse(value) as Posted | null);
  }

  /** True where only one person sees the message. */
  isTargeted(channel: string, messageId: string): Promise<boolean> {
    return this.#parts.poster.isTargeted(channel, messageId);
  }

  /** Shows the reply; of pages, page number `page`. The result answers the click and says where to look. */
  async answer(reply: Reply, origin: Origin, page = 0): Promise<ClickAnswer> {
    switch (reply.type) {
      case 'none':
        return { bar: 'm0 is on it.' };
      case 'private':
        return this.#sendPrivately(reply.card, origin);
      case 'public':
        await this.#postPublicly(reply.card, origin, reply.posted);
        return ANSWERED_BELOW;
      case 'form': {
        const card = renderForm(reply.form);
        const id = await this.#sendToSender(origin, card, reply.form.title);
        const about = origin.clicked === null ? null : { channel: origin.channel, messageId: origin.clicked };
        await this.#forms.set(JSON.stringify([origin.channel, id]), JSON.stringify(about));
        return { bar: 'Please fill in the form below.' };
      }
      case 'files':
        return this.#sendPrivately(await this.#offered(reply, origin), origin);
      case 'pages': {
        const card = this.page(reply.pages, page, origin.command);
        await this.#sendToSender(origin, card, reply.pages.title);
        return ANSWERED_BELOW;
      }
      default:
        return assertNever(reply);
    }
  }

  /** The reply's card, with a line that says where its files are: bots can send files only in a person's own chat. */
  async #offered(reply: Extract<Reply, { type: 'files' }>, origin: Origin): Promise<Card> {
    const note = await this.#parts.files.offerFiles(reply.files, reply.command, origin.userId);
    const told: Block = { type: 'context', spans: [{ type: 'text', text: note }] };
    return { ...reply.card, blocks: [...reply.card.blocks, told] };
  }

  page(pages: Pages, index: number, command: string): AdaptiveCard {
    const total = Math.max(1, pages.pages.length);
    const at = Math.min(Math.max(0, index), total - 1);
    const page = pages.pages[at] ?? { headline: pages.title, tone: 'plain', blocks: [] };
    return renderPage(
      page,
      { index: at, total, command, file: pages.text !== '' },
      this.#parts.people.teamsId,
    );
  }

  /**
   * Shows the reply to a form that was a message of its own. The form is replaced: by the answer where only
   * the sender sees it, otherwise by a short note.
   */
  async answerForm(reply: Reply, origin: Origin): Promise<ClickAnswer> {
    const onlySenderSees = origin.direct || origin.targeted;
    if (reply.type === 'private' && onlySenderSees && (await this.#replaceClicked(origin, reply.card))) {
      return { bar: oneLine(reply.card) };
    }
    const answer = await this.answer(reply, origin);
    // Where others see the form, a private answer may be a refusal. The form then stays for people who may
    // use it.
    if (reply.type === 'none' || reply.type === 'public') await this.#replaceClicked(origin, DONE);
    return answer;
  }

  /** Replaces the clicked card. False where that fails; the command itself has been carried out anyway. */
  async #replaceClicked({ channel, clicked }: Origin, card: Card): Promise<boolean> {
    const { poster, people, log } = this.#parts;
    if (clicked === null) return false;
    try {
      await poster.replace(channel, clicked, renderCard(card, people.teamsId), card.headline);
      return true;
    } catch (error) {
      const problem = errorText(error);
      log.warn({ problem }, 'a submitted form could not be replaced');
      return false;
    }
  }

  /**
   * Sends a card to the sender only. Where their client cannot show that and they asked in public, everybody
   * in the conversation sees it.
   */
  async #sendToSender(origin: Origin, card: AdaptiveCard, summary: string): Promise<string> {
    const { poster } = this.#parts;
    const { channel, thread, teamsId } = origin;
    if (origin.targeted) return poster.send(channel, thread, card, summary, teamsId);
    let id: string | null = null;
    if (!origin.direct) {
      await this.#tryToSend(async () => {
        id = await poster.send(channel, thread, card, summary, teamsId);
      });
    }
    return id ?? poster.send(channel, thread, card, summary);
  }

  /** Shows a card to the sender only. */
  async #sendPrivately(card: Card, origin: Origin): Promise<ClickAnswer> {
    const { poster, people } = this.#parts;
    const bar = oneLine(card);
    const rendered = await poster.render(card);
    if (origin.direct) {
      await poster.send(origin.channel, origin.thread, rendered, card.headline);
      return { bar };
    }
    const commands = commandsOf(card);
    if (origin.clicked !== null && !origin.timedOut() && commands.length === 0) return { bar };
    const { channel, thread, teamsId } = origin;
    if (await this.#tryToSend(() => poster.send(channel, thread, rendered, card.headline, teamsId))) {
      return { bar: joinSentences(bar, 'More below, for you alone.') };
    }
    const wasSent = await this.#tryToSend(() => poster.sendTo(origin.userId, rendered, card.headline));
    if (wasSent) return { bar: joinSentences(bar, 'More in your chat with m0.') };
    if (origin.clicked !== null && !origin.timedOut())
      return { bar: clip(joinSentences(bar, `You can type: ${commands.join(', ')}`), 1_500) };
    // Others see this conversation and m0 cannot write to the person, so the private answer is not shown.
    const headline =
      'The answer is for you alone, and I can’t write to you: add m0 for yourself and ask again.';
    const short = renderCard({ headline, tone: 'plain', blocks: [] }, people.teamsId);
    await poster.send(origin.channel, origin.thread, short, headline);
    return { bar };
  }

  /** False where Teams refuses to send in this way, permanently. */
  async #tryToSend(send: () => Promise<unknown>): Promise<boolean> {
    try {
      await send();
      return true;
    } catch (error) {
      if (!(error instanceof ChatError && error.permanent)) throw error;
      this.#parts.log.info({ problem: error.message }, 'a private answer is sent in another way');
      return false;
    }
  }

  /** Posts a card that the whole conversation sees. `onPosted` is told where it is. */
  async #postPublicly(
    card: Card,
    origin: Origin,
    onPosted?: Extract<Reply, { type: 'public' }>['posted'],
  ): Promise<void> {
    const { poster, people } = this.#parts;
    const { channel, thread } = origin;
    const messageId = await poster.send(channel, thread, renderCard(card, people.teamsId), card.headline);
    await onPosted?.({ channel, messageId });
  }
}
