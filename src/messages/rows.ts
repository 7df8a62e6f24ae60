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
import { describeValue } from '../drift/value-text.ts';
import { clip } from '../text/words.ts';
import type { DiffRow } from './card.ts';
import { sameValue } from './values.ts';

/** The longest value on a card, in characters. A renderer may cut it further, around the part that changed. */
export const CARD_VALUE = 300;

/** The longest reason of an ignore rule, in characters. */
const REASON = 120;

type ThreeValues = Pick<AttributeDrift, 'origin' | 'kind' | 'recorded' | 'actual' | 'desired'>;

/** The mark before a finding: what an apply would do to it. */
export function markOf(action: Action): '~' | '+' | '-' | '±' | '!' {
  return ({ create: '+', update: '~', delete: '-', replace: '±', forget: '!', none: '!' } as const)[action];
}

/** The path as people read it, without `[*]`: an element of a set has no index, its value identifies it. */
export function labelOf(path: string): string {
  return path.replaceAll('[*]', '');
}

function note(label: string, value: string): DiffRow {
  return { kind: 'note', label, value };
}

function moveRow(
  label: string,
  kind: ThreeValues['kind'],
  from: ShownValue,
  to: ShownValue,
  max: number,
): DiffRow {
  switch (kind) {
    case 'added':
      return { kind: 'add', label, value: describeValue(to, max) };
    case 'removed':
      return { kind: 'del', label, value: describeValue(from, max) };
    case 'changed':
      return { kind: 'change', label, before: describeValue(from, max), after: describeValue(to, max) };
    default:
      return assertNever(kind);
  }
}

/** From recorded to the current value, and what the code says if that is a third value. */
function valueRows(label: string, place: ThreeValues, touched: boolean, max: number): readonly DiffRow[] {
  const { origin, kind, recorded, actual, desired } = place;
  if (origin === 'code') return [moveRow(label, kind, recorded, desired, max)];
  const moved = moveRow(label, kind, recorded, actual, max);
  if (!touched) return [moved];
  if (sameValue(actual, desired)) return [moved, note(label, 'an apply leaves this as it is')];
  if (origin === 'both') return [moved, note(label, `the code now says ${describeValue(desired, max)}`)];
  return [moved];
}

function jsonRows(
  attribute: AttributeDrift,
  json: readonly JsonDifference[],
  max: number,
): readonly DiffRow[] {
  return json.flatMap((inner) => {
    // A place inside the document may have another origin than the whole attribute.
    const cloud = !sameValue(inner.recorded, inner.actual);
    const coded = !sameValue(inner.recorded, inner.desired);
    const origin = cloud && coded ? 'both' : cloud ? 'cloud' : coded ? 'code' : attribute.origin;
    return valueRows(`${labelOf(attribute.path)} › ${inner.path}`, { ...inner, origin }, true, max);
  });
}

/**
 * The rows of one attribute, with values of at most `max` characters. `action`: what an apply does to the resource.
 * `left`: the rule of m0.yaml by which an apply leaves the attribute as it is.
 */
function attributeRows(
  attribute: AttributeDrift,
  action: Action,
  max: number,
  left: IgnoredAttribute | undefined,
): readonly DiffRow[] {
  const label = labelOf(attribute.path);
  if (left !== undefined) {
    const moved = moveRow(label, attribute.kind, attribute.recorded, attribute.actual, max);
    return [moved, note(label, leftWords(left))];
  }
  const forced: readonly DiffRow[] =
    attribute.forcesReplacement === true ? [note(label, 'this forces the replacement')] : [];
  if (attribute.json !== undefined && attribute.json.length > 0) {
    return [...jsonRows(attribute, attribute.json, max), ...forced];
  }
  // For a resource that is created or deleted, notes on each attribute add nothing. The values of a secret can't be
  // compared.
  const touched = (action === 'update' || action === 'replace') && !attribute.sensitive;
  return [...valueRows(label, attribute, touched, max), ...forced];
}

function leftBy(finding: Finding, path: string): IgnoredAttribute | undefined {
  return finding.leavesIgnored?.find((left) => left.path === path);
}

function leftWords({ reason }: IgnoredAttribute): string {
  return `ignored: ${clip(reason, REASON)} · an apply leaves it`;
}

/** Ignored attributes whose value is the recorded one, while the code sets another. */
function leftInTheCode(finding: Finding, max: number): readonly DiffRow[] {
  const listed = new Set(finding.attributes.map((attribute) => attribute.path));
  return (finding.leavesIgnored ?? [])
    .filter((left) => !listed.has(left.path))
    .map((left) => {
      const [actual, desired] = [left.actual, left.desired].map((value) => describeValue(value, max));
      return note(labelOf(left.path), `${actual}, the code says ${desired} · ${leftWords(left)}`);
    });
}

function revertRows(finding: Finding, path: string): readonly DiffRow[] {
  const reverts = finding.revertsIgnored?.find((attribute) => attribute.path === path);
  if (reverts === undefined) return [];
  return [
    note(labelOf(path), `ignored: ${clip(reverts.reason, REASON)} · but an apply of the rest changes it too`),
  ];
}

/** All rows of a finding, with values of at most `max` characters. */
export function findingRows(finding: Finding, max: number): readonly DiffRow[] {
  const rows = [
    ...finding.attributes.flatMap((a) => [
      ...attributeRows(a, finding.action, max, leftBy(finding, a.path)),
      ...revertRows(finding, a.path),
    ]),
    ...leftInTheCode(finding, max),
  ];
  const moved: readonly DiffRow[] =
    finding.previousAddress === undefined ? [] : [note('moved from', finding.previousAddress)];
  return [...moved, ...rows];
}

/** The first `limit` rows, and a last row with the number of the others. */
export function foldRows(rows: readonly DiffRow[], limit: number): readonly DiffRow[] {
  // A row that replaces a single row would save nothing.
  if (rows.length <= limit + 1) return rows;
  return [...rows.slice(0, limit), note('', `and ${rows.length - limit} more`)];
}
