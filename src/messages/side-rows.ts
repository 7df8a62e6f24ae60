/** Rows about what comes with a finding's change: what follows, what is invoked, and what no approval can hold. */
import { invocationText } from '../drift/beside.ts';
import type { AttributeDrift, Finding } from '../drift/finding.ts';
import { oneLine } from '../drift/value-text.ts';
import { clip, count } from '../text/words.ts';
import { type DiffRow, noteRow } from './card.ts';

/** What to know about an attribute besides its values. */
export function attributeNotes(attribute: AttributeDrift, label: string): readonly DiffRow[] {
  return [
    ...(attribute.orderOnly === true ? [noteRow(label, 'only the order differs')] : []),
    ...unsteadyNotes(attribute, label),
  ];
}

/** That a value is another one in every plan, if it is. */
export function unsteadyNotes(
  { unsteady }: Pick<AttributeDrift, 'unsteady'>,
  label: string,
): readonly DiffRow[] {
  return unsteady === true
    ? [noteRow(label, 'the code computes it anew in every plan, so no approval of it can hold')]
    : [];
}

/** What comes with the change. `max`: the most characters of one row. */
export function sideRows(finding: Finding, max: number): readonly DiffRow[] {
  const { follows = [], invokes = [] } = finding;
  return [
    ...invokes.map((one) => noteRow('an apply invokes', clip(invocationText(one), max))),
    ...(follows.length === 0
      ? []
      : [
          noteRow(
            '',
            `and ${count(follows.length, 'computed value')} ${follows.length === 1 ? 'follows' : 'follow'}: ${clip(follows.map(oneLine).join(', '), max)}`,
          ),
        ]),
  ];
}
