/** Replacements of ranges of texts. */
import { placeText, Refusal } from './refusals.ts';

export interface Splice {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The texts with all splices done. Refuses two that are not the same and touch the same text. */
export function spliced(
  texts: ReadonlyMap<string, string>,
  splices: readonly Splice[],
): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const [file, own] of Map.groupBy(splices, (splice) => splice.file)) {
    let text = texts.get(file) ?? '';
    let from = Number.POSITIVE_INFINITY;
    let previous: Splice | undefined;
    // The sort is stable, so insertions at the same place keep their order when read from the end.
    for (const splice of [...own].reverse().sort((a, b) => b.start - a.start || b.end - a.end)) {
      if (previous !== undefined && identical(previous, splice)) continue;
      if (
        splice.end > from ||
        (splice.start === previous?.start && splice.end > splice.start && previous.end > previous.start)
      ) {
        const line = text.slice(0, splice.start).split('\n').length;
        throw new Refusal(
          'computed',
          `${placeText({ file, line })} sets two values that differ in the cloud, so no edit of it gives both`,
        );
      }
      text = text.slice(0, splice.start) + splice.text + text.slice(splice.end);
      from = splice.start;
      previous = splice;
    }
    if (text !== texts.get(file)) changed.set(file, text);
  }
  return changed;
}

function identical(a: Splice, b: Splice): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text;
}

/** Where the line of an index begins. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Where the next line begins; the end of the text if there is none. */
export function nextLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

/** The blanks with which the line of an index begins. */
export function indentAt(text: string, at: number): string {
  return /^[\uFEFF]?([ \t]*)/.exec(text.slice(lineStart(text, at)))?.[1] ?? '';
}

/** The line end that a file uses. */
export function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** One step of indent, as the file has it. */
export function stepOf(text: string): string {
  const first = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return first.startsWith('\t') ? '\t' : first.length > 4 ? '  ' : first;
}
