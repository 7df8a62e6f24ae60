/** Which steps of checks the audit record leaves out, because a year of 400 stacks would be gigabytes of them. Pure. */
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Run } from '../model/run.ts';
import type { RunEvent } from './run-event.ts';

const DAY_MS = 86_400_000;

/** True if m0 made the check by itself, for no reason that a person may ask about later. */
function isOwnCheck(run: Run): boolean {
  const byItself =
    run.requestedBy.platform === 'm0' && (run.trigger === 'schedule' || run.trigger === 'push');
  return byItself && run.forceHuman === null && run.interrupted === null;
}

/**
 * True for a step on the way to an answer: the line of the answer names the same run, commit and drift. Steps of checks
 * that a person asked for, and of those after an apply or a crash, are never routine.
 */
export function isOnTheWay(run: Run, event: RunEvent): boolean {
  return isOwnCheck(run) && (event.type === 'start' || event.type === 'planned') && !isAnswer(run);
}

/** True for the answer that code and cloud agree, without any finding, approval or apply. */
export function agrees(run: Run, event: RunEvent): boolean {
  const nothing = run.findings.length === 0 && run.applied.length === 0 && run.approvals.length === 0;
  return isOwnCheck(run) && event.type === 'decided' && run.state === 'clean' && nothing;
}

/**
 * True if `last`, the stack's last line in the record, is of the same day and says the same, perhaps of an earlier commit:
 * one line a day is enough.
 */
export function saysTheSame(last: AuditEntry | null, entry: AuditEntry): boolean {
  return (
    last !== null &&
    last.action === entry.action &&
    last.detail === entry.detail &&
    last.fingerprint === entry.fingerprint &&
    JSON.stringify(last.bundles ?? null) === JSON.stringify(entry.bundles ?? null) &&
    Math.floor(last.at / DAY_MS) === Math.floor(entry.at / DAY_MS)
  );
}

function isAnswer(run: Run): boolean {
  return run.state !== 'planning' && run.state !== 'deciding';
}
