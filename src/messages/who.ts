/** Who may decide, and who was asked. */

import { isOnCall } from '../model/rota.ts';
import { count } from '../text/words.ts';
import type { Span } from './card.ts';
import { dotted, people, person, text, time } from './spans.ts';
import type { DriftView } from './view.ts';

/** True where m0.yaml names nobody who could approve. */
export function nobodyMay(view: DriftView): boolean {
  return view.approvers.groups.length === 0 && view.approvers.onCall.length === 0;
}

/** `Dana (on call) or anyone in sre` */
export function approverSpans(view: DriftView): readonly Span[] {
  if (nobodyMay(view)) return [text('Nobody: m0.yaml names no approvers for this stack')];
  const { groups, onCall, need } = view.approvers;
  const plain = groups.filter((group) => !isOnCall(group));
  const called: readonly Span[] = onCall.length > 0 ? [...people(onCall, 'or'), text(' (on call)')] : [];
  const nobody: readonly Span[] =
    onCall.length === 0 && plain.length < groups.length ? [text('whoever is on call (nobody now)')] : [];
  const any: readonly Span[] = plain.length > 0 ? [text(`anyone in ${plain.join(', ')}`)] : [];
  const parts = [called, nobody, any].filter((p) => p.length > 0);
  const joined = parts.flatMap((p, i) => (i === 0 ? p : [text(' or '), ...p]));
  return need > 1 ? [text(`${need} of `), ...joined] : joined;
}

/** The approvers, who was asked by DM and when, and who has approved so far where several must. */
export function whoSpans(view: DriftView): readonly Span[] {
  const asked = view.asked.map((a): readonly Span[] => [
    text('asked '),
    person(a.who),
    text(' '),
    time(a.at, view),
  ]);
  const { need } = view.approvers;
  const so = view.approvals.flatMap((a): readonly Span[] => [
    text(' '),
    person(a.by),
    text(' '),
    time(a.at, view),
  ]);
  const far: readonly Span[] =
    need > 1 && view.approvals.length > 0
      ? [text(`${view.approvals.length} of ${count(need, 'approval')} so far:`), ...so]
      : [];
  return dotted([approverSpans(view), ...asked, far]);
}
