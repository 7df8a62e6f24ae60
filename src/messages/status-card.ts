/** The status card: the state of each stack. */
import { assertNever } from '../base/assert-never.ts';
import { showText, whyText } from '../commands/text.ts';
import { clip, count, durationText, headlineOf } from '../text/words.ts';
import type { Block, Button, Card, Span } from './card.ts';
import { ago, context, dotted, line, strong, text, time } from './spans.ts';
import { troubleWords } from './trouble.ts';
import type { StackTrouble } from './view-plan-alerts.ts';
import type { StackStatusView, StatusView } from './view-status.ts';

/** The most stacks with a line of their own, and the longest error in characters. */
const SHOWN = 25;
const FAILURE = 200;

const ORDER: Readonly<Record<StackStatusView['state'], number>> = {
  failing: 0,
  empty: 1,
  drifted: 2,
  unmet: 3,
  unknown: 4,
  quiet: 5,
  aligned: 6,
};

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
  switch (status.state) {
    case 'aligned':
      return 'aligned';
    case 'drifted':
      return `${waitWords(status)}${exempt}${troubles(status, 'conditions', ', ')}`;
    case 'quiet':
      return `${status.exempt} snoozed or accepted, nothing else open`;
    case 'failing':
      return status.open > 0 ? `the check fails; ${waitWords(status)}` : 'the check fails';
    case 'empty':
      return troubles(status, 'empty-state', '');
    case 'unmet':
      return `no drift${exempt}${troubles(status, 'conditions', ', but ')}`;
    case 'unknown':
      return 'not checked yet';
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

function statusSpans(status: StackStatusView, view: StatusView): readonly Span[] {
  const age: readonly Span[] =
    status.lastGoodAt === null
      ? []
      : [text(status.state === 'failing' ? 'last good check ' : 'checked '), ago(status.lastGoodAt, view)];
  // For a single stack, the headline shows the state.
  const single = view.stacks.length === 1;
  return dotted([
    single ? [text(status.environment)] : [strong(status.stack), text(`  ${words(status)}`)],
    status.runId === null ? [] : [text(`run #${status.runId}`)],
    age,
    status.busy ? [text('checking now')] : [],
    skippedSpans(status, view),
    status.failure === null ? [] : [text(clip(status.failure.split('\n')[0] ?? '', FAILURE))],
  ]);
}

function headline(view: StatusView): string {
  const { stacks, target } = view;
  const [only] = stacks;
  const checking = view.checking ? ', checking now' : '';
  if (only === undefined) return `${target === null ? 'This channel follows' : `${target} has`} no stacks`;
  if (stacks.length === 1) {
    const age =
      only.lastGoodAt === null ? '' : `, last good check ${durationText(view.now - only.lastGoodAt)} ago`;
    return `${only.stack}: ${words(only)}${age}${checking}`;
  }
  const countOf = (state: StackStatusView['state']): number => stacks.filter((s) => s.state === state).length;
  const drifted = countOf('drifted');
  const [failing, quiet, unknown] = [countOf('failing'), countOf('quiet'), countOf('unknown')];
  const [empty, unmet] = [countOf('empty'), countOf('unmet')];
  const parts = [
    ...(drifted === 0 ? [] : [`${drifted} drifted`]),
    ...(failing === 0 ? [] : [`${failing} can't be checked`]),
    ...(empty === 0 ? [] : [`${empty} with an empty state`]),
    ...(unmet === 0 ? [] : [`${unmet} with failing checks of the code`]),
    ...(quiet === 0 ? [] : [`${quiet} quiet`]),
    ...(unknown === 0 ? [] : [`${unknown} not checked yet`]),
    `${countOf('aligned')} of ${count(stacks.length, 'stack')} aligned`,
  ];
  return `${target === null ? '' : `${target}: `}${parts.join(', ')}${checking}`;
}

function tone(view: StatusView): Card['tone'] {
  if (view.stacks.some((s) => s.state === 'failing' || s.state === 'empty')) return 'bad';
  if (view.stacks.some((s) => s.waiting > 0)) return 'waits';
  if (view.stacks.some((s) => s.open > 0)) return 'drift';
  if (view.stacks.some((s) => s.state === 'unmet')) return 'bad';
  return view.stacks.length > 0 && view.stacks.every((s) => s.state === 'aligned') ? 'good' : 'plain';
}

/**
 * Each stack with its state, its open drift and the age of its last good check. Stacks that need a person come
 * first.
 */
export function statusCard(view: StatusView): Card {
  const sorted = [...view.stacks].sort(
    (a, b) => ORDER[a.state] - ORDER[b.state] || (a.stack < b.stack ? -1 : 1),
  );
  const shown = sorted.length <= SHOWN + 1 ? sorted : sorted.slice(0, SHOWN);
  const folded = sorted.slice(shown.length);
  const rest = folded.every((s) => s.state === 'aligned') ? ' aligned' : '';
  const [only] = view.stacks;
  const buttons: readonly Button[] =
    view.stacks.length === 1 && only?.runId != null && only.open > 0
      ? [
          { label: 'Full diff', command: showText(only.runId) },
          { label: 'Why', command: whyText(only.runId) },
        ]
      : [];
  const blocks: readonly Block[] = [
    ...shown.map((s) => line(...statusSpans(s, view))),
    ...(folded.length > 0 ? [context(text(`and ${folded.length} more${rest}`))] : []),
    ...(buttons.length > 0 ? [{ type: 'buttons', buttons } as const] : []),
  ];
  return { headline: headlineOf(headline(view)), tone: tone(view), blocks };
}
