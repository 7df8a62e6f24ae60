/** The headline of a stack's drift: one sentence for a phone's notification. */
import { assertNever } from '../base/assert-never.ts';
import { isCodeChange } from '../drift/action-reason.ts';
import type { Finding } from '../drift/finding.ts';
import { readableAttributes } from '../drift/readable.ts';
import { newResources } from '../drift/severity.ts';
import { instant, withPlainTimes } from '../text/instant.ts';
import {
  capitalize,
  clip,
  codeName,
  count,
  durationText,
  HEADLINE_LIMIT,
  listed,
  withSeparators,
} from '../text/words.ts';
import { fightWords } from './brake.ts';
import type { Card } from './card.ts';
import { ended, NOT_BY_M0, openNow, pausesNow, whenResumed } from './finding-status.ts';
import { movedSentence } from './moved.ts';
import { pausedHead } from './pause.ts';
import { timedHeadline } from './timed.ts';
import { failingChecksWords, troubleWords } from './trouble.ts';
import type { DriftView, FindingStatus, FindingView } from './view.ts';
import { approvalsLeft, nobodyMay } from './who.ts';
import { type Worst, worstOf } from './worst.ts';

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
  const attributes = items.flatMap((i) => readableAttributes(i.finding.attributes));
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
  const codified = withStatus(view, 'codified');
  const ends = [...new Set(snoozed.map((f) => f.status.until))];
  const [end] = ends;
  const until = ends.length === 1 && end != null ? ` until ${instant(end)}` : '';
  return [
    ...(snoozed.length === 0 ? [] : [`${phrase(snoozed, 'is snoozed', 'are snoozed')}${until}`]),
    ...(codified.length === 0
      ? []
      : [phrase(codified, 'is on its way into the code', 'are on their way into the code')]),
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
  const { left, given } = approvalsLeft(view);
  return !given || left < 1 ? 'a person' : count(left, 'more approval');
}

/**
 * What is still to happen to these open findings: who or what acts on them. `beside`: the finding that the sentence
 * tells first; null if it tells none.
 */
function openWords(
  view: DriftView,
  you: boolean,
  items: readonly FindingView[],
  beside: FindingView | null,
): readonly string[] {
  const some = (...types: readonly StatusType[]): number =>
    items.filter((item) => types.includes(item.status.type)).length;
  const alone = beside === null && view.findings.length === 1;
  const plural = (n: number, one: string, many: string): string =>
    alone ? one : `${withSeparators(n)}${beside === null ? '' : ' more'} ${n === 1 ? one : many}`;
  const [waiting, heals, denied] = [some('waits', 'unknown'), some('heals'), some('denied')];
  const approved = some('approved', 'applying');
  const told = beside?.status.type === 'waits' || beside?.status.type === 'unknown';
  const forWhom = told ? '' : ` for ${waitsForWords(view, you)}`;
  return [
    ...(heals === 0
      ? []
      : [`${healingWords(items) ?? plural(heals, 'heals itself', 'heal themselves')}${whenResumed(view)}`]),
    ...(approved === 0 ? [] : [plural(approved, 'is being applied', 'are being applied')]),
    ...(waiting === 0 ? [] : [`${plural(waiting, 'waits', 'wait')}${forWhom}`]),
    ...(denied === 0 ? [] : [plural(denied, ...deniedWords(items, alone))]),
  ];
}

/** That nobody may apply them and why, for one and for several. `alone`: there is no other finding. */
function deniedWords(items: readonly FindingView[], alone: boolean): readonly [string, string] {
  const toldOnly = items.some(({ status }) => status.type === 'denied' && status.tellOnly);
  if (toldOnly) return [alone ? NOT_BY_M0 : 'can’t be applied by m0', 'can’t be applied by m0'];
  return [alone ? 'denied by policy' : 'is denied by policy', 'are denied by policy'];
}

/** `2 tags heal themselves`; null if what heals is not only tags. */
function healingWords(items: readonly FindingView[]): string | null {
  const healing = items.filter((item) => item.status.type === 'heals');
  if (subject(healing)?.noun !== 'tags') return null;
  const tags = healing.flatMap((item) => item.finding.attributes).length;
  return `${count(tags, 'tag')} ${tags === 1 ? 'heals itself' : 'heal themselves'}`;
}

/** Shorter than this a subject says nothing, in characters. */
const SUBJECT_LEAST = 12;
const SUBJECT_MOST = 40;

/**
 * The commit that the code waits with, its subject and author, in at most `room` characters; empty if not all of the
 * open drift comes from it, or if nothing of the subject would be left.
 */
function codeWords(view: DriftView, room: number): string {
  const { code } = view;
  if (code === null || openNow(view).some((f) => f.finding.origin === 'cloud' || !isCodeChange(f.finding))) {
    return '';
  }
  const around = (subject: string): string => ` (${codeName(code)} "${subject}", ${clip(code.author, 24)})`;
  const most = Math.min(SUBJECT_MOST, room - around('').length);
  const subject = clip(code.subject, most);
  return subject.length < Math.min(SUBJECT_LEAST, code.subject.length) ? '' : around(subject);
}

/** What happens next to the finding that the headline tells first. */
function nextWords({ item }: Worst, view: DriftView, you: boolean): string {
  if (item === null) return '';
  switch (item.status.type) {
    case 'waits':
    case 'unknown': {
      const fight = fightWords(item, view);
      return `${fight === null ? '' : `, ${fight}`}, waits for ${waitsForWords(view, you)}`;
    }
    case 'heals':
      return `, heals itself${whenResumed(view)}`;
    case 'denied':
      return item.status.tellOnly ? `, ${NOT_BY_M0}` : ', denied by policy';
    case 'approved':
    case 'applying':
      return ', is being applied';
    default:
      return '';
  }
}

/** What a policy says about it, if m0 has nothing graver to say, or if it is why nobody may apply it. */
function messageWords({ message, severity }: Worst): string {
  if (message === null) return '';
  const grave = severity.specific && severity.kind !== 'data' && severity.kind !== 'rest';
  return grave && message.rule !== 'deny' ? '' : ` (${clip(message.text, 60)})`;
}

/** What an apply would delete or replace besides the finding that is told first: the headline must already say it. */
function destructiveWords(others: readonly FindingView[], { nameOf }: Worst): readonly string[] {
  const destructive = others.map((f) => f.finding).filter(isDestroyed);
  const [only] = destructive;
  if (only === undefined) return [];
  if (destructive.length > 1)
    return [`an apply deletes or replaces ${withSeparators(destructive.length)} more`];
  return [`an apply ${only.action}s ${clip(nameOf(only), 50)}`];
}

function isDestroyed({ action }: Finding): boolean {
  return action === 'replace' || action === 'delete';
}

/** All of the open drift is code that is not applied, and m0 knows nothing worse about it. */
function mergedWords(view: DriftView, worst: Worst): string | null {
  const open = openNow(view).map((f) => f.finding);
  if (!open.every((f) => f.origin === 'code' && isCodeChange(f)) || worst.message !== null) return null;
  if (open.length > 1 && open.every((f) => f.action === 'create')) {
    return `${withSeparators(open.length)} new in the code: ${newWords(open)}`;
  }
  if (worst.severity.specific) return null;
  return notAppliedText(view);
}

/** How far the code of the view has come, and since when it is not applied. */
export function notAppliedText({ code, workingCopy, now }: DriftView): string {
  if (workingCopy === 'changed') return 'changed here and not applied';
  const since = code === null ? '' : ` for ${durationText(now - code.committedAt)}`;
  return `${workingCopy === 'committed' ? 'committed here' : 'merged'} and not applied${since}`;
}

/** The longest list of new resources, in characters. */
const NEW = 110;

function newWords(open: readonly Finding[]): string {
  const groups = newResources(open);
  for (let shown = groups.length; shown > 1; shown -= 1) {
    const more = groups.length - shown;
    const words = `${groups.slice(0, shown).join(', ')}${more === 0 ? '' : ` and ${more} more kinds`}`;
    if (words.length <= NEW) return words;
  }
  return `${clip(groups[0] ?? '', NEW - 20)}${groups.length > 1 ? ' and others' : ''}`;
}

/** What happens to the open findings besides the one that is told first. */
function otherWords(view: DriftView, you: boolean, worst: Worst): readonly string[] {
  const others = openNow(view).filter((item) => item !== worst.item);
  const destroyed = destructiveWords(others, worst);
  // A single one that an apply deletes or replaces is named, so it is not counted as well.
  const single = others.filter((other) => isDestroyed(other.finding)).length === 1;
  const counted = others.filter(
    ({ finding, status }) => !(single && isDestroyed(finding) && status.type === worst.item?.status.type),
  );
  const waiting = counted.filter((item) => item.status.type === 'waits');
  if (worst.item === null && waiting.length > 0 && waiting.length === counted.length) {
    return [...destroyed, `${phrase(waiting, 'waits', 'wait')} for ${waitsForWords(view, you)}`];
  }
  return [...destroyed, ...openWords(view, you, counted, worst.item)];
}

/** The longest and the shortest words for the worst finding, and the longest name of a stack, in characters. */
const TOLD = 110;
const TOLD_LEAST = 40;
const STACK_SHOWN = 60;

function driftSentence(view: DriftView, you: boolean): string {
  const settled = [...realignedWords(view), ...keptWords(view)];
  const worst = worstOf(view);
  if (worst === null) return `${view.stack}: ${settled.join(', ')}`;
  if (ended(view)) {
    const left = openNow(view).length;
    const words =
      view.findings.length === 1 ? 'left as it is' : `${left} left as ${left === 1 ? 'it is' : 'they are'}`;
    const told =
      settled.length > 0 ? settled.join(', ') : clip(worst.severity.words(worst.nameOf(worst.finding)), TOLD);
    return `${view.stack}: ${told}, ${words}`;
  }
  const open = openNow(view);
  const merged = mergedWords(view, worst);
  const others = merged === null ? otherWords(view, you, worst) : openWords(view, you, open, null);
  // The number of all is in the words already.
  const alike = others.length === 1 ? others[0]?.replace(/^[\d,]+ /, '') : others.join(', ');
  const next = merged === null ? nextWords(worst, view, you) : `, ${alike}`;
  const after = [...(merged === null ? [others.join(', ')] : []), settled.join(', ')].filter(
    (part) => part !== '',
  );
  const stack = clip(view.stack, STACK_SHOWN);
  // Who it waits for is what a phone must show, so the words about the drift give way to it.
  const room = HEADLINE_LIMIT - `${stack}: ${next}`.length;
  const told = clip(
    `${merged ?? worst.severity.words(worst.nameOf(worst.finding))}${messageWords(worst)}`,
    Math.min(TOLD, Math.max(TOLD_LEAST, room)),
  );
  const sentence = (code: string): string =>
    [`${stack}: ${told}${next}${code}`, ...after.map(capitalize)].join('. ');
  // The commit is on the card as well, so its subject is the first to be cut.
  const plain = withPlainTimes(sentence(''), view.now, view.zone);
  return sentence(codeWords(view, HEADLINE_LIMIT - plain.length));
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
  return driftTitle(view, you).headline;
}

/** The same with its times as spans, for the card. */
export function driftTitle(view: DriftView, you: boolean): Pick<Card, 'headline' | 'title'> {
  return timedHeadline(`${pausedHead(pausesNow(view))}${sentence(view, you)}`, view);
}

function checksFail(view: DriftView): number {
  return view.checks?.length ?? 0;
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
      if (pausesNow(view).length > 0 && view.approvals.length > 0)
        return `${stack}: ${approvedByWords(view.approvals.map((a) => a.by))}, not applied until it is resumed`;
      if (view.lock !== null)
        return `${stack} not applied yet: the state is locked by ${clip(view.lock.who, 60)}`;
      if (view.approvals.length === 0) return driftSentence(view, you);
      return `${stack}: ${approvedByWords(view.approvals.map((a) => a.by))}, planning again before the apply`;
    case 'awaiting_approval':
      if (view.findings.some((f) => f.status.type === 'unknown')) {
        return `m0 stopped while applying ${stack}: ${openWords(view, you, openNow(view), null).join(', ')}`;
      }
      return view.moved === null
        ? driftSentence(view, you)
        : `${stack} not applied: ${movedSentence(view.moved)}`;
    case 'state_empty':
      return `${stack}: ${troubleWords({ kind: 'empty-state', number: view.emptied?.resources ?? 0 })}, nothing is applied (${run})`;
    case 'superseded':
      return `${stack}: ${view.outcome ?? 'a newer run took over'}`;
    case 'clean':
    case 'quiet':
    case 'realigned':
      if (openNow(view).length === 0 && view.findings.length > 0) return driftSentence(view, you);
      if (view.outcome !== null) return `${stack}: ${view.outcome}`;
      return checksFail(view) > 0
        ? `${stack}: ${failingChecksWords(checksFail(view))}`
        : `${stack} is aligned`;
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
