/** Writes the pictures and their page into docs/cards. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import type { Exhibit } from '../support/gallery/exhibit.ts';
import { fileOf, type Platform, picturesOf, type Sight } from './names.ts';
import { inPalette } from './palette.ts';
import { readme } from './readme.ts';

const FOLDER = new URL('../../docs/cards/', import.meta.url);
/** Pictures in docs/cards that this program does not take. */
const OTHERS = ['first-story.png'];

export class Album {
  #bytes = 0;

  /** Total size of the added pictures, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Compresses a picture and stores it. */
  async add(one: Exhibit, platform: Platform, sight: Sight, png: Buffer): Promise<void> {
    const small = inPalette(png);
    this.#bytes += small.length;
    await mkdir(FOLDER, { recursive: true });
    await writeFile(new URL(fileOf(one, platform, sight), FOLDER), small);
  }

  /** Writes the page that shows all pictures, and deletes pictures that are no longer on it. */
  async close(gallery: Readonly<Record<string, readonly Exhibit[]>>): Promise<void> {
    const keep = new Set([...OTHERS, ...Object.values(gallery).flat().flatMap(picturesOf)]);
    for (const file of await readdir(FOLDER)) {
      if (file.endsWith('.png') && !keep.has(file)) await rm(new URL(file, FOLDER));
    }
    await writeFile(new URL('README.md', FOLDER), readme(gallery));
  }
}
