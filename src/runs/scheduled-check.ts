/** Scheduled checks: each one is queued, or skipped with a reason that people can see. */
import { assertNever } from '../base/assert-never.ts';
import type { Clock, Stack } from '../model/directory.ts';
import { M0, type Run, type RunState } from '../model/run.ts';
import type { SkippedCheck } from '../model/skipped-check.ts';
import type { Store } from '../ports/store.ts';
import type { Worker } from './worker-parts.ts';

export interface ScheduledCheckParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'check' | 'write'>;
  readonly clock: Clock;
}

const CHECKING: readonly RunState[] = ['planning', 'deciding'];
const APPLYING: readonly RunState[] = ['approved', 'applying', 'verifying'];
/** A plan is fresh for this long after it was made, as in confirm.ts. */
const FRESH_MS = 60_000;

/** Why a check was skipped, as the end of the sentence "last check skipped: …". */
export function skippedText({ kind, run }: Pick<SkippedCheck, 'kind' | 'run'>): string {
  switch (kind) {
    case 'queued':
      return `run #${run} still waited for its turn (M0_CONCURRENCY says how many go at once)`;
    case 'checking':
      return `run #${run} was still checking it`;
    case 'locked':
      return `run #${run} waited for somebody else's lock on the state to put it back`;
    case 'applying':
      return `run #${run} was putting it back`;
    case 'verified':
      return `run #${run} had just put it back and checked all of it`;
    default:
      return assertNever(kind);
  }
}

/** Why a check of the stack now would find nothing that another run does not find; null if it is needed. */
function reasonToSkip(runs: readonly Run[], now: number): Pick<SkippedCheck, 'kind' | 'run'> | null {
  const applying = runs.find((run) => APPLYING.includes(run.state));
  if (applying) {
    const waits = applying.state === 'approved' && applying.lock != null;
    return { kind: waits ? 'locked' : 'applying', run: applying.id };
  }
  const checking = runs.find((run) => CHECKING.includes(run.state));
  if (checking) return { kind: 'checking', run: checking.id };
  const queued = runs.find((run) => run.state === 'queued');
  if (queued) return { kind: 'queued', run: queued.id };
  const verified = runs.find((run) =>
    run.applied.some(
      ({ verifiedAt }) => verifiedAt !== null && now - verifiedAt < FRESH_MS && verifiedAt <= now,
    ),
  );
  return verified ? { kind: 'verified', run: verified.id } : null;
}

/**
 * Queues a check of the stack. Skips it if a check is queued or running, an apply is running (it ends with a plan of
 * the whole stack), or that plan is less than a minute old. A skipped check is stored for `status`. It gets an audit
 * entry if its reason differs from the reason of the check before. Rejects if the store fails.
 */
export async function checkOnSchedule(parts: ScheduledCheckParts, stack: Stack): Promise<void> {
  const { store, worker } = parts;
  const now = parts.clock();
  const before = await store.skippedCheck(stack.name);
  const why = reasonToSkip(await store.runs({ stack: stack.name, limit: 20 }), now);
  if (why === null) {
    if (before !== undefined) await store.removeSkippedCheck(stack.name);
    await worker.check(stack, 'schedule', M0);
    return;
  }
  const isSameReason = before !== undefined && before.kind === why.kind;
  const skipped: SkippedCheck = {
    ...why,
    since: isSameReason ? before.since : now,
    at: now,
    times: isSameReason ? before.times + 1 : 1,
  };
  const about = { fingerprint: null, commit: null, place: null, bundles: null, scope: null };
  const line = {
    at: now,
    actor: M0,
    action: 'skipped' as const,
    stack: stack.name,
    runId: why.run,
    ...about,
  };
  const entry = { ...line, detail: `scheduled check: ${skippedText(why)}` };
  await worker.write(stack.name, () => [
    { type: 'skipped.set', stack: stack.name, skipped },
    // Audit entries are never deleted, so a reason that lasts for many checks gets only one.
    ...(isSameReason ? [] : [{ type: 'audit' as const, entry }]),
  ]);
}
