/** Asserts that text from outside m0 is inert in a Slack message: no mention, link, markup or hidden character. */
import { expect } from 'vitest';
import { isRecord } from '../../src/base/is-record.ts';
import { PLAIN_PARSING, parseMessage } from '../../src/sandbox/workspace/text.ts';

/** Invisible characters, and characters that change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** The only mrkdwn that m0 writes: a time, which Slack shows in the reader's time zone. */
const TIME = /^<!date\^\d+\^[{}\w ]+\|[\w:, ]+>(\u00a0·)?$/;
const INLINE = ['text', 'date', 'link', 'emoji'];
/** The circles that show how bad drift is; no other emoji is m0's own. */
const CIRCLES = ['red_circle', 'large_orange_circle', 'large_yellow_circle', 'large_blue_circle'];

/**
 * Fails if text in the blocks makes a mention, a link or formatting, or has hidden characters. `own`: the beginnings of
 * the addresses that m0 itself may link to.
 */
export function expectInert(blocks: readonly unknown[], own: readonly string[] = []): void {
  const { mentions, links } = parseMessage('', blocks, PLAIN_PARSING);
  expect({ mentions, links: links.filter((url) => !own.some((start) => url.startsWith(start))) }).toEqual({
    mentions: [],
    links: [],
  });
  walk(blocks, false);
}

/** The same check for the text of a message. Only m0 itself adds line breaks, and none of its lines is empty. */
export function expectInertText(text: string): void {
  for (const line of text.split('\n')) expectInertLine(line);
}

function expectInertLine(text: string): void {
  expect(text.trim()).not.toBe('');
  expect(text).not.toMatch(/[<>]|:\/\/|@(here|channel|everyone)\b/i);
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
  if (type === 'emoji') expect(CIRCLES).toContain(value.name);
  if (type === 'plain_text') expect(value.emoji).toBe(false);
  if (type === 'rich_text_section' || type === 'rich_text_quote' || type === 'rich_text_preformatted') {
    const kinds = (Array.isArray(value.elements) ? value.elements : []).map((e) => isRecord(e) && e.type);
    expect(kinds.filter((kind) => !INLINE.includes(String(kind)))).toEqual([]);
  }
  // Only m0 itself adds line breaks: between the lines of a list, and between the rows of a diff.
  if (typeof text === 'string' && type !== 'mrkdwn' && text !== '\n') {
    expect(preformatted ? text.replaceAll('\n', '') : text).not.toMatch(UNSEEN);
  }
  for (const entry of Object.values(value)) {
    if (typeof entry === 'object') walk(entry, preformatted || type === 'rich_text_preformatted');
  }
}
