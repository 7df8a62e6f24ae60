/** Rows about attributes that a rule of m0.yaml ignores, in a finding of which an apply changes something else. */
import type { Finding, IgnoredAttribute } from '../drift/finding.ts';
import { describeValue } from '../drift/value-text.ts';
import { clip } from '../text/words.ts';
import { type DiffRow, noteRow } from './card.ts';

/** The longest reason of an ignore rule, in characters. */
const REASON = 120;

/** The rule by which an apply leaves the attribute at this path as it is; undefined if there is none. */
export function leftBy(finding: Finding, path: string): IgnoredAttribute | undefined {
  return finding.leavesIgnored?.find((left) => left.path === path);
}

/** Why an apply leaves the attribute as it is. */
export function leftWords({ reason }: IgnoredAttribute): string {
  return `ignored: ${clip(reason, REASON)} · an apply leaves it`;
}

/** Ignored attributes whose value is the recorded one, while the code sets another. `label`: a path as people read it. */
export function leftInTheCode(
  finding: Finding,
  label: (path: string) => string,
  max: number,
): readonly DiffRow[] {
  const listed = new Set(finding.attributes.map((attribute) => attribute.path));
  return (finding.leavesIgnored ?? [])
    .filter((left) => !listed.has(left.path))
    .map((left) => {
      const [actual, desired] = [left.actual, left.desired].map((value) => describeValue(value, max));
      const value = `${actual}, the code says ${desired} · ${leftWords(left)}`;
      return noteRow(label(left.path), value);
    });
}

/** Says that an apply would change the attribute although a rule ignores it. */
export function revertRows(finding: Finding, path: string, label: string): readonly DiffRow[] {
  const reverts = finding.revertsIgnored?.find((attribute) => attribute.path === path);
  if (reverts === undefined) return [];
  const value = `ignored: ${clip(reverts.reason, REASON)} · but an apply of the rest changes it too`;
  return [noteRow(label, value)];
}
