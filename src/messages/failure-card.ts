/** The card of a check that fails. */
import { driftText } from '../commands/text.ts';
import { removedOutcome } from '../model/alert.ts';
import { instant } from '../text/instant.ts';
import { capitalize, clip, count, headlineOf } from '../text/words.ts';
import type { Card, Span } from './card.ts';
import { context, dotted, line, strong, text, time } from './spans.ts';
import { timed, timedHeadline } from './timed.ts';
import type { FailureView } from './view.ts';
import { workingWords } from './working.ts';

/** The longest error text on a card, in characters. */
const MESSAGE = 1500;

/** The card of a failing check: one message, updated in place, and closed when a check succeeds. */
export function failureCard(view: FailureView): Card {
  const { stack, now, times } = view;
  const since = instant(view.since);
  const lastGood: readonly Span[] =
    view.lastGoodAt === null
      ? [text('no good check yet')]
      : [text('last good check '), time(view.lastGoodAt, view)];
  const meta = context(...dotted([[text(view.environment)], lastGood, [text(`run #${view.runId}`)]]));
  const shortMessage = clip(view.failure.message, MESSAGE);
  const message = line(strong(`${capitalize(view.failure.phase)}: `), ...timed(shortMessage, view));
  const past = line(strong('Last error: '), ...timed(`${view.failure.phase}: ${shortMessage}`, view));
  if (view.gone === true) {
    return {
      headline: headlineOf(`${removedOutcome(stack, view.goneWhy)}, so it is not checked any more`),
      tone: 'plain',
      blocks: [meta, past],
    };
  }
  if (view.resolvedAt !== null) {
    return {
      ...timedHeadline(
        `${stack} can be checked again since ${instant(view.resolvedAt)} (failed ${count(times, 'time')} from ${since})`,
        view,
      ),
      tone: 'good',
      blocks: [meta, past],
    };
  }
  const working = workingWords(view.working, now);
  const often = times > 1 ? ` (${times} times)` : '';
  const why = view.failure.message.split('\n').find((l) => l.trim() !== '') ?? '';
  const told = timedHeadline(
    `${stack} could not be checked since ${since}${often}: ${view.failure.phase}: ${why}`,
    view,
  );
  const { headline } = told;
  return {
    ...told,
    tone: 'bad',
    // The body leaves out an error that the headline contains in full.
    blocks: [
      meta,
      ...(headline.endsWith(view.failure.message.trim()) ? [] : [message]),
      ...(working === null ? [] : [context(text(`A new check: ${working}`))]),
      { type: 'buttons', buttons: [{ label: 'Try again', command: driftText(stack) }] },
    ],
  };
}
