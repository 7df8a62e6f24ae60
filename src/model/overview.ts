/** The state of all stacks at one point in time, in numbers: the source of metrics and readiness. */

import type { Finding, Origin } from '../drift/finding.ts';

import type { AlertKind } from './alert.ts';
import type { Stack } from './directory.ts';
import { type Exemption, exemptionOf } from './exemption.ts';
import { type Pause, pausesOf } from './pause.ts';
import type { RunState, Trigger } from './run.ts';

/** States that a run reaches only after its plan was made and decided on. */
export const STATES_WITH_ANSWER: readonly RunState[] = [
  'clean',
  'quiet',
  'awaiting_approval',
  'realigned',
  'denied',
  'rejected',
  'canceled',
  'superseded',
];

/** Those of STATES_WITH_ANSWER that a run can also reach before its plan was decided on. */
export const STATES_MAYBE_WITHOUT_ANSWER: readonly RunState[] = ['canceled', 'superseded'];

/** Runs in one state that is not terminal. Times in ms since epoch. */
export interface ActiveRuns {
  readonly state: RunState;
  /** Set for queued runs only. */
  readonly trigger: Trigger | null;
  readonly count: number;
  /** `askedAt`: when the oldest of them was requested. `since`: when the first of them entered this state. */
  readonly askedAt: number;
  readonly since: number;
}

/** An open alert, as far as metrics and readiness need it. */
export interface OpenAlert {
  readonly kind: AlertKind;
  /** The stack's name; for an alert about a policy, the policy's name. */
  readonly subject: string;
  readonly runId: number | null;
  readonly firstSeenAt: number;
}

/** The newest run of a stack that has a result. `at`: when its plan read the cloud (ms since epoch). */
export interface StackResult {
  readonly stack: string;
  readonly runId: number;
  readonly at: number;
}

/** A finding, and the stack and run that it was found in. */
export type FindingInRun = Pick<Finding, 'address' | 'fingerprint' | 'origin'> & {
  readonly stack: string;
  readonly runId: number;
};

/** An exemption that nobody ended, as far as it is needed to tell what it covers. */
export type ExemptionInForce = Pick<
  Exemption,
  'kind' | 'stack' | 'address' | 'fingerprint' | 'until' | 'endedAt'
>;

/** The state of the outbox. Times in ms since epoch. */
export interface OutboxStatus {
  /** `waiting`: not delivered yet. `due`: those of them whose next attempt is due. */
  readonly waiting: number;
  readonly due: number;
  /** When the oldest waiting message was added; null if none waits. */
  readonly oldestAt: number | null;
  /** When a message was last delivered or given up; null if that never happened. */
  readonly doneAt: number | null;
  /** The last error of the oldest waiting message that failed; null if none failed. */
  readonly error: string | null;
}

/** Facts of the store, read at one point in time. Reading takes bounded time, however many runs the store has. */
export interface Overview {
  readonly runs: readonly ActiveRuns[];
  /** The runs that m0 is working on; of each stack and state at least one. */
  readonly working: readonly { readonly stack: string; readonly state: RunState }[];
  readonly alerts: readonly OpenAlert[];
  /** At most one per stack. */
  readonly answers: readonly StackResult[];
  /**
   * The actionable findings of the runs that open drift alerts are about, and of the newest results of the stacks
   * that have exemptions.
   */
  readonly findings: readonly FindingInRun[];
  readonly exemptions: readonly ExemptionInForce[];
  /** The pauses that hold. */
  readonly pauses: readonly Pause[];
  readonly outbox: OutboxStatus;
  /** When the newest audit entry was written (ms since epoch); null if there is none. */
  readonly recordedAt: number | null;
}

/** The status of one stack. */
export interface StackStatus {
  readonly stack: string;
  readonly environment: string;
  readonly state: StackState;
  /** The origin of each open finding. */
  readonly open: readonly Origin[];
  /** The number of findings that are snoozed or accepted. */
  readonly exempt: number;
  /** The run with the open findings; null if there is none. */
  readonly runId: number | null;
  /** When its newest good check read the cloud (ms since epoch); null if there was none. */
  readonly answeredAt: number | null;
  /** True if that is too long ago to still be relied on, whatever the state. */
  readonly stale: boolean;
  /** True while a check of it is queued or running, beside its last known state. */
  readonly checking: boolean;
  /** True while an apply is about to begin, runs or is verified. */
  readonly applying: boolean;
}

/** How many times of a schedule must come and go without a good check until the last one is too long ago. */
const MISSED_TICKS = 3;
const DAY_MS = 86_400_000;
/**
 * The same for stacks without a schedule, which only pushes and people check, in ms. Nobody sees a change by hand
 * there until the next check.
 */
const UNSCHEDULED_MS = 7 * DAY_MS;
/** The same for schedules that fire less than once a quarter, in ms. */
const RARE_MS = 400 * DAY_MS;

type Scheduled = Pick<Stack, 'name' | 'environment' | 'schedule' | 'timezone'>;

/** The newest `count` times (ms since epoch, newest first) up to `now` at which one of the crons fired. */
export type LastTicks = (
  crons: readonly string[],
  zone: string,
  now: number,
  count: number,
) => readonly number[];

/**
 * Since when a check of the stack counts as recent, in ms since epoch: three whole intervals of its schedule. Intervals
 * are those that the schedule really had, so that a schedule of working hours does not get old over a weekend.
 */
export function recentSince(
  stack: Pick<Stack, 'schedule' | 'timezone'>,
  lastTicks: LastTicks,
  now: number,
): number {
  // Between four times of the schedule there are three intervals.
  const ticks = lastTicks(stack.schedule, stack.timezone, now, MISSED_TICKS + 1);
  if (ticks.length === 0) return now - UNSCHEDULED_MS;
  return ticks[MISSED_TICKS] ?? now - RARE_MS;
}

interface StackFacts {
  readonly open: number;
  readonly exempt: number;
  readonly failing: boolean;
  /** The state is empty although it recorded resources before. */
  readonly emptied: boolean;
  /** A condition of the code fails. */
  readonly unmet: boolean;
  /** At least one check had a result. */
  readonly known: boolean;
  readonly stale: boolean;
}

/** The status of a stack in one word. What is known to be wrong comes before the age of that knowledge. */
function stackStateOf(facts: StackFacts): StackState {
  if (facts.failing) return 'failing';
  if (facts.emptied) return 'empty';
  if (!facts.known) return 'unknown';
  if (facts.open > 0) return 'drifted';
  if (facts.unmet) return 'unmet';
  if (facts.stale) return 'stale';
  return facts.exempt > 0 ? 'quiet' : 'aligned';
}

const CHECKING: readonly RunState[] = ['queued', 'planning', 'deciding'];
const APPLYING: readonly RunState[] = ['approved', 'applying', 'verifying'];
/** The states of runs that m0 is working on; the others wait for a person or have ended. */
export const WORKING_STATES: readonly RunState[] = [...CHECKING, ...APPLYING];

/**
 * What each stack is at `now` (ms since epoch), in the given order. The only place that says so: digest, home,
 * `status` and metrics all count these.
 */
export function stackStatuses(
  stacks: readonly Scheduled[],
  overview: Overview,
  lastTicks: LastTicks,
  now: number,
): readonly StackStatus[] {
  const working = Map.groupBy(overview.working, (run) => run.stack);
  const alerts = Map.groupBy(overview.alerts, (alert) => alert.subject);
  const answers = Map.groupBy(overview.answers, (answer) => answer.stack);
  const exemptions = Map.groupBy(overview.exemptions, (exemption) => exemption.stack);
  const findings = Map.groupBy(overview.findings, (f) => f.runId);
  return stacks.map((each) => {
    const { name, environment } = each;
    const runs = working.get(name) ?? [];
    const ofStack = alerts.get(name) ?? [];
    const openAlertRun = ofStack.find((a) => a.kind === 'drift')?.runId ?? null;
    const [answer] = answers.get(name) ?? [];
    const shown = openAlertRun ?? answer?.runId ?? null;
    const found = shown === null ? [] : (findings.get(shown) ?? []);
    const open = found.filter((f) => exemptionOf(f, exemptions.get(name) ?? [], now) === undefined);
    const since = recentSince(each, lastTicks, now);
    const paused = pausesOf(overview.pauses, each).length > 0;
    const stale = answer !== undefined && answer.at < since;
    const state = stackStateOf({
      open: openAlertRun === null ? 0 : open.length,
      exempt: found.length - open.length,
      failing: ofStack.some((a) => a.kind === 'failure'),
      emptied: ofStack.some((a) => a.kind === 'empty-state'),
      unmet: ofStack.some((a) => a.kind === 'conditions'),
      known: shown !== null,
      stale,
    });
    const isOpen = openAlertRun !== null && open.length > 0;
    return {
      ...{ stack: name, environment, state, stale },
      open: isOpen ? open.map((f) => f.origin) : [],
      exempt: found.length - open.length,
      runId: isOpen ? openAlertRun : null,
      answeredAt: answer?.at ?? null,
      checking: runs.some((run) => CHECKING.includes(run.state)),
      // While the stack is paused, an approved run does not work.
      applying: runs.some((run) => APPLYING.includes(run.state) && !(paused && run.state === 'approved')),
    };
  });
}

/**
 * `unknown`: never checked. `stale`: nothing was wrong when it was last checked, and that is too long ago. `quiet`: all
 * its drift is snoozed or accepted. `failing`: it can't be checked. `empty`: its state is empty although it recorded
 * resources before. `unmet`: it has no drift, but a condition of its code fails.
 */
export const STACK_STATES = [
  ...(['aligned', 'drifted', 'quiet', 'failing', 'empty', 'unmet', 'unknown', 'stale'] as const),
] as const;
export type StackState = (typeof STACK_STATES)[number];

/** How many stacks are in each state. Each stack is in one; `checking` counts them once more. */
export interface StateCounts extends Readonly<Record<StackState, number>> {
  readonly total: number;
  /** Stacks of which a check is queued or running now. */
  readonly checking: number;
}

/** Counts the stacks of each state. */
export function countStates(statuses: readonly Pick<StackStatus, 'state' | 'checking'>[]): StateCounts {
  const of = (state: StackState): number => statuses.filter((s) => s.state === state).length;
  const counts = Object.fromEntries(STACK_STATES.map((state) => [state, of(state)]));
  return {
    ...(counts as Record<StackState, number>),
    total: statuses.length,
    checking: statuses.filter((s) => s.checking).length,
  };
}
