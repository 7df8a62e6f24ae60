/** Adds and removes members of an object, a list or a body, without touching the text of the others. */
import { eolOf, indentAt, lineStart, nextLine, type Splice, stepOf } from './splice.ts';
import type { Place } from './syntax.ts';

/** A range with members in it. */
export interface Container {
  readonly text: string;
  readonly file: string;
  /** Between the brackets. */
  readonly open: number;
  readonly close: number;
  readonly members: readonly Place[];
  /** `required`: a list, or JSON. `allowed`: an object of the native syntax. `none`: a body. */
  readonly commas: 'required' | 'allowed' | 'none';
  /** Whether a comma may follow the last member. */
  readonly trailing: boolean;
}

/** What follows a member on its line. */
interface Tail {
  /** Where its comma is; -1 if it has none. */
  readonly comma: number;
  /** Where the line ends, before its line end; -1 if something else follows on the line. */
  readonly lineEnd: number;
}

function tailOf({ text, close }: Container, member: Place): Tail {
  const rest = /^(?:[ \t]|\/\*[^\n]*?\*\/)*(,)?(?:[ \t]|\/\*[^\n]*?\*\/)*(?:(?:#|\/\/)[^\n]*?)?(?=\r?\n|$)/;
  const after = text.slice(member.end, close);
  const comma = /^(?:\s|\/\*.*?\*\/|(?:#|\/\/)[^\n]*\n)*,/s.exec(after);
  const line = rest.exec(after);
  const ends =
    line !== null &&
    (text.slice(member.end + line[0].length, close).includes('\n') ||
      text[member.end + line[0].length] === undefined);
  return {
    comma: comma === null ? -1 : member.end + comma[0].length - 1,
    lineEnd: line !== null && ends ? member.end + line[0].length : -1,
  };
}

function beginsLine({ text, open }: Container, member: Place): boolean {
  const start = lineStart(text, member.start);
  return start > open && text.slice(start, member.start).trim() === '';
}

/** True if the member has its lines for itself. */
function ownsLines(container: Container, member: Place): boolean {
  return beginsLine(container, member) && tailOf(container, member).lineEnd !== -1;
}

const NONE: ReadonlySet<number> = new Set();

/**
 * Adds members after the one at an index, which must be there; after -1: before the first. `gone`: members that the
 * same edit removes.
 */
export function insertAfter(
  container: Container,
  index: number,
  added: readonly string[],
  gone: ReadonlySet<number> = NONE,
): readonly Splice[] {
  const { text, file, members, commas, trailing } = container;
  const member = members[Math.max(index, 0)];
  if (member === undefined || added.length === 0) return [];
  const tail = tailOf(container, member);
  const put = (at: number, what: string): Splice => ({ file, start: at, end: at, text: what });
  const lead = eolOf(text) + indentAt(text, member.start);
  const lines = tail.lineEnd !== -1 && beginsLine(container, member);
  if (index === -1) {
    const after = lines ? `,${lead}` : ', ';
    return [put(member.start, added.map((one) => one + after).join(''))];
  }
  if (!lines) {
    const between = commas === 'none' ? lead : ', ';
    return [put(member.end, added.map((one) => between + one).join(''))];
  }
  const last = members.every((_, i) => i <= index || gone.has(i));
  const end = members.at(-1);
  const ended = end !== undefined && tailOf(container, end).comma !== -1;
  const styled = commas !== 'none' && members.some((one) => tailOf(container, one).comma !== -1);
  const needed = commas === 'required' || (styled && members.length > 1) || tail.comma !== -1;
  const closing = last ? ended && trailing : needed;
  const texts = added.map((one, i) => lead + one + ((i < added.length - 1 ? needed : closing) ? ',' : ''));
  const comma = needed && tail.comma === -1 ? [put(member.end, ',')] : [];
  // A comment of the member stays on its line.
  return [...comma, put(tail.lineEnd, texts.join(''))];
}

/** Removes members. At least one must stay. `adding`: others come in their place, so commas stay. */
export function removeMembers(
  container: Container,
  gone: ReadonlySet<number>,
  adding: boolean,
): readonly Splice[] {
  const { text, file, members } = container;
  const splices: Splice[] = [];
  const cut = (start: number, end: number): void => {
    splices.push({ file, start, end, text: '' });
  };
  const lastKept = members.findLastIndex((_, i) => !gone.has(i));
  const kept = members[lastKept];
  members.forEach((member, i) => {
    if (!gone.has(i)) return;
    const next = members[i + 1];
    if (ownsLines(container, member)) {
      const lineEnd = tailOf(container, member).lineEnd;
      cut(lineStart(text, member.start), nextLine(text, lineEnd));
    } else if (i < lastKept && next !== undefined) cut(member.start, next.start);
    else if (kept !== undefined && next === undefined && !hasLineBetween(container, lastKept))
      cut(kept.end, member.end);
    else if (kept !== undefined && next !== undefined) return;
    else cut(member.start, member.end);
  });
  const last = members.at(-1);
  if (
    !adding &&
    kept !== undefined &&
    last !== undefined &&
    gone.has(members.length - 1) &&
    ownsLines(container, last)
  ) {
    const comma = tailOf(container, kept).comma;
    // The last member had no comma, so the one that is last now has none either.
    if (tailOf(container, last).comma === -1 && comma !== -1 && comma < last.start) cut(comma, comma + 1);
  }
  return splices;
}

/** True if a removed member after the last kept one has its own lines. */
function hasLineBetween(container: Container, lastKept: number): boolean {
  return container.members.slice(lastKept + 1).some((member) => ownsLines(container, member));
}

/** Layout of a new line beside a member or a bracket. */
export function layoutAt(
  text: string,
  at: number,
): { readonly step: string; readonly indent: string; readonly eol: string } {
  return { step: stepOf(text), indent: indentAt(text, at), eol: eolOf(text) };
}
