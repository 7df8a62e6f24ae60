/** Draws the pictures of cards into them. */
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/log.ts';
import type { Card, Picture } from '../../messages/card.ts';
import type { DrawPicture } from '../../ports/pictures.ts';
import { LIMITS } from './limits.ts';
import type { Images } from './render.ts';

/** One pixel for each logical one: more would not fit into a card. */
const SCALE = 1;

/**
 * Pictures as data URIs inside the card: all clients of Teams show those, and the picture goes nowhere else. A URL would
 * need an address of m0's that everybody's phone reaches.
 */
export class Pictures {
  readonly #draw: DrawPicture | null;
  readonly #log: Logger;

  constructor(draw: DrawPicture | null, log: Logger) {
    this.#draw = draw;
    this.#log = log;
  }

  /** The card's pictures that fit into it. Never rejects: without its picture a card still has its words. */
  async of(card: Card): Promise<Images> {
    const images = new Map<Picture, string>();
    const draw = this.#draw;
    if (draw === null) return images;
    let left: number = LIMITS.pictureBytes;
    for (const block of card.blocks) {
      if (block.type !== 'picture') continue;
      try {
        const png = await draw(block.picture, SCALE);
        const url = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
        left -= url.length;
        if (left >= 0) images.set(block.picture, url);
        else this.#log.warn({ bytes: url.length }, 'a picture is too large for its card');
      } catch (error) {
        const problem = errorText(error);
        this.#log.warn({ problem }, 'a picture could not be drawn');
      }
    }
    return images;
  }
}
