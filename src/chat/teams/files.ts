import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { errorText, errorTextWithCause } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Card, Pages } from '../../messages/card.ts';
import { fileNameOf } from '../../messages/file-name.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import { execute, GET_FILE } from './buttons.ts';
import type { AdaptiveCard } from './elements.ts';
import { type Consent, consentCard, fileAddress, fileCard, type Room } from './file-cards.ts';
import { LIMITS } from './limits.ts';
import type { TeamsPeople } from './people.ts';
import type { Poster } from './poster.ts';
import { type Memory, Recent } from './recent.ts';
import { renderCard } from './render.ts';

/** No upload takes longer. */
const TIMEOUT_MS = 60_000;

/** An offer as it is remembered: nothing that comes back with its answer is taken for it. */
const offered = z.object({ messageId: z.string(), command: z.string() });

/** Why a file can't be stored, in words for who asked for it. */
class Unstored extends Error {}

/** Where somebody answered an offer: their chat with m0, and the message that made it, where Teams names it. */
export interface Answered {
  readonly chat: string;
  readonly messageId: string | null;
}

export interface FilesParts {
  readonly poster: Poster;
  readonly people: TeamsPeople;
  readonly memory: Memory;
  /** True where another Bot Connector than Microsoft's plays Teams' part on this machine. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/**
 * Brings people the text of pages as a file, the way Teams has for bots: an offer in the person's chat with m0, and
 * once they accept it, the file in their own OneDrive. An offer is remembered by its command: m0 asks it anew as
 * the person who accepts, so that rights and redaction are those of that moment. It is good once.
 */
export class Files {
  readonly #parts: FilesParts;
  /** Offers that were made, each with the message it stands in and the command whose text it is. */
  readonly #offers: Recent;
  /** Offers that were answered. */
  readonly #answered: Recent;
  /** Offers whose file is on its way. */
  readonly #underWay = new Set<string>();

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#offers = new Recent(parts.memory, 'teams:file-offers');
    this.#answered = new Recent(parts.memory, 'teams:file-answers');
  }

  /** Offers the text of pages to a person, in their chat with m0 and nowhere else; answers what to tell them. */
  async offer(pages: Pages, command: string, user: string): Promise<string> {
    const bytes = Buffer.byteLength(pages.text);
    if (bytes === 0) return 'There is nothing here that a file could hold.';
    if (bytes > LIMITS.fileBytes) return tooLarge(bytes);
    const offer = randomUUID();
    const file = { name: nameOf(pages), about: `${pages.title}, the whole of it as plain text`, bytes };
    try {
      const card = consentCard(file, { offer });
      const { channel, messageId } = await this.#parts.poster.sendTo(user, card, `A file: ${file.name}`);
      await this.#offers.set(JSON.stringify([channel, offer]), JSON.stringify({ messageId, command }));
    } catch (error) {
      if (!(error instanceof ChatError && error.permanent)) throw error;
      this.#parts.log.info({ problem: error.message }, 'a file could not be offered');
      return 'A file can only come to your own chat with m0, and I can’t write to you there: add m0 for yourself and press again.';
    }
    return 'In your chat with m0: take the file there.';
  }

  /**
   * Does what somebody answered to an offer. `ask`: what its command answers them now; where that is no pages any
   * more it is returned, to be told.
   */
  async settle(
    consent: Consent,
    where: Answered,
    ask: (command: string) => Promise<Reply>,
  ): Promise<Reply | null> {
    const id = JSON.stringify([where.chat, consent.context.offer]);
    const made = await this.#offers.get(id);
    if (this.#underWay.has(id)) return null;
    if (made === null) {
      await this.#say(where, 'I don’t know this offer (any more).', 'plain');
      return null;
    }
    const { messageId, command } = offered.parse(JSON.parse(made));
    const at = { chat: where.chat, messageId };
    this.#underWay.add(id);
    try {
      if (!(await this.#answered.claim(id))) {
        await this.#say(at, 'This offer was answered before.', 'plain', command);
        return null;
      }
      if (consent.action === 'decline') {
        await this.#say(at, 'Not taken.', 'plain', command);
        return null;
      }
      return await this.#store(consent.uploadInfo, at, command, () => ask(command));
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #store(room: Room, at: Answered, command: string, ask: () => Promise<Reply>): Promise<Reply | null> {
    const { poster, log, isLocal } = this.#parts;
    try {
      const address = fileAddress(room.uploadUrl, isLocal);
      if (address === null || fileAddress(room.contentUrl, isLocal) === null) {
        throw new Unstored('the place for it is none of OneDrive’s or SharePoint’s, so I sent nothing there');
      }
      const reply = await ask();
      if (reply.type !== 'pages' || reply.pages.text === '') {
        await this.#say(at, 'There is no file of this any more.', 'plain');
        return reply.type === 'pages' ? null : reply;
      }
      await upload(address, Buffer.from(reply.pages.text));
    } catch (error) {
      const problem = errorText(error);
      if (error instanceof Unstored) log.warn({ problem }, 'a file was not stored');
      else log.error({ problem }, 'a file could not be made');
      const why = error instanceof Unstored ? problem : 'something broke in m0, its log tells what';
      await this.#say(at, `The file did not get to you: ${why}.`, 'bad', command);
      return null;
    }
    await this.#say(at, 'Stored in your OneDrive.', 'good');
    await poster.send(at.chat, at.chat, fileCard(room), `The file ${room.name}`);
    return null;
  }

  /** Puts these words in the offer's place, so that it can't be used again; `again`: with a button for a new one. */
  async #say(at: Answered, headline: string, tone: Card['tone'], again?: string): Promise<void> {
    const { poster, people, log } = this.#parts;
    const card = renderCard({ headline, tone, blocks: [] }, people.teamsId);
    const shown: AdaptiveCard =
      again === undefined
        ? card
        : {
            ...card,
            body: [
              ...card.body,
              { type: 'ActionSet', actions: [execute(GET_FILE, { command: again, file: true })] },
            ],
          };
    if (at.messageId !== null) {
      try {
        return await poster.replace(at.chat, at.messageId, shown, headline);
      } catch (error) {
        const problem = errorText(error);
        log.warn({ problem }, 'an offer of a file that was answered still stands');
      }
    }
    await poster.send(at.chat, at.chat, shown, headline);
  }
}

const nameOf = (pages: Pages): string => fileNameOf(pages.title, LIMITS.fileName);

const tooLarge = (bytes: number): string =>
  `As a file this has ${Math.ceil(bytes / 1_000_000)} MB, and ${LIMITS.fileBytes / 1_000_000} MB is the most that goes: the pages show it.`;

/** Stores the bytes, whole and once. Without m0's token: the address alone lets who has it write there. */
async function upload(address: URL, bytes: Buffer<ArrayBuffer>): Promise<void> {
  if (bytes.length > LIMITS.fileBytes) throw new Unstored(tooLarge(bytes.length));
  let status: number;
  try {
    const response = await fetch(address, {
      method: 'PUT',
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(bytes.length),
        'content-range': `bytes 0-${bytes.length - 1}/${bytes.length}`,
      },
      body: bytes,
      // The file must not travel to wherever a redirect points.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    await response.body?.cancel();
  } catch (error) {
    throw new Unstored(`storing it at ${address.hostname}: ${errorTextWithCause(error)}`, { cause: error });
  }
  // 202 would mean that more is waited for.
  if (status === 200 || status === 201) return;
  throw new Unstored(`${address.hostname} did not take it (HTTP ${status})`);
}
