/** The headline of a stack's drift: one sentence for a phone's notification. */
import { assertNever } from '../base/assert-never.ts';

import { tell } from '../drift/summary.ts';
import { whenText } from '../text/when.ts';
import { clip, codeName, count, headlineOf, lasting, listed } from '../text/words.ts';
import { movedSentence } from './moved.ts';
import { ended, openNow } from './standing.ts';
import type { DriftView, FindingView, Standing } from './view.ts';
import { nobodyMay } from './who.ts';

type Word = Standing['type'];

function withStanding<W extends Word>(
  view: DriftView,
  ...words: readonly W[]
): readonly (FindingView & { readonly standing: Extract<Standing, { type: W }> })[] {
  return view.findings.filter((f): f is FindingView & { readonly standing: Extract<Standing, { type: W }> } =>
    (words as readonly string[]).includes(f.standing.type),
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

function sayOf(items: readonly FindingView[], one: string, many = one): string {
  const about = subject(items);
  if (about === null) return `${items.length} ${many}`;
  return `${about.noun} ${about.many ? many : one}`;
}

function keptWords(view: DriftView): readonly string[] {
  const snoozed = withStanding(view, 'snoozed');
  const accepted = withStanding(view, 'accepted');
  const ends = [...new Set(snoozed.map((f) => f.standing.until))];
  const [end] = ends;
  const until = ends.length === 1 && end != null ? ` until ${whenText(end, view.now, view.zone)}` : '';
  return [
    ...(snoozed.length === 0 ? [] : [`${sayOf(snoozed, 'is snoozed', 'are snoozed')}${until}`]),
    ...(accepted.length === 0 ? [] : [sayOf(accepted, 'is accepted', 'are accepted')]),
  ];
}

function backWords(view: DriftView): readonly string[] {
  const back = withStanding(view, 'realigned');
  if (back.length === 0) return [];
  if (back.some((f) => f.standing.verifiedAt === null)) {
    return [`${count(back.length, 'change')} applied, being verified`];
  }
  // "is back": something that was removed or changed is restored. "is gone again": something that was added is
  // removed.
  const restored = back.filter(
    ({ finding: f }) => f.origin === 'cloud' && f.attributes.every((a) => a.kind !== 'added'),
  );
  const removed = back.filter(
    ({ finding: f }) =>
      f.origin === 'cloud' &&
      f.action === 'update' &&
      f.attributes.length > 0 &&
      f.attributes.every((a) => a.kind === 'added'),
  );
  if (restored.length + removed.length < back.length) return [`${back.length} realigned`];
  const say = (items: readonly FindingView[], one: string, many: string): readonly string[] =>
    items.length === 0 ? [] : [subject(items) === null ? `${items.length} ${many}` : sayOf(items, one, many)];
  return [...say(restored, 'is back', 'are back'), ...say(removed, 'is gone again', 'are gone again')];
}

/** Who it waits for, as far as that is known. */
function whom(view: DriftView, you: boolean): string {
  if (nobodyMay(view)) return 'nobody: m0.yaml names no approvers';
  if (you) return 'you';
  const left = view.approvers.need - view.approvals.length;
  return view.approvals.length === 0 || left < 1 ? 'a person' : count(left, 'more approval');
}

/** What is still to happen: who or what acts on the open findings. */
function openWords(view: DriftView, you: boolean): readonly string[] {
  const waiting = withStanding(view, 'waits', 'unknown');
  const settled = withStanding(view, 'realigned', 'snoozed', 'accepted').length > 0;
  const heals = withStanding(view, 'heals').length;
  const denied = withStanding(view, 'denied').length;
  const approved = withStanding(view, 'approved', 'applying').length;
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
          `${settled ? sayOf(waiting, 'waits', 'wait') : plural(waiting.length, 'waits', 'wait')} for ${whom(view, you)}`,
        ]),
    ...(denied === 0
      ? []
      : [plural(denied, alone ? 'denied by policy' : 'is denied by policy', 'are denied by policy')]),
  ];
}

/**
 * The cause of the drift, from the open findings. `told`: the words say what changed, not only that something did.
 */
function cause(view: DriftView): { readonly words: string; readonly told: boolean } {
  const open = openNow(view).map((f) => f.finding);
  const [only] = open;
  const coded = open.some((f) => f.origin !== 'cloud');
  const byHand = open.some((f) => f.origin !== 'code');
  // For a single change, its own description is better than a count.
  if (only !== undefined && open.length === 1 && byHand) {
    return { words: clip(tell(only), 90), told: true };
  }
  if (!coded) return { words: 'drifted by hand', told: false };
  if (byHand) return { words: 'drifted by hand and has code that is not applied', told: false };
  const age = view.code === null ? '' : ` for ${lasting(view.now - view.code.committedAt)}`;
  return { words: `merged and not applied${age}`, told: true };
}

function codeWords(view: DriftView): string {
  if (view.code === null || openNow(view).some((f) => f.finding.origin !== 'code')) return '';
  return ` (${codeName(view.code)} "${clip(view.code.subject, 40)}", ${clip(view.code.author, 24)})`;
}

/** What an apply would delete or replace: the headline must already say it. */
function graveWords(view: DriftView): readonly string[] {
  const grave = openNow(view)
    .map((f) => f.finding)
    .filter((f) => f.action === 'replace' || f.action === 'delete');
  const [only] = grave;
  if (only === undefined || ended(view)) return [];
  if (grave.length > 1) return [`an apply deletes or replaces ${grave.length}`];
  return [`an apply ${only.action}s ${clip(only.address, 50)}`];
}

function story(view: DriftView, you: boolean): string {
  const settled = [...backWords(view), ...keptWords(view)];
  const open = openWords(view, you);
  if (settled.length > 0) return `${view.stack}: ${[...settled, ...graveWords(view), ...open].join(', ')}`;
  const why = cause(view);
  // The description of a single finding may already say that it is replaced or deleted.
  const grave = /\(to be replaced\)|removed from the code/.test(why.words) ? [] : graveWords(view);
  const then = [...grave, ...open];
  const said = then.length === 0 ? '' : `${why.told ? ', ' : ': '}${then.join(', ')}`;
  return `${view.stack}${why.told ? ': ' : ' '}${why.words}${codeWords(view)}${said}`;
}

const PHASES = {
  planning: 'planning again failed, nothing was applied',
  deciding: 'asking the policies failed, nothing was applied',
  locking: 'the state stayed locked, nothing was applied',
  applying: 'the apply failed',
  verifying: 'it was applied, but could not be verified',
} as const;

function by(names: readonly { readonly name: string }[]): string {
  return names.length === 0 ? 'by policy' : `approved by ${listed(names.map((n) => n.name))}`;
}

/** The headline of a stack's drift, at most 150 characters. `you`: the reader is the person who is asked. */
export function driftHeadline(view: DriftView, you: boolean): string {
  return headlineOf(sentence(view, you));
}

function sentence(view: DriftView, you: boolean): string {
  const { stack, state } = view;
  const run = `run #${view.runId}`;
  if (view.alert === 'superseded') return `${stack}: ${view.outcome ?? 'moved on, see the newer message'}`;
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
      const now = view.findings.filter(
        (f) => f.standing.type === 'applying' || f.standing.type === 'approved',
      );
      const comma = view.approvals.length === 0 ? '' : ',';
      return `${stack}: applying ${count(now.length, 'change')}${comma} ${by(view.approvals.map((a) => a.by))}`;
    }
    case 'approved':
      if (view.lock !== null)
        return `${stack} not applied yet: the state is locked by ${clip(view.lock.who, 60)}`;
      if (view.approvals.length === 0) return story(view, you);
      return `${stack}: ${by(view.approvals.map((a) => a.by))}, planning again before the apply`;
    case 'awaiting_approval':
      if (view.findings.some((f) => f.standing.type === 'unknown')) {
        return `m0 stopped while applying ${stack}: ${openWords(view, you).join(', ')}`;
      }
      return view.moved === null
        ? story(view, you)
        : `${stack} not applied: ${movedSentence(view.moved, view)}`;
    case 'superseded':
      return `${stack}: ${view.outcome ?? 'a newer run took over'}`;
    case 'clean':
    case 'quiet':
    case 'realigned':
      if (openNow(view).length === 0 && view.findings.length > 0) return story(view, you);
      return view.outcome === null ? `${stack} is aligned` : `${stack}: ${view.outcome}`;
    case 'queued':
    case 'planning':
    case 'deciding':
    case 'verifying':
    case 'denied':
      return story(view, you);
    default:
      return assertNever(state);
  }
}
