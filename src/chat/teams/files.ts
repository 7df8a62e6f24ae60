/** Sends people the full text of an answer as a file. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { errorText, errorTextWithCause } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Card, OutFile, Pages } from '../../messages/card.ts';
import { fileNameOf } from '../../messages/file-name.ts';
import type { Clock } from '../../model/directory.ts';
import { ChatError, type Reply } from '../../ports/chat.ts';
import type { TeamsStore } from '../../ports/chat-store.ts';
import { execute, GET_FILE } from './buttons.ts';
import type { AdaptiveCard } from './elements.ts';
import { type Consent, consentCard, fileAddress, fileCard, type UploadInfo } from './file-cards.ts';
import { LIMITS } from './limits.ts';
import { Notes } from './notes.ts';
import type { TeamsPeople } from './people.ts';
import type { Poster } from './poster.ts';
import { renderCard } from './render.ts';

/** Time limit of an upload. */
const TIMEOUT_MS = 60_000;

/** A stored offer. The person's answer carries only its id: command and message come from here. */
const storedOffer = z.object({
  messageId: z.string(),
  command: z.string(),
  /** Which of the reply's files it offers; left out: the text of pages. */
  file: z.string().optional(),
});

/** The command that makes a new offer. `file`: it answers with pages, of which the text is wanted. */
interface Again {
  readonly command: string;
  readonly file: boolean;
}

/** The text that was offered, from the command's reply now; null if there is none any more. */
function textIn(reply: Reply, file: string | null): string | null {
  if (reply.type === 'pages') return file === null && reply.pages.text !== '' ? reply.pages.text : null;
  if (reply.type !== 'files') return null;
  return reply.files.find((one) => one.name === file)?.text ?? null;
}

/** Why a file cannot be stored; the message is shown to the person. */
class NotStoredError extends Error {}

/**
 * Where an offer was answered: the person's chat with m0, and the message of the offer, where Teams names it.
 */
export interface OfferLocation {
  readonly chat: string;
  readonly messageId: string | null;
}

export interface FilesParts {
  readonly poster: Poster;
  readonly people: TeamsPeople;
  readonly store: TeamsStore;
  readonly clock: Clock;
  /** True where another Bot Connector than Microsoft's plays Teams' part on this machine. */
  readonly isLocal: boolean;
  readonly log: Logger;
}

/**
 * Sends people the text of pages as a file, in the way Teams provides for bots: m0 makes an offer in the
 * person's chat with m0, and after they accept, stores the file in their own OneDrive. The offer stores its
 * command, not its text: m0 runs the command again for the person who accepts, so that rights and redaction
 * are current. An offer can be used once.
 */
export class Files {
  readonly #parts: FilesParts;
  /** Offers, each with its message and the command whose text it offers. */
  readonly #offers: Notes;
  /** Offers that were answered. */
  readonly #answered: Notes;
  /** Offers whose file is being stored. */
  readonly #underWay = new Set<string>();

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#offers = new Notes(parts.store, 'file-offer', parts.clock);
    this.#answered = new Notes(parts.store, 'file-answer', parts.clock);
  }

  /** Offers the text of pages to a person, in their chat with m0 only. Returns the text to show them. */
  async offer(pages: Pages, command: string, user: string): Promise<string> {
    const bytes = Buffer.byteLength(pages.text);
    if (bytes === 0) return 'There is nothing here that a file could hold.';
    if (bytes > LIMITS.fileBytes) return tooLarge(bytes);
    const file = { name: nameOf(pages), about: `${pages.title}, the whole of it as plain text`, bytes };
    const offered = await this.#offerOne(file, { command }, user);
    return offered ? 'In your chat with m0: take the file there.' : NOT_WRITABLE;
  }

  /**
   * Offers files to a person, each by itself, in their chat with m0 only: Teams lets bots put files nowhere else.
   * Returns the text to show them.
   */
  async offerFiles(files: readonly OutFile[], command: string, user: string): Promise<string> {
    const offered: OutFile[] = [];
    for (const file of files) {
      const bytes = Buffer.byteLength(file.text);
      if (bytes === 0 || bytes > LIMITS.fileBytes) continue;
      if (
        !(await this.#offerOne(
          { name: file.name, about: file.about, bytes },
          { command, file: file.name },
          user,
        ))
      ) {
        return NOT_WRITABLE;
      }
      offered.push(file);
    }
    const left = files.filter((file) => !offered.includes(file)).map((file) => file.name);
    const more = left.length === 0 ? '' : ` Too large to send: ${left.join(', ')}.`;
    return `Bots can send files only to your own chat with m0: take them there.${more}`;
  }

  /** Makes an offer in the person's chat with m0. False where m0 can't write there. */
  async #offerOne(
    file: { readonly name: string; readonly about: string; readonly bytes: number },
    about: { readonly command: string; readonly file?: string },
    user: string,
  ): Promise<boolean> {
    const offer = randomUUID();
    try {
      const card = consentCard(file, { offer });
      const { channel, messageId } = await this.#parts.poster.sendTo(user, card, `A file: ${file.name}`);
      await this.#offers.set(JSON.stringify([channel, offer]), JSON.stringify({ messageId, ...about }));
      return true;
    } catch (error) {
      if (!(error instanceof ChatError && error.permanent)) throw error;
      this.#parts.log.info({ problem: error.message }, 'a file could not be offered');
      return false;
    }
  }

  /**
   * Handles a person's answer to an offer. `ask` runs the offer's command for them now; where its reply is no
   * longer pages, that reply is returned so that the caller shows it.
   */
  async handleConsent(
    consent: Consent,
    where: OfferLocation,
    ask: (command: string) => Promise<Reply>,
  ): Promise<Reply | null> {
    const id = JSON.stringify([where.chat, consent.context.offer]);
    const stored = await this.#offers.get(id);
    if (this.#underWay.has(id)) return null;
    if (stored === null) {
      await this.#replaceOffer(where, 'I don’t know this offer (any more).', 'plain');
      return null;
    }
    const { messageId, command, file } = storedOffer.parse(JSON.parse(stored));
    const at = { chat: where.chat, messageId };
    const again = { command, file: file === undefined };
    this.#underWay.add(id);
    try {
      if (!(await this.#answered.claim(id))) {
        await this.#replaceOffer(at, 'This offer was answered before.', 'plain', again);
        return null;
      }
      if (consent.action === 'decline') {
        await this.#replaceOffer(at, 'Not taken.', 'plain', again);
        return null;
      }
      return await this.#store(consent.uploadInfo, at, again, file ?? null, () => ask(command));
    } finally {
      this.#underWay.delete(id);
    }
  }

  async #store(
    uploadInfo: UploadInfo,
    at: OfferLocation,
    again: Again,
    file: string | null,
    ask: () => Promise<Reply>,
  ): Promise<Reply | null> {
    const { poster, log, isLocal } = this.#parts;
    try {
      const address = fileAddress(uploadInfo.uploadUrl, isLocal);
      if (address === null || fileAddress(uploadInfo.contentUrl, isLocal) === null) {
        throw new NotStoredError(
          'the place for it is none of OneDrive’s or SharePoint’s, so I sent nothing there',
        );
      }
      const reply = await ask();
      const text = textIn(reply, file);
      if (text === null) {
        await this.#replaceOffer(at, 'There is no file of this any more.', 'plain');
        return reply.type === 'pages' || reply.type === 'files' ? null : reply;
      }
      await upload(address, Buffer.from(text));
    } catch (error) {
      const problem = errorText(error);
      if (error instanceof NotStoredError) log.warn({ problem }, 'a file was not stored');
      else log.error({ problem }, 'a file could not be made');
      const why = error instanceof NotStoredError ? problem : 'something broke in m0, its log tells what';
      await this.#replaceOffer(at, `The file did not get to you: ${why}.`, 'bad', again);
      return null;
    }
    await this.#replaceOffer(at, 'Stored in your OneDrive.', 'good');
    await poster.send(at.chat, at.chat, fileCard(uploadInfo), `The file ${uploadInfo.name}`);
    return null;
  }

  /**
   * Replaces the offer with this text, so that it cannot be used again. `again`: the command of a button that
   * makes a new offer.
   */
  async #replaceOffer(at: OfferLocation, headline: string, tone: Card['tone'], again?: Again): Promise<void> {
    const { poster, people, log } = this.#parts;
    const card = renderCard({ headline, tone, blocks: [] }, people.teamsId);
    const shown: AdaptiveCard =
      again === undefined
        ? card
        : {
            ...card,
            body: [
              ...card.body,
              {
                type: 'ActionSet',
                actions: [
                  execute(
                    GET_FILE,
                    again.file ? { command: again.command, file: true } : { command: again.command },
                  ),
                ],
              },
            ],
          };
    if (at.messageId !== null) {
      try {
        return await poster.replace(at.chat, at.messageId, shown, headline);
      } catch (error) {
        const problem = errorText(error);
        log.warn({ problem }, 'an answered file offer could not be replaced');
      }
    }
    await poster.send(at.chat, at.chat, shown, headline);
  }
}

/** What an offer can't be made without. */
const NOT_WRITABLE =
  'A file can only come to your own chat with m0, and I can’t write to you there: add m0 for yourself and press again.';

const nameOf = (pages: Pages): string => fileNameOf(pages.title, LIMITS.fileName);

const tooLarge = (bytes: number): string =>
  `As a file this has ${Math.ceil(bytes / 1_000_000)} MB, and the limit is ${LIMITS.fileBytes / 1_000_000} MB: see the pages.`;

/** Stores the bytes with one request. Sends no token of m0: the URL alone gives the right to write. */
async function upload(address: URL, bytes: Buffer<ArrayBuffer>): Promise<void> {
  if (bytes.length > LIMITS.fileBytes) throw new NotStoredError(tooLarge(bytes.length));
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
      // A redirect must not send the file to another server.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    await response.body?.cancel();
  } catch (error) {
    throw new NotStoredError(`storing it at ${address.hostname}: ${errorTextWithCause(error)}`, {
      cause: error,
    });
  }
  // 202 would mean that Teams expects more bytes.
  if (status === 200 || status === 201) return;
  throw new NotStoredError(`${address.hostname} did not take it (HTTP ${status})`);
}
