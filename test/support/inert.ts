import { expect } from 'vitest';
import { isRecord } from '../../src/base/is-record.ts';
import { PLAIN_PARSING, parseMessage } from '../../src/sandbox/workspace/text.ts';

/** What nobody sees, or what turns the direction of what everybody sees. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** The one thing that m0 says in mrkdwn by itself: a time, shown in the reader's zone. */
const TIME = /^<!date\^\d+\^[{}\w ]+\|[\w:, ]+>(\u00a0·)?$/;
const INLINE = ['text', 'date'];

/** Fails where anything in the blocks is live, formatted by what it says, or unseen. */
export function expectInert(blocks: readonly unknown[]): void {
  expect(parseMessage('', blocks, PLAIN_PARSING)).toEqual({ mentions: [], links: [] });
  walk(blocks, false);
}

/** The same for the text of a notification. */
export function expectInertText(text: string): void {
  expect(text).not.toMatch(/[<>]|:\/\//);
  expect(text.replaceAll(/&(amp|lt|gt);/g, '')).not.toContain('&');
  expect(text).not.toMatch(UNSEEN);
  expect(parseMessage(text, [], PLAIN_PARSING)).toEqual({ mentions: [], links: [] });
}

function walk(value: unknown, preformatted: boolean): void {
  if (Array.isArray(value)) {
    for (const entry of value) walk(entry, preformatted);
    return;
  }
  if (!isRecord(value)) return;
  const { type, text } = value;
  if (type === 'mrkdwn') expect(text).toMatch(TIME);
  if (type === 'plain_text') expect(value.emoji).toBe(false);
  if (type === 'rich_text_section' || type === 'rich_text_quote' || type === 'rich_text_preformatted') {
    const kinds = (Array.isArray(value.elements) ? value.elements : []).map((e) => isRecord(e) && e.type);
    expect(kinds.filter((kind) => !INLINE.includes(String(kind)))).toEqual([]);
  }
  // Line breaks are m0's alone: between the lines of a list, and between the rows of a diff.
  if (typeof text === 'string' && type !== 'mrkdwn' && text !== '\n') {
    expect(preformatted ? text.replaceAll('\n', '') : text).not.toMatch(UNSEEN);
  }
  for (const entry of Object.values(value)) {
    if (typeof entry === 'object') walk(entry, preformatted || type === 'rich_text_preformatted');
  }
}
