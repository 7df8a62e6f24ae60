/** The state of all stacks at one point in time, in numbers: the source of metrics and readiness. */

import type { Finding, Origin } from '../drift/finding.ts';

import type { AlertKind } from './alert.ts';
import type { Stack } from './directory.ts';
import { type Exemption, exemptionOf } from './exemption.ts';
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
  readonly alerts: readonly OpenAlert[];
  /** At most one per stack. */
  readonly answers: readonly StackResult[];
  /**
   * The actionable findings of the runs that open drift alerts are about, and of the newest results of the stacks
   * that have exemptions.
   */
  readonly findings: readonly FindingInRun[];
  readonly exemptions: readonly ExemptionInForce[];
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
  /** When its newest good check read the cloud (ms since epoch); null if there was none. */
  readonly answeredAt: number | null;
}

/**
 * The status of a stack in one word. `known`: at least one check had a result. `exempt`: number of findings under an exemption.
 */
export function stackStateOf(facts: {
  readonly open: number;
  readonly exempt: number;
  readonly failing: boolean;
  /** The state is empty although it recorded resources before. */
  readonly emptied: boolean;
  /** A condition of the code fails. */
  readonly unmet: boolean;
  readonly known: boolean;
}): StackState {
  if (facts.failing) return 'failing';
  if (facts.emptied) return 'empty';
  if (!facts.known) return 'unknown';
  if (facts.open > 0) return 'drifted';
  if (facts.unmet) return 'unmet';
  return facts.exempt > 0 ? 'quiet' : 'aligned';
}

/**
 * The status of each stack at `now` (ms since epoch), in the given order. The `status` command uses the same words.
 */
export function stackStatuses(
  stacks: readonly Pick<Stack, 'name' | 'environment'>[],
  overview: Overview,
  now: number,
): readonly StackStatus[] {
  const alerts = Map.groupBy(overview.alerts, (alert) => alert.subject);
  const answers = Map.groupBy(overview.answers, (answer) => answer.stack);
  const exemptions = Map.groupBy(overview.exemptions, (exemption) => exemption.stack);
  const findings = Map.groupBy(overview.findings, (f) => f.runId);
  return stacks.map(({ name, environment }) => {
    const ofStack = alerts.get(name) ?? [];
    const openAlertRun = ofStack.find((a) => a.kind === 'drift')?.runId ?? null;
    const [answer] = answers.get(name) ?? [];
    const shown = openAlertRun ?? answer?.runId ?? null;
    const found = shown === null ? [] : (findings.get(shown) ?? []);
    const open = found.filter((f) => exemptionOf(f, exemptions.get(name) ?? [], now) === undefined);
    const state = stackStateOf({
      open: openAlertRun === null ? 0 : open.length,
      exempt: found.length - open.length,
      failing: ofStack.some((a) => a.kind === 'failure'),
      emptied: ofStack.some((a) => a.kind === 'empty-state'),
      unmet: ofStack.some((a) => a.kind === 'conditions'),
      known: shown !== null,
    });
    return {
      ...{ stack: name, environment, state },
      open: openAlertRun === null ? [] : open.map((f) => f.origin),
      answeredAt: answer?.at ?? null,
    };
  });
}

/**
 * `unknown`: before its first check. `quiet`: all its drift is snoozed or accepted. `failing`: it can't be checked.
 * `empty`: its state is empty although it recorded resources before. `unmet`: it has no drift, but a condition of its
 * code fails.
 */
export type StackState = 'aligned' | 'drifted' | 'quiet' | 'failing' | 'empty' | 'unmet' | 'unknown';
