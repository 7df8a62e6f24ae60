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
import type { Button, ButtonConfirm } from './card.ts';
import { applyLabel, describeChanges, destroys, opensAccess } from './changes.ts';
import { approvableNow } from './finding-status.ts';
import { acceptForm, snoozeForm } from './forms.ts';
import { ignoredChangeSentence, withoutIgnored } from './ignored-changes.ts';
import type { DriftView } from './view.ts';
import { nobodyMay } from './who.ts';

/** The smallest limits of all platforms for the text and the label of a dialog, in characters. */
const BODY = 300;
const LABEL = 30;

const AFTERWARDS = 'Nothing else is touched. Plans again first; if anything moved, you will be asked again.';

/** The longest text about ignored attributes in a dialog, in characters. */
const IGNORED = 130;

function confirmation(findings: readonly Finding[], actionLabel: string): ButtonConfirm {
  const ignored = ignoredChangeSentence(findings, IGNORED);
  const head = ignored === null ? '' : `${ignored} `;
  return {
    title: `${actionLabel}?`,
    body: `${head}${describeChanges(withoutIgnored(findings), BODY - AFTERWARDS.length - 1 - head.length)} ${AFTERWARDS}`,
    confirm: actionLabel.length <= LABEL ? actionLabel : 'Apply',
  };
}

function approveButton(view: DriftView): Button | null {
  const waiting = approvableNow(view);
  if (waiting.length === 0 || nobodyMay(view)) return null;
  const findings = waiting.map((w) => w.finding);
  const unknown = waiting.some((w) => w.status.type === 'unknown');
  const actionLabel = applyLabel(findings);
  const label = unknown ? 'Apply what is left' : view.moved === null ? actionLabel : 'Approve what it is now';
  const destructive = destroys(findings);
  return {
    label,
    style: destructive ? 'danger' : 'primary',
    command: approveText(view.runId, view.waitingFingerprint),
    // An apply that deletes, replaces, opens something, or changes what m0.yaml ignores always asks for confirmation.
    ...(view.confirm ||
    destructive ||
    opensAccess(findings) ||
    ignoredChangeSentence(findings, IGNORED) !== null
      ? { confirm: confirmation(findings, actionLabel) }
      : {}),
  };
}

function has(view: DriftView, ...statuses: readonly string[]): boolean {
  return view.findings.some((f) => statuses.includes(f.status.type));
}

/** The actions that are possible now, in the order of the card. */
export function driftButtons(view: DriftView): readonly Button[] {
  const run = view.runId;
  const diff: Button = { label: 'Full diff', command: showText(run) };
  const snooze: Button = { label: 'Snooze…', command: snoozeText(run), form: snoozeForm(view) };
  const accept: Button = { label: 'Accept…', command: acceptText(run), form: acceptForm(view) };
  const reject: Button = { label: 'Leave it', command: rejectText(run) };
  const unsnooze: readonly Button[] = has(view, 'snoozed')
    ? [{ label: 'Unsnooze', command: unsnoozeText(run) }]
    : [];
  const unaccept: readonly Button[] = has(view, 'accepted')
    ? [{ label: 'Undo accept', command: unacceptText(run) }]
    : [];
  if (view.alert === 'superseded' || view.state === 'superseded') return [diff];
  if (view.alert === 'resolved') return [...unsnooze, ...unaccept, diff];
  switch (view.state) {
    case 'awaiting_approval': {
      const approve = approveButton(view);
      const asks = view.moved !== null || has(view, 'unknown');
      const open = has(view, 'waits', 'unknown', 'denied');
      return [
        ...(approve === null ? [] : [approve]),
        ...(asks ? [reject] : []),
        ...(open ? [snooze, accept] : []),
        ...unsnooze,
        ...unaccept,
        diff,
      ];
    }
    case 'denied':
      return [...(has(view, 'denied') ? [snooze, accept] : []), ...unsnooze, ...unaccept, diff];
    case 'failed':
    case 'state_empty':
    case 'apply_unknown':
    case 'expired':
      return [{ label: 'Check again', command: driftText(view.stack) }, diff];
    default:
      return [...unsnooze, ...unaccept, diff];
  }
}
