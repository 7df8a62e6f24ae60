/** Builds the audit entry of one step of a run. Pure. */
import type { NewAuditEntry } from '../model/audit-entry.ts';
import type { Place } from '../model/directory.ts';
import { sameScope } from '../model/open-findings.ts';
import { type Actor, M0, type Run, type ScopeEntry } from '../model/run.ts';
import { pauseText } from './hold-changes.ts';
import type { RunEvent } from './run-event.ts';

function actorOf(event: RunEvent): Actor {
  if (event.type === 'approve') return event.approval.by;
  return 'by' in event && typeof event.by === 'object' ? event.by : M0;
}

function placeOf(event: RunEvent): Place | null {
  return 'place' in event ? (event.place ?? null) : null;
}

/** The findings that the step is about: what was approved, or what is or was going to be applied. */
function scopeOf(was: Run, run: Run, event: RunEvent): readonly ScopeEntry[] | null {
  if (event.type === 'approve') return event.approval.scope;
  const scope = run.scope.length > 0 ? run.scope : was.scope;
  return scope.length > 0 ? scope : null;
}

/** The reason as the person or the tool gave it; null if there is none. */
function reasonOf(run: Run, event: RunEvent): string | null {
  switch (event.type) {
    case 'reject':
    case 'cancel':
      return event.reason;
    case 'approve':
      return `${run.approvals.filter((a) => sameScope(a.scope, event.approval.scope)).length} of ${event.need}`;
    case 'fail':
      return event.failure.message;
    case 'supersede':
      return `by run #${event.by}`;
    case 'confirmed': {
      const { alongside } = event;
      const reasons = [
        ...(run.commits === undefined
          ? []
          : [`decided at ${run.commits.decided}, whose inputs of the stack are the same`]),
        ...(alongside.length === 0
          ? []
          : [`with equal values before and after, these come along: ${alongside.join(', ')}`]),
      ];
      return reasons.length === 0 ? null : reasons.join('; ');
    }
    case 'held':
      return pauseText(event.pause);
    default:
      // For steps that m0 makes by itself the two states are enough.
      return null;
  }
}

/**
 * The audit entry of a step from `was` to `run`: the actor, the place, both states and the reason.
 *
 * @param now ms since epoch
 */
export function auditEntryOf(was: Run, run: Run, event: RunEvent, now: number): NewAuditEntry {
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
