/**
 * Remembers from which commit a stack was planned when its code and cloud last agreed: who wrote something after it may
 * not approve what the code changes.
 */
import { sourceId } from '../model/code-version.ts';
import type { Stack } from '../model/directory.ts';
import type { Run } from '../model/run.ts';
import type { Change, Store } from '../ports/store.ts';
import type { RunEvent } from './run-event.ts';

/** How many runs of an older version, which stored no such commit, are looked at. */
const OLD_RUNS = 20;

function nameOf(stack: string): string {
  return `aligned-code:${stack}`;
}

/** True if the run's newest whole plan finds nothing to decide, not even something that was snoozed or accepted. */
function isAligned({ state, findings, unsure }: Run): boolean {
  const agrees = state === 'clean' || state === 'realigned' || state === 'quiet';
  return agrees && !unsure && findings.every((f) => !f.actionable);
}

/** The change that remembers the commit of the step's plan; none if code and cloud do not agree. */
export function alignedChanges(run: Run, event: RunEvent): readonly Change[] {
  const planned = event.type === 'decided' || event.type === 'moved' || event.type === 'verified';
  const { code } = run;
  if (!planned || !isAligned(run) || code?.inputs === undefined) return [];
  const value = `${code.inputs.source} ${code.commit}`;
  return [{ type: 'value.set', name: nameOf(run.stack), value }];
}

/**
 * The commit at which code and cloud of the stack last agreed; null if they never did, or if the stack's code was in
 * another repository or folder then. Rejects if the store fails.
 */
export async function alignedCommit(
  store: Pick<Store, 'value' | 'runs'>,
  stack: Stack,
): Promise<string | null> {
  const stored = await store.value(nameOf(stack.name));
  if (stored !== undefined) {
    const [source, commit = ''] = stored.split(' ');
    return source === sourceId(stack.source) ? commit : null;
  }
  const runs = await store.runs({ stack: stack.name, states: ['clean', 'realigned'], limit: OLD_RUNS });
  return runs.find((run) => isAligned(run) && run.code?.inputs === undefined)?.code?.commit ?? null;
}
