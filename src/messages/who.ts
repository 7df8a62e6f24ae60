/** Who may decide, and who was asked, as spans of a card. */

import { isOnCall } from '../model/rota.ts';
import { count, listed } from '../text/words.ts';
import { applyWords } from './apply-words.ts';
import type { Span } from './card.ts';
import { dotted, people, person, text, time } from './spans.ts';
import type { DriftView, PartView, PersonName } from './view.ts';

/** True if m0.yaml names nobody who could approve. */
export function nobodyMay(view: DriftView): boolean {
  const { groups, people: single = [], onCall } = view.approvers;
  return groups.length + single.length + onCall.length === 0;
}

/** `Dana (on call) or anyone in sre`. `by`: the people whose approval counts already, who need not be named again. */
function fromSpans(view: DriftView, by: readonly PersonName[] = []): readonly Span[] {
  const { groups } = view.approvers;
  const others = (all: readonly PersonName[]): readonly PersonName[] =>
    all.filter(({ person: key }) => !by.some((b) => b.person === key));
  const onCall = others(view.approvers.onCall);
  const single = others(view.approvers.people ?? []).filter(
    ({ person: key }) => !onCall.some((o) => o.person === key),
  );
  const groupNames = groups.filter((group) => !isOnCall(group));
  const onCallSpans: readonly Span[] = onCall.length > 0 ? [...people(onCall, 'or'), text(' (on call)')] : [];
  const { authors = [] } = view.approvers;
  // Whoever is on call may be an author, who is named as such.
  const isNobodyOnCall =
    view.approvers.onCall.length === 0 && authors.length === 0 && groupNames.length < groups.length;
  const nobodyOnCall: readonly Span[] = isNobodyOnCall ? [text('the person on call (nobody now)')] : [];
  const groupSpans: readonly Span[] =
    groupNames.length === 0
      ? []
      : [text(`${by.length === 0 ? 'anyone in ' : ''}${listed(groupNames, 'or')}`)];
  const parts = [onCallSpans, nobodyOnCall, people(single, 'or'), groupSpans].filter((p) => p.length > 0);
  return parts.flatMap((p, i) => (i === 0 ? p : [text(' or '), ...p]));
}

/**
 * How many approvals what waits still needs. Of several parts it is the most that one of them needs, and `given` is
 * false: the parts are approved one by one.
 */
export function approvalsLeft(view: DriftView): { readonly left: number; readonly given: boolean } {
  if (view.parts.length > 1) {
    const left = Math.max(...view.parts.map((part) => part.need - part.approvedBy.length));
    return { left, given: false };
  }
  return { left: view.approvers.need - view.approvals.length, given: view.approvals.length > 0 };
}

/** `2 approvals`, or `1 or 2 approvals` if the parts need different numbers of people. */
function neededText(view: DriftView): string {
  const needs = view.parts.length > 1 ? view.parts.map((part) => part.need) : [view.approvers.need];
  const [least, most] = [Math.min(...needs), Math.max(...needs)];
  return least === most ? count(most, 'approval') : `${least} or ${count(most, 'approval')}`;
}

/** `1 approval: Dana (on call) or anyone in sre`, `2 approvals from sre`: how many people must approve, and who may. */
export function approverSpans(view: DriftView): readonly Span[] {
  if (nobodyMay(view)) return [text('Nobody: m0.yaml names no approvers for this stack')];
  const needed = neededText(view);
  const each = view.parts.length > 1 && needed !== '1 approval' ? ' each' : '';
  const head = text(`${needed}${each}${needed === '1 approval' ? ':' : ' from'} `);
  return [head, ...fromSpans(view), ...authorSpans(view)];
}

/** `, but not Kim, who wrote some of it`: people whose approval would be refused. */
function authorSpans({ approvers: { authors = [], causers = [] } }: DriftView): readonly Span[] {
  const but = (who: typeof authors, why: string): readonly Span[] =>
    who.length === 0 ? [] : [text(', but not '), ...people(who, 'or'), text(`, who ${why}`)];
  return [...but(authors, 'wrote some of it'), ...but(causers, 'changed some of it by hand')];
}

/** `2 approvals: Kim ✓, 1 more from sre` */
function approvedSpans(view: DriftView): readonly Span[] {
  const { need } = view.approvers;
  const by = view.approvals.map((a) => a.by);
  const given = by.flatMap((who, i): readonly Span[] => [
    ...(i === 0 ? [] : [text(', ')]),
    person(who),
    text(' ✓'),
  ]);
  const left = need - by.length;
  const from = fromSpans(view, by);
  const more: readonly Span[] =
    left < 1 ? [] : [text(`, ${left} more${from.length === 0 ? '' : ' from '}`), ...from];
  return [text(`${count(need, 'approval')}: `), ...given, ...more, ...(left < 1 ? [] : authorSpans(view))];
}

/** `Kim ✓ for “put the tags back”`: who has approved which of several parts. */
function approvedPartSpans(part: PartView): readonly Span[] {
  const given = part.approvedBy.flatMap((who, i): readonly Span[] => [
    ...(i === 0 ? [] : [text(', ')]),
    person(who),
    text(' ✓'),
  ]);
  if (given.length === 0) return [];
  return [...given, text(` for “${applyWords(part.findings.map((item) => item.finding))}”`)];
}

/** Who must approve and who has, and who was asked by DM and when. */
export function whoSpans(view: DriftView): readonly Span[] {
  const asked = view.asked.map((a): readonly Span[] => [
    text('asked '),
    person(a.who),
    text(' '),
    time(a.at, view),
  ]);
  const some = view.approvals.length > 0 && !nobodyMay(view);
  if (view.parts.length > 1) {
    const given = view.parts.map(approvedPartSpans).filter((spans) => spans.length > 0);
    return dotted([approverSpans(view), ...given, ...asked]);
  }
  return dotted([some ? approvedSpans(view) : approverSpans(view), ...asked]);
}
