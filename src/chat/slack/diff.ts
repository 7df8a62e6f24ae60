/** Rows of a diff as preformatted text for Slack. */
import { assertNever } from '../../base/assert-never.ts';
import type { DiffLine, DiffRow } from '../../messages/card.ts';
import { cutChange, cutMiddle, visible } from '../../text/inert.ts';
import { clip } from '../../text/words.ts';
import { type Detail, DIFF_COLUMNS, DIFF_LABEL } from './limits.ts';

/**
 * Aligned lines without live markup. Values are cut to `detail.value` characters around the change. `hidden`
 * is the number of rows beyond `detail.rows`.
 */
export function diffLines(
  rows: readonly DiffRow[],
  detail: Detail,
): { readonly lines: readonly string[]; readonly hidden: number } {
  const shown = rows.slice(0, detail.rows);
  const widths = shown
    .filter((row) => row.kind !== 'note')
    .map((row) => visible(row.label).length)
    .filter((width) => width <= DIFF_LABEL);
  const pad = Math.max(0, ...widths);
  const lines = shown.flatMap((row) => rowLines(row, pad, detail));
  const hidden = rows.length - shown.length;
  return { lines: hidden > 0 ? [...lines, `… ${hidden} more`] : lines, hidden };
}

function rowLines(row: DiffRow, pad: number, detail: Detail): readonly string[] {
  const label = cutMiddle(visible(row.label), detail.value);
  switch (row.kind) {
    case 'add':
      return valueLines('+', label, visible(row.value), pad, detail);
    case 'del':
      return valueLines('-', label, visible(row.value), pad, detail);
    case 'same':
      return valueLines(' ', label, visible(row.value), pad, detail);
    case 'change':
      return changeLines(label, visible(row.before), visible(row.after), pad, detail);
    case 'note':
      return noteLines(label, row.value, detail);
    case 'lines':
      return textLines(label, row.about, row.lines, detail);
    default:
      return assertNever(row);
  }
}

/**
 * Label and value on one line where a phone shows it without a break; otherwise the value below its label.
 */
function valueLines(
  sign: string,
  label: string,
  value: string,
  pad: number,
  detail: Detail,
): readonly string[] {
  const oneLine = `${sign} ${label.padEnd(pad)}  ${value}`;
  if (oneLine.length <= DIFF_COLUMNS) return [oneLine.trimEnd()];
  return [`${sign} ${label}`, `${sign}   ${cutMiddle(value, detail.value)}`];
}

function changeLines(
  label: string,
  before: string,
  after: string,
  pad: number,
  detail: Detail,
): readonly string[] {
  const oneLine = `~ ${label.padEnd(pad)}  ${before} → ${after}`;
  if (oneLine.length <= DIFF_COLUMNS) return [oneLine];
  const [was, is] = cutChange(before, after, detail.value);
  return [`~ ${label}`, `-   ${was}`, `+   ${is}`];
}

/**
 * Lines of a note keep their line breaks. They are indented, so that no line can look like a row of the diff.
 */
function noteLines(label: string, value: string, detail: Detail): readonly string[] {
  const all = value.split(/\r?\n/).map((line) => clip(visible(line), detail.value * 2));
  const oneLine = label === '' ? `  ${all[0]}` : `  ${label}: ${all[0]}`;
  if (all.length === 1 && oneLine.length <= DIFF_COLUMNS) return [oneLine];
  const lines = all.slice(0, detail.noteLines).map((line) => `    ${line}`);
  const more = all.length - lines.length;
  return [
    ...(label === '' ? [] : [`  ${label}:`]),
    ...lines,
    ...(more > 0 ? [`    … ${more} more line${more === 1 ? '' : 's'}`] : []),
  ];
}

/** Each line keeps its blanks, and its sign stands apart from them. */
function textLines(
  label: string,
  about: string,
  lines: readonly DiffLine[],
  detail: Detail,
): readonly string[] {
  const head = about === '' ? `~ ${label}` : `~ ${label}  ${visible(about)}`;
  const heads = head.length <= DIFF_COLUMNS ? [head] : [`~ ${label}`, `    ${visible(about)}`];
  return [
    ...heads,
    ...lines.map(({ sign, text }) => {
      const shown = cutMiddle(visible(text), detail.value);
      return sign === '@' ? `  ${shown}:` : `${sign}   ${shown}`.trimEnd();
    }),
  ];
}
