/** Rows of a diff as Adaptive Card elements. */
import { assertNever } from '../../base/assert-never.ts';
import type { DiffRow } from '../../messages/card.ts';
import { cutChange, cutMiddle, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import type { Colour, RichTextBlock, TextRun } from './elements.ts';
import type { Detail } from './limits.ts';
import { inert, richText } from './spans.ts';

/**
 * Colours of the reader's theme (yellow is unreadable in the light one). The signs carry the same meaning
 * without colour. Nothing that happened by itself is good or bad, so `+` is not green: it may be an opened port.
 */
const COLOUR = { '+': 'accent', '-': 'attention', '~': 'default', ' ': 'default' } as const;
type Sign = keyof typeof COLOUR;

/**
 * Rows of a diff, one block per line, with values cut to `detail.value` characters around the change. Uses
 * coloured rich text in all clients: a CodeBlock has no diff language, not every client shows it, and it
 * would need this text as its fallback.
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
  const alarm = row.kind !== 'same' && row.kind !== 'note' && row.alarm === true;
  const added = alarm ? 'attention' : COLOUR['+'];
  const valued = (sign: Sign, value: string): RichTextBlock => {
    const shown = cutMiddle(visible(value), detail.value);
    const color = sign === '+' ? added : COLOUR[sign];
    const spelled = mono(`  ${shown}`, color);
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
            mono(was, alarm ? 'default' : COLOUR['-']),
            mono(' → ', added, true),
            mono(is, alarm ? 'attention' : 'default', true),
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
        // Indented, so that no line can look like a row of the diff.
        ...lines.map((text) => `    ${text}`),
        ...(more > 0 ? [`    … ${more} more line${more === 1 ? '' : 's'}`] : []),
      ].map((text) => line([mono(text)]));
    }
    case 'lines':
      return [
        line([mono(`~ ${label}`), ...(row.about === '' ? [] : [mono(`  ${visible(row.about)}`)])]),
        ...row.lines.map(({ sign, text }) => {
          const shown = cutMiddle(visible(text), detail.value);
          if (sign === '@') return line([mono(`  ${shown}:`)]);
          const color = sign === '+' ? added : COLOUR[sign];
          const spelled = mono(`   ${shown}`, color);
          return line([mono(sign, color, color !== 'default'), spelled]);
        }),
      ];
    default:
      return assertNever(row);
  }
}
