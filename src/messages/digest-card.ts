/** The digest: what is open, what healed, what ends soon and what fails. */
import { statusText } from '../commands/text.ts';
import { instant, withPlainTimes } from '../text/instant.ts';
import { capitalize, count, durationText, headlineOf, listed } from '../text/words.ts';
import type { Block, Button, Card, Span } from './card.ts';
import { driftButtons } from './drift-buttons.ts';
import { leftLine } from './left-words.ts';
import { pausedPart, pausesLines, resumeButtons } from './pause.ts';
import { ago, context, dotted, line, person, strong, text, time } from './spans.ts';
import { alignedWords, allAligned, checkingParts, statePartsOf } from './state-words.ts';
import { timedHeadline } from './timed.ts';
import { trendBlocks } from './trend-blocks.ts';
import { troubleWords } from './trouble.ts';
import type { DigestOpen, DigestView } from './view-digest.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

/** The most lines of one kind; the others are counted ("and 12 more"). */
const SHOWN = 8;

function troublesIn(view: DigestView): readonly StackTrouble[] {
  return view.troubles ?? [];
}

function about(view: DigestView): string {
  const since = view.since === null ? '' : `since ${instant(view.since)}`;
  return [
    ...(view.targets.length > 0 ? [view.targets.join(', ')] : []),
    ...(since === '' ? [] : [since]),
  ].join(', ');
}

function headline(view: DigestView): string {
  const [oldest] = view.open;
  const ending = view.snoozesEnding.length;
  const broken = view.brokenPolicies.length;
  const healed = healedWords(view);
  const parts = [
    ...pausedPart(view.pauses ?? []),
    ...(oldest === undefined
      ? []
      : [`${view.open.length} open (oldest ${durationText(view.now - oldest.since)}, ${oldest.stack})`]),
    ...statePartsOf(view.counts, ['failing', 'empty', 'unmet', 'unknown', 'stale', 'quiet']),
    ...(broken === 0 ? [] : [`${count(broken, 'policy', 'policies')} broken`]),
    ...healed,
    ...(ending === 0 ? [] : [`${count(ending, 'snooze')} ${ending === 1 ? 'ends' : 'end'} within a day`]),
    ...checkingParts(view.counts),
    alignedWords(view.counts),
  ];
  const where = about(view);
  const withScope = (rest: string): string => (where === '' ? capitalize(rest) : `${where}: ${rest}`);
  // If the headline is too long, it leaves out what the body shows as well, and keeps the unknown ones and the total.
  const left = (...some: readonly ((part: string) => boolean)[]): readonly string[] =>
    parts.filter((part) => !some.some((leaves) => leaves(part)));
  const ends = (part: string): boolean => part.includes('within a day');
  const heals = (part: string): boolean => healed.includes(part);
  const brokenOnes = (part: string): boolean => part.endsWith(' broken');
  const short = left(ends, heals, brokenOnes);
  const candidates = [parts, left(ends), left(ends, heals), short, withProblemsCounted(view, short)];
  const sentences = candidates.map((some) => withScope(some.join(' · ')));
  const fits = (sentence: string): boolean => {
    const plain = withPlainTimes(sentence, view.now, view.zone);
    return headlineOf(plain) === plain;
  };
  return sentences.find(fits) ?? sentences.at(-1) ?? '';
}

/** The parts that must stand, with one number for all stacks that are not aligned for another reason than drift. */
function withProblemsCounted({ counts, open }: DigestView, parts: readonly string[]): readonly string[] {
  const problems = statePartsOf(counts, ['failing', 'empty', 'unmet']);
  const number = counts.failing + counts.empty + counts.unmet;
  const least = [...problems, ...statePartsOf(counts, ['quiet']), ...checkingParts(counts)];
  const rest = parts.filter((part) => !least.includes(part));
  const drift = open.length > 0 ? 1 : 0;
  if (number === 0) return rest;
  return [...rest.slice(0, drift), `${number} with other problems`, ...rest.slice(drift)];
}

function healedWords({ healed }: DigestView): readonly string[] {
  return healed === 0 ? [] : [`${healed} healed ${healed === 1 ? 'itself' : 'themselves'}`];
}

function folded<T>(items: readonly T[], toLine: (item: T) => Block): readonly Block[] {
  const shown = items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  const more = items.length - shown.length;
  return [...shown.map(toLine), ...(more > 0 ? [context(text(`and ${more} more`))] : [])];
}

function openSpans(open: DigestOpen, view: DigestView): readonly Span[] {
  const waits = open.waiting === 0 ? [] : [[text(`waits for ${listed(open.waitsFor, 'or')}`)]];
  return dotted([
    [strong(open.stack), text(`  ${count(open.open, 'resource')}`)],
    [text('first seen '), ago(open.since, view)],
    ...(open.waitsFor.length === 0 && open.waiting > 0 ? [[text('nobody may approve it')]] : waits),
    [text(`run #${open.runId}`)],
  ]);
}

/** What its own card offers: approve, snooze and the full diff. Forms are sent by the command, as cards have limits. */
function itemButtons({ card }: DigestOpen): readonly Block[] {
  if (card === undefined) return [];
  const offered = driftButtons(card).filter(({ command }) => /^(approve|snooze|show) /.test(command));
  const buttons = offered.map(({ form: _, ...button }): Button => button);
  return buttons.length === 0 ? [] : [{ type: 'buttons', buttons }];
}

/** `Never checked: a, b and 3 more`. */
function named(what: string, stacks: readonly string[]): readonly Block[] {
  if (stacks.length === 0) return [];
  const shown = stacks.length <= SHOWN + 1 ? stacks : stacks.slice(0, SHOWN);
  const more = stacks.length - shown.length;
  return [line(text(`${what}: ${listed([...shown, ...(more > 0 ? [`${more} more`] : [])])}`))];
}

/** The oldest with their buttons, the others as lines. */
function openBlocks(view: DigestView): readonly Block[] {
  const shown = view.open.length <= SHOWN + 1 ? view.open : view.open.slice(0, SHOWN);
  const more = view.open.length - shown.length;
  return [
    ...shown.flatMap((open) => [line(...openSpans(open, view)), ...itemButtons(open)]),
    ...(more > 0 ? [context(text(`and ${more} more`))] : []),
  ];
}

function trend({ open, openBefore }: DigestView): string | null {
  if (openBefore === null || openBefore === open.length) return null;
  const by = Math.abs(open.length - openBefore);
  return `${by} ${open.length > openBefore ? 'more' : 'fewer'} open than in the digest before`;
}

/**
 * The digest: open drift by age and by who must decide, what healed, what ends and what fails. One line if
 * everything is aligned.
 */
export function digestCard(view: DigestView): Card {
  const told = timedHeadline(headline(view), view);
  const head = told.headline;
  const moved = [
    ...healedWords(view).filter((words) => !head.includes(words)),
    ...(view.approved === 0 ? [] : [`${count(view.approved, 'resource')} put back after an approval`]),
    ...[trend(view)].flatMap((t) => (t === null ? [] : [t])),
  ];
  const { pauses = [] } = view;
  const blocks: readonly Block[] = [
    ...trendBlocks(view),
    ...pausesLines(pauses, view),
    ...openBlocks(view),
    ...folded(view.failing, (failing) =>
      line(strong(failing.stack), text('  can’t be checked since '), time(failing.since, view)),
    ),
    ...folded(troublesIn(view), (trouble) =>
      line(
        ...dotted([
          [strong(trouble.stack), text(`  ${troubleWords(trouble)}`)],
          [text('since '), time(trouble.since, view)],
          [text(`run #${trouble.runId}`)],
        ]),
      ),
    ),
    ...named('Never checked', view.neverChecked),
    ...named(
      'Last checked too long ago',
      view.checkedTooLongAgo.map((s) => s.stack),
    ),
    ...folded(view.snoozesEnding, (snooze) =>
      line(
        strong(snooze.stack),
        text(`  the snooze of ${snooze.address ?? 'everything'} by `),
        person(snooze.by),
        text(' ends '),
        time(snooze.until, view),
      ),
    ),
    ...(view.brokenPolicies.length === 0
      ? []
      : [line(text(`Broken policies, so people decide: ${view.brokenPolicies.join(', ')}`))]),
    ...(moved.length === 0 ? [] : [context(text(moved.join(' · ')))]),
    ...leftLine(view.left),
    ...(allAligned(view.counts) && pauses.length === 0
      ? []
      : [
          {
            type: 'buttons' as const,
            buttons: [
              ...resumeButtons(pauses),
              {
                label: 'Status',
                command: statusText(view.targets.length === 1 ? (view.targets[0] ?? null) : null),
              },
            ],
          },
        ]),
  ];
  const tone =
    view.failing.length + view.brokenPolicies.length + troublesIn(view).length + pauses.length > 0
      ? 'bad'
      : view.open.length > 0
        ? 'waits'
        : view.counts.unknown + view.counts.stale > 0
          ? 'plain'
          : 'good';
  return { ...told, tone, blocks };
}
