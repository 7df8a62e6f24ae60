import { assertNever } from '../../base/assert-never.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Card, Pages } from '../../messages/card.ts';
import { plainOf } from '../../messages/span-text.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { AdaptiveCard } from './elements.ts';
import { LIMITS } from './limits.ts';
import type { TeamsPeople } from './people.ts';
import type { Posted, Poster } from './poster.ts';
import { type Memory, Recent } from './recent.ts';
import { renderCard, renderForm, renderPage } from './render.ts';

/** Where a command came from. */
export interface Origin {
  /** The sender as m0.yaml would name them. */
  readonly userId: string;
  /** The sender as Teams names them. */
  readonly teamsId: string;
  /** A slash command, or a click on a card of their own: nobody else saw it. */
  readonly targeted: boolean;
  readonly channel: string;
  /** The conversation with its thread: where answers stand. */
  readonly thread: string;
  /** The chat between the person and m0: there a private answer is a plain message. */
  readonly direct: boolean;
  readonly command: string;
  /** The message whose button was clicked; null where the command was typed. */
  readonly clicked: string | null;
  /** True once who clicked was told to wait: then no bar reaches them any more. */
  readonly late: () => boolean;
}

/** What a click is answered with: a line under the card that its sender alone sees, or a card in its place. */
export type ClickAnswer = { readonly bar: string } | { readonly card: AdaptiveCard };

const DONE: Card = { headline: 'Done.', tone: 'plain', blocks: [] };
const BELOW: ClickAnswer = { bar: 'Answered below.' };

/** What is said one after the other in a bar; after a whole sentence no dot is needed. */
function inOneLine(...parts: readonly string[]): string {
  return parts.reduce((said, next) => `${said}${/[.!?]$/.test(said) ? ' ' : ' · '}${next}`);
}

/** A card as one line, for the bar under a card. */
function asLine(card: Card): string {
  const lines = card.blocks.flatMap((block) => {
    switch (block.type) {
      case 'line':
      case 'context':
      case 'outcome':
        return [plainOf(block.spans)];
      case 'facts':
        return block.facts.map((f) => `${f.label}: ${plainOf(f.spans)}`);
      case 'finding':
        return [`${block.address} ${block.status}`];
      case 'buttons':
      case 'divider':
        return [];
      default:
        return assertNever(block);
    }
  });
  return clip(inOneLine(...[card.headline, ...lines].map(visible)), LIMITS.barText);
}

const commandsOf = (card: Card): readonly string[] =>
  card.blocks.flatMap((b) => (b.type === 'buttons' ? b.buttons.map((button) => button.command) : []));

export interface AnswererParts {
  readonly poster: Poster;
  readonly people: TeamsPeople;
  readonly memory: Memory;
  readonly log: Logger;
}

/** Carries answers of the command handler back to where the command came from. */
export class Answerer {
  readonly #parts: AnswererParts;
  /** Messages of m0's that are a form, with the card it was asked for on. */
  readonly #forms: Recent;

  constructor(parts: AnswererParts) {
    this.#parts = parts;
    this.#forms = new Recent(parts.memory, 'teams:forms');
  }

  /** The card a form is about, where that message is a form of m0's; undefined: it is none. */
  async formAt(channel: string, messageId: string): Promise<Posted | null | undefined> {
    const value = await this.#forms.get(JSON.stringify([channel, messageId]));
    return value === null ? undefined : (JSON.parse(value) as Posted | null);
  }

  /** Whether nobody but its recipient sees a message of m0's. */
  isWhisper(channel: string, messageId: string): Promise<boolean> {
    return this.#parts.poster.isWhisper(channel, messageId);
  }

  /** Shows the reply, of pages that one; the answer is for a click and tells its sender where to look. */
  async answer(reply: Reply, origin: Origin, page = 0): Promise<ClickAnswer> {
    switch (reply.type) {
      case 'none':
        return { bar: 'm0 is on it.' };
      case 'private':
        return this.#tell(reply.card, origin);
      case 'public':
        await this.#announce(reply.card, origin, reply.updates);
        return BELOW;
      case 'form': {
        const card = renderForm(reply.form);
        const id = await this.#sendFor(origin, card, reply.form.title);
        const about = origin.clicked === null ? null : { channel: origin.channel, messageId: origin.clicked };
        await this.#forms.set(JSON.stringify([origin.channel, id]), JSON.stringify(about));
        return { bar: 'Please fill in the form below.' };
      }
      case 'pages': {
        const card = this.page(reply.pages, page, origin.command);
        await this.#sendFor(origin, card, reply.pages.title);
        return BELOW;
      }
      default:
        return assertNever(reply);
    }
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
   * Shows the reply to a form of its own that was filled in, which gives way to what came of it: where only its
   * sender sees the form, to the answer itself.
   */
  async answerForm(reply: Reply, origin: Origin): Promise<ClickAnswer> {
    const own = origin.direct || origin.targeted;
    if (reply.type === 'private' && own && (await this.#settle(origin, reply.card))) {
      return { bar: asLine(reply.card) };
    }
    const answer = await this.answer(reply, origin);
    // In front of others a private answer may be a refusal: then the form stays for who may.
    if (reply.type === 'none' || reply.type === 'public') await this.#settle(origin, DONE);
    return answer;
  }

  /** Puts a card in the clicked one's place; false where that fails, for what was asked for is done all the same. */
  async #settle({ channel, clicked }: Origin, card: Card): Promise<boolean> {
    const { poster, people, log } = this.#parts;
    if (clicked === null) return false;
    try {
      await poster.replace(channel, clicked, renderCard(card, people.teamsId), card.headline);
      return true;
    } catch (error) {
      const problem = errorText(error);
      log.warn({ problem }, 'a form that was filled in still stands');
      return false;
    }
  }

  /**
   * Sends what its sender asked for and the others need not see: to them alone, or, where their client can't show
   * that and they asked in front of all, to all.
   */
  async #sendFor(origin: Origin, card: AdaptiveCard, summary: string): Promise<string> {
    const { poster } = this.#parts;
    const { channel, thread, teamsId } = origin;
    if (origin.targeted) return poster.send(channel, thread, card, summary, teamsId);
    let id: string | null = null;
    if (!origin.direct) {
      await this.#reaches(async () => {
        id = await poster.send(channel, thread, card, summary, teamsId);
      });
    }
    return id ?? poster.send(channel, thread, card, summary);
  }

  /** Shows a card to the sender only. */
  async #tell(card: Card, origin: Origin): Promise<ClickAnswer> {
    const { poster, people } = this.#parts;
    const bar = asLine(card);
    const rendered = renderCard(card, people.teamsId);
    if (origin.direct) {
      await poster.send(origin.channel, origin.thread, rendered, card.headline);
      return { bar };
    }
    const commands = commandsOf(card);
    if (origin.clicked !== null && !origin.late() && commands.length === 0) return { bar };
    const { channel, thread, teamsId } = origin;
    if (await this.#reaches(() => poster.send(channel, thread, rendered, card.headline, teamsId))) {
      return { bar: inOneLine(bar, 'More below, for you alone.') };
    }
    const reached = await this.#reaches(() => poster.sendTo(origin.userId, rendered, card.headline));
    if (reached) return { bar: inOneLine(bar, 'More in your chat with m0.') };
    if (origin.clicked !== null && !origin.late())
      return { bar: clip(inOneLine(bar, `You can type: ${commands.join(', ')}`), 1_500) };
    // In front of others, and they can't be written to: what is private stays so.
    const headline =
      'The answer is for you alone, and I can’t write to you: add m0 for yourself and ask again.';
    const short = renderCard({ headline, tone: 'plain', blocks: [] }, people.teamsId);
    await poster.send(origin.channel, origin.thread, short, headline);
    return { bar };
  }

  /** False where Teams refuses that way to the person for good. */
  async #reaches(send: () => Promise<unknown>): Promise<boolean> {
    try {
      await send();
      return true;
    } catch (error) {
      if (!(error instanceof ChatError && error.permanent)) throw error;
      this.#parts.log.info({ problem: error.message }, 'a private answer takes another way');
      return false;
    }
  }

  /**
   * Posts a card where everybody of the conversation sees it. What `updates` brings later takes its place; nobody
   * waits for it.
   */
  async #announce(card: Card, origin: Origin, updates?: AsyncIterable<Card>): Promise<void> {
    const { poster, people, log } = this.#parts;
    const { channel, thread } = origin;
    const id = await poster.send(channel, thread, renderCard(card, people.teamsId), card.headline);
    if (updates === undefined) return;
    const follow = async (): Promise<void> => {
      for await (const next of updates) await poster.update(channel, id, next);
    };
    follow().catch((error: unknown) => {
      const problem = errorText(error);
      log.warn({ problem }, 'an answer could not be updated');
    });
  }
}
