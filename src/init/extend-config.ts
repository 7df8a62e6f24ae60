/** Adds entries to an m0.yaml that exists, without touching anything else of it. Pure. */
import { isSeq, parseDocument } from 'yaml';
import type { Proposal } from './write-config.ts';
import { discoverLines, stackLines } from './write-config.ts';

/** The text with the lines added to the list under `key`; null where the list is written in a way that has no lines. */
function withItems(text: string, key: 'discover' | 'stacks', lines: readonly string[]): string | null {
  if (lines.length === 0) return text;
  const document = parseDocument(text);
  const value: unknown = document.get(key, true);
  const end = text.endsWith('\n') || text === '' ? text : `${text}\n`;
  if (value === undefined) {
    return `${end}\n${key}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  }
  if (!isSeq(value) || value.flow === true || value.range == null) return null;
  const [from, to] = value.range;
  const indent = from - (text.lastIndexOf('\n', from - 1) + 1);
  const lineEnd = text.indexOf('\n', Math.max(to - 1, from));
  const at = lineEnd === -1 ? text.length : lineEnd + 1;
  const head = lineEnd === -1 ? `${text}\n` : text.slice(0, at);
  return `${head}${lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('')}${text.slice(at)}`;
}

/** Null where the lists of the file are written in a way that can't be added to, as `stacks: [ … ]`. */
export function extendedConfig(text: string, proposal: Proposal): string | null {
  const found = withItems(text, 'discover', discoverLines(proposal));
  return found === null ? null : withItems(found, 'stacks', stackLines(proposal));
}
