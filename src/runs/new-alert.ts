/** A new open alert about a run. Pure. */
import type { NewAlert, RunAlert } from '../model/alert.ts';
import type { Run } from '../model/run.ts';

/** `now`: when it was first seen, in ms since epoch. */
export function newAlert(kind: RunAlert['kind'], run: Run, fingerprint: string, now: number): NewAlert {
  return {
    kind,
    subject: run.stack,
    fingerprint,
    state: 'open',
    firstSeenAt: now,
    lastSeenAt: now,
    seenCount: 1,
    runId: run.id,
    outcome: null,
    details: null,
  };
}
