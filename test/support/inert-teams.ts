/** Asserts that text from outside m0 is inert in a Teams card: no mention, link, date function or hidden character. */
import { expect } from 'vitest';
import { isRecord } from '../../src/base/is-record.ts';
import { refuseCard } from '../../src/sandbox/teams/card.ts';
import { elements } from './teams-connector.ts';

/** Invisible characters, and characters that change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** The start or end tag of a mention, in any spelling that a client might accept. */
const AT_TAG = /<\s*\/?\s*at\b/i;
/** What Microsoft's renderer of Adaptive Cards replaces with a local date, also in a TextRun. */
const DATE_FUNCTION = /\{\{(?:DATE|TIME)\(/i;
/** A time as m0 itself writes it: a run with nothing else in it. */
const OWN_TIME =
  /^(?:\{\{DATE\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, SHORT\)\}\} )?\{\{TIME\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\}\}$/;

export interface Live {
  /** Ids that the card may mention; default none. */
  readonly mentions?: readonly string[];
  /** URL prefixes that links may have; default none, so the card may have no links. */
  readonly links?: readonly string[];
}

/**
 * Fails if Teams would refuse the Adaptive Card, or if it holds a mention, link or date that is not allowed. The refusal
 * rules also check that elements that parse Markdown hold mentions only.
 */
export function expectInertCard(card: unknown, { mentions = [], links = [] }: Live = {}): void {
  expect(refuseCard(card)).toEqual([]);
  const mentioned = elements(card, 'mention').map((m) => isRecord(m.mentioned) && m.mentioned.id);
  expect(mentioned.filter((id) => !mentions.includes(String(id)))).toEqual([]);
  expect(elements(card, 'TextBlock')).toHaveLength(mentioned.length > 0 ? 1 : 0);
  const open = elements(card, 'Action.OpenUrl').map((action) => String(action.url));
  expect(open.filter((url) => !links.some((own) => url.startsWith(own)))).toEqual([]);
  walk(card);
  if (!isRecord(card)) return;
  for (const spoken of [card.speak, card.fallbackText]) {
    // Only m0 itself adds line breaks.
    if (typeof spoken === 'string') for (const line of spoken.split('\n')) expectInertSummary(line);
  }
}

/** The same check for the text of a notification. */
export function expectInertSummary(text: string): void {
  expect(text).not.toBe('');
  expect(text).not.toMatch(/<|:\/\//);
  expect(text).not.toMatch(UNSEEN);
  expect(text).not.toMatch(DATE_FUNCTION);
}

/** Fields that people see. `data` and `value` are not shown, so commands in them are not checked. */
const SHOWN = ['text', 'title', 'label', 'placeholder', 'errorMessage'];

function walk(value: unknown): void {
  if (Array.isArray(value)) for (const entry of value) walk(entry);
  if (!isRecord(value)) return;
  for (const key of SHOWN) {
    const shown = value[key];
    if (typeof shown !== 'string') continue;
    expect(shown).not.toMatch(UNSEEN);
    if (value.type !== 'TextRun' || !OWN_TIME.test(shown)) expect(shown).not.toMatch(DATE_FUNCTION);
    if (value.type !== 'TextBlock' && value.type !== 'mention') expect(shown).not.toMatch(AT_TAG);
  }
  for (const entry of Object.values(value)) walk(entry);
}
