/** What was done to a finding, and what it was before it ended, as rows without a sign: none of it stands any more. */
import { assertNever } from '../base/assert-never.ts';
import type { AttributeDrift, Finding, JsonDifference } from '../drift/finding.ts';
import { readableAttributes } from '../drift/readable.ts';
import { describeChange } from '../drift/value-change.ts';
import { describeValue } from '../drift/value-text.ts';
import { type DiffRow, noteRow } from './card.ts';
import { leftBy, leftWords } from './ignored-rows.ts';
import { labelOf, shownAt } from './rows.ts';
import { textSize } from './text-rows.ts';
import { sameValue } from './values.ts';

type Values = Pick<JsonDifference, 'recorded' | 'actual' | 'desired' | 'decoded'>;

type Done = 'removed' | 'put back' | 'added' | 'changed' | 'left as it was';

/** What an apply did to a value: from what it was in the cloud to what the code wants. */
function doneTo({ recorded, actual, desired }: Values): Done {
  if (sameValue(actual, desired)) return 'left as it was';
  if (desired === null) return 'removed';
  if (sameValue(recorded, desired)) return 'put back';
  return actual === null ? 'added' : 'changed';
}

/** Of a secret, whose values can't be compared, only the origin tells. */
function doneToAttribute(attribute: AttributeDrift): Done {
  if (attribute.leftInPlace === true) return 'left as it was';
  if (!attribute.sensitive) return doneTo(attribute);
  if (attribute.origin === 'code') return attribute.kind;
  return attribute.origin === 'cloud' && attribute.kind === 'added' ? 'removed' : 'put back';
}

/** `removed`, `put back`, `created again`: what an apply of the finding did, in one or two words. */
export function doneWords(finding: Finding): string {
  switch (finding.action) {
    case 'create':
      return finding.deletedByHand === true || finding.origin !== 'code' ? 'created again' : 'created';
    case 'delete':
      return 'deleted';
    case 'replace':
      return 'replaced';
    case 'forget':
      return 'forgotten';
    case 'update':
    case 'none': {
      const done = new Set(
        readableAttributes(finding.attributes)
          .filter(({ path }) => leftBy(finding, path) === undefined)
          .map(doneToAttribute)
          .filter((verb) => verb !== 'left as it was'),
      );
      const [only] = done;
      if (only !== undefined && done.size === 1) return only;
      return finding.origin === 'cloud' ? 'put back' : 'changed';
    }
    default:
      return assertNever(finding.action);
  }
}

/** `22/tcp from 203.0.113.7/32, removed`. `max`: the longest value, in characters. */
function valueRow(label: string, values: Values, done: Done, max: number): DiffRow {
  const [was, is] = [shownAt(values, 'actual'), shownAt(values, 'desired')].map(
    (shown) => shown.decoded ?? shown.value,
  ) as [AttributeDrift['actual'], AttributeDrift['desired']];
  const size = textSize(was, is);
  if (size !== null) return noteRow(label, `${size}, ${done}`);
  if (was === null || done === 'left as it was') return noteRow(label, `${describeValue(is, max)}, ${done}`);
  if (is === null) return noteRow(label, `${describeValue(was, max)}, ${done}`);
  const { before, after } = describeChange(was, is, max);
  return noteRow(label, `${before} → ${after}, ${done}`);
}

/**
 * What an apply did to each attribute of a finding: `ingress: 22/tcp from 203.0.113.7/32, removed`,
 * `tags.Owner: root → platform, put back`. `max`: the longest value, in characters.
 */
export function doneRows(finding: Finding, max: number): readonly DiffRow[] {
  if (finding.action !== 'update' && finding.action !== 'replace') return [];
  return readableAttributes(finding.attributes).flatMap((attribute): readonly DiffRow[] => {
    const label = labelOf(attribute.path);
    const left = leftBy(finding, attribute.path);
    if (left !== undefined) return [noteRow(label, leftWords(left))];
    if (attribute.sensitive) return [noteRow(label, `(sensitive), ${doneToAttribute(attribute)}`)];
    if (attribute.json !== undefined && attribute.json.length > 0) {
      return attribute.json.map((inner) => valueRow(`${label} › ${inner.path}`, inner, doneTo(inner), max));
    }
    return [valueRow(label, attribute, doneToAttribute(attribute), max)];
  });
}

/** The rows of a diff that stood once and no longer does: `22/tcp from 203.0.113.7/32 had been added`. */
export function pastRows(rows: readonly DiffRow[]): readonly DiffRow[] {
  return rows.map((row) => {
    switch (row.kind) {
      case 'add':
        return noteRow(row.label, `${row.value} had been added`);
      case 'del':
        return noteRow(row.label, `${row.value} had been removed`);
      case 'change':
        return noteRow(row.label, `had gone ${row.before} → ${row.after}`);
      case 'lines':
        return noteRow(row.label, `had changed${row.about === '' ? '' : `: ${row.about}`}`);
      case 'same':
      case 'note':
        return row;
      default:
        return assertNever(row);
    }
  });
}
