/** When m0 itself changed the cloud of a stack, from the audit record. */
import type { Run } from '../model/run.ts';
import { applyMark } from '../model/tool-mark.ts';
import type { OwnApply } from '../ports/cause.ts';
import type { Store } from '../ports/store.ts';

/** The steps with which an apply ends, or is known to have ended. */
const ENDS = new Set(['applied', 'fail', 'locked', 'postponed', 'lost']);

/** The applies of these runs of a stack. `now`: the end of one that is not over (ms since epoch). `key`: of the marks. */
export async function ownApplies(
  store: Pick<Store, 'audit'>,
  stack: string,
  runs: readonly Pick<Run, 'id'>[],
  now: number,
  key: string,
): Promise<readonly OwnApply[]> {
  const found: OwnApply[] = [];
  for (const { id } of runs) {
    let from: number | null = null;
    const entries = (await store.audit({ runId: id })).toReversed();
    for (const { action, at } of entries) {
      if (action === 'confirmed') from = at;
      else if (from !== null && ENDS.has(action)) {
        found.push({ mark: applyMark(stack, id, key), from, to: at });
        from = null;
      }
    }
    if (from !== null) found.push({ mark: applyMark(stack, id, key), from, to: now });
  }
  return found;
}
