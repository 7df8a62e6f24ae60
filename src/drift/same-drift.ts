/**
 * Recognises a finding that an older version of the analysis told, so that nothing re-opens after an upgrade. The old
 * fingerprint can't be computed any more; but the old finding is stored with its rows, which is what people were
 * told.
 */
import { withoutIndexes } from './attribute-path.ts';
import { canonical, equal } from './canonical.ts';
import type { AttributeDrift, Finding, Json, ShownValue } from './finding.ts';
import { FINGERPRINT_VERSION } from './fingerprint.ts';
import { isMarker } from './value-text.ts';

/** How an old finding matches a new one. `exact`: the new one has no rows that the old one did not have. */
export type Match = 'no' | 'same' | 'exact';

/** True if a fingerprint comes from an older version of the analysis. */
export function isOldFingerprint(fingerprint: string): boolean {
  return !fingerprint.startsWith(`${FINGERPRINT_VERSION}:`);
}

/**
 * Compares what was told with what is told now. Rows that only one of the two versions tells are no difference: the
 * old version told rows that an apply leaves as they are and that count as noise now; it did not tell the order of a
 * list, a map's entry without a value, a number's last digits, nor what becomes known only after an apply.
 */
export function matchOldFinding(old: Finding, now: Finding): Match {
  const same =
    old.address === now.address &&
    old.action === now.action &&
    (old.deletedByHand ?? false) === (now.deletedByHand ?? false);
  if (!same) return 'no';
  const [before, after] = [new Set(old.attributes.map(rowKey)), new Set(now.attributes.map(rowKey))];
  const gone = old.attributes.filter((row) => !after.has(rowKey(row)));
  const come = now.attributes.filter((row) => !before.has(rowKey(row)));
  if (!gone.every(isLeftAsItIs) || !come.every(isNewlyTold)) return 'no';
  return come.some((row) => !isLeftAsItIs(row)) ? 'same' : 'exact';
}

function rowKey(row: AttributeDrift): string {
  const values = [row.recorded, row.actual, row.desired].map((value) => canonical(value as Json, 'plan'));
  return JSON.stringify([withoutIndexes(row.path), ...values]);
}

function same(a: ShownValue, b: ShownValue): boolean {
  return equal(a as Json, b as Json, 'plan');
}

function isLeftAsItIs({ actual, desired }: AttributeDrift): boolean {
  return same(actual, desired);
}

function isNewlyTold(row: AttributeDrift): boolean {
  const { recorded, actual, desired, orderOnly, computed } = row;
  if (orderOnly === true || computed === true || isLeftAsItIs(row)) return true;
  return same(recorded, actual) && (isMarker(desired as Json, 'unknown') || same(actual, desired));
}
