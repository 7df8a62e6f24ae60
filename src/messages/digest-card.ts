/** The digest: what is open, what healed, what ends soon and what fails. */
import { statusText } from '../commands/text.ts';
import { whenText } from '../text/when.ts';
import { capitalize, count, durationText, headlineOf, listed } from '../text/words.ts';
import type { Block, Card, Span } from './card.ts';
import { ago, context, dotted, line, person, strong, text, time } from './spans.ts';
import { troubleWords } from './trouble.ts';
import type { DigestOpen, DigestView } from './view-digest.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

/** The most lines of one kind; the others are counted ("and 12 more"). */
const SHOWN = 8;

function troublesIn(view: DigestView): readonly StackTrouble[] {
  return view.troubles ?? [];
}

/** `1 state empty`, `2 with failing code checks`. */
function troubleParts(view: DigestView): readonly string[] {
  const of = (kind: StackTrouble['kind']): number => troublesIn(view).filter((t) => t.kind === kind).length;
  const [empty, unmet] = [of('empty-state'), of('conditions')];
  return [
    ...(empty === 0 ? [] : [`${count(empty, 'state')} empty`]),
    ...(unmet === 0 ? [] : [`${unmet} with failing code checks`]),
  ];
}

function aligned(view: DigestView): number {
  const troubled = new Set([...view.open, ...view.failing, ...troublesIn(view)].map((s) => s.stack));
  return view.stacks - troubled.size;
}

function about(view: DigestView): string {
  const since = view.since === null ? '' : `since ${whenText(view.since, view.now, view.zone)}`;
  return [
    ...(view.targets.length > 0 ? [view.targets.join(', ')] : []),
    ...(since === '' ? [] : [since]),
  ].join(', ');
}

function headline(view: DigestView): string {
  const [oldest] = view.open;
  const ending = view.snoozesEnding.length;
  const failing = view.failing.length;
  const broken = view.brokenPolicies.length;
  const healed = healedWords(view);
  const parts = [
    ...(oldest === undefined
      ? []
      : [`${view.open.length} open (oldest ${durationText(view.now - oldest.since)}, ${oldest.stack})`]),
    ...(failing === 0 ? [] : [`${count(failing, 'check')} failing`]),
    ...troubleParts(view),
    ...(broken === 0 ? [] : [`${count(broken, 'policy', 'policies')} broken`]),
    ...healed,
    ...(ending === 0 ? [] : [`${count(ending, 'snooze')} ${ending === 1 ? 'ends' : 'end'} within a day`]),
    `${aligned(view)} of ${view.stacks} aligned`,
  ];
  const where = about(view);
  const quiet = parts.length === 1 && aligned(view) === view.stacks;
  const withScope = (rest: string): string => (where === '' ? capitalize(rest) : `${where}: ${rest}`);
  if (quiet) return withScope(`all ${count(view.stacks, 'stack')} aligned`);
  // If the headline is too long, it leaves out what the body shows as well, and keeps the total.
  const candidates = [
    parts,
    parts.filter((p) => !p.includes('within a day')),
    parts.filter((p) => !p.includes('within a day') && !healed.includes(p)),
    parts.filter((p) => !p.includes('within a day') && !healed.includes(p) && !p.endsWith(' broken')),
  ];
  const sentences = candidates.map((some) => withScope(some.join(' · ')));
  return sentences.find((sentence) => headlineOf(sentence) === sentence) ?? sentences.at(-1) ?? '';
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
  const head = headlineOf(headline(view));
  const moved = [
    ...healedWords(view).filter((words) => !head.includes(words)),
    ...(view.approved === 0 ? [] : [`${count(view.approved, 'resource')} put back after an approval`]),
    ...[trend(view)].flatMap((t) => (t === null ? [] : [t])),
  ];
  const blocks: readonly Block[] = [
    ...folded(view.open, (open) => line(...openSpans(open, view))),
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
    ...(view.open.length + view.failing.length + troublesIn(view).length > 0
      ? [
          {
            type: 'buttons' as const,
            buttons: [
              {
                label: 'Status',
                command: statusText(view.targets.length === 1 ? (view.targets[0] ?? null) : null),
              },
            ],
          },
        ]
      : []),
  ];
  const tone =
    view.failing.length + view.brokenPolicies.length + troublesIn(view).length > 0
      ? 'bad'
      : view.open.length > 0
        ? 'waits'
        : 'good';
  return { headline: head, tone, blocks };
}
