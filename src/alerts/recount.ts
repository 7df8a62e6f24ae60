/** Counts approvals again once the cloud's log has told who changed the cloud, or is not asked any more. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory, Stack } from '../model/directory.ts';
import { approvable, openFindings, toScope } from '../model/open-findings.ts';
import type { Approval, Run, RunState } from '../model/run.ts';
import { approvalsOf, partsOf } from '../model/run-parts.ts';
import { neededApprovals, partIn, type Waiting } from '../people/authors.ts';
import { countingApprovals, type OnCallNow } from '../people/permissions.ts';
import type { Store } from '../ports/store.ts';
import type { RunEvent } from '../runs/run-event.ts';
import type { Worker } from '../runs/worker-parts.ts';

export interface RecountParts {
  readonly store: Store;
  readonly worker: Pick<Worker, 'submit'>;
  readonly directory: Directory;
  readonly onCall: () => Promise<OnCallNow>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The states in which a run may have approvals of what waits: beside one part that is applied, others wait. */
const WITH_APPROVALS: readonly RunState[] = ['awaiting_approval', 'approved', 'applying', 'verifying'];

/**
 * Leaves out approvals of people who made the drift by the cloud's log, and approves what has enough without the one that
 * was needed while nobody knew. `names`: only of these stacks; null: of all. Resolves with the names of the stacks that
 * must be counted again later: one part of their run is applied, or counting failed, which is logged.
 */
export async function recountApprovals(
  parts: RecountParts,
  names: readonly string[] | null,
): Promise<readonly string[]> {
  const { store, directory, log } = parts;
  const stacks = directory.stacks.filter(
    ({ name, approvers }) => approvers.notTheAuthor && (names?.includes(name) ?? true),
  );
  if (stacks.length === 0) return [];
  const runs = await store.runs({
    states: WITH_APPROVALS,
    ...(stacks.length === 1 ? { stack: stacks[0]?.name as string } : {}),
  });
  const later = new Set<string>();
  for (const run of runs) {
    const stack = stacks.find(({ name }) => name === run.stack);
    if (stack === undefined) continue;
    try {
      const left = run.state === 'awaiting_approval' ? await recount(parts, stack, run) : run;
      if (left !== null && waitsBeside(left)) later.add(stack.name);
    } catch (error) {
      log.error({ err: error, run: run.id, stack: run.stack }, 'approvals could not be counted again');
      later.add(stack.name);
    }
  }
  return [...later];
}

/** True if approvals of other parts than the one that is applied are to be counted after it. */
function waitsBeside({ state, otherApprovals = [] }: Run): boolean {
  return state !== 'awaiting_approval' && otherApprovals.some((one) => one.waitsForCause === true);
}

/** The run as it is then; null if nothing was to be changed. */
async function recount(parts: RecountParts, stack: Stack, run: Run): Promise<Run | null> {
  if (run.approvals.length === 0 || (await recountOf(parts, stack, run)) === null) return null;
  const done = await parts.worker.submit(run.id, async (current) => {
    const needed = await recountOf(parts, stack, current);
    if (needed !== null) return needed;
    const exemptions = await parts.store.exemptions(stack.name);
    return { type: 'recounted', dropped: [], enough: null, exemptions };
  });
  return done.ok ? done.run : ((await parts.store.run(run.id)) ?? null);
}

/** What the count has to change; null: nothing. */
async function recountOf(parts: RecountParts, stack: Stack, run: Run): Promise<RunEvent | null> {
  const { store, directory, clock } = parts;
  const [exemptions, causes, onCall] = await Promise.all([
    store.exemptions(stack.name),
    store.causes(stack.name),
    parts.onCall(),
  ]);
  const now = clock();
  const dropped: Approval[] = [];
  let enough: Extract<RunEvent, { type: 'recounted' }>['enough'] = null;
  for (const part of partsOf(run, approvable(openFindings(run, exemptions, now)))) {
    const about = { code: run.code, findings: part.open.map((one) => one.finding), causes, now };
    const given = approvalsOf(part, run.approvals);
    const counting = countingApprovals(given, stack, directory, onCall, about);
    const causedIt = given.filter((one) => !counting.includes(one) && isCauser(one, stack, directory, about));
    dropped.push(...causedIt);
    const { need } = neededApprovals(stack, directory, about);
    const waits = counting.some((one) => one.waitsForCause === true);
    if (waits && counting.length >= Math.max(1, need)) enough ??= toScope(part.open);
  }
  if (dropped.length === 0 && enough === null) return null;
  return { type: 'recounted', dropped, enough, exemptions };
}

function isCauser({ by }: Approval, stack: Stack, directory: Directory, about: Waiting): boolean {
  const person = directory.people.find(({ key }) => key === by.person);
  return person !== undefined && partIn(person, stack, about) === 'caused';
}
