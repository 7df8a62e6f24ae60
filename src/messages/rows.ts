/** The attributes of a finding as rows of a diff. */
import { assertNever } from '../base/assert-never.ts';
import type {
  Action,
  AttributeDrift,
  Finding,
  IgnoredAttribute,
  JsonDifference,
  ShownValue,
} from '../drift/finding.ts';
import { readableAttributes } from '../drift/readable.ts';
import { wideningAttributes } from '../drift/severity.ts';
import { longTexts } from '../drift/text-diff.ts';
import { describeChange } from '../drift/value-change.ts';
import { describeValue } from '../drift/value-text.ts';
import { type DiffRow, noteRow } from './card.ts';
import { leftBy, leftInTheCode, leftWords, revertRows } from './ignored-rows.ts';
import { attributeNotes, sideRows } from './side-rows.ts';
import { type TextDetail, textRow } from './text-rows.ts';
import { sameValue } from './values.ts';

/** How much of each value is shown. A renderer may cut it further, around the part that changed. */
export interface ValueDetail {
  /** The longest value, in characters. */
  readonly value: number;
  readonly text: TextDetail;
}

export const CARD_VALUE: ValueDetail = { value: 300, text: { context: 1, lines: 10, width: 100, chunk: 5 } };

type ThreeValues = Pick<AttributeDrift, 'origin' | 'kind' | 'recorded' | 'actual' | 'desired' | 'decoded'>;

/** A value, and the text that it holds as base64. */
export interface Shown {
  readonly value: ShownValue;
  readonly decoded: string | null;
}

/** The value of an attribute in one of its three places. */
export function shownAt(
  place: Pick<AttributeDrift, 'recorded' | 'actual' | 'desired' | 'decoded'>,
  name: 'recorded' | 'actual' | 'desired',
): Shown {
  return { value: place[name], decoded: place.decoded?.[name] ?? null };
}

/**
 * The path as people read it, without `[*]` and without the index of a rule alone: an element that is shown as a whole
 * is identified by its value.
 */
export function labelOf(path: string): string {
  return path.replaceAll('[*]', '').replace(/^(ingress|egress)\[0\]$/, '$1');
}

const DECODED = 'decoded from base64';

/** Marks the rows that tell of something that was opened, so that no chat shows them in green. */
export function alarming(rows: readonly DiffRow[], widens: boolean): readonly DiffRow[] {
  if (!widens) return rows;
  return rows.map((row) => (row.kind === 'note' || row.kind === 'same' ? row : { ...row, alarm: true }));
}

/** The rows of a value that went from one to the other. `kind`: whether one of them is missing. */
export function moveRows(
  label: string,
  kind: ThreeValues['kind'],
  given: { readonly from: Shown; readonly to: Shown },
  detail: ValueDetail,
): readonly DiffRow[] {
  const missing: Shown = { value: null, decoded: null };
  const from = kind === 'added' ? missing : given.from;
  const to = kind === 'removed' ? missing : given.to;
  const isDecoded = from.decoded !== null || to.decoded !== null;
  const [was, is] = isDecoded ? [from.decoded, to.decoded] : [from.value, to.value];
  const text = textRowOf(label, was, is, isDecoded ? DECODED : '', detail.text);
  const { hint, before, after } = describeChange(was, is, detail.value);
  const notes = [
    ...(hint === null ? [] : [noteRow('', hint)]),
    ...(text === null && isDecoded ? [noteRow('', DECODED)] : []),
  ];
  if (text !== null) return [text, ...notes];
  switch (kind) {
    case 'added':
      return [{ kind: 'add', label, value: describeValue(is, detail.value) }, ...notes];
    case 'removed':
      return [{ kind: 'del', label, value: describeValue(was, detail.value) }, ...notes];
    case 'changed':
      return [{ kind: 'change', label, before, after }, ...notes];
    default:
      return assertNever(kind);
  }
}

/** The row of a long text; null if the values are none. */
function textRowOf(
  label: string,
  was: ShownValue,
  is: ShownValue,
  origin: string,
  detail: TextDetail,
): DiffRow | null {
  const pair = longTexts(was, is);
  return pair === null ? null : textRow(label, pair.before, pair.after, origin, detail);
}

/** From recorded to the current value, and what the code says if that is a third value. */
function valueRows(
  label: string,
  place: ThreeValues,
  touched: boolean,
  detail: ValueDetail,
): readonly DiffRow[] {
  const { origin, kind, actual, desired } = place;
  const [from, now, wanted] = [
    shownAt(place, 'recorded'),
    shownAt(place, 'actual'),
    shownAt(place, 'desired'),
  ];
  if (origin === 'code') return moveRows(label, kind, { from, to: wanted }, detail);
  const moved = moveRows(label, kind, { from, to: now }, detail);
  if (!touched) return moved;
  if (sameValue(actual, desired)) return [...moved, noteRow(label, 'an apply leaves this as it is')];
  if (origin !== 'both') return moved;
  const text = textRowOf(
    label,
    from.decoded ?? from.value,
    wanted.decoded ?? wanted.value,
    'what the code now says',
    detail.text,
  );
  return [
    ...moved,
    text ?? noteRow(label, `the code now says ${describeValue(wanted.decoded ?? desired, detail.value)}`),
  ];
}

function jsonRows(
  attribute: AttributeDrift,
  json: readonly JsonDifference[],
  detail: ValueDetail,
): readonly DiffRow[] {
  return json.flatMap((inner) => {
    // If both changed the whole attribute, a place inside may be changed by one of them only.
    const cloud = !sameValue(inner.recorded, inner.actual);
    const coded = !sameValue(inner.recorded, inner.desired);
    const one = cloud ? 'cloud' : coded ? 'code' : attribute.origin;
    const origin = attribute.origin !== 'both' ? attribute.origin : cloud && coded ? 'both' : one;
    return valueRows(`${labelOf(attribute.path)} › ${inner.path}`, { ...inner, origin }, true, detail);
  });
}

/**
 * The rows of one attribute. `action`: what an apply does to the resource. `left`: the rule of m0.yaml by which an
 * apply leaves the attribute as it is.
 */
function attributeRows(
  attribute: AttributeDrift,
  action: Action,
  detail: ValueDetail,
  left: IgnoredAttribute | undefined,
): readonly DiffRow[] {
  const label = labelOf(attribute.path);
  if (left !== undefined) {
    const [from, to] = [shownAt(attribute, 'recorded'), shownAt(attribute, 'actual')];
    return [...moveRows(label, attribute.kind, { from, to }, detail), noteRow(label, leftWords(left))];
  }
  const forced: readonly DiffRow[] =
    attribute.forcesReplacement === true ? [noteRow(label, 'this forces the replacement')] : [];
  if (attribute.json !== undefined && attribute.json.length > 0) {
    return [...jsonRows(attribute, attribute.json, detail), ...forced];
  }
  // For a resource that is created or deleted, notes on each attribute add nothing. The values of a secret can't be
  // compared.
  const touched = (action === 'update' || action === 'replace') && !attribute.sensitive;
  return [...valueRows(label, attribute, touched, detail), ...forced];
}

/** All rows of a finding: what happened, from recorded to actual where the cloud moved, else from recorded to desired. */
export function findingRows(finding: Finding, detail: ValueDetail): readonly DiffRow[] {
  const attributes = readableAttributes(finding.attributes);
  const widening = wideningAttributes(finding, attributes);
  const rows = [
    ...attributes.flatMap((a) => [
      ...alarming(attributeRows(a, finding.action, detail, leftBy(finding, a.path)), widening.has(a)),
      ...revertRows(finding, a.path, labelOf(a.path)),
      ...attributeNotes(a, labelOf(a.path)),
    ]),
    ...leftInTheCode(finding, labelOf, detail.value),
    ...sideRows(finding, detail.value),
  ];
  const moved: readonly DiffRow[] =
    finding.previousAddress === undefined ? [] : [noteRow('moved from', finding.previousAddress)];
  return [...moved, ...rows];
}

/** The most lines of all texts of one finding. */
const LINES = 24;

/**
 * The first `limit` rows, and a last row with the number of the others. Texts share a number of lines; one that does
 * not fit keeps only the words about it.
 */
export function foldRows(rows: readonly DiffRow[], limit: number): readonly DiffRow[] {
  let room = LINES;
  const bounded = rows.map((row) => {
    if (row.kind !== 'lines') return row;
    if (row.lines.length > room) return { ...row, lines: [] };
    room -= row.lines.length;
    return row;
  });
  // A row that replaces a single row would save nothing.
  if (bounded.length <= limit + 1) return bounded;
  return [...bounded.slice(0, limit), noteRow('', `and ${bounded.length - limit} more`)];
}
