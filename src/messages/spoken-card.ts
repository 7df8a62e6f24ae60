/** A card as plain lines, in its own order, for readers who hear it: screen readers, notifications, speech. */
import { assertNever } from '../base/assert-never.ts';
import { cutChange, cutMiddle, visible } from '../text/inert.ts';
import { clip } from '../text/words.ts';
import type { Block, Button, Card, DiffLine, DiffRow, Span, Words } from './card.ts';
import { fold, fullDiffButton, type Piece } from './fold.ts';
import { spanText } from './span-text.ts';
import { spansOf } from './spans.ts';

/** What one chat allows, and how it wants its lines. */
export interface SpokenLimits {
  /** The most of all lines together, in the units of `sizeOf`. */
  readonly budget: number;
  /** The size of a text as this chat would send it. */
  readonly sizeOf: (text: string) => number;
  /** What people type before a command, e.g. `/m0`. */
  readonly prefix: string;
}

/** Characters of a line, of a value, and changed lines of a long text: as much as one can listen to. */
const LINE = 400;
const VALUE = 110;
const TEXT_LINES = 6;
/** Rows of one finding before "N more", as on the card. */
const ROWS = 12;
/** What ends a sentence, as a reader hears it. */
const SENTENCE_END = /[.?!;…。]\s/;
/** Findings beyond these never fit, so a thousand of them cost little. */
const FINDINGS = 60;
/** Reserved for the two sentences that say what is left out. */
const NOTES = 300;

type Line = Piece<string>;

/**
 * The card in words, one line each: the headline, each change with its resource, what is asked or was decided, and the
 * buttons. What does not fit is counted in a line. Values are cut and masked as on the card. A chat must still escape
 * the lines: they hold texts of clouds, repositories and people, and no line breaks.
 */
export function spokenCard(card: Card, limits: SpokenLimits): readonly string[] {
  const lines: Line[] = [
    frame(clip(visible(card.headline), LINE)),
    ...blockLines(card.blocks, limits.prefix),
    ...zoneLine(card),
  ];
  const more = fullDiffButton(card);
  const where = more === undefined ? 'see the message' : `type ${limits.prefix} ${more.command}`;
  // `fold` counts a line as JSON, with two brackets and two quotes: more than its line break.
  const { blocks } = fold(lines, {
    budget: limits.budget - NOTES,
    blocks: Number.POSITIVE_INFINITY,
    findings: Number.POSITIVE_INFINITY,
    sizeOf: limits.sizeOf,
    note: (left) => `${left}${/lines?$/.test(left) ? '' : ' of the changes'}, left out here: ${where}`,
  });
  return blocks;
}

const frame = (text: string): Line => ({ blocks: [text], plain: '', rank: 0, count: 1 });
const textLine = (text: string): readonly Line[] =>
  text.trim() === '' ? [] : [{ blocks: [text], plain: '', rank: 1, count: 1 }];

function blockLines(blocks: readonly Block[], prefix: string): readonly Line[] {
  let findings = 0;
  return blocks.flatMap((block) => {
    if (block.type === 'finding') findings += 1;
    return linesOf(block, prefix, findings <= FINDINGS);
  });
}

function linesOf(block: Block, prefix: string, shown: boolean): readonly Line[] {
  switch (block.type) {
    case 'line':
    case 'context':
      return textLine(said(block.spans, prefix));
    case 'outcome':
      return [frame(said(block.spans, prefix))];
    case 'facts':
      return block.facts.flatMap(({ label, spans }) => {
        const words = said(spans, prefix);
        return textLine(clip(`${visible(label)}: ${words}`, LINE));
      });
    case 'finding':
      return findingLines(block, prefix, shown);
    case 'buttons':
      return block.buttons.length === 0 ? [] : [frame(buttonLine(block.buttons))];
    // The card says what a picture shows: not every chat has pictures.
    case 'picture':
    case 'divider':
      return [];
    default:
      return assertNever(block);
  }
}

/**
 * The words on one line. A dot between two groups is read as a word, or not at all, so it is a comma; the gap between a
 * name and what is said of it is a colon.
 */
function said(words: Words, prefix: string): string {
  const text = spansOf(words)
    .map((span) => spoken(span, prefix))
    .join('');
  const line = visible(text.trim().replace(/\s*\n\s*/g, ' '));
  return clip(line.replaceAll(' · ', ', ').replace(/(?<=[^\s:,.]) {2,}(?=\S)/, ': '), LINE);
}

/** The address of a link can't be followed in a text that is heard; the card has the link. */
function spoken(span: Span, prefix: string): string {
  if (span.type === 'command') return `${prefix} ${span.text}`;
  return span.type === 'link' && span.text !== '' ? span.text : spanText(span);
}

function findingLines(
  { address, status, rows }: Extract<Block, { type: 'finding' }>,
  prefix: string,
  shown: boolean,
): readonly Line[] {
  const hidden = rows.length - Math.min(rows.length, ROWS);
  // Without rows, the finding itself is the change.
  const head = { plain: '', rank: 2, count: rows.length === 0 ? 1 : 0 } as const;
  if (!shown) return [{ ...head, blocks: [], count: Math.max(1, rows.length) }];
  const name = cutMiddle(visible(address), VALUE * 2);
  return [
    { ...head, blocks: [withValue(name, said(status, prefix))] },
    ...rows.slice(0, ROWS).map((row): Line => ({ blocks: [rowLine(row)], plain: '', rank: 2, count: 1 })),
    ...(hidden > 0 ? [{ ...head, blocks: [`and ${hidden} more of ${name}`], count: hidden }] : []),
  ];
}

const value = (text: string): string => asValue(cutMiddle(visible(text), VALUE));

/**
 * A value with the end of a sentence in it could pose as a line of m0's, so words say where it begins and ends: not every
 * screen reader speaks quotes.
 */
function asValue(text: string): string {
  if (!SENTENCE_END.test(text)) return text;
  return `quote “${text.replaceAll(/[“”]/g, '"').replaceAll(/end of quote/gi, 'end-of-quote')}” end of quote`;
}

/** A row of a diff in one line: the attribute, what happened to it, and its values. */
function rowLine(row: DiffRow): string {
  const label = value(row.label);
  switch (row.kind) {
    case 'add':
      return withValue(`${label} added`, value(row.value));
    case 'del':
      return withValue(`${label} removed`, value(row.value));
    case 'same':
      return withValue(`${label} unchanged`, value(row.value));
    case 'change': {
      const [was, is] = cutChange(visible(row.before), visible(row.after), VALUE);
      return `${label} changed: ${asValue(was)} → ${asValue(is)}`;
    }
    case 'note': {
      const text = clip(visible(row.value.replace(/\s*\n\s*/g, ' ')), LINE);
      return label === '' ? text.trim() : `${label}: ${text}`;
    }
    case 'lines':
      return withValue(
        `${label} changed`,
        [visible(row.about), ...changedLines(row.lines)].filter((w) => w !== '').join('; '),
      );
    default:
      return assertNever(row);
  }
}

const withValue = (what: string, text: string): string => (text === '' ? what : `${what}: ${text}`);

/** The lines of a long text that differ. Those around them are left out: the card shows them. */
function changedLines(lines: readonly DiffLine[]): readonly string[] {
  const changed = lines.filter(({ sign }) => sign !== ' ');
  const words = changed.slice(0, TEXT_LINES).map(({ sign, text }) => {
    const shown = value(text.trim());
    return sign === '@' ? shown : `${sign === '+' ? 'added' : 'removed'} ${shown}`;
  });
  const more = changed.slice(TEXT_LINES).filter(({ sign }) => sign !== '@').length;
  return more > 0 ? [...words, `and ${more} more changed lines`] : words;
}

function buttonLine(buttons: readonly Button[]): string {
  const labels = buttons.map(({ label }) => visible(label).trim()).filter((label) => label !== '');
  return clip(`Buttons in the message: ${labels.join('; ')}`, LINE);
}

/** The card shows times in the reader's zone, a plain text can't: so it names its zone. */
function zoneLine({ title = [], blocks }: Card): readonly Line[] {
  const spans = blocks.flatMap((block) => {
    if (block.type === 'facts') return block.facts.flatMap((fact) => fact.spans);
    if (block.type === 'finding') return spansOf(block.status);
    return block.type === 'line' || block.type === 'context' || block.type === 'outcome' ? block.spans : [];
  });
  const zones = new Set([...title, ...spans].flatMap((span) => (span.type === 'time' ? [span.zone] : [])));
  return zones.size === 0 ? [] : [frame(`Times are in ${[...zones].join(' and ')}`)];
}
