/** The pages of docs/reference: what is between two markers comes from the code, the rest is written by hand. */
import { readdirSync, readFileSync } from 'node:fs';
import { BLOCKS } from './blocks.ts';

/** The command that writes the generated parts anew. */
export const WRITE = 'npm run docs';
const REFERENCE = new URL('../../docs/reference/', import.meta.url);
const BLOCK = /(<!-- begin: ([a-z-]+), written by `npm run docs` -->\n)[\s\S]*?(\n<!-- end -->)/g;

export interface Page {
  readonly url: URL;
  readonly text: string;
  /** The text as the code wants it now. */
  readonly wanted: string;
  /** The names of its generated parts. */
  readonly blocks: readonly string[];
}

/** All pages of docs/reference. Throws if one asks for a part that is not known. */
export function referencePages(): readonly Page[] {
  return readdirSync(REFERENCE)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => {
      const url = new URL(name, REFERENCE);
      const text = readFileSync(url, 'utf8');
      const blocks: string[] = [];
      const wanted = text.replace(BLOCK, (_, begin: string, block: string, end: string) => {
        const make = BLOCKS[block];
        if (make === undefined)
          throw new Error(`docs/reference/${name}: no generated part is called ${block}`);
        blocks.push(block);
        return `${begin}\n${make()}${end}`;
      });
      return { url, text, wanted, blocks };
    });
}
