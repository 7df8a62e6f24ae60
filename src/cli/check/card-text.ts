/** A card as text for a terminal, and what each of its buttons would do. */
import { assertNever } from '../../base/assert-never.ts';
import { GRAMMAR, isCommandName } from '../../commands/grammar.ts';
import type { Block, Button, Card, DiffRow, FindingTone, Span } from '../../messages/card.ts';
import { spanText } from '../../messages/span-text.ts';
import { CARD_SYMBOL, FINDING_SYMBOL } from '../../messages/symbols.ts';
import { plainLines } from '../../messages/text-rows.ts';
import { visible } from '../../text/inert.ts';

const STYLES = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;
type Style = keyof typeof STYLES;

export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

/** The widest label of a fact that has a column of its own. */
const LABEL = 12;
const MARK_STYLE = { '+': 'green', '-': 'red', '~': 'yellow', '!': 'dim' } as const;
const TONE_STYLE: Partial<Record<FindingTone, Style>> = {
  waits: 'yellow',
  denied: 'red',
  failed: 'red',
  heals: 'green',
};
const CARD_STYLE: Record<Card['tone'], Style> = {
  ...{ drift: 'bold', waits: 'bold', good: 'green', bad: 'red', plain: 'bold' },
};

interface Piece {
  readonly text: string;
  readonly style?: Style;
}

/** A character as it is shown. */
interface Cell {
  readonly text: string;
  readonly style: Style | undefined;
}

function painted(cells: readonly Cell[], color: boolean): string {
  let out = '';
  for (let i = 0; i < cells.length; ) {
    const { style } = cells[i] as Cell;
    const end = cells.findIndex((cell, at) => at > i && cell.style !== style);
    const text = cells
      .slice(i, end === -1 ? undefined : end)
      .map((cell) => cell.text)
      .join('');
    out +=
      color && style !== undefined && text.trim() !== '' ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
    i = end === -1 ? cells.length : end;
  }
  return out;
}

/**
 * The pieces as lines of at most `width` columns, broken between words, and within one that is longer than a line. All
 * lines but the first begin with `hang`. Control characters are written out.
 */
function wrapped(
  pieces: readonly Piece[],
  first: string,
  hang: string,
  { width, color }: TextOptions,
): string[] {
  const cells = pieces.flatMap(({ text, style }) =>
    [...visible(text)].map((character): Cell => ({ text: character, style })),
  );
  const lines: string[] = [];
  let indent = first;
  for (let at = 0; at < cells.length; ) {
    const room = Math.max(1, width - indent.length);
    const fitting = cells.slice(at, at + room + 1);
    const space =
      fitting.length <= room ? -1 : fitting.findLastIndex((cell, i) => i > 0 && cell.text === ' ');
    const end = at + (space === -1 ? room : space);
    lines.push(`${indent}${painted(cells.slice(at, end), color)}`.trimEnd());
    at = space === -1 ? end : end + 1;
    indent = hang;
  }
  return lines.length === 0 ? [first.trimEnd()] : lines;
}

const STRONG: ReadonlySet<Span['type']> = new Set(['strong', 'code']);

function piecesOf(spans: readonly Span[], style?: Style): readonly Piece[] {
  return spans.map((span) => {
    const own = STRONG.has(span.type) ? 'bold' : style;
    const text = span.type === 'command' ? `/m0 ${span.text}` : spanText(span);
    return own === undefined ? { text } : { text, style: own };
  });
}

function rowLines(row: DiffRow, options: TextOptions): string[] {
  const rowOf = (mark: string, pieces: readonly Piece[]): string[] =>
    wrapped(pieces, `    ${mark} `, '        ', options);
  switch (row.kind) {
    case 'add':
    case 'del': {
      const mark = row.kind === 'add' ? '+' : '-';
      const style = row.kind === 'add' && row.alarm !== true ? 'green' : 'red';
      return rowOf(mark, [{ text: `${row.label}: ` }, { text: row.value, style }]);
    }
    case 'change':
      return rowOf('~', [
        { text: `${row.label}: ` },
        { text: row.before, style: 'red' },
        { text: ' → ' },
        { text: row.after, style: row.alarm === true ? 'red' : 'green' },
      ]);
    case 'lines':
      return [
        ...rowOf('~', [{ text: row.about === '' ? row.label : `${row.label}: ${row.about}` }]),
        ...plainLines(row.lines).flatMap((text) => {
          const style = text.startsWith('+') ? 'green' : text.startsWith('-') ? 'red' : undefined;
          return wrapped(
            [style === undefined ? { text } : { text, style }],
            '        ',
            '            ',
            options,
          );
        }),
      ];
    case 'same':
    case 'note':
      return rowOf(' ', [
        { text: row.label === '' ? row.value : `${row.label}: ${row.value}`, style: 'dim' },
      ]);
    default:
      return assertNever(row);
  }
}

function blockLines(block: Block, options: TextOptions): readonly string[] {
  switch (block.type) {
    case 'line':
      return block.spans.length === 0 ? [''] : linesOf(block.spans, '', options);
    case 'context':
      return linesOf(block.spans, '', options, 'dim');
    case 'outcome':
      return linesOf(block.spans, '', options, 'green');
    case 'finding': {
      const status = typeof block.status === 'string' ? [{ text: block.status }] : piecesOf(block.status);
      const tone = TONE_STYLE[block.tone];
      return [
        '',
        ...wrapped(
          [
            { text: block.mark, style: MARK_STYLE[block.mark] },
            { text: ' ' },
            { text: block.address, style: 'bold' },
          ],
          '',
          '  ',
          options,
        ),
        ...wrapped(
          [{ text: FINDING_SYMBOL[block.tone], ...(tone === undefined ? {} : { style: tone }) }, ...status],
          '  ',
          '    ',
          options,
        ),
        ...block.rows.flatMap((row) => rowLines(row, options)),
      ];
    }
    case 'facts': {
      const widest = Math.min(LABEL, Math.max(...block.facts.map(({ label }) => label.length)));
      return [
        '',
        ...block.facts.flatMap(({ label, spans }) =>
          label.length <= LABEL
            ? wrapped(
                [{ text: `${label.padEnd(widest)}  ` }, ...piecesOf(spans)],
                '',
                ' '.repeat(widest + 2),
                options,
              )
            : wrapped([{ text: `${label}: ` }, ...piecesOf(spans)], '', '  ', options),
        ),
      ];
    }
    case 'buttons':
      return [];
    case 'picture':
      return linesOf([{ type: 'text', text: block.alt }], '', options, 'dim');
    case 'divider':
      return [''];
    default:
      return assertNever(block);
  }
}

function linesOf(spans: readonly Span[], indent: string, options: TextOptions, style?: Style): string[] {
  // A person's text may have several lines.
  return splitLines(piecesOf(spans, style)).flatMap((pieces) => wrapped(pieces, indent, indent, options));
}

function splitLines(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const lines: Piece[][] = [[]];
  for (const { text, ...rest } of pieces) {
    for (const [i, part] of text.split('\n').entries()) {
      if (i > 0) lines.push([]);
      lines.at(-1)?.push({ text: part, ...rest });
    }
  }
  return lines;
}

/** The card without its buttons, in lines of at most `width` columns. Nothing in it can control the terminal. */
export function cardText(card: Card, options: TextOptions): string {
  const style = CARD_STYLE[card.tone];
  const head = wrapped([{ text: `${CARD_SYMBOL[card.tone]}${card.headline}`, style }], '', '  ', options);
  return [...head, ...card.blocks.flatMap((block) => blockLines(block, options))].join('\n');
}

/** All buttons of the card. */
export function buttonsOf(card: Card): readonly Button[] {
  return card.blocks.flatMap((block) => (block.type === 'buttons' ? block.buttons : []));
}

/** What a click does, in words: what its dialog says, or what the help says of its command. */
export function buttonWords(button: Button): string {
  if (button.confirm !== undefined) return button.confirm.body;
  const [word = ''] = button.command.split(' ');
  return isCommandName(word) ? `${GRAMMAR[word].help}.` : button.command;
}

/** The buttons, each with what it would do. */
export function buttonsText(buttons: readonly Button[], options: TextOptions): string {
  return buttons
    .flatMap((button) => [
      ...wrapped([{ text: `[${button.label}]`, style: 'bold' }], '  ', '    ', options),
      ...wrapped([{ text: buttonWords(button) }], '    ', '    ', options),
    ])
    .join('\n');
}

/** Words of the command itself, wrapped like the card. */
export function wordsText(words: string, options: TextOptions, style?: Style): string {
  return wrapped([style === undefined ? { text: words } : { text: words, style }], '', '  ', options).join(
    '\n',
  );
}
