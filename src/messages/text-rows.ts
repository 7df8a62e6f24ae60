/** Long texts as rows of a diff: the lines that changed, with their neighbours. */
import type { ShownValue } from '../drift/finding.ts';
import { longTexts, readableLines, type TextLine, textDiff } from '../drift/text-diff.ts';
import { count } from '../text/words.ts';
import type { DiffLine, DiffRow } from './card.ts';

/** How much of a long text is shown. */
export interface TextDetail {
  /** Unchanged lines around each change. */
  readonly context: number;
  /** The most lines of one text. */
  readonly lines: number;
  /** The most characters of one line. */
  readonly width: number;
  /** How many removed lines in a row stand before the lines that replace them. */
  readonly chunk: number;
}

/**
 * The row of a text that changed. `origin`: what is said of the text itself, such as `decoded from base64`; may be
 * empty.
 */
export function textRow(
  label: string,
  before: string,
  after: string,
  origin: string,
  detail: TextDetail,
): DiffRow {
  const diff = textDiff(before, after, detail.context);
  const shown: DiffLine[] = [];
  let [room, hidden] = [detail.lines, 0];
  for (const hunk of diff.hunks) {
    const lines = readableLines(hunk.lines, detail.width, detail.chunk);
    const fitting = room <= 0 ? [] : lines.slice(0, room);
    if (fitting.length > 0) shown.push({ sign: '@', text: `line ${hunk.line}` });
    for (const line of fitting) shown.push(line);
    hidden += changedLines(lines.slice(fitting.length));
    room -= lines.length + 1;
  }
  if (hidden > 0) shown.push({ sign: '@', text: `and ${count(hidden, 'more changed line')}` });
  const facts = [
    sizeText(diff.changed, diff.total, before === '' || after === ''),
    // Where nothing else differs, a hint below the row says it.
    diff.lineEnds && diff.changed > 0 ? 'the line ends differ' : '',
    origin,
  ].filter((fact) => fact !== '');
  return { kind: 'lines', label, about: facts.join(', '), lines: shown };
}

/** `3 of 43 lines changed`, for a sentence; null if the values are no long texts. */
export function textSize(from: ShownValue, to: ShownValue): string | null {
  const pair = longTexts(from, to);
  if (pair === null) return null;
  const { before, after } = pair;
  const { changed, total } = textDiff(before, after, 0);
  return sizeText(changed, total, before === '' || after === '') || 'spelled differently';
}

function sizeText(changed: number, total: number, whole: boolean): string {
  if (whole) return count(total, 'line');
  return changed === 0 ? '' : `${changed} of ${count(total, 'line')} changed`;
}

/** Lines that were added, removed or replaced: a removed line and the one that replaces it count once. */
function changedLines(lines: readonly TextLine[]): number {
  const [removed, added] = ['-', '+'].map((sign) => lines.filter((line) => line.sign === sign).length);
  return Math.max(removed ?? 0, added ?? 0);
}

/** The row in parts of at most `limit` lines, for pages. */
export function splitLines(row: DiffRow, limit: number): readonly DiffRow[] {
  if (row.kind !== 'lines' || row.lines.length <= limit) return [row];
  const parts: DiffRow[] = [];
  for (let from = 0; from < row.lines.length; from += limit) {
    const about = from === 0 ? row.about : 'continued';
    parts.push({ ...row, about, lines: row.lines.slice(from, from + limit) });
  }
  return parts;
}

/** The lines as plain text, each with its sign. */
export function plainLines(lines: readonly DiffLine[]): readonly string[] {
  return lines.map(({ sign, text }) => (sign === '@' ? `  ${text}:` : `${sign}   ${text}`));
}
