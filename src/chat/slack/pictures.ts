/** Uploads the pictures of cards, so that messages can show them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText, errorTextWithCause } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Card, Picture } from '../../messages/card.ts';
import { ChatError } from '../../ports/chat.ts';
import type { DrawPicture } from '../../ports/pictures.ts';
import type { SlackApi } from './api.ts';
import { missingScope, refusesFile } from './errors.ts';
import type { Images, Rendered } from './render.ts';

/** Pixels for each logical one: sharp on a phone. */
const SCALE = 2;
/** Time limit of an upload. */
const TIMEOUT_MS = 10_000;
/**
 * Slack takes in a file after it has confirmed it, and refuses a message that shows it before (`invalid slack file`).
 * Whether it is ready only `files.info` would tell, which needs a scope more. Pauses before each new try, in ms.
 */
const READY_MS: readonly number[] = [500, 1_000, 2_000, 4_000];

const picturesOf = (card: Card): readonly Picture[] =>
  card.blocks.flatMap((block) => (block.type === 'picture' ? [block.picture] : []));

/** True if the card has a picture. */
export function hasPictures(card: Card): boolean {
  return picturesOf(card).length > 0;
}

export interface PicturesParts {
  readonly api: SlackApi;
  /** Null: cards are sent without their pictures. */
  readonly draw: DrawPicture | null;
  /** Pauses before each new try of a message whose picture Slack has not taken in, in ms, if not the default. */
  readonly readyMs?: readonly number[] | undefined;
  readonly log: Logger;
}

/** Sends cards with their pictures, or without where that is not possible: a picture never holds up its words. */
export class Pictures {
  readonly #parts: PicturesParts;
  /** What was logged before. A missing scope is told once, not with each digest. */
  readonly #told = new Set<string>();

  constructor(parts: PicturesParts) {
    this.#parts = parts;
  }

  /**
   * Uploads the card's pictures and calls `send` with the message that shows them. Where Slack does not show them (yet),
   * `send` is called again, at last without them. Rejects with what `send` rejects with for another reason.
   */
  async send<T>(
    card: Card,
    render: (images: Images) => Rendered,
    send: (rendered: Rendered) => Promise<T>,
  ): Promise<T> {
    const images = await this.#upload(card);
    if (images.size === 0) return send(render(images));
    for (const pause of [0, ...(this.#parts.readyMs ?? READY_MS)]) {
      await sleep(pause);
      try {
        return await send(render(images));
      } catch (error) {
        if (!(error instanceof ChatError && refusesFile(error.cause))) throw error;
      }
    }
    this.#tell('Slack did not show an uploaded picture in time');
    return send(render(new Map()));
  }

  /** The card's pictures with the ids of their files; empty if one could not be uploaded. Never rejects. */
  async #upload(card: Card): Promise<Images> {
    const { draw } = this.#parts;
    const images = new Map<Picture, string>();
    if (draw === null) return images;
    try {
      for (const picture of picturesOf(card)) {
        images.set(picture, await this.#uploadOne(await draw(picture, SCALE)));
      }
    } catch (error) {
      const scope = error instanceof ChatError ? missingScope(error.cause) : null;
      this.#tell(
        scope === null
          ? errorText(error)
          : `the app lacks the scope ${scope}: compare it with manifests/slack.yaml and install it again`,
      );
      return new Map();
    }
    return images;
  }

  async #uploadOne(bytes: Uint8Array): Promise<string> {
    const { api } = this.#parts;
    const doing = 'uploading a picture';
    const { upload_url: url, file_id: id } = await api.callApart(doing, (client) =>
      client.files.getUploadURLExternal({ filename: 'm0.png', length: bytes.length }),
    );
    if (!url || !id) throw new ChatError(`${doing}: Slack named no place for it`);
    let status: number;
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: new Uint8Array(bytes),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      status = response.status;
      await response.body?.cancel();
    } catch (error) {
      throw new ChatError(`${doing}: ${errorTextWithCause(error)}`, { cause: error });
    }
    if (status !== 200) throw new ChatError(`${doing}: Slack answered with HTTP ${status}`);
    // Without a channel the file is m0's own, and each message that shows it shows it to its readers.
    await api.callApart(doing, (client) =>
      client.files.completeUploadExternal({ files: [{ id, title: 'm0' }] }),
    );
    return id;
  }

  #tell(problem: string): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#parts.log.warn({ problem }, 'messages go out without their pictures');
  }
}
