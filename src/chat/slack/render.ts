/** Turns a neutral card into Slack blocks. */
import type { types } from '@slack/bolt';
import { assertNever } from '../../base/assert-never.ts';
import type { Block, Card, Span } from '../../messages/card.ts';
import { fold, fullDiffButton, type Piece as PieceOf, rowText } from '../../messages/fold.ts';
import { plainOf } from '../../messages/span-text.ts';
import { CARD_SYMBOL, FINDING_SYMBOL } from '../../messages/symbols.ts';
import { breakable, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { buttonRows } from './buttons.ts';
import { diffLines } from './diff.ts';
import { notification } from './inert.ts';
import { CARD_DETAIL, type Detail, LIMITS } from './limits.ts';
import { contextElements, richElements, type SlackIdOf } from './spans.ts';

type Piece = PieceOf<types.KnownBlock>;

/** A message. `overflow` is everything the card left out, as plain text; null where nothing was left out. */
export interface Rendered {
  readonly text: string;
  readonly blocks: types.KnownBlock[];
  readonly overflow: string | null;
}

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
 * times and m0's own links.
 */
export function renderCard(card: Card, slackId: SlackIdOf, detail: Detail = CARD_DETAIL): Rendered {
  const pieces = [headline(card), ...blockPieces(card.blocks, slackId, detail)];
  const { blocks, left } = fold(pieces, {
    budget: detail.budget - FOLD_NOTE_CHARS,
    blocks: LIMITS.blocks - 2,
    findings: detail.findings,
    sizeOf: (json) => json.length,
    note: (text) => foldNote(text, card),
    join: mergeLists,
  });
  return {
    text: notification(card.headline, LIMITS.fallbackText),
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

function headline(card: Card): Piece {
  const headlineText = breakable(clip(visible(card.headline), LIMITS.fallbackText));
  const text = `${CARD_SYMBOL[card.tone]}${headlineText}`;
  const bold: types.RichTextText = { type: 'text', text: text === '' ? 'm0' : text, style: { bold: true } };
  return { blocks: [richText(section(bold))], plain: card.headline, rank: 0, count: 1 };
}

function foldNote(text: string, card: Card): types.KnownBlock {
  const more = fullDiffButton(card);
  const elements: types.RichTextElement[] = [
    { type: 'text', text: more ? `${text}: ` : text, style: { italic: true } },
  ];
  if (more) elements.push({ type: 'text', text: `/m0 ${more.command}`, style: { code: true } });
  return richText(section(...elements));
}

function blockPieces(blocks: readonly Block[], slackId: SlackIdOf, detail: Detail): Piece[] {
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
        pieces.push(findingPiece(block, detail, findings < detail.findings));
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

function findingPiece(block: Extract<Block, { type: 'finding' }>, detail: Detail, shown: boolean): Piece {
  const head = `${block.mark} ${block.address}  ${block.status}`;
  if (!shown) return { blocks: [], plain: head, rank: 2, count: 1 };
  const status = breakable(clip(visible(block.status), LIMITS.findingText));
  const title: types.RichTextElement[] = [
    {
      type: 'text',
      // The no-break space keeps the mark on the same line as the address.
      text: `${block.mark}\u00a0${clip(visible(block.address), LIMITS.findingText)}`,
      style: { bold: true, code: true },
    },
  ];
  if (status !== '') title.push({ type: 'text', text: `  ${FINDING_SYMBOL[block.tone]}${status}` });
  const { lines } = diffLines(block.rows, detail);
  const elements: types.RichTextBlockElement[] = [section(...title)];
  if (lines.length > 0) {
    elements.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text: lines.join('\n') }] });
  }
  const plain = [head, ...block.rows.map((row) => `    ${rowText(row)}`)].join('\n');
  return { blocks: [richText(...elements)], plain, rank: 2, count: 1 };
}
