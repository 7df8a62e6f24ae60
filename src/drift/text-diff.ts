/** Compares two texts by lines. */
import { structuredPatch } from 'diff';
import { cutChange } from '../text/inert.ts';
import { certificateText } from './certificates.ts';
import type { ShownValue } from './finding.ts';

/** One line of a text: removed, added, or the same in both. */
export interface TextLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** Changed lines that are close together, with unchanged lines around them. */
export interface Hunk {
  /** The number of its first line in the newer text; in the older one if the newer is empty. The first is 1. */
  readonly line: number;
  readonly lines: readonly TextLine[];
}

/** The lines in which two texts differ. */
export interface TextDiff {
  readonly hunks: readonly Hunk[];
  /** Lines that differ: a line that was replaced counts once. */
  readonly changed: number;
  /** Lines of the longer text. */
  readonly total: number;
  /** True if the line ends differ as well (CRLF and LF). */
  readonly lineEnds: boolean;
}

/** Above this number of differences, a search for equal lines takes long and finds little that helps a reader. */
const MOST_EDITS = 1000;

/** True if the value is a text that is better read line by line: it has a line break before its end. */
function isLongText(value: ShownValue): boolean {
  return typeof value === 'string' && value.trim().includes('\n');
}

/**
 * The two values if they are better compared line by line: texts of several lines, where one may be missing, and no
 * certificates. Else null.
 */
export function longTexts(
  from: ShownValue,
  to: ShownValue,
): { readonly before: string; readonly after: string } | null {
  if (!isLongText(from) && !isLongText(to)) return null;
  const [before, after] = [from ?? '', to ?? ''];
  if (typeof before !== 'string' || typeof after !== 'string') return null;
  const certificates = [before, after].some((text) => certificateText(text) !== undefined);
  return certificates ? null : { before, after };
}

/** The lines of a text. A line break at its end begins no further line. */
export function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** The lines in which the texts differ, with `context` unchanged lines around each; line ends are not compared. */
export function textDiff(before: string, after: string, context: number): TextDiff {
  const [was, is] = [linesOf(before), linesOf(after)];
  const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  const patch = structuredPatch('', '', joined(was), joined(is), undefined, undefined, {
    context,
    maxEditLength: MOST_EDITS,
  });
  const hunks =
    patch === undefined
      ? [wholeHunk(was, is)]
      : patch.hunks.map((hunk) => ({
          line: Math.max(1, hunk.newLines > 0 ? hunk.newStart : hunk.oldStart),
          lines: hunk.lines.map(lineOf),
        }));
  const changed = hunks.reduce((sum, hunk) => sum + changedIn(hunk.lines), 0);
  const [oldEnd, newEnd] = [lineEndOf(before), lineEndOf(after)];
  // A single line has no line end; that says something only if nothing else differs.
  const bothEnd = oldEnd !== 'none' && newEnd !== 'none';
  return {
    hunks,
    changed,
    total: Math.max(was.length, is.length),
    lineEnds: oldEnd !== newEnd && (bothEnd || changed === 0),
  };
}

function lineOf(line: string): TextLine {
  const sign = line.startsWith('+') ? '+' : line.startsWith('-') ? '-' : ' ';
  return { sign, text: line.slice(1) };
}

function wholeHunk(was: readonly string[], is: readonly string[]): Hunk {
  return {
    line: 1,
    lines: [
      ...was.map((text): TextLine => ({ sign: '-', text })),
      ...is.map((text): TextLine => ({ sign: '+', text })),
    ],
  };
}

/** The number of changed lines: in each run of changes, the larger of the removed and the added ones. */
function changedIn(lines: readonly TextLine[]): number {
  let [sum, removed, added] = [0, 0, 0];
  for (const { sign } of [...lines, { sign: ' ' }]) {
    if (sign === '-') removed += 1;
    else if (sign === '+') added += 1;
    else {
      sum += Math.max(removed, added);
      [removed, added] = [0, 0];
    }
  }
  return sum;
}

function lineEndOf(text: string): string {
  const crlf = (text.match(/\r\n/g) ?? []).length;
  const all = (text.match(/\n/g) ?? []).length;
  return all === 0 ? 'none' : crlf === 0 ? 'lf' : crlf === all ? 'crlf' : 'mixed';
}

/**
 * The lines with at most `max` characters each. A replaced line and its replacement are cut around the part in which
 * they differ. Blanks at the end of a changed line are written as `␣`, because they can't be seen. Of a long run of
 * changes, every `chunk` removed lines are followed by the lines that replace them, so that the start of it shows both.
 */
export function readableLines(
  lines: readonly TextLine[],
  max: number,
  chunk = Number.POSITIVE_INFINITY,
): readonly TextLine[] {
  const shown: TextLine[] = [];
  for (let at = 0; at < lines.length; ) {
    const removed = runOf(lines, at, '-');
    const added = runOf(lines, at + removed.length, '+');
    const line = lines[at];
    if (removed.length + added.length > 0) addReplaced(shown, removed, added, { max, chunk });
    else if (line !== undefined) shown.push({ sign: ' ', text: cutChange(line.text, line.text, max)[0] });
    at += removed.length + added.length || 1;
  }
  return shown;
}

/** Adds the lines one by one, because a call can't take 100,000 of them as its arguments. */
function addReplaced(
  lines: TextLine[],
  removed: readonly string[],
  added: readonly string[],
  { max, chunk }: { readonly max: number; readonly chunk: number },
): void {
  const most = Math.max(removed.length, added.length);
  for (let from = 0; from < most; from += chunk) {
    const pairs = Array.from({ length: Math.min(chunk, most - from) }, (_, i) => {
      const [was, is] = [removed[from + i], added[from + i]];
      return cutChange(endShown(was ?? is ?? ''), endShown(is ?? was ?? ''), max);
    });
    const addSide = (sign: '-' | '+', own: readonly string[]): void => {
      for (const pair of pairs.slice(0, Math.max(0, own.length - from)))
        lines.push({ sign, text: pair[sign === '-' ? 0 : 1] });
    };
    addSide('-', removed);
    addSide('+', added);
  }
}

function runOf(lines: readonly TextLine[], from: number, sign: TextLine['sign']): readonly string[] {
  let to = from;
  while (lines[to]?.sign === sign) to += 1;
  return lines.slice(from, to).map((line) => line.text);
}

function endShown(text: string): string {
  return text.replace(/ +$/, (blanks) => '␣'.repeat(blanks.length));
}
