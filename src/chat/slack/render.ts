import type { types } from '@slack/bolt';
import { assertNever } from '../../assert-never.ts';
import type { Block, Card, FindingTone, Span } from '../../messages/card.ts';
import { buttonRows } from './buttons.ts';
import { diffLines } from './diff.ts';
import { cutEnd, notification, visible } from './inert.ts';
import { CARD_DETAIL, type Detail, LIMITS } from './limits.ts';
import { contextElements, richElements, type SlackIdOf, spanText } from './spans.ts';

/** What a message is made of. `overflow`: as plain text, all that the card left out; null: nothing. */
export interface Rendered {
  readonly text: string;
  readonly blocks: types.KnownBlock[];
  readonly overflow: string | null;
}

/** One unit of folding. Pieces of a lower rank get their room first. */
interface Piece {
  readonly blocks: readonly types.KnownBlock[];
  readonly plain: string;
  readonly rank: 0 | 1 | 2;
  /** Set where it goes on with the lines of the piece before it: shown without a gap between them. */
  readonly goesOn?: true;
  /** How many of `what` it stands for, in "and 37 more". */
  readonly count: number;
}

/** A symbol before the headline; the words tell the same, so nothing depends on seeing it. */
const CARD_SYMBOL: Record<Card['tone'], string> = {
  drift: '◆ ',
  waits: '● ',
  good: '✓ ',
  bad: '✕ ',
  plain: '',
};

const FINDING_SYMBOL: Record<FindingTone, string> = {
  heals: '↻ ',
  waits: '● ',
  denied: '✕ ',
  kept: '‖ ',
  done: '✓ ',
  info: '',
};

/** Lines that are folded together. Those of one list are one block, so that a list of fifty fits a message. */
const LINES_A_BLOCK = 10;
/** Room kept for the two lines that say what was folded. */
const FOLD_NOTE = 400;

const richText = (...elements: types.RichTextBlockElement[]): types.RichTextBlock => ({
  type: 'rich_text',
  elements,
});
const section = (...elements: types.RichTextElement[]): types.RichTextSection => ({
  type: 'rich_text_section',
  elements,
});

/**
 * The card in Slack's dress. Always within Slack's limits: what does not fit is folded into a line that says
 * how much it is and which command shows it. Everything in the card is inert but for mentions of people,
 * times and m0's own links.
 */
export function renderCard(card: Card, slackId: SlackIdOf, detail: Detail = CARD_DETAIL): Rendered {
  const pieces = [headline(card), ...blockPieces(card.blocks, slackId, detail)];
  const chosen = choose(pieces, detail);
  const blocks: types.KnownBlock[] = [];
  const noted = new Set<number>();
  for (const piece of pieces) {
    if (chosen.has(piece)) {
      if (!(piece.goesOn && joined(blocks.at(-1), piece.blocks[0]))) blocks.push(...piece.blocks);
      continue;
    }
    // One note for findings and one for all else, each where the first of its kind is missing.
    const kind = piece.rank === 2 ? 2 : 1;
    if (noted.has(kind)) continue;
    noted.add(kind);
    const missing = pieces.filter((p) => !chosen.has(p) && (p.rank === 2) === (kind === 2));
    const count = missing.reduce((sum, p) => sum + p.count, 0);
    const what = kind === 2 ? '' : count === 1 ? ' line' : ' lines';
    if (count > 0) blocks.push(foldNote(`and ${count} more${what}`, card));
  }
  const left = pieces.filter((p) => !chosen.has(p)).map((p) => p.plain);
  return {
    text: notification(card.headline, LIMITS.fallbackText),
    blocks,
    overflow: left.length > 0 ? left.join('\n') : null,
  };
}

/** Puts the lines of a list under those before them; false where they are no two pieces of one list. */
function joined(before: types.KnownBlock | undefined, lines: types.KnownBlock | undefined): boolean {
  if (before?.type !== 'rich_text' || lines?.type !== 'rich_text') return false;
  const [into, from] = [before.elements[0], lines.elements[0]];
  if (into?.type !== 'rich_text_section' || from?.type !== 'rich_text_section') return false;
  into.elements.push({ type: 'text', text: '\n' }, ...from.elements);
  return true;
}

function headline(card: Card): Piece {
  const text = `${CARD_SYMBOL[card.tone]}${cutEnd(visible(card.headline), LIMITS.fallbackText)}`;
  const bold: types.RichTextText = { type: 'text', text: text === '' ? 'm0' : text, style: { bold: true } };
  return { blocks: [richText(section(bold))], plain: card.headline, rank: 0, count: 1 };
}

function foldNote(text: string, card: Card): types.KnownBlock {
  const more = card.blocks
    .flatMap((b) => (b.b === 'buttons' ? b.buttons : []))
    .find((button) => /^show #\d+$/.test(button.command));
  const elements: types.RichTextElement[] = [
    { type: 'text', text: more ? `${text}: ` : text, style: { italic: true } },
  ];
  if (more) elements.push({ type: 'text', text: `/m0 ${more.command}`, style: { code: true } });
  return richText(section(...elements));
}

/** The pieces that fit, by rank and then in order; once one of a rank does not fit, the rest of it does not. */
function choose(pieces: readonly Piece[], detail: Detail): ReadonlySet<Piece> {
  const chosen = new Set<Piece>();
  let budget = detail.budget - FOLD_NOTE;
  let blocks: number = LIMITS.blocks - 2;
  for (const rank of [0, 1, 2] as const) {
    const ofRank = pieces.filter((p) => p.rank === rank);
    for (const [i, piece] of ofRank.entries()) {
      const cost = JSON.stringify(piece.blocks).length;
      const fits = cost <= budget && piece.blocks.length <= blocks;
      if (!fits || (rank === 2 && i >= detail.findings)) break;
      chosen.add(piece);
      budget -= cost;
      blocks -= piece.blocks.length;
    }
  }
  return chosen;
}

function blockPieces(blocks: readonly Block[], slackId: SlackIdOf, detail: Detail): Piece[] {
  const pieces: Piece[] = [];
  let findings = 0;
  let buttons = 0;
  let lines: Span[][] = [];
  let goesOn = false;
  const flush = (more: boolean): void => {
    if (lines.length > 0) {
      pieces.push({ ...linesPiece(lines, slackId, detail), ...(goesOn ? { goesOn } : {}) });
    }
    goesOn = more;
    lines = [];
  };
  for (const block of blocks) {
    // A line of nothing parts what stands before it from what follows.
    if (block.b !== 'line' || block.spans.length === 0) flush(false);
    switch (block.b) {
      case 'line':
        if (block.spans.length > 0) lines.push([...block.spans]);
        if (lines.length === LINES_A_BLOCK) flush(true);
        break;
      case 'context':
        pieces.push(contextPiece(block.spans, slackId, detail));
        break;
      case 'finding':
        // Those beyond the limit are never shown, so a thousand of them cost no more than their text.
        pieces.push(findingPiece(block, detail, findings < detail.findings));
        findings += 1;
        break;
      case 'facts':
        for (let i = 0; i < block.facts.length; i += LINES_A_BLOCK) {
          const some = block.facts.slice(i, i + LINES_A_BLOCK).map(factSpans);
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
  { t: 'strong', text: fact.label },
  { t: 'text', text: '  ' },
  ...fact.spans,
];

const plainOf = (spans: readonly Span[]): string => spans.map(spanText).join('');

function linesPiece(lines: readonly (readonly Span[])[], slackId: SlackIdOf, detail: Detail): Piece {
  const sections = lines
    .map((spans) => section(...richElements(spans, slackId, detail.line)))
    .filter((s) => s.elements.length > 0);
  // Between sections Slack shows no line break of its own, so each but the last ends in one.
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

function findingPiece(block: Extract<Block, { b: 'finding' }>, detail: Detail, shown: boolean): Piece {
  const head = `${block.mark} ${block.address}  ${block.status}`;
  if (!shown) return { blocks: [], plain: head, rank: 2, count: 1 };
  const status = cutEnd(visible(block.status), LIMITS.findingText);
  const title: types.RichTextElement[] = [
    {
      type: 'text',
      // Never the mark alone on a line.
      text: `${block.mark}\u00a0${cutEnd(visible(block.address), LIMITS.findingText)}`,
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

function rowText(row: Extract<Block, { b: 'finding' }>['rows'][number]): string {
  return row.kind === 'change' ? `${row.label}: ${row.before} → ${row.after}` : `${row.label}: ${row.value}`;
}
