/** Adds and removes attributes and blocks of a body in native syntax, by lines. */
import type { Json } from '../../drift/finding.ts';
import { isArray, isEmpty, isObject } from '../../drift/json-value.ts';
import { alignedKeys } from './align.ts';
import { insertAfter, layoutAt } from './members.ts';
import { GUESSED, type Shape } from './shape.ts';
import { eolOf, indentAt, lineStart, nextLine, type Splice, stepOf } from './splice.ts';
import type { Content, NativeBody, Place } from './syntax.ts';
import { assignments, type Layout, valueText } from './value-text.ts';

/** Settings of Terraform itself, which stay at the end or at the start of a block. */
const META = new Set(['depends_on', 'provider', 'providers', 'count', 'for_each', 'source', 'version']);

/** All members of a body, in their order. */
function membersOf(body: NativeBody): readonly Place[] {
  return [...body.attributes, ...body.blocks].map(({ at }) => at).sort((a, b) => a.start - b.start);
}

/** Adds `name = value` after the last attribute. */
export function addAttribute(text: string, body: NativeBody, name: string, value: Json): readonly Splice[] {
  const { attributes } = body;
  const plain = attributes.findLastIndex((one) => !META.has(one.name));
  const index = plain === -1 ? attributes.length - 1 : plain;
  const anchor = attributes[index];
  const layout = layoutIn(text, body);
  if (anchor === undefined || !onOwnLine(text, anchor.at))
    return addLines(text, body, anchor?.at, [`${name} = ${valueText(value, 'native', layout)}`]);
  const written = valueText(value, 'native', layoutAt(text, anchor.at.start));
  // As `terraform fmt` does it: a value of several lines is under no other.
  const { keys, splices } = written.includes('\n')
    ? { keys: [name], splices: [] }
    : alignedKeys(text, attributes, index, [name]);
  const line = `${keys[0] ?? name} = ${written}`;
  return [
    ...splices,
    ...insertAfter(
      containerOf(
        text,
        body,
        attributes.map(({ at }) => at),
      ),
      index,
      [line],
    ),
  ];
}

/** Adds a block after the last one of its type, else after everything. */
export function addBlock(
  text: string,
  body: NativeBody,
  beside: { readonly siblings: readonly Content[]; readonly gone: ReadonlySet<Place> },
  write: (layout: Layout) => string,
): readonly Splice[] {
  const { siblings, gone } = beside;
  const members = membersOf(body).filter((at) => !gone.has(at));
  const sibling = siblings.at(-1)?.at;
  const anchor = sibling ?? members.at(-1);
  const lines = write(layoutIn(text, body));
  if (anchor === undefined || !onOwnLine(text, anchor)) return addLines(text, body, anchor, [lines]);
  const blank = blankBefore(text, members, sibling, body);
  const index = members.indexOf(anchor);
  const lead = blank ? `${eolOf(text)}${indentAt(text, anchor.start)}` : '';
  const [splice] = insertAfter(containerOf(text, body, members), index, [lines]);
  if (splice === undefined) return [];
  const put = blank ? splice.text.replace(lead, `${eolOf(text)}${lead}`) : splice.text;
  return [{ ...splice, text: put }];
}

/** Whether a new block has a blank line before it: as its siblings have. */
function blankBefore(
  text: string,
  members: readonly Place[],
  sibling: Place | undefined,
  body: NativeBody,
): boolean {
  const spaced = (at: Place): boolean => {
    const before = members[members.indexOf(at) - 1];
    return before !== undefined && /\n[ \t]*\r?\n/.test(text.slice(before.end, at.start));
  };
  if (sibling !== undefined) return spaced(sibling);
  const [block] = body.blocks;
  return block === undefined || members[0] === block.at || spaced(block.at);
}

function containerOf(text: string, body: NativeBody, members: readonly Place[]) {
  const { file, start: open, end: close } = body.at;
  return { text, file, open, close, members, commas: 'none' as const, trailing: false };
}

function onOwnLine(text: string, at: Place): boolean {
  return (
    text.slice(lineStart(text, at.start), at.start).replace('\uFEFF', '').trim() === '' &&
    /^[^\n{}]*(?:\r?\n|$)/.test(text.slice(at.end))
  );
}

/** The layout of a line of a body. */
function layoutIn(text: string, body: NativeBody): Layout {
  const [first] = membersOf(body);
  const step = stepOf(text);
  if (first !== undefined && onOwnLine(text, first))
    return { step, indent: indentAt(text, first.start), eol: eolOf(text) };
  return { step, indent: indentAt(text, body.at.start) + step, eol: eolOf(text) };
}

/** Adds lines to a body that is on one line, or empty. What it has moves to a line of its own. */
function addLines(
  text: string,
  body: NativeBody,
  last: Place | undefined,
  lines: readonly string[],
): readonly Splice[] {
  const { file, start, end } = body.at;
  const { indent, eol } = layoutIn(text, body);
  const outer = indentAt(text, start);
  const added = lines.map((line) => `${indent}${line}${eol}`).join('');
  const [first] = membersOf(body);
  if (last === undefined || first === undefined) {
    const inner = text.slice(start, end);
    // The line of the closing brace stays where it is.
    if (inner.includes('\n'))
      return [{ file, start: lineStart(text, end), end: lineStart(text, end), text: added }];
    return [{ file, start, end, text: `${eol}${added}${outer}` }];
  }
  const inner = text.slice(start, end);
  if (inner.includes('\n'))
    return [{ file, start: last.end, end: last.end, text: `${eol}${added.slice(0, -eol.length)}` }];
  return [
    { file, start, end: first.start, text: `${eol}${indent}` },
    { file, start: last.end, end, text: `${eol}${added}${outer}` },
  ];
}

/** Takes an attribute or a block out, with its lines where it has them for itself, and one of two blank lines. */
export function removeMember(text: string, at: Place): Splice {
  const { file } = at;
  const start = lineStart(text, at.start);
  const tail = /^[ \t]*(?:(?:#|\/\/)[^\n]*)?(?:\r?\n|$)/.exec(text.slice(at.end));
  const alone = text.slice(start, at.start).replace('\uFEFF', '').trim() === '';
  if (!alone || tail === null) {
    const blanks = /^[ \t]*/.exec(text.slice(at.end))?.[0].length ?? 0;
    return { file, start: at.start, end: at.end + blanks, text: '' };
  }
  const from = text[start] === '\uFEFF' ? start + 1 : start;
  const end = at.end + tail[0].length;
  const isBlock = text[at.end - 1] === '}';
  const above = lineStart(text, Math.max(0, start - 1));
  const blankAbove = start > 0 && text.slice(above, start).trim() === '';
  const below = text.slice(end, nextLine(text, end));
  const blankBelow = below.trim() === '';
  if (isBlock && blankAbove && (blankBelow || below.trim().startsWith('}')))
    return { file, start: above, end, text: '' };
  if (isBlock && blankBelow && below !== '' && start === 0)
    return { file, start: from, end: nextLine(text, end), text: '' };
  return { file, start: from, end, text: '' };
}

/** The usual order of what a firewall rule has. */
const ORDER = ['description', 'from_port', 'to_port', 'protocol', 'cidr_blocks'];

/** How a block like those beside it is written. */
export interface BlockStyle {
  /** What the others set, in their order. */
  readonly keys: readonly string[];
  readonly aligned: boolean;
  readonly oneLine: boolean;
}

export function styleOf(text: string, siblings: readonly Content[]): BlockStyle {
  const bodies = siblings
    .map(({ body }) => body)
    .filter((body): body is NativeBody => body.syntax === 'native');
  const last = bodies.at(-1);
  const columns = new Set(
    (last?.attributes ?? []).map(({ at, value }) => {
      const equals = text.lastIndexOf('=', value.at.start);
      return equals - lineStart(text, at.start);
    }),
  );
  return {
    keys: [
      ...new Set(
        bodies
          .toReversed()
          .flatMap((body) => [
            ...body.attributes.map(({ name }) => name),
            ...body.blocks.map(({ type }) => type),
          ]),
      ),
    ],
    aligned: columns.size < 2,
    oneLine: last !== undefined && !text.slice(last.at.start, last.at.end).includes('\n'),
  };
}

/** The content of a block: what has a value, in the order of the blocks beside it. */
export function contentOf(
  value: { readonly [key: string]: Json },
  keys: readonly string[],
  unset: (key: string, value: Json) => boolean,
): readonly (readonly [string, Json])[] {
  const rank = (key: string): number => {
    const [own, usual] = [keys.indexOf(key), ORDER.indexOf(key)];
    return own !== -1 ? own : usual !== -1 && keys.length === 0 ? usual : 1000;
  };
  return Object.entries(value)
    .filter(([key, one]) => !isEmpty(one) && (keys.includes(key) || one !== false) && !unset(key, one))
    .sort(([a], [b]) => rank(a) - rank(b));
}

/** A whole block. What is a block in it, `shape` says. */
export function blockText(
  type: string,
  entries: readonly (readonly [string, Json])[],
  style: BlockStyle,
  layout: Layout,
  shape: Shape = GUESSED,
): string {
  const { indent, step, eol } = layout;
  const inner = { ...layout, indent: indent + step };
  const attributes = entries.filter(([key, one]) => shape.written(key, one) === 'attribute');
  const texts = attributes.map(
    ([key, one]) => [key, valueText(shape.attribute(key, one), 'native', inner)] as const,
  );
  const lines = assignments(texts, style.aligned && !style.oneLine);
  const blocks = entries.flatMap(([key, one]) =>
    shape.written(key, one) === 'block'
      ? (isArray(one) ? one : [one]).map((item) =>
          blockText(
            key,
            contentOf(isObject(item) ? item : {}, [], () => false),
            { ...style, keys: [], oneLine: false },
            inner,
            shape.inside(key),
          ),
        )
      : [],
  );
  if (style.oneLine && lines.length === 1 && blocks.length === 0) return `${type} { ${lines[0] ?? ''} }`;
  return [`${type} {`, ...[...lines, ...blocks].map((line) => inner.indent + line), `${indent}}`].join(eol);
}
