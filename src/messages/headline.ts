/** The headline of a stack's drift: one sentence for a phone's notification. */
import { assertNever } from '../base/assert-never.ts';

import { describeFinding } from '../drift/describe.ts';
import { whenText } from '../text/when.ts';
import { clip, codeName, count, durationText, headlineOf, listed } from '../text/words.ts';
import { ended, openNow } from './finding-status.ts';
import { movedSentence } from './moved.ts';
import type { DriftView, FindingStatus, FindingView } from './view.ts';
import { nobodyMay } from './who.ts';

type StatusType = FindingStatus['type'];

function withStatus<W extends StatusType>(
  view: DriftView,
  ...words: readonly W[]
): readonly (FindingView & { readonly status: Extract<FindingStatus, { type: W }> })[] {
  return view.findings.filter(
    (f): f is FindingView & { readonly status: Extract<FindingStatus, { type: W }> } =>
      (words as readonly string[]).includes(f.status.type),
  );
}

/** What the findings are about: `tags`, `the rule`, an address; null if there is no single word for all of them. */
function subject(items: readonly FindingView[]): { readonly noun: string; readonly many: boolean } | null {
  const [first] = items;
  if (first === undefined) return null;
  const attributes = items.flatMap((i) => i.finding.attributes);
  const updates = items.every((i) => i.finding.action === 'update') && attributes.length > 0;
  const rules = attributes.every((a) => /^(ingress|egress)\b/.test(a.path));
  if (updates && attributes.every((a) => /^tags\b/.test(a.path))) return { noun: 'tags', many: true };
  if (updates && rules) {
    return attributes.length === 1 ? { noun: 'the rule', many: false } : { noun: 'the rules', many: true };
  }
  return items.length === 1 ? { noun: clip(first.finding.address, 60), many: false } : null;
}

function phrase(items: readonly FindingView[], one: string, many = one): string {
  const about = subject(items);
  if (about === null) return `${items.length} ${many}`;
  return `${about.noun} ${about.many ? many : one}`;
}

function keptWords(view: DriftView): readonly string[] {
  const snoozed = withStatus(view, 'snoozed');
  const accepted = withStatus(view, 'accepted');
  const ends = [...new Set(snoozed.map((f) => f.status.until))];
  const [end] = ends;
  const until = ends.length === 1 && end != null ? ` until ${whenText(end, view.now, view.zone)}` : '';
  return [
    ...(snoozed.length === 0 ? [] : [`${phrase(snoozed, 'is snoozed', 'are snoozed')}${until}`]),
    ...(accepted.length === 0 ? [] : [phrase(accepted, 'is accepted', 'are accepted')]),
  ];
}

function realignedWords(view: DriftView): readonly string[] {
  const realigned = withStatus(view, 'realigned');
  if (realigned.length === 0) return [];
  if (realigned.some((f) => f.status.verifiedAt === null)) {
    return [`${count(realigned.length, 'change')} applied, being verified`];
  }
  // "is back": something that was removed or changed is restored. "is gone again": something that was added is
  // removed.
  const restored = realigned.filter(
    ({ finding: f }) => f.origin === 'cloud' && f.attributes.every((a) => a.kind !== 'added'),
  );
  const removed = realigned.filter(
    ({ finding: f }) =>
      f.origin === 'cloud' &&
      f.action === 'update' &&
      f.attributes.length > 0 &&
      f.attributes.every((a) => a.kind === 'added'),
  );
  if (restored.length + removed.length < realigned.length) return [`${realigned.length} realigned`];
  const say = (items: readonly FindingView[], one: string, many: string): readonly string[] =>
    items.length === 0
      ? []
      : [subject(items) === null ? `${items.length} ${many}` : phrase(items, one, many)];
  return [...say(restored, 'is back', 'are back'), ...say(removed, 'is gone again', 'are gone again')];
}

/** Who it waits for, as far as that is known. */
function waitsForWords(view: DriftView, you: boolean): string {
  if (nobodyMay(view)) return 'nobody: m0.yaml names no approvers';
  if (you) return 'you';
  const left = view.approvers.need - view.approvals.length;
  return view.approvals.length === 0 || left < 1 ? 'a person' : count(left, 'more approval');
}

/** What is still to happen: who or what acts on the open findings. */
function openWords(view: DriftView, you: boolean): readonly string[] {
  const waiting = withStatus(view, 'waits', 'unknown');
  const settled = withStatus(view, 'realigned', 'snoozed', 'accepted').length > 0;
  const heals = withStatus(view, 'heals').length;
  const denied = withStatus(view, 'denied').length;
  const approved = withStatus(view, 'approved', 'applying').length;
  const alone = view.findings.length === 1;
  const plural = (n: number, one: string, many: string): string =>
    alone ? one : `${n} ${n === 1 ? one : many}`;
  if (ended(view)) {
    const left = openNow(view).length;
    if (left === 0) return [];
    return [
      view.findings.length === 1 ? 'left as it is' : `${left} left as ${left === 1 ? 'it is' : 'they are'}`,
    ];
  }
  return [
    ...(heals === 0 ? [] : [plural(heals, 'heals itself', 'heal themselves')]),
    ...(approved === 0 ? [] : [plural(approved, 'is being applied', 'are being applied')]),
    ...(waiting.length === 0
      ? []
      : [
          // Next to settled findings, those that wait are named as well.
          `${settled ? phrase(waiting, 'waits', 'wait') : plural(waiting.length, 'waits', 'wait')} for ${waitsForWords(view, you)}`,
        ]),
    ...(denied === 0
      ? []
      : [plural(denied, alone ? 'denied by policy' : 'is denied by policy', 'are denied by policy')]),
  ];
}

/**
 * The cause of the drift, from the open findings. `saysWhat`: the words say what changed, not only that something did.
 */
function cause(view: DriftView): { readonly words: string; readonly saysWhat: boolean } {
  const open = openNow(view).map((f) => f.finding);
  const [only] = open;
  const coded = open.some((f) => f.origin !== 'cloud');
  const byHand = open.some((f) => f.origin !== 'code');
  // For a single change, its own description is better than a count.
  if (only !== undefined && open.length === 1 && byHand) {
    return { words: clip(describeFinding(only), 90), saysWhat: true };
  }
  if (!coded) return { words: 'drifted by hand', saysWhat: false };
  if (byHand) return { words: 'drifted by hand and has code that is not applied', saysWhat: false };
  const age = view.code === null ? '' : ` for ${durationText(view.now - view.code.committedAt)}`;
  return { words: `merged and not applied${age}`, saysWhat: true };
}

function codeWords(view: DriftView): string {
  if (view.code === null || openNow(view).some((f) => f.finding.origin !== 'code')) return '';
  return ` (${codeName(view.code)} "${clip(view.code.subject, 40)}", ${clip(view.code.author, 24)})`;
}

/** What an apply would delete or replace: the headline must already say it. */
function destructiveWords(view: DriftView): readonly string[] {
  const destructive = openNow(view)
    .map((f) => f.finding)
    .filter((f) => f.action === 'replace' || f.action === 'delete');
  const [only] = destructive;
  if (only === undefined || ended(view)) return [];
  if (destructive.length > 1) return [`an apply deletes or replaces ${destructive.length}`];
  return [`an apply ${only.action}s ${clip(only.address, 50)}`];
}

function driftSentence(view: DriftView, you: boolean): string {
  const settled = [...realignedWords(view), ...keptWords(view)];
  const open = openWords(view, you);
  if (settled.length > 0)
    return `${view.stack}: ${[...settled, ...destructiveWords(view), ...open].join(', ')}`;
  const why = cause(view);
  // The description of a single finding may already say that it is replaced or deleted.
  const destructive = /\(to be replaced\)|removed from the code/.test(why.words)
    ? []
    : destructiveWords(view);
  const then = [...destructive, ...open];
  const consequence = then.length === 0 ? '' : `${why.saysWhat ? ', ' : ': '}${then.join(', ')}`;
  return `${view.stack}${why.saysWhat ? ': ' : ' '}${why.words}${codeWords(view)}${consequence}`;
}

const PHASES = {
  planning: 'planning again failed, nothing was applied',
  deciding: 'asking the policies failed, nothing was applied',
  locking: 'the state stayed locked, nothing was applied',
  applying: 'the apply failed',
  verifying: 'it was applied, but could not be verified',
} as const;

function approvedByWords(names: readonly { readonly name: string }[]): string {
  return names.length === 0 ? 'by policy' : `approved by ${listed(names.map((n) => n.name))}`;
}

/** The headline of a stack's drift, at most 150 characters. `you`: the reader is the person who is asked. */
export function driftHeadline(view: DriftView, you: boolean): string {
  return headlineOf(sentence(view, you));
}

function sentence(view: DriftView, you: boolean): string {
  const { stack, state } = view;
  const run = `run #${view.runId}`;
  if (view.alert === 'superseded') return `${stack}: ${view.outcome ?? 'see the newer message'}`;
  if (view.alert === 'resolved' && view.outcome !== null && openNow(view).length > 0) {
    return `${stack}: ${view.outcome}`;
  }
  switch (state) {
    case 'apply_unknown':
      return `m0 stopped while applying ${stack} (${run})`;
    case 'failed':
      return `${stack}: ${PHASES[view.failure?.phase ?? 'applying']} (${run})`;
    case 'rejected': {
      const who = view.rejectedBy === null ? 'rejected' : `rejected by ${view.rejectedBy.name}`;
      return `${stack}: ${who}, nothing of ${run} is applied`;
    }
    case 'canceled':
      return `${stack}: ${run} is canceled, nothing more is applied`;
    case 'expired':
      return `${stack}: the approval of ${run} is too old, nothing is applied`;
    case 'applying': {
      const now = view.findings.filter((f) => f.status.type === 'applying' || f.status.type === 'approved');
      const comma = view.approvals.length === 0 ? '' : ',';
      return `${stack}: applying ${count(now.length, 'change')}${comma} ${approvedByWords(view.approvals.map((a) => a.by))}`;
    }
    case 'approved':
      if (view.lock !== null)
        return `${stack} not applied yet: the state is locked by ${clip(view.lock.who, 60)}`;
      if (view.approvals.length === 0) return driftSentence(view, you);
      return `${stack}: ${approvedByWords(view.approvals.map((a) => a.by))}, planning again before the apply`;
    case 'awaiting_approval':
      if (view.findings.some((f) => f.status.type === 'unknown')) {
        return `m0 stopped while applying ${stack}: ${openWords(view, you).join(', ')}`;
      }
      return view.moved === null
        ? driftSentence(view, you)
        : `${stack} not applied: ${movedSentence(view.moved, view)}`;
    case 'superseded':
      return `${stack}: ${view.outcome ?? 'a newer run took over'}`;
    case 'clean':
    case 'quiet':
    case 'realigned':
      if (openNow(view).length === 0 && view.findings.length > 0) return driftSentence(view, you);
      return view.outcome === null ? `${stack} is aligned` : `${stack}: ${view.outcome}`;
    case 'queued':
    case 'planning':
    case 'deciding':
    case 'verifying':
    case 'denied':
      return driftSentence(view, you);
    default:
      return assertNever(state);
  }
}
