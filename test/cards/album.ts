/** The folder of pictures: docs/cards. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { fileOf, type Platform, picturesOf, type Sight } from './names.ts';
import { inPalette } from './palette.ts';
import { readme } from './readme.ts';

const FOLDER = new URL('../../docs/cards/', import.meta.url);
/** Pictures of docs/cards that are not taken here. */
const OTHERS = ['first-story.png'];

export class Album {
  #bytes = 0;

  /** Bytes of all pictures added. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a picture as the browser took it, made small. */
  async add(one: Exhibit, platform: Platform, sight: Sight, png: Buffer): Promise<void> {
    const small = inPalette(png);
    this.#bytes += small.length;
    await mkdir(FOLDER, { recursive: true });
    await writeFile(new URL(fileOf(one, platform, sight), FOLDER), small);
  }

  /** Writes the page that shows all there are, and deletes what is on it no more. */
  async close(gallery: Readonly<Record<string, readonly Exhibit[]>>): Promise<void> {
    const keep = new Set([...OTHERS, ...Object.values(gallery).flat().flatMap(picturesOf)]);
    for (const file of await readdir(FOLDER)) {
      if (file.endsWith('.png') && !keep.has(file)) await rm(new URL(file, FOLDER));
    }
    await writeFile(new URL('README.md', FOLDER), readme(gallery));
  }
}
