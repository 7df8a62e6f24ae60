/** The status card: the state of each stack, in pages where there are many. */
import { assertNever } from '../base/assert-never.ts';
import { showText, statusText, whyText } from '../commands/text.ts';
import { countStates } from '../model/overview.ts';
import { clip, compareTexts, count, durationText, headlineOf } from '../text/words.ts';
import type { Block, Button, Card, Pages, Span } from './card.ts';
import { leftLine } from './left-words.ts';
import { pausedHead, pausedLines, pausedPart, pausesLines, resumeButtons } from './pause.ts';
import { plainOf } from './span-text.ts';
import { ago, command, context, dotted, line, strong, text, time } from './spans.ts';
import { STATE_ORDER, statePartsOf } from './state-words.ts';
import { timed } from './timed.ts';
import { troubleWords } from './trouble.ts';
import type { StackTrouble } from './view-plan-alerts.ts';
import type { StackStatusView, StatusView } from './view-status.ts';
import { workingWords } from './working.ts';

/** The most stacks with a line of their own on one card, and the longest error in characters. */
const SHOWN = 25;
const FAILURE = 200;

/** Where a state stands in the list: what needs somebody comes first. */
function orderOf({ state }: StackStatusView): number {
  return state === 'aligned' ? STATE_ORDER.length : STATE_ORDER.indexOf(state);
}

function waitWords({ open, waiting }: StackStatusView): string {
  const waits = waiting === 0 ? '' : `, ${waiting} ${waiting === 1 ? 'waits' : 'wait'} for a person`;
  return `${open} open${waits}`;
}

/** The stack's troubles of that kind, each after `before`. */
function troubles(status: StackStatusView, kind: StackTrouble['kind'], before: string): string {
  const those = (status.troubles ?? []).filter((t) => t.kind === kind);
  return those.map((t) => `${before}${troubleWords(t)}`).join('');
}

function words(status: StackStatusView): string {
  const exempt = status.exempt === 0 ? '' : `, ${status.exempt} snoozed or accepted`;
  // The state says it by itself where nothing worse is known.
  const old = status.stale && status.state !== 'stale' ? ', last checked too long ago' : '';
  switch (status.state) {
    case 'aligned':
      return 'aligned';
    case 'drifted':
      return `${waitWords(status)}${exempt}${troubles(status, 'conditions', ', ')}${old}`;
    case 'quiet':
      return `${status.exempt} snoozed or accepted, nothing else open`;
    case 'failing':
      return status.open > 0 ? `the check fails; ${waitWords(status)}` : 'the check fails';
    case 'empty':
      return troubles(status, 'empty-state', '');
    case 'unmet':
      return `no drift${exempt}${troubles(status, 'conditions', ', but ')}${old}`;
    case 'unknown':
      return 'never checked';
    case 'stale':
      return `last checked too long ago, no open drift then${exempt}`;
    default:
      return assertNever(status.state);
  }
}

function skippedSpans({ skipped }: StackStatusView, view: StatusView): readonly Span[] {
  if (skipped === null) return [];
  const { why, since, times } = skipped;
  const reason = text(`last check skipped: ${why}`);
  return times === 1 ? [reason] : [reason, text(`, ${times} times since `), time(since, view)];
}

/** `checking now`, or what takes so long. */
function busyWords(status: StackStatusView, view: StatusView): string | null {
  return workingWords(status.working, view.now) ?? (status.busy ? 'checking now' : null);
}

function statusSpans(status: StackStatusView, view: StatusView): readonly Span[] {
  const age: readonly Span[] =
    status.lastGoodAt === null
      ? []
      : [text(status.state === 'failing' ? 'last good check ' : 'checked '), ago(status.lastGoodAt, view)];
  const busy = busyWords(status, view);
  // For a single stack, the headline shows the state.
  const single = view.stacks.length === 1;
  return dotted([
    single
      ? [text(status.environment)]
      : [strong(status.stack), text(`  ${words(status)}`), text(isPaused(status, view) ? ', paused' : '')],
    status.runId === null ? [] : [text(`run #${status.runId}`)],
    age,
    busy === null ? [] : [text(busy)],
    skippedSpans(status, view),
    status.tellOnly ? [text(clip(status.tellOnly, FAILURE))] : [],
    status.failure === null ? [] : timed(clip(status.failure.split('\n')[0] ?? '', FAILURE), view),
  ]);
}

function isPaused({ stack }: StackStatusView, { pauses = [] }: StatusView): boolean {
  return pauses.some((pause) => pause.stacks.includes(stack));
}

/** What became of the check that was asked for, where the message does not follow it. */
function checkBlocks(view: StatusView): readonly Block[] {
  if (view.givenUp === true) {
    const again = [
      text('The checks have taken too long for this message to follow them. See '),
      command(statusText(view.target)),
    ];
    return [context(...again)];
  }
  return view.asked === undefined
    ? []
    : [context(text('A new check was asked for '), time(view.asked, view))];
}

function headline(view: StatusView): string {
  const { stacks, target } = view;
  const [only] = stacks;
  const checking = view.checking ? ', checking now' : '';
  if (only === undefined) return `${target === null ? 'This channel follows' : `${target} has`} no stacks`;
  if (stacks.length === 1) {
    const age =
      only.lastGoodAt === null ? '' : `, last good check ${durationText(view.now - only.lastGoodAt)} ago`;
    return `${pausedHead(view.pauses ?? [])}${only.stack}: ${words(only)}${age}${checking}`;
  }
  const counts = countStates(stacks.map(({ state, busy }) => ({ state, checking: busy })));
  const now = counts.checking === 0 || view.checking ? '' : `, ${counts.checking} being checked`;
  const parts = [
    ...pausedPart(view.pauses ?? []),
    ...statePartsOf(counts),
    `${counts.aligned} of ${count(counts.total, 'stack')} aligned`,
  ];
  return `${target === null ? '' : `${target}: `}${parts.join(', ')}${now}${checking}`;
}

function tone(view: StatusView): Card['tone'] {
  if (view.stacks.some((s) => s.state === 'failing' || s.state === 'empty')) return 'bad';
  if (view.stacks.some((s) => s.waiting > 0)) return 'waits';
  if (view.stacks.some((s) => s.open > 0)) return 'drift';
  if (view.stacks.some((s) => s.state === 'unmet')) return 'bad';
  if ((view.pauses ?? []).length > 0) return 'plain';
  return view.stacks.length > 0 && view.stacks.every((s) => s.state === 'aligned') ? 'good' : 'plain';
}

/** A line of the list, and the same as plain text. */
interface Entry {
  readonly block: Block;
  readonly plain: string;
}

const entry = (block: Block): Entry => ({ block, plain: 'spans' in block ? plainOf(block.spans) : '' });

/**
 * The stacks by environment, the environments with the worst first. Of many stacks those that are aligned are counted.
 */
function environments(
  view: StatusView,
): readonly { readonly name: string; readonly entries: readonly Entry[] }[] {
  const sorted = [...view.stacks].sort((a, b) => orderOf(a) - orderOf(b) || compareTexts(a.stack, b.stack));
  const counted = sorted.length > SHOWN + 1;
  return [...Map.groupBy(sorted, (s) => s.environment)].map(([name, stacks]) => {
    const shown = counted ? stacks.filter((s) => s.state !== 'aligned') : stacks;
    const aligned = stacks.length - shown.length;
    const all = aligned === stacks.length ? `all ${aligned} aligned` : `and ${aligned} aligned`;
    return {
      name,
      entries: [
        ...shown.map((s) => entry(line(...statusSpans(s, view)))),
        ...(aligned === 0 ? [] : [entry(context(text(all)))]),
      ],
    };
  });
}

/** The list in parts that fit a card each. A part begins with the name of its environment if there are several. */
function parts(view: StatusView): readonly (readonly Entry[])[] {
  const groups = environments(view);
  const pages: Entry[][] = [[]];
  for (const { name, entries } of groups) {
    const heading = entry(line(strong(name)));
    let begun = false;
    for (const one of entries) {
      if ((pages.at(-1)?.length ?? 0) > SHOWN) {
        pages.push([]);
        begun = false;
      }
      const page = pages.at(-1) ?? [];
      if (!begun && groups.length > 1) page.push(...(page.length > 0 ? [entry(line())] : []), heading);
      begun = true;
      page.push(one);
    }
  }
  return pages;
}

function cardOf(view: StatusView, blocks: readonly Block[]): Card {
  return { headline: headlineOf(headline(view)), tone: tone(view), blocks };
}

/**
 * Each stack with its state, its open drift and the age of its last good check. Stacks that need a person come
 * first; of many stacks those that are aligned are counted. What does not fit is counted, with the command that shows
 * it.
 */
export function statusCard(view: StatusView): Card {
  const [first = [], ...rest] = parts(view);
  const left = rest.flat().filter((e) => e.plain !== '').length;
  const [only] = view.stacks;
  const buttons: readonly Button[] =
    view.stacks.length === 1 && only?.runId != null && only.open > 0
      ? [
          { label: 'Full diff', command: showText(only.runId) },
          { label: 'Why', command: whyText(only.runId) },
        ]
      : [];
  const { pauses = [] } = view;
  return cardOf(view, [
    ...(view.stacks.length === 1 ? pausedLines(pauses, view) : pausesLines(pauses, view)),
    ...first.map((e) => e.block),
    ...(left > 0 ? [context(text(`and ${left} more lines: `), command(statusText(view.target)))] : []),
    ...checkBlocks(view),
    ...leftLine(view.left),
    ...(buttons.length + pauses.length > 0
      ? [{ type: 'buttons', buttons: [...resumeButtons(pauses), ...buttons] } as const]
      : []),
  ]);
}

/** The same in pages, and as one text; null where one card holds it. */
export function statusPages(view: StatusView): Pages | null {
  const all = parts(view);
  if (all.length < 2) return null;
  const title = view.target === null ? 'Status' : `Status of ${view.target}`;
  return {
    title,
    pages: all.map((some, i) =>
      cardOf(view, [
        ...(i === 0 ? [...pausesLines(view.pauses ?? [], view), ...leftLine(view.left)] : []),
        ...some.map((e) => e.block),
      ]),
    ),
    text: `${[headline(view), ...all.flat().map((e) => e.plain)].join('\n')}\n`,
  };
}
