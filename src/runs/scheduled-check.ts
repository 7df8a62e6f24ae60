/** Checks by the clock: queued, or skipped with a reason that people can see. */
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
/** A plan this young counts as fresh, see confirm.ts. */
const FRESH_MS = 60_000;

/** A reason in words, as the end of "last check skipped: …". */
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

/** Whether a check of the stack now would only tell what another run tells anyhow. */
function needless(runs: readonly Run[], now: number): Pick<SkippedCheck, 'kind' | 'run'> | null {
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
 * Queues a check of the stack, unless one is queued or under way, an apply is (its last step is a whole plan), or
 * that whole plan was made less than a minute ago. What is skipped is stored for `status`, and goes into the record
 * when its reason is another one than that of the tick before. Rejects where the store does.
 */
export async function checkOnSchedule(parts: ScheduledCheckParts, stack: Stack): Promise<void> {
  const { store, worker } = parts;
  const now = parts.clock();
  const before = await store.skippedCheck(stack.name);
  const why = needless(await store.runs({ stack: stack.name, limit: 20 }), now);
  if (why === null) {
    if (before !== undefined) await store.removeSkippedCheck(stack.name);
    await worker.check(stack, 'schedule', M0);
    return;
  }
  const goesOn = before !== undefined && before.kind === why.kind;
  const skipped: SkippedCheck = {
    ...why,
    since: goesOn ? before.since : now,
    at: now,
    times: goesOn ? before.times + 1 : 1,
  };
  const about = { fingerprint: null, commit: null, place: null, bundles: null, scope: null };
  const line = { at: now, actor: M0, action: 'skipped', stack: stack.name, runId: why.run, ...about };
  const entry = { ...line, detail: `scheduled check: ${skippedText(why)}` };
  await worker.write(stack.name, () => [
    { type: 'skipped.set', stack: stack.name, skipped },
    // The record is for ever: a reason that lasts is one line in it.
    ...(goesOn ? [] : [{ type: 'audit' as const, entry }]),
  ]);
}
