/** Lists the functions that build messages, so a test can check that the gallery shows each of them. */
import { readdirSync, readFileSync } from 'node:fs';

const SOURCE = new URL('../../../src/messages/', import.meta.url);

/** Names of the functions of src/messages that return a card, a form or pages to the rest of m0. */
export function makers(): readonly string[] {
  return readdirSync(SOURCE).flatMap((file) => {
    const code = readFileSync(new URL(file, SOURCE), 'utf8');
    return [...code.matchAll(/^export function (\w+)\([\s\S]*?\): (\w+)/gm)]
      .filter(([, , type]) => /^(Card|Form|Pages)$/.test(type ?? ''))
      .map(([, name]) => name ?? '');
  });
}
