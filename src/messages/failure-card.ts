/** The card of a check that fails. */
import { driftText } from '../commands/text.ts';
import { whenText } from '../text/when.ts';
import { capitalize, clip, count, headlineOf } from '../text/words.ts';
import type { Card, Span } from './card.ts';
import { context, dotted, line, strong, text, time } from './spans.ts';
import type { FailureView } from './view.ts';

/** The longest error text on a card, in characters. */
const MESSAGE = 1500;

/** The card of a failing check: one message, updated in place, and closed when a check succeeds. */
export function failureCard(view: FailureView): Card {
  const { stack, now, zone, times } = view;
  const since = whenText(view.since, now, zone);
  const lastGood: readonly Span[] =
    view.lastGoodAt === null
      ? [text('no good check yet')]
      : [text('last good check '), time(view.lastGoodAt, view)];
  const meta = context(...dotted([[text(view.environment)], lastGood, [text(`run #${view.runId}`)]]));
  const shortMessage = clip(view.failure.message, MESSAGE);
  const message = line(strong(`${capitalize(view.failure.phase)}: `), text(shortMessage));
  const past = line(strong('Last error: '), text(`${view.failure.phase}: ${shortMessage}`));
  if (view.gone === true) {
    return {
      headline: headlineOf(`${stack} is no longer in m0.yaml, so it is not checked any more`),
      tone: 'plain',
      blocks: [meta, past],
    };
  }
  if (view.resolvedAt !== null) {
    return {
      headline: headlineOf(
        `${stack} can be checked again since ${whenText(view.resolvedAt, now, zone)} (failed ${count(times, 'time')} from ${since})`,
      ),
      tone: 'good',
      blocks: [meta, past],
    };
  }
  const often = times > 1 ? ` (${times} times)` : '';
  const why = view.failure.message.split('\n').find((l) => l.trim() !== '') ?? '';
  const headline = headlineOf(
    `${stack} could not be checked since ${since}${often}: ${view.failure.phase}: ${why}`,
  );
  return {
    headline,
    tone: 'bad',
    // The body leaves out an error that the headline contains in full.
    blocks: [
      meta,
      ...(headline.endsWith(view.failure.message.trim()) ? [] : [message]),
      { type: 'buttons', buttons: [{ label: 'Try again', command: driftText(stack) }] },
    ],
  };
}
