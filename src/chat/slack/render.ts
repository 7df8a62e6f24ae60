/** Turns a neutral card into Slack blocks. */
import type { types } from '@slack/bolt';
import { assertNever } from '../../base/assert-never.ts';
import type { Block, Card, Picture, Span } from '../../messages/card.ts';
import { fold, fullDiffButton, type Piece as PieceOf, rowText, withoutLinks } from '../../messages/fold.ts';
import { plainOf } from '../../messages/span-text.ts';
import { spansOf } from '../../messages/spans.ts';
import { CARD_SYMBOL, FINDING_SYMBOL } from '../../messages/symbols.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { buttonRows } from './buttons.ts';
import { diffLines } from './diff.ts';
import { fallbackText } from './fallback-text.ts';
import { CARD_DETAIL, type Detail, LIMITS } from './limits.ts';
import { contextElements, richElements, type SlackIdOf } from './spans.ts';

type Piece = PieceOf<types.KnownBlock>;
type FindingBlock = Extract<Block, { type: 'finding' }>;

/** A message. `overflow` is everything the card left out, as plain text; null where nothing was left out. */
export interface Rendered {
  readonly text: string;
  readonly blocks: types.KnownBlock[];
  readonly overflow: string | null;
}

/** Pictures that were uploaded to Slack, each with the id of its file there. */
export type Images = ReadonlyMap<Picture, string>;
const NO_IMAGES: Images = new Map();

/**
 * Lines that are folded together. Lines of one list are one block, so that a list of fifty fits a message.
 */
const LINES_PER_BLOCK = 10;
/** Characters reserved for the two lines that say what was folded. */
const FOLD_NOTE_CHARS = 400;

const richText = (...elements: types.RichTextBlockElement[]): types.RichTextBlock => ({
  type: 'rich_text',
  elements,
});
const section = (...elements: types.RichTextElement[]): types.RichTextSection => ({
  type: 'rich_text_section',
  elements,
});

/**
 * The card as a Slack message, always within Slack's limits. What does not fit is folded into a line that
 * says how much it is and which command shows it. Slack parses nothing in the card except mentions of people,
 * times and m0's own links. A picture is shown if `images` has it.
 */
export function renderCard(
  card: Card,
  slackId: SlackIdOf,
  detail: Detail = CARD_DETAIL,
  images: Images = NO_IMAGES,
): Rendered {
  const whole = renderWhole(card, slackId, detail, images);
  // A link is worth less than what it would push out.
  return whole.overflow === null
    ? whole
    : renderWhole({ ...card, blocks: withoutLinks(card.blocks) }, slackId, detail, images);
}

function renderWhole(card: Card, slackId: SlackIdOf, detail: Detail, images: Images): Rendered {
  const pieces = [headline(card, slackId), ...blockPieces(card.blocks, slackId, detail, images)];
  const { blocks, left } = fold(pieces, {
    budget: detail.budget - FOLD_NOTE_CHARS,
    blocks: LIMITS.blocks - 2,
    findings: detail.findings,
    sizeOf: (json) => json.length,
    note: (text) => foldNote(text, card),
    join: mergeLists,
  });
  return {
    text: fallbackText(card),
    blocks,
    overflow: left,
  };
}

/** Appends the lines of a list to the lines before them. False where the two are not parts of one list. */
function mergeLists(before: types.KnownBlock | undefined, lines: types.KnownBlock | undefined): boolean {
  if (before?.type !== 'rich_text' || lines?.type !== 'rich_text') return false;
  const [into, from] = [before.elements[0], lines.elements[0]];
  if (into?.type !== 'rich_text_section' || from?.type !== 'rich_text_section') return false;
  into.elements.push({ type: 'text', text: '\n' }, ...from.elements);
  return true;
}

/**
 * The colour of a severity; the word is on the card as well. No attachment with a coloured bar: Slack calls attachments
 * legacy and may cut them or hide them behind "show more", and the buttons would be in them.
 */
const SEVERITY_EMOJI = {
  critical: 'red_circle',
  high: 'large_orange_circle',
  medium: 'large_yellow_circle',
  low: 'large_blue_circle',
} as const satisfies Record<NonNullable<Card['severity']>, string>;

function headline(card: Card, slackId: SlackIdOf): Piece {
  const words = card.title ?? [{ type: 'strong' as const, text: card.headline }];
  const circle = card.severity === undefined || card.tone === 'bad' ? null : SEVERITY_EMOJI[card.severity];
  const symbol: types.RichTextText = {
    type: 'text',
    text: circle === null ? CARD_SYMBOL[card.tone] : ' ',
    style: { bold: true },
  };
  const elements = richElements(words, slackId, LIMITS.headline);
  const all = joinTexts(symbol.text === '' ? elements : [symbol, ...elements]);
  const none: types.RichTextText = { type: 'text', text: 'm0', style: { bold: true } };
  const emoji: types.RichTextElement[] = circle === null ? [] : [{ type: 'emoji', name: circle }];
  return {
    blocks: [richText(section(...emoji, ...(elements.length === 0 ? [none] : all)))],
    plain: card.headline,
    rank: 0,
    count: 1,
  };
}

/** The elements with neighbouring texts of the same style as one. */
function joinTexts(elements: readonly types.RichTextElement[]): types.RichTextElement[] {
  const joined: types.RichTextElement[] = [];
  for (const element of elements) {
    const last = joined.at(-1);
    const same =
      last?.type === 'text' &&
      element.type === 'text' &&
      JSON.stringify(last.style) === JSON.stringify(element.style);
    if (same) joined[joined.length - 1] = { ...last, text: last.text + element.text };
    else joined.push(element);
  }
  return joined;
}

function foldNote(text: string, card: Card): types.KnownBlock {
  const more = fullDiffButton(card);
  const elements: types.RichTextElement[] = [
    { type: 'text', text: more ? `${text}: ` : text, style: { italic: true } },
  ];
  if (more) elements.push({ type: 'text', text: `/m0 ${more.command}`, style: { code: true } });
  return richText(section(...elements));
}

/** A picture that is uploaded. Without it the card's own words stand for it. */
function picturePieces(
  { picture, alt }: Extract<Block, { type: 'picture' }>,
  images: Images,
): readonly Piece[] {
  const id = images.get(picture);
  if (id === undefined) return [];
  const altText = clip(visible(alt), LIMITS.altText);
  const image: types.ImageBlock = {
    type: 'image',
    slack_file: { id },
    alt_text: altText === '' ? 'm0' : altText,
  };
  return [{ blocks: [image], plain: '', rank: 1, count: 0 }];
}

function blockPieces(blocks: readonly Block[], slackId: SlackIdOf, detail: Detail, images: Images): Piece[] {
  const pieces: Piece[] = [];
  let findings = 0;
  let buttons = 0;
  let lines: Span[][] = [];
  let goesOn = false;
  const flush = (more: boolean): void => {
    if (lines.length > 0) {
      pieces.push({ ...linesPiece(lines, slackId, detail), ...(goesOn ? { continues: goesOn } : {}) });
    }
    goesOn = more;
    lines = [];
  };
  for (const block of blocks) {
    // An empty line separates what is above from what follows.
    if (block.type !== 'line' || block.spans.length === 0) flush(false);
    switch (block.type) {
      case 'line':
        if (block.spans.length > 0) lines.push([...block.spans]);
        if (lines.length === LINES_PER_BLOCK) flush(true);
        break;
      case 'context':
        pieces.push(contextPiece(block.spans, slackId, detail));
        break;
      case 'finding':
        // Findings beyond the limit are never shown, so a thousand of them cost only their text.
        pieces.push(findingPiece(block, slackId, detail, findings < detail.findings));
        findings += 1;
        break;
      case 'facts':
        for (let i = 0; i < block.facts.length; i += LINES_PER_BLOCK) {
          const some = block.facts.slice(i, i + LINES_PER_BLOCK).map(factSpans);
          pieces.push(linesPiece(some, slackId, detail));
        }
        break;
      case 'buttons':
        for (const row of buttonRows(block.buttons, buttons)) {
          buttons += row.elements.length;
          pieces.push({ blocks: [row], plain: '', rank: 0, count: row.elements.length });
        }
        break;
      case 'outcome':
        pieces.push(outcomePiece(block.spans, slackId, detail));
        break;
      case 'divider':
        pieces.push({ blocks: [{ type: 'divider' }], plain: '---', rank: 1, count: 0 });
        break;
      case 'picture':
        pieces.push(...picturePieces(block, images));
        break;
      default:
        assertNever(block);
    }
  }
  flush(false);
  return pieces;
}

const factSpans = (fact: { readonly label: string; readonly spans: readonly Span[] }): readonly Span[] => [
  { type: 'strong', text: fact.label },
  { type: 'text', text: '  ' },
  ...fact.spans,
];

function linesPiece(lines: readonly (readonly Span[])[], slackId: SlackIdOf, detail: Detail): Piece {
  const sections = lines
    .map((spans) => section(...richElements(spans, slackId, detail.line)))
    .filter((s) => s.elements.length > 0);
  // Slack shows no line break between sections, so each except the last ends in one.
  for (const s of sections.slice(0, -1)) s.elements.push({ type: 'text', text: '\n' });
  const blocks = sections.length > 0 ? [richText(section(...sections.flatMap((s) => s.elements)))] : [];
  return { blocks, plain: lines.map(plainOf).join('\n'), rank: 1, count: lines.length };
}

function contextPiece(spans: readonly Span[], slackId: SlackIdOf, detail: Detail): Piece {
  const plain = plainOf(spans);
  const elements = contextElements(spans, slackId, detail.line);
  if (elements === null) return { ...linesPiece([spans], slackId, detail), plain };
  const blocks: types.KnownBlock[] = elements.length > 0 ? [{ type: 'context', elements }] : [];
  return { blocks, plain, rank: 1, count: 1 };
}

function outcomePiece(spans: readonly Span[], slackId: SlackIdOf, detail: Detail): Piece {
  const elements = richElements(spans, slackId, detail.line);
  const blocks = elements.length > 0 ? [richText({ type: 'rich_text_quote', elements })] : [];
  return { blocks, plain: plainOf(spans), rank: 0, count: 1 };
}

/** The links of a finding. What is no link after all, because its address may not be one, is left out. */
function linksOf({ links = [] }: FindingBlock, slackId: SlackIdOf) {
  return richElements(links, slackId, LIMITS.findingText).flatMap((element) =>
    element.type === 'link' ? [{ element }] : [],
  );
}

function findingPiece(block: FindingBlock, slackId: SlackIdOf, detail: Detail, shown: boolean): Piece {
  const head = `${block.mark} ${block.address}  ${plainOf(block.status)}`;
  if (!shown) return { blocks: [], plain: head, rank: 2, count: 1 };
  const status = richElements(spansOf(block.status), slackId, LIMITS.findingText);
  const title: types.RichTextElement[] = [
    {
      type: 'text',
      // The no-break space keeps the mark on the same line as the address.
      text: `${block.mark}\u00a0${clip(visible(block.address), LIMITS.findingText)}`,
      style: { bold: true, code: true },
    },
  ];
  if (status.length > 0) {
    title.push(...joinTexts([{ type: 'text', text: `  ${FINDING_SYMBOL[block.tone]}` }, ...status]));
  }
  for (const { element } of linksOf(block, slackId)) title.push({ type: 'text', text: '  ' }, element);
  const { lines } = diffLines(block.rows, detail);
  const elements: types.RichTextBlockElement[] = [section(...title)];
  if (lines.length > 0) {
    elements.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text: lines.join('\n') }] });
  }
  const plain = [head, ...block.rows.map((row) => `    ${rowText(row)}`)].join('\n');
  return { blocks: [richText(...elements)], plain, rank: 2, count: 1 };
}
