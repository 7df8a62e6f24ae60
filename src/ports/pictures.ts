/** Port for drawing the pictures of cards. */
import type { Picture } from '../messages/card.ts';

/** Draws a picture as PNG, with `scale` pixels for each of its logical ones. Rejects with an Error. */
export type DrawPicture = (picture: Picture, scale: number) => Promise<Uint8Array>;
