/** The line that a step of a run leaves in the record. */
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Place } from '../model/directory.ts';
import { type Actor, M0, type Run, type ScopeEntry } from '../model/run.ts';
import type { RunEvent } from './run-event.ts';

function actorOf(event: RunEvent): Actor {
  if (event.type === 'approve') return event.approval.by;
  return 'by' in event && typeof event.by === 'object' ? event.by : M0;
}

function placeOf(event: RunEvent): Place | null {
  return 'place' in event ? (event.place ?? null) : null;
}

/** What the step is about: what was approved, what is or was about to be applied. */
function scopeOf(was: Run, run: Run, event: RunEvent): readonly ScopeEntry[] | null {
  if (event.type === 'approve') return event.approval.scope;
  const scope = run.scope.length > 0 ? run.scope : was.scope;
  return scope.length > 0 ? scope : null;
}

/** Why, in the person's or the tool's own words. */
function reasonOf(run: Run, event: RunEvent): string | null {
  switch (event.type) {
    case 'reject':
    case 'cancel':
      return event.reason;
    case 'approve':
      return `${run.approvals.length} of ${event.need}`;
    case 'fail':
      return event.failure.message;
    case 'supersede':
      return `by run #${event.by}`;
    default:
      // What m0 does by itself is said by the two states.
      return null;
  }
}

/**
 * Who moved the run from where, on what grounds, and how it ended.
 *
 * @param now ms since epoch
 */
export function lineOf(was: Run, run: Run, event: RunEvent, now: number): AuditEntry {
  const reason = reasonOf(run, event);
  return {
    at: now,
    actor: actorOf(event),
    place: placeOf(event),
    action: event.type,
    stack: run.stack,
    runId: run.id,
    fingerprint: run.fingerprint,
    commit: run.code?.commit ?? null,
    bundles: run.decision?.bundles ?? null,
    scope: scopeOf(was, run, event),
    detail: `${was.state} -> ${run.state}${reason === null ? '' : `: ${reason}`}`,
  };
}
