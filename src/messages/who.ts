/** Who may decide, and who was asked, as spans of a card. */

import { isOnCall } from '../model/rota.ts';
import { count } from '../text/words.ts';
import type { Span } from './card.ts';
import { dotted, people, person, text, time } from './spans.ts';
import type { DriftView } from './view.ts';

/** True if m0.yaml names nobody who could approve. */
export function nobodyMay(view: DriftView): boolean {
  return view.approvers.groups.length === 0 && view.approvers.onCall.length === 0;
}

/** `Dana (on call) or anyone in sre` */
export function approverSpans(view: DriftView): readonly Span[] {
  if (nobodyMay(view)) return [text('Nobody: m0.yaml names no approvers for this stack')];
  const { groups, onCall, need } = view.approvers;
  const groupNames = groups.filter((group) => !isOnCall(group));
  const onCallSpans: readonly Span[] = onCall.length > 0 ? [...people(onCall, 'or'), text(' (on call)')] : [];
  const nobodyOnCall: readonly Span[] =
    onCall.length === 0 && groupNames.length < groups.length ? [text('the person on call (nobody now)')] : [];
  const groupSpans: readonly Span[] =
    groupNames.length > 0 ? [text(`anyone in ${groupNames.join(', ')}`)] : [];
  const parts = [onCallSpans, nobodyOnCall, groupSpans].filter((p) => p.length > 0);
  const joined = parts.flatMap((p, i) => (i === 0 ? p : [text(' or '), ...p]));
  return need > 1 ? [text(`${need} of `), ...joined] : joined;
}

/** The approvers, who was asked by DM and when, and the approvals so far if several are needed. */
export function whoSpans(view: DriftView): readonly Span[] {
  const asked = view.asked.map((a): readonly Span[] => [
    text('asked '),
    person(a.who),
    text(' '),
    time(a.at, view),
  ]);
  const { need } = view.approvers;
  const approvals = view.approvals.flatMap((a): readonly Span[] => [
    text(' '),
    person(a.by),
    text(' '),
    time(a.at, view),
  ]);
  const approvedSoFar: readonly Span[] =
    need > 1 && view.approvals.length > 0
      ? [text(`${view.approvals.length} of ${count(need, 'approval')} so far:`), ...approvals]
      : [];
  return dotted([approverSpans(view), ...asked, approvedSoFar]);
}
