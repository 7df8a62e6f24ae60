/** Keeps `=` signs under each other where they were. */
import { lineStart, type Splice } from './splice.ts';
import type { Place } from './syntax.ts';

/** `key = value` on one line: where its key ends and its `=` is. */
interface Row {
  readonly keyEnd: number;
  readonly equals: number;
  readonly column: number;
}

interface Member {
  readonly at: Place;
  readonly value: { readonly at: Place };
}

/** Keys as long as their lines need them, and the blanks that the other lines need for them. */
export interface Aligned {
  readonly keys: readonly string[];
  readonly splices: readonly Splice[];
}

/**
 * The keys of lines that are added after a member of a block or object. Where the `=` signs of the lines above are
 * under each other, they stay so: the keys are made longer, or else those of the other lines.
 */
export function alignedKeys(
  text: string,
  members: readonly Member[],
  index: number,
  keys: readonly string[],
): Aligned {
  const rows = groupAround(text, members, index);
  const [first] = rows;
  const member = members[index];
  if (first === undefined || member === undefined || rows.some((row) => row.column !== first.column))
    return { keys, splices: [] };
  const width = first.column - (member.at.start - lineStart(text, member.at.start)) - 1;
  const wanted = Math.max(...keys.map((key) => key.length));
  if (wanted <= width) return { keys: keys.map((key) => key.padEnd(width)), splices: [] };
  // Only where there was no blank too many before.
  if (Math.min(...rows.map((row) => row.equals - row.keyEnd)) !== 1) return { keys, splices: [] };
  const more = ' '.repeat(wanted - width);
  const { file } = member.at;
  return {
    keys: keys.map((key) => key.padEnd(wanted)),
    splices: rows.map(({ equals }) => ({ file, start: equals, end: equals, text: more })),
  };
}

/** The one-line members around one, up to the next blank line or longer member. */
function groupAround(text: string, members: readonly Member[], index: number): readonly Row[] {
  const rows: Row[] = [];
  let below: Place | undefined;
  for (let i = index; i >= 0; i -= 1) {
    const member = members[i];
    const row = member && rowOf(text, member);
    if (member === undefined || row === undefined) break;
    if (below !== undefined && text.slice(member.at.end, below.start).split('\n').length !== 2) break;
    rows.push(row);
    below = member.at;
  }
  return rows;
}

function rowOf(text: string, { at, value }: Member): Row | undefined {
  const start = lineStart(text, at.start);
  const head = /^(.*?)[ \t]*=[ \t]*$/.exec(text.slice(at.start, value.at.start));
  if (
    text.slice(start, at.start).trim() !== '' ||
    text.slice(at.start, at.end).includes('\n') ||
    head === null
  )
    return undefined;
  const keyEnd = at.start + (head[1]?.length ?? 0);
  const equals = text.indexOf('=', keyEnd);
  return { keyEnd, equals, column: equals - start };
}
