/** Turns a neutral card into an Adaptive Card for Teams. */
import { assertNever } from '../../base/assert-never.ts';
import type { Block, Card, Form, Picture, Span } from '../../messages/card.ts';
import { fold, fullDiffButton, type Piece as PieceOf, rowText, withoutLinks } from '../../messages/fold.ts';
import { plainOf } from '../../messages/span-text.ts';
import { spansOf } from '../../messages/spans.ts';
import { CARD_SYMBOL, FINDING_SYMBOL } from '../../messages/symbols.ts';
import { timedLine } from '../../messages/timed.ts';
import { visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { buttonSets, execute, formParts, GET_FILE, label } from './buttons.ts';
import { diffBlocks } from './diff.ts';
import type { AdaptiveCard, Container, Element, Image, Mention, TextRun } from './elements.ts';
import { CARD_DETAIL, type Detail, LIMITS, PAGE_DETAIL } from './limits.ts';
import { inert, richText, runs, type TeamsIdOf } from './spans.ts';
import { spokenFields } from './spoken.ts';

type Piece = PieceOf<Element>;

/** Pictures that were drawn, each as a data URI. */
export type Images = ReadonlyMap<Picture, string>;
const NO_IMAGES: Images = new Map();

/** Above this number of pages there are also buttons to the first and the last page. */
const MANY_PAGES = 4;

const SCHEMA = 'http://adaptivecards.io/schemas/adaptive-card.json';
/** Bytes of a text as UTF-8, which is what Teams counts. */
const bytes = (text: string): number => Buffer.byteLength(text);

/**
 * The card as an Adaptive Card, always within Teams' limits. What does not fit is folded into a line that
 * says how much it is and which command shows it. Teams parses nothing in the card except mentions of people
 * and m0's own links. A picture is shown if `images` has it. `extra` are elements below all others; they are never folded.
 */
export function renderCard(
  card: Card,
  teamsId: TeamsIdOf,
  detail: Detail = CARD_DETAIL,
  extra: readonly Element[] = [],
  images: Images = NO_IMAGES,
): AdaptiveCard {
  const whole = renderWhole(card, teamsId, detail, extra, images);
  // A link is worth less than what it would push out.
  const seen = whole.fits
    ? whole.card
    : renderWhole({ ...card, blocks: withoutLinks(card.blocks) }, teamsId, detail, extra, images).card;
  return { ...seen, ...spokenFields(card, bytes(JSON.stringify(seen))) };
}

function renderWhole(
  card: Card,
  teamsId: TeamsIdOf,
  detail: Detail,
  extra: readonly Element[],
  images: Images,
): { readonly card: AdaptiveCard; readonly fits: boolean } {
  const pieces = [headline(card), ...blockPieces(card.blocks, detail, images)];
  const mentions = mentionsOf(card, teamsId);
  const mentionLines = mentions.length > 0 ? [mentionLine(mentions)] : [];
  const { blocks, left } = fold(pieces, {
    budget: LIMITS.cardBudget - LIMITS.frame - bytes(JSON.stringify([extra, mentionLines, mentions])),
    blocks: LIMITS.elements - 2,
    findings: detail.findings,
    sizeOf: bytes,
    note: (text) => foldNote(text, card),
  });
  return { card: envelope([...blocks, ...mentionLines, ...extra], mentions), fits: left === null };
}

function envelope(body: readonly Element[], mentions: readonly Mention[] = []): AdaptiveCard {
  return {
    type: 'AdaptiveCard',
    $schema: SCHEMA,
    version: LIMITS.cardVersion,
    body,
    msteams: { width: 'Full', ...(mentions.length > 0 ? { entities: mentions } : {}) },
  };
}

/** One plain line. With `called` it mentions that person. */
export function renderLine(
  text: string,
  mentioned: { readonly person: string; readonly name: string } | null,
  teamsId: TeamsIdOf,
): AdaptiveCard {
  const words = runs(timedLine(text), LIMITS.threadText);
  const line =
    words.length === 0 ? [{ type: 'TextRun' as const, text: label(text, LIMITS.threadText) }] : words;
  const span = mentioned && { type: 'person' as const, ...mentioned, mention: true };
  const mentions = span === null ? [] : mentionsIn([span], teamsId);
  return envelope([richText(line), ...(mentions.length > 0 ? [mentionLine(mentions)] : [])], mentions);
}

/** A form as a message of its own, for commands that no button on a card opens. */
export function renderForm(form: Form): AdaptiveCard {
  const { body, actions } = formParts(form, 'f0');
  const title: TextRun = { type: 'TextRun', text: label(form.title, 200), weight: 'bolder', size: 'medium' };
  return envelope([richText([title]), ...body, { type: 'ActionSet', actions }]);
}

/** One of `total` pages, with buttons for the others; `command` is the command that shows them. */
export function renderPage(
  page: Card,
  at: {
    readonly index: number;
    readonly total: number;
    readonly command: string;
    /** Whether the whole text is available as a file. */
    readonly file: boolean;
  },
  teamsId: TeamsIdOf,
): AdaptiveCard {
  const { index, total, command, file } = at;
  const pageButton = (title: string, to: number) => execute(title, { command, page: to });
  const pageButtons = [
    ...(index > 0 ? [pageButton('Previous', index - 1)] : []),
    ...(index < total - 1 ? [pageButton('Next', index + 1)] : []),
    // With many pages, the first and the last get a button, unless they are the next page anyway.
    ...(total > MANY_PAGES && index > 1 ? [pageButton('First', 0)] : []),
    ...(total > MANY_PAGES && index < total - 2 ? [pageButton('Last', total - 1)] : []),
  ];
  const actions = [...pageButtons, ...(file ? [execute(GET_FILE, { command, file: true })] : [])];
  if (actions.length === 0) return renderCard(page, teamsId, PAGE_DETAIL);
  const position: TextRun = {
    type: 'TextRun',
    text: `Page ${index + 1} of ${total}`,
    isSubtle: true,
    size: 'small',
  };
  return renderCard(page, teamsId, PAGE_DETAIL, [
    ...(pageButtons.length > 0 ? [richText([position])] : []),
    { type: 'ActionSet', actions },
  ]);
}

function headline(card: Card): Piece {
  const symbol = CARD_SYMBOL[card.tone];
  const bold = (run: TextRun): TextRun => ({ ...run, weight: 'bolder', size: 'medium' });
  const words = runs(card.title ?? [{ type: 'strong', text: card.headline }], 1_000);
  const inlines = [
    ...(symbol === '' ? [] : [bold({ type: 'TextRun', text: symbol })]),
    ...words.map((run) => bold(run)),
  ];
  const line = richText(inlines.length > 0 ? inlines : [bold({ type: 'TextRun', text: 'm0' })]);
  const style = styleOf(card);
  const blocks: Element[] =
    style === null ? [line] : [{ type: 'Container', style, bleed: true, items: [line] }];
  return { blocks, plain: card.headline, rank: 0, count: 1 };
}

const SEVERITY_STYLE = {
  critical: 'attention',
  high: 'attention',
  medium: 'warning',
  low: 'accent',
} as const;

/** The background of the headline: how bad the open drift is, or how it ended. */
function styleOf({ tone, severity }: Card): NonNullable<Container['style']> | null {
  if (tone === 'bad') return 'attention';
  if (severity !== undefined) return SEVERITY_STYLE[severity];
  return tone === 'good' ? 'good' : null;
}

function foldNote(text: string, card: Card): Element {
  const more = fullDiffButton(card);
  const note: Span = { type: 'quiet', text: more ? `${text}: see the full diff, or type ` : text };
  return richText(runs(more ? [note, { type: 'command', text: more.command }] : [note], LIMITS.foldNote));
}

/** A picture that was drawn. Without it the card's own words stand for it. */
function pictureElements(
  { picture, alt }: Extract<Block, { type: 'picture' }>,
  images: Images,
): readonly Image[] {
  const url = images.get(picture);
  if (url === undefined) return [];
  return [{ type: 'Image', url, altText: label(alt, LIMITS.altText), size: 'auto', spacing: 'small' }];
}

function blockPieces(blocks: readonly Block[], detail: Detail, images: Images): Piece[] {
  const pieces: Piece[] = [];
  let findings = 0;
  let buttons = 0;
  /** Space or a line above the next element, after an empty line or a divider. */
  let apart: Pick<Element, 'spacing' | 'separator'> = {};
  const push = (piece: Piece): void => {
    const [first, ...rest] = piece.blocks;
    if (first === undefined) return void pieces.push(piece);
    pieces.push({ ...piece, blocks: [{ ...first, ...apart }, ...rest] });
    apart = {};
  };
  for (const block of blocks) {
    switch (block.type) {
      case 'line':
        if (block.spans.length > 0) push(linePiece(block.spans, detail));
        else apart = { spacing: 'medium', ...apart };
        break;
      case 'context':
        push(linePiece(block.spans, detail, true));
        break;
      case 'finding':
        // Findings beyond the limit are never shown, so a thousand of them cost only their text.
        push(findingPiece(block, detail, findings < detail.findings));
        findings += 1;
        break;
      case 'facts':
        for (const { label, spans } of block.facts) {
          push(linePiece([{ type: 'strong', text: label }, { type: 'text', text: '  ' }, ...spans], detail));
        }
        break;
      case 'buttons':
        for (const set of buttonSets(block.buttons, buttons)) {
          push({ blocks: [set], plain: '', rank: 0, count: set.actions.length });
        }
        buttons += block.buttons.length;
        break;
      case 'outcome':
        push({ ...linePiece(block.spans, detail), rank: 0 });
        break;
      case 'divider':
        apart = { spacing: 'medium', separator: true };
        break;
      case 'picture': {
        const [image] = pictureElements(block, images);
        if (image !== undefined) push({ blocks: [image], plain: '', rank: 1, count: 0 });
        break;
      }
      default:
        assertNever(block);
    }
  }
  return pieces;
}

function linePiece(spans: readonly Span[], detail: Detail, quiet = false): Piece {
  const inlines = runs(spans, detail.line).map((run) =>
    quiet ? { ...run, isSubtle: true, size: 'small' as const } : run,
  );
  const blocks = inlines.length > 0 ? [richText(inlines, { spacing: 'small' })] : [];
  return { blocks, plain: plainOf(spans), rank: 1, count: 1 };
}

function findingPiece(block: Extract<Block, { type: 'finding' }>, detail: Detail, shown: boolean): Piece {
  const head = `${block.mark} ${block.address}  ${plainOf(block.status)}`;
  if (!shown) return { blocks: [], plain: head, rank: 2, count: 1 };
  const address = inert(clip(visible(block.address), 300), 300);
  const title: TextRun = {
    type: 'TextRun',
    // The no-break space keeps the mark on the same line as the address.
    text: `${block.mark}\u00a0${address}`,
    weight: 'bolder',
    fontType: 'monospace',
  };
  // On a line of its own: on a phone the address leaves no room beside it.
  const words: readonly Span[] = [
    { type: 'text', text: FINDING_SYMBOL[block.tone] },
    ...spansOf(block.status),
  ];
  const status = plainOf(block.status) === '' ? [] : runs(joinTexts(words), 300);
  const links = runs(block.links ?? [], LIMITS.linkText)
    .filter((run) => run.selectAction !== undefined)
    .flatMap((run): TextRun[] => [
      { type: 'TextRun', text: '  ' },
      { ...run, size: 'small' },
    ]);
  const items = [
    richText([title]),
    ...(status.length + links.length === 0 ? [] : [richText([...status, ...links], { spacing: 'none' })]),
    ...diffBlocks(block.rows, detail),
  ];
  const plain = [head, ...block.rows.map((row) => `    ${rowText(row)}`)].join('\n');
  return { blocks: [{ type: 'Container', items, spacing: 'medium' }], plain, rank: 2, count: 1 };
}

/** The symbol and the words after it as one text. Times stay runs of their own. */
function joinTexts(spans: readonly Span[]): readonly Span[] {
  const [symbol, first, ...rest] = spans;
  if (symbol?.type !== 'text' || first?.type !== 'text') return spans;
  return [{ type: 'text', text: symbol.text + first.text }, ...rest];
}

/** The people that the card mentions, each once. */
function mentionsOf(card: Card, teamsId: TeamsIdOf): readonly Mention[] {
  const spans = card.blocks.flatMap((block) => {
    if (block.type === 'facts') return block.facts.flatMap((fact) => fact.spans);
    return block.type === 'line' || block.type === 'context' || block.type === 'outcome' ? block.spans : [];
  });
  return mentionsIn(spans, teamsId);
}

function mentionsIn(spans: readonly Span[], teamsId: TeamsIdOf): readonly Mention[] {
  const found = new Map<string, Mention>();
  for (const span of spans) {
    if (span.type !== 'person' || !span.mention) continue;
    const id = teamsId(span.person);
    if (id === null) continue;
    // Teams parses Markdown in a TextBlock, so only letters, digits and a few separators of the name are
    // kept.
    const name = clip(span.name.replace(/[^\p{L}\p{M}\p{N} .'-]/gu, '').trim(), 80) || span.person;
    if (!/^[\p{L}\p{M}\p{N} .'-]+$/u.test(name.replace('…', ''))) continue;
    found.set(id, { type: 'mention', text: `<at>${name}</at>`, mentioned: { id, name } });
  }
  return [...found.values()].slice(0, LIMITS.mentions);
}

function mentionLine(mentions: readonly Mention[]): Element {
  const text = mentions.map((m) => m.text).join(', ');
  return { type: 'TextBlock', text, wrap: true, size: 'small', isSubtle: true };
}
