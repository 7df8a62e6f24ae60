/** How everything stands at one instant, in numbers: what metrics and readiness are made from. */

import type { Finding, Origin } from '../drift/finding.ts';

import type { AlertKind } from './alert.ts';
import type { Stack } from './directory.ts';
import { type Exemption, exemptionOf } from './exemption.ts';
import type { RunState, Trigger } from './run.ts';

/** States that a run reaches only after a plan of it was made and decided on. */
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

/** Those of ANSWERED that a run can also reach before anything of it was decided. */
export const STATES_MAYBE_WITHOUT_ANSWER: readonly RunState[] = ['canceled', 'superseded'];

/** Runs in one state that have not ended. Times in ms since epoch. */
export interface RunsUnderWay {
  readonly state: RunState;
  /** Told of queued runs only. */
  readonly trigger: Trigger | null;
  readonly count: number;
  /** When the oldest of them was asked for, and since when the longest of them is in this state. */
  readonly askedAt: number;
  readonly since: number;
}

export interface OpenAlert {
  readonly kind: AlertKind;
  /** The policy's name for an alert about one. */
  readonly subject: string;
  readonly runId: number | null;
  readonly firstSeenAt: number;
}

/** The newest run of a stack that told how it stands. `at`: when its plan looked at the cloud. */
export interface Answer {
  readonly stack: string;
  readonly runId: number;
  readonly at: number;
}

export type FoundIn = Pick<Finding, 'address' | 'fingerprint' | 'origin'> & {
  readonly stack: string;
  readonly runId: number;
};

export type ExemptionInForce = Pick<
  Exemption,
  'kind' | 'stack' | 'address' | 'fingerprint' | 'until' | 'endedAt'
>;

/** What is still to be brought to a chat. */
export interface OutboxStatus {
  /** Not delivered yet, whenever it is tried next; `due` of them are to be tried now. */
  readonly waiting: number;
  readonly due: number;
  /** When the oldest of those waiting came in; null where none waits. */
  readonly oldestAt: number | null;
  /** When something was last delivered (or given up); null where nothing ever was. */
  readonly doneAt: number | null;
  /** What went wrong with the oldest one that went wrong; null where nothing did. */
  readonly error: string | null;
}

/** Facts of the store, read at one instant and in bounded time, however many runs there have been. */
export interface Overview {
  readonly runs: readonly RunsUnderWay[];
  readonly alerts: readonly OpenAlert[];
  /** At most one for each stack asked about. */
  readonly answers: readonly Answer[];
  /**
   * The actionable findings of the runs that open drift alerts are about, and of the answers of those stacks that
   * somebody keeps something of.
   */
  readonly findings: readonly FoundIn[];
  readonly exemptions: readonly ExemptionInForce[];
  readonly outbox: OutboxStatus;
  /** When the newest line of the record was written; null where there is none. */
  readonly recordedAt: number | null;
}

/** One stack as it stands. */
export interface StackStatus {
  readonly stack: string;
  readonly environment: string;
  readonly state: StackState;
  /** Where each finding that is neither put back nor kept comes from. */
  readonly open: readonly Origin[];
  /** When its newest good check looked at the cloud; null where there was none. */
  readonly answeredAt: number | null;
}

/** The one word for how a stack is. `known`: a check of it has told something, ever. */
export function stackStateOf(facts: {
  readonly open: number;
  readonly kept: number;
  readonly failing: boolean;
  readonly known: boolean;
}): StackState {
  if (facts.failing) return 'failing';
  if (!facts.known) return 'unknown';
  if (facts.open > 0) return 'drifted';
  return facts.kept > 0 ? 'quiet' : 'aligned';
}

/** How each of the stacks stands at `now` (ms since epoch), in their order; the same words as `status` has. */
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
      kept: found.length - open.length,
      failing: ofStack.some((a) => a.kind === 'failure'),
      known: shown !== null,
    });
    return {
      ...{ stack: name, environment, state },
      open: openAlertRun === null ? [] : open.map((f) => f.origin),
      answeredAt: answer?.at ?? null,
    };
  });
}

/** How a stack is: `unknown` before its first check. `quiet`: all its drift is snoozed or accepted. */
export type StackState = 'aligned' | 'drifted' | 'quiet' | 'failing' | 'unknown';
