/**
 * The buttons of a stack's drift card. Each label says what the button does to the cloud, and the dialog lists the
 * changes.
 */
import {
  acceptText,
  approveText,
  driftText,
  rejectText,
  showText,
  snoozeText,
  unacceptText,
  unsnoozeText,
} from '../commands/text.ts';
import type { Finding } from '../drift/finding.ts';
import { capitalize } from '../text/words.ts';
import { applyWords } from './apply-words.ts';
import type { Button, ButtonConfirm } from './card.ts';
import { describeChanges, destroys, opensAccess } from './changes.ts';
import { codifyButtons, patchButtons } from './codify-button.ts';
import { approvableNow, pausesNow } from './finding-status.ts';
import { acceptForm, snoozeForm } from './forms.ts';
import { ignoredChangeSentence, withoutIgnored } from './ignored-changes.ts';
import { resumeButtons } from './pause.ts';
import type { DriftView, PartView } from './view.ts';
import { nobodyMay } from './who.ts';

/** The smallest limits of all platforms for the text and the label of a dialog, in characters. */
const BODY = 300;
const LABEL = 30;

const REJECTION: ButtonConfirm = {
  title: 'Leave it as it is?',
  body: 'Applies nothing and closes the question. The drift stays open in the digest, and m0 asks again when one of its values changes. Snooze it to be asked again at a time; accept it to keep it.',
  confirm: 'Leave it',
};
/** What follows every approval. */
export const AFTERWARDS =
  'Nothing else is touched. Plans again first; if anything moved, you will be asked again.';

/** The longest text about ignored attributes in a dialog, in characters. */
const IGNORED = 130;

function confirmation(findings: readonly Finding[], words: string): ButtonConfirm {
  const ignored = ignoredChangeSentence(findings, IGNORED);
  const head = ignored === null ? '' : `${ignored} `;
  return {
    title: `${capitalize(words)}?`,
    body: `${head}${describeChanges(withoutIgnored(findings), BODY - AFTERWARDS.length - 1 - head.length)} ${AFTERWARDS}`,
    confirm: words.length <= LABEL ? capitalize(words) : 'Approve',
  };
}

/** `Approve: close SSH again`, and how many of the people needed have approved this part. */
function approveLabel(view: DriftView, part: PartView, words: string): string {
  const given = part.approvedBy.length;
  const so = given === 0 ? '' : ` (${given} of ${part.need})`;
  if (view.parts.length > 1) return `Approve: ${words}${so}`;
  if (part.findings.some(({ status }) => status.type === 'unknown'))
    return `Approve: apply what is left${so}`;
  return view.moved === null ? `Approve: ${words}${so}` : `Approve what it is now${so}`;
}

/** The button that approves a part, with its dialog. */
export function approveButton(view: DriftView, part: PartView): Button {
  const findings = part.findings.map((item) => item.finding);
  const words = applyWords(findings);
  const destructive = destroys(findings);
  // An apply that deletes, replaces, opens something, or changes what m0.yaml ignores always asks for confirmation.
  const asks =
    view.confirm || destructive || opensAccess(findings) || ignoredChangeSentence(findings, IGNORED) !== null;
  return {
    label: approveLabel(view, part, words),
    // Slack's primary button is green, and what opens something is never green.
    style: destructive || opensAccess(findings) ? 'danger' : 'primary',
    command: approveText(view.runId, part.fingerprint),
    ...(asks ? { confirm: confirmation(findings, words) } : {}),
  };
}

/** A button for each part that can be approved now: what destroys something is never approved with the rest. */
function approveButtons(view: DriftView): readonly Button[] {
  if (approvableNow(view).length === 0 || nobodyMay(view)) return [];
  return view.parts.map((part) => approveButton(view, part));
}

function has(view: DriftView, ...statuses: readonly string[]): boolean {
  return view.findings.some((f) => statuses.includes(f.status.type));
}

/** The actions that are possible now, in the order of the card. */
export function driftButtons(view: DriftView): readonly Button[] {
  const run = view.runId;
  const diff: Button = { label: 'Full diff', command: showText(run) };
  const snooze: Button = { label: 'Snooze…', command: snoozeText(run), form: snoozeForm(view) };
  const accept: Button = { label: 'Accept drift…', command: acceptText(run), form: acceptForm(view) };
  const reject: Button = { label: 'Reject: leave it', command: rejectText(run), confirm: REJECTION };
  const unsnooze: readonly Button[] = has(view, 'snoozed')
    ? [{ label: 'Unsnooze', command: unsnoozeText(run) }]
    : [];
  const unaccept: readonly Button[] = has(view, 'accepted')
    ? [{ label: 'Undo accept', command: unacceptText(run) }]
    : [];
  const codify = codifyButtons(view);
  const patch = patchButtons(view);
  const resume = resumeButtons(pausesNow(view));
  if (view.alert === 'superseded' || view.state === 'superseded') return [diff];
  if (view.alert === 'resolved') return [...unsnooze, ...unaccept, diff];
  switch (view.state) {
    case 'awaiting_approval': {
      // While the stack is paused an approval is refused.
      const approve = resume.length > 0 ? [] : approveButtons(view);
      const open = has(view, 'waits', 'unknown', 'denied');
      const leave = approve.length > 0 ? [reject] : [];
      // What moved, or what an interrupted apply left, asks the same question a second time.
      const again = view.moved !== null || has(view, 'unknown');
      return [
        ...resume,
        ...approve,
        ...(again ? leave : []),
        ...(open ? [...codify, snooze, accept] : []),
        ...(again ? [] : leave),
        ...patch,
        ...unsnooze,
        ...unaccept,
        diff,
      ];
    }
    case 'denied':
      return [
        ...resume,
        ...(has(view, 'denied') ? [...codify, snooze, accept] : []),
        ...patch,
        ...unsnooze,
        ...unaccept,
        diff,
      ];
    case 'failed':
    case 'state_empty':
    case 'apply_unknown':
    case 'expired':
      return [...resume, { label: 'Check again', command: driftText(view.stack) }, diff];
    default:
      return [...resume, ...unsnooze, ...unaccept, diff];
  }
}
