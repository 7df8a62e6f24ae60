/** Texts that name times, as spans: each reader sees the times on their own clock. */
import { splitInstants, withPlainTimes } from '../text/instant.ts';
import { whenText } from '../text/when.ts';
import { clip, headlineOf } from '../text/words.ts';
import type { Card, Span, Words } from './card.ts';
import { type Moment, strong, text, time } from './spans.ts';

/** The text as spans, with a time span for each time that `instant` wrote into it. */
export function timed(words: string, moment: Moment, style: (value: string) => Span = text): readonly Span[] {
  const isStrong = style === strong;
  return splitInstants(words).map((piece) => {
    if (typeof piece === 'string') return style(piece);
    const span = time(piece, moment);
    return isStrong && span.type === 'time' ? { ...span, strong: true } : span;
  });
}

/** As `timed`; a text without times stays a plain text. */
export function timedWords(words: string, moment: Moment): Words {
  const spans = timed(words, moment);
  return spans.some((span) => span.type === 'time') ? spans : words;
}

/**
 * A headline whose sentence names times: the plain sentence for a phone's notification, and for the card its spans. At
 * most 150 characters as a reader sees it.
 */
export function timedHeadline(sentence: string, moment: Moment): Pick<Card, 'headline' | 'title'> {
  const headline = headlineOf(withPlainTimes(sentence, moment.now, moment.zone));
  const spans = fitting(timed(sentence.replace(/\s+/g, ' ').trim(), moment, strong), headline.length, moment);
  return spans.some((span) => span.type === 'time') ? { headline, title: spans } : { headline };
}

/** A line of a thread: it may be read on any day, and where its times can't be shown in the reader's zone, they say UTC. */
const LINE: Moment = { now: 0, zone: 'UTC' };

/** A line of a thread as spans. */
export function timedLine(words: string): readonly Span[] {
  return timed(words, LINE);
}

/** A line of a thread for a notification. */
export function plainLine(words: string): string {
  return splitInstants(words)
    .map((piece) => (typeof piece === 'string' ? piece : `${whenText(piece, LINE.now, LINE.zone)} UTC`))
    .join('');
}

/** The first spans, up to so many characters. A time that does not fit whole is left out. */
function fitting(spans: readonly Span[], most: number, { now, zone }: Moment): readonly Span[] {
  const out: Span[] = [];
  let left = most;
  for (const span of spans) {
    if (left <= 0) break;
    if (span.type === 'time') {
      const length = whenText(span.at, now, zone).length;
      if (length <= left) out.push(span);
      left -= length;
    } else if (span.type === 'strong') {
      out.push(strong(clip(span.text, left)));
      left -= span.text.length;
    }
  }
  return out;
}
