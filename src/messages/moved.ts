/** What changed between an approval and the plan that m0 made to apply it. */
import { assertNever } from '../base/assert-never.ts';
import { sameChange } from '../drift/change-hash.ts';
import type { AttributeDrift, Finding } from '../drift/finding.ts';
import { happenedMark } from '../drift/happened.ts';
import { readableAttributes } from '../drift/readable.ts';
import { describeChange } from '../drift/value-change.ts';
import { describeValue, oneLine } from '../drift/value-text.ts';
import type { Moved } from '../model/run.ts';
import { instant } from '../text/instant.ts';
import { clip, listed } from '../text/words.ts';
import type { Block, DiffRow, Span } from './card.ts';
import { CARD_VALUE, foldRows, labelOf, moveRows, type Shown, shownAt } from './rows.ts';
import { line, type Moment, people, strong, text, time } from './spans.ts';
import { textSize } from './text-rows.ts';
import { sameValue } from './values.ts';

/** The most findings shown, and the most rows of each. */
const SHOWN = 6;
const ROWS = 6;
/** The longest value in a sentence, in characters. */
const VALUE = 40;

interface MovedFinding {
  readonly finding: Finding;
  readonly status: string;
  readonly rows: readonly DiffRow[];
  /** The change as a part of a sentence. */
  readonly phrase: string;
}

/** The two values that an approval is about: the actual one, and the one that an apply would set. */
const PLACES = [
  ['actual', 'in the cloud'],
  ['desired', 'in the code'],
] as const;

/** `platform → root`, as a part of a sentence; a long text is only counted. */
function wentWords(label: string, from: Shown, to: Shown): string {
  const [was, is] = [from.decoded ?? from.value, to.decoded ?? to.value];
  const size = textSize(was, is);
  if (size !== null) return `${label} went on (${size})`;
  const { before, after } = describeChange(was, is, VALUE);
  return `${label} went ${before} → ${after}`;
}

/** One thing that moved: its rows, and the same as a part of a sentence. */
interface Step {
  readonly rows: readonly DiffRow[];
  readonly phrase: string;
}

function attributeSteps(before: Finding, after: Finding): readonly Step[] {
  const [older, newer] = [readableAttributes(before.attributes), readableAttributes(after.attributes)];
  const paths = [...new Set([...older, ...newer].map((a) => a.path))];
  return paths.flatMap((path) => {
    const was = older.filter((a) => a.path === path);
    const is = newer.filter((a) => a.path === path);
    const [a, b] = [was[0], is[0]];
    const label = labelOf(path);
    if (a === undefined || b === undefined || was.length > 1 || is.length > 1) {
      return setSteps(label, was, is);
    }
    return PLACES.flatMap(([place, where]) => {
      if (sameValue(a[place], b[place])) return [];
      const [from, to] = [shownAt(a, place), shownAt(b, place)];
      const phrase = wentWords(label, from, to);
      const rows = moveRows(`${label} ${where}`, 'changed', { from, to }, CARD_VALUE);
      return [{ rows, phrase: place === 'actual' ? phrase : `${phrase} in the code` }];
    });
  });
}

/** Changes in a set, and attributes that drift on one side only: what was added and what was removed. */
function setSteps(
  label: string,
  was: readonly AttributeDrift[],
  is: readonly AttributeDrift[],
): readonly Step[] {
  const same = (a: AttributeDrift, b: AttributeDrift): boolean =>
    sameValue(a.actual, b.actual) && sameValue(a.desired, b.desired) && sameValue(a.recorded, b.recorded);
  const shown = (a: AttributeDrift, max: number): string =>
    describeValue(a.kind === 'removed' ? a.recorded : (a.actual ?? a.desired), max);
  const gone = was.filter((a) => !is.some((b) => same(a, b)));
  const come = is.filter((a) => !was.some((b) => same(a, b)));
  return [
    ...gone.map((a) => ({
      rows: [{ kind: 'note', label, value: `no longer drifts: ${shown(a, CARD_VALUE.value)}` } as const],
      phrase: `${label} no longer drifts`,
    })),
    ...come.map((a) => cameStep(label, a)),
  ];
}

/** An attribute that began to drift after the approval. */
function cameStep(label: string, attribute: AttributeDrift): Step {
  const { kind, origin } = attribute;
  const where = origin === 'code' ? ' in the code' : '';
  const from = shownAt(attribute, 'recorded');
  const to = shownAt(attribute, origin === 'code' ? 'desired' : 'actual');
  const rows = moveRows(`${label}${where}`, kind, { from, to }, CARD_VALUE);
  switch (kind) {
    case 'changed':
      return { rows, phrase: `${wentWords(label, from, to)}${where}` };
    case 'added':
      return { rows, phrase: `${label} ${shortly(to)} was added${where}` };
    case 'removed':
      return { rows, phrase: `${label} ${shortly(from)} was removed${where}` };
    default:
      return assertNever(kind);
  }
}

const shortly = (shown: Shown): string => describeValue(shown.decoded ?? shown.value, VALUE);

function stepsOf(moved: Moved): readonly MovedFinding[] {
  const { before, after } = moved;
  const addresses = [...new Set([...before, ...after].map((f) => f.address))].sort();
  return addresses.flatMap((address): readonly MovedFinding[] => {
    const was = before.find((f) => f.address === address);
    const is = after.find((f) => f.address === address);
    if (was !== undefined && is !== undefined) {
      const sameDrift = was.fingerprint === is.fingerprint;
      if (sameDrift && sameApply(was, is)) return [];
      const steps = attributeSteps(was, is);
      const otherwise = sameDrift
        ? appliesOtherwise(is)
        : was.action === is.action
          ? `${address} moved`
          : `${address} went ${was.action} → ${is.action}`;
      return [
        {
          finding: is,
          status: 'moved since it was approved',
          rows: steps.flatMap((s) => s.rows),
          phrase: steps.length === 0 ? otherwise : listed(steps.map((s) => s.phrase)),
        },
      ];
    }
    if (is !== undefined) {
      return [
        { finding: is, status: 'drifted since the approval', rows: [], phrase: `${address} drifted too` },
      ];
    }
    if (was === undefined) return [];
    return [
      { finding: was, status: 'approved, no longer drifts', rows: [], phrase: `${address} no longer drifts` },
    ];
  });
}

/** True if an apply does the same in both, or if a version without change hashes told one of them. */
function sameApply(was: Finding, is: Finding): boolean {
  if (was.change === undefined || is.change === undefined) return true;
  return sameChange(was.change, is.change);
}

/** That an apply would do something else, though the same has drifted. */
function appliesOtherwise({ address, contents = [], follows = [] }: Finding): string {
  const unsteady = contents.filter((entry) => entry.unsteady === true).map(({ path }) => labelOf(path));
  if (unsteady.length > 0) return `${listed(unsteady)} of ${address} is computed anew in every plan`;
  const others = follows.length === 0 ? '' : ` (${clip(follows.map(oneLine).join(', '), VALUE)})`;
  return `an apply would now do something else to ${address}${others}`;
}

function whatMoved(moved: Moved): string {
  const also = moved.also.map((words) => words.replace(/ (\S+ → \S+)$/, ' went $1'));
  const phrase = [...stepsOf(moved).map((s) => s.phrase), ...also];
  const shown = phrase.slice(0, 3);
  const more = phrase.length - shown.length;
  return phrase.length === 0 ? 'something moved' : listed(more > 0 ? [...shown, `${more} more`] : shown);
}

/** `since Dana approved (14:05) tags.Owner went platform → root`, with the time as `instant` writes it. */
export function movedSentence(moved: Moved): string {
  const who = listed(moved.approvedBy.map((a) => a.name));
  const approved = who === '' ? 'it was decided' : `${who} approved`;
  return `since ${approved} (${instant(moved.approvedAt)}) ${whatMoved(moved)}`;
}

/** The part of a card that shows what was approved and what it is now. `headline`: the card's headline. */
export function movedBlocks(moved: Moved, moment: Moment, headline: string): readonly Block[] {
  const steps = stepsOf(moved);
  const who: readonly Span[] =
    moved.approvedBy.length === 0
      ? [text('it was decided')]
      : [...people(moved.approvedBy), text(' approved')];
  const more = steps.length - SHOWN;
  const what = whatMoved(moved);
  return [
    // Leaves out the sentence if the headline contains it.
    ...(headline.endsWith(what)
      ? []
      : [
          line(
            strong('Not applied: '),
            text('since '),
            ...who,
            text(' ('),
            time(moved.approvedAt, moment),
            text(`) ${what}.`),
          ),
        ]),
    ...(steps.length === 0 ? [] : [line(strong('What was approved → what it is now'))]),
    ...steps.slice(0, SHOWN).map(
      ({ finding, status, rows }): Block => ({
        type: 'finding',
        mark: happenedMark(finding),
        address: finding.address,
        status,
        tone: 'info',
        rows: foldRows(rows, ROWS),
      }),
    ),
    ...(more > 0 ? [line(text(`and ${more} more`))] : []),
    ...(steps.length === 0 ? [] : [{ type: 'divider' } as const]),
  ];
}
