/** Reads the state of stacks, however many they are, without holding up other work. */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import type { StackStatusView } from '../messages/view-status.ts';
import type { Clock, Stack } from '../model/directory.ts';
import { openFindings } from '../model/open-findings.ts';
import {
  type ExemptionInForce,
  type LastTicks,
  type Overview,
  type StackStatus,
  stackStatuses,
} from '../model/overview.ts';
import { isTerminal, type Run } from '../model/run.ts';
import type { SkippedCheck } from '../model/skipped-check.ts';
import type { WorkingNow } from '../model/working.ts';
import type { NewestRun, Store } from '../ports/store.ts';
import { skippedText } from '../runs/scheduled-check.ts';
import { troublesOf } from './plan-alert-views.ts';

export interface StatusParts {
  readonly store: Store;
  readonly clock: Clock;
  /** When schedules fired last, which tells what is checked recently enough. */
  readonly lastTicks: LastTicks;
  /** Left out: nothing is told of tools that are working. */
  readonly working?: WorkingNow;
}

/** How many stacks are read between two pauses: each may need a run with all of its findings. */
const BATCH = 20;

/** What each of these stacks is at `now` (ms since epoch), in their order, and the facts behind it. */
export async function readStatuses(
  parts: StatusParts,
  stacks: readonly Stack[],
  now: number,
): Promise<{ readonly statuses: readonly StackStatus[]; readonly overview: Overview }> {
  const overview = await parts.store.overview(
    stacks.map((s) => s.name),
    now,
  );
  return { statuses: stackStatuses(stacks, overview, parts.lastTicks, now), overview };
}

/** Calls `read` with each item in turn, with a pause for other work after each batch. */
export async function inBatches<T, R>(
  items: readonly T[],
  read: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (const [i, item] of items.entries()) {
    results.push(await read(item));
    if (i % BATCH === BATCH - 1) await letOthersWork();
  }
  return results;
}

/** What `status` shows of each of these stacks at `now`, in their order. */
export async function statusesOf(
  parts: StatusParts,
  stacks: readonly Stack[],
  now: number,
): Promise<readonly StackStatusView[]> {
  const { store } = parts;
  const { statuses, overview } = await readStatuses(parts, stacks, now);
  const troubles = Map.groupBy(await troublesOf(store), (t) => t.stack);
  const failing = new Map(
    overview.alerts.flatMap((a) => (a.kind === 'failure' ? [[a.subject, a.runId] as const] : [])),
  );
  // One query each for all stacks: there may be thousands of them, most of them with nothing to tell.
  const newest = await store.newestRuns(stacks.map((s) => s.name));
  const skipped = await store.skippedChecks();
  const ids = statuses.flatMap(({ stack, runId }) => [runId ?? [], failing.get(stack) ?? []].flat());
  const runs = new Map((await store.runsById([...new Set(ids)])).map((run) => [run.id, run]));
  const exemptions = Map.groupBy(overview.exemptions, (exemption) => exemption.stack);
  return inBatches(statuses, async (status): Promise<StackStatusView> => {
    const { stack, environment, state, open, exempt, runId, answeredAt, stale } = status;
    const failed = runs.get(failing.get(stack) ?? 0);
    const run = runs.get(runId ?? 0);
    const of = newest.get(stack);
    return {
      ...{ stack, environment, state, stale, exempt, runId },
      open: open.length,
      waiting: run === undefined ? 0 : waitingIn(run, exemptions.get(stack) ?? [], now),
      lastGoodAt: answeredAt,
      failure: failed?.failure?.message ?? null,
      tellOnly: (runId === null ? of : run)?.tellOnly ?? null,
      troubles: troubles.get(stack) ?? [],
      working: parts.working?.(stack) ?? null,
      busy: status.checking || status.applying,
      skipped: skippedView(skipped.get(stack), of),
    };
  });
}

/** Why nothing of the stack's newest plan may ever be applied. */
export async function whyTellOnly(store: StatusParts['store'], stack: string): Promise<string | null> {
  return (await store.newestRuns([stack])).get(stack)?.tellOnly ?? null;
}

/** How many open findings of the run wait for a person. */
function waitingIn(run: Run, exemptions: readonly ExemptionInForce[], now: number): number {
  if (isTerminal(run.state)) return 0;
  return openFindings(run, exemptions, now).filter((o) => o.verdict !== 'auto').length;
}

function skippedView(
  skipped: SkippedCheck | undefined,
  newest: NewestRun | undefined,
): StackStatusView['skipped'] {
  if (skipped === undefined) return null;
  // Not told if any check was made after the skipped one.
  if (newest !== undefined && newest.createdAt > skipped.at) return null;
  return { why: skippedText(skipped), since: skipped.since, times: skipped.times };
}
