/** Why an approval more is needed: an author is nobody of m0.yaml, or nobody knows yet who changed the cloud. */
import { clip, listed } from '../text/words.ts';
import type { Span } from './card.ts';
import { text, time } from './spans.ts';
import type { DriftView } from './view.ts';

/** The most names, and the longest one in characters; the others are counted. */
const NAMES = 3;
const NAME = 40;

/** One sentence, without a full stop. */
export const CAUSE_NOT_KNOWN = 'One more approval, because it is not known yet who changed the cloud';

/** `renovate[bot] is nobody of m0.yaml, so one more must approve`; empty if all authors are known. */
export function strangerSpans(view: Pick<DriftView, 'approvers' | 'now' | 'zone'>): readonly Span[] {
  const { strangers = [], causeUntil } = view.approvers;
  if (strangers.length === 0) {
    if (causeUntil === undefined) return [];
    return [text(`${CAUSE_NOT_KNOWN}: the log is asked until `), time(causeUntil, view)];
  }
  const named = [...new Set(strangers)].slice(0, NAMES).map((name) => clip(name, NAME));
  const more = new Set(strangers).size - named.length;
  const who = listed(more > 0 ? [...named, `${more} more`] : named);
  const are = named.length + more > 1 ? 'are' : 'is';
  return [text(`${who} ${are} nobody under people in m0.yaml, so one more person must approve`)];
}
