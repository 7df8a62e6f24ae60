/** The card about stacks that were never checked, while m0 checks them after a start, and when it has. */
import { statusText } from '../commands/text.ts';
import { clip, count, headlineOf, listed } from '../text/words.ts';
import type { Block, Card } from './card.ts';
import { context, line, strong, text } from './spans.ts';
import type { FirstChecksView } from './view-first-checks.ts';

/** The most stacks that are named, and the longest reason in characters. */
const NAMED = 10;
const REASON = 200;

/** `9 aligned, 2 with drift, 1 can’t be checked`; without the kinds that there are none of. */
function results({ aligned, drifted, failing }: FirstChecksView): string {
  const parts = [
    ...(aligned === 0 ? [] : [`${aligned} aligned`]),
    ...(drifted === 0 ? [] : [`${drifted} with drift`]),
    ...(failing.length === 0 ? [] : [`${failing.length} can’t be checked`]),
  ];
  return parts.length === 0 ? 'none has an answer' : listed(parts);
}

function headline(view: FirstChecksView): string {
  const { total, over, minutesLeft } = view;
  if (over) return headlineOf(`First check of ${count(total, 'stack')}: ${results(view)}`);
  const left = minutesLeft === null ? '' : `, about ${count(minutesLeft, 'minute')} left`;
  const them = total === 1 ? 'was never checked; m0 checks it now' : 'were never checked; m0 checks them now';
  return headlineOf(`${count(total, 'stack')} ${them}${left}`);
}

function failingLines({ failing }: FirstChecksView): readonly Block[] {
  const shown = failing.length <= NAMED + 1 ? failing : failing.slice(0, NAMED);
  const more = failing.length - shown.length;
  return [
    ...shown.map(({ stack, why }) => line(strong(stack), text(`  ${clip(why, REASON)}`))),
    ...(more > 0 ? [context(text(`and ${more} more that can’t be checked`))] : []),
  ];
}

/** One message that is updated until all of the stacks have been checked. */
export function firstChecksCard(view: FirstChecksView): Card {
  const { over, total, done } = view;
  const progress = line(text(`${done} of ${total} checked${done === 0 ? '' : `: ${results(view)}`}`));
  return {
    headline: headline(view),
    tone: view.failing.length > 0 ? 'bad' : over && view.drifted === 0 ? 'good' : 'plain',
    blocks: [
      ...(over ? [] : [progress]),
      ...failingLines(view),
      { type: 'buttons', buttons: [{ label: 'Status', command: statusText(null) }] },
    ],
  };
}
