import { expect } from 'vitest';
import { isRecord } from '../../src/base/is-record.ts';
import { refuseCard } from '../../src/sandbox/teams/card.ts';
import { elements } from './teams-connector.ts';

/** What nobody sees, or what turns the direction of what everybody sees. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** The start or the end of a mention, as any client might look for it. */
const AT_TAG = /<\s*\/?\s*at\b/i;
/** What Microsoft's own renderer of Adaptive Cards turns into a date of the reader's, in a TextRun too. */
const DATE_FUNCTION = /\{\{(?:DATE|TIME)\(/i;

export interface Live {
  /** Ids that may be mentioned; nobody unless told. */
  readonly mentions?: readonly string[];
  /** What m0's own links begin with; none may be there unless told. */
  readonly links?: readonly string[];
}

/**
 * Fails where Teams would refuse an Adaptive Card, and where anything in it is live but what may be. That nothing but
 * mentions stands where Markdown is parsed is among what is refused.
 */
export function expectInertCard(card: unknown, { mentions = [], links = [] }: Live = {}): void {
  expect(refuseCard(card)).toEqual([]);
  const mentioned = elements(card, 'mention').map((m) => isRecord(m.mentioned) && m.mentioned.id);
  expect(mentioned.filter((id) => !mentions.includes(String(id)))).toEqual([]);
  expect(elements(card, 'TextBlock')).toHaveLength(mentioned.length > 0 ? 1 : 0);
  const open = elements(card, 'Action.OpenUrl').map((action) => String(action.url));
  expect(open.filter((url) => !links.some((own) => url.startsWith(own)))).toEqual([]);
  walk(card);
}

/** The same for what a notification shows. */
export function expectInertSummary(text: string): void {
  expect(text).not.toBe('');
  expect(text).not.toMatch(/<|:\/\//);
  expect(text).not.toMatch(UNSEEN);
}

/** What a person sees of an element; `data` and `value` they never do, so a command stands there as it is. */
const SHOWN = ['text', 'title', 'label', 'placeholder', 'errorMessage'];

function walk(value: unknown): void {
  if (Array.isArray(value)) for (const entry of value) walk(entry);
  if (!isRecord(value)) return;
  for (const key of SHOWN) {
    const shown = value[key];
    if (typeof shown !== 'string') continue;
    expect(shown).not.toMatch(UNSEEN);
    expect(shown).not.toMatch(DATE_FUNCTION);
    if (value.type !== 'TextBlock' && value.type !== 'mention') expect(shown).not.toMatch(AT_TAG);
  }
  for (const entry of Object.values(value)) walk(entry);
}
