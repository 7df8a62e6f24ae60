import { assertNever } from '../../base/assert-never.ts';
import type { DiffRow } from '../../messages/card.ts';
import { cutChange, cutMiddle, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { Colour, RichTextBlock, TextRun } from './elements.ts';
import type { Detail } from './limits.ts';
import { inert, richText } from './spans.ts';

/** Colours follow the reader's theme (yellow can't be read in the light one); the signs tell the same without. */
const COLOUR = { '+': 'good', '-': 'attention', '~': 'default', ' ': 'default' } as const;
type Sign = keyof typeof COLOUR;

/**
 * Rows of a diff, one block a line: values cut to `detail.value` around what changed. Coloured runs of rich text
 * everywhere: a CodeBlock knows no diff, is not shown by every client, and would need these runs as its fallback.
 */
export function diffBlocks(rows: readonly DiffRow[], detail: Detail): readonly RichTextBlock[] {
  const blocks = rows.slice(0, detail.rows).flatMap((row) => rowBlocks(row, detail));
  const hidden = rows.length - Math.min(rows.length, detail.rows);
  return hidden > 0 ? [...blocks, line([mono(`… ${hidden} more`)])] : blocks;
}

function mono(text: string, color: Colour = 'default', bold = false): TextRun {
  return {
    type: 'TextRun',
    text: inert(text, Number.POSITIVE_INFINITY),
    fontType: 'monospace',
    ...(color === 'default' ? {} : { color }),
    ...(bold ? { weight: 'bolder' as const } : {}),
  };
}

const line = (inlines: readonly TextRun[]): RichTextBlock => richText(inlines, { spacing: 'none' });

function rowBlocks(row: DiffRow, detail: Detail): readonly RichTextBlock[] {
  const label = cutMiddle(visible(row.label), detail.value);
  const valued = (sign: Sign, value: string): RichTextBlock => {
    const shown = cutMiddle(visible(value), detail.value);
    const color = COLOUR[sign];
    // Teams' green is hard to read on white: it marks what came, and does not spell it.
    const spelled = mono(`  ${shown}`, color === 'good' ? 'default' : color);
    return line([mono(`${sign} ${label}`, color, color !== 'default'), ...(shown === '' ? [] : [spelled])]);
  };
  switch (row.kind) {
    case 'add':
      return [valued('+', row.value)];
    case 'del':
      return [valued('-', row.value)];
    case 'same':
      return [valued(' ', row.value)];
    case 'change': {
      const [was, is] = cutChange(visible(row.before), visible(row.after), detail.value);
      return [
        line(
          [
            mono(`~ ${label}  `),
            mono(was, COLOUR['-']),
            mono(' → ', COLOUR['+'], true),
            mono(is, 'default', true),
          ].filter((run) => run.text !== ''),
        ),
      ];
    }
    case 'note': {
      const all = row.value.split(/\r?\n/).map((text) => clip(visible(text), detail.value * 2));
      if (all.length === 1) return [line([mono(label === '' ? `  ${all[0]}` : `  ${label}: ${all[0]}`)])];
      const lines = all.slice(0, detail.noteLines);
      const more = all.length - lines.length;
      return [
        ...(label === '' ? [] : [`  ${label}:`]),
        // Indented, so that none can pass for a row of the diff.
        ...lines.map((text) => `    ${text}`),
        ...(more > 0 ? [`    … ${more} more line${more === 1 ? '' : 's'}`] : []),
      ].map((text) => line([mono(text)]));
    }
    default:
      return assertNever(row);
  }
}
