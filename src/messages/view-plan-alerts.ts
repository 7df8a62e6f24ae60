/** The data of the alerts that a plan causes besides its drift. Times in ms since epoch. */
import type { CheckResult } from '../drift/finding.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { SeenState } from '../model/run.ts';

interface PlanAlertView {
  readonly stack: string;
  readonly environment: string;
  /** The newest run that the alert is about. */
  readonly runId: number;
  readonly alert: 'open' | 'resolved' | 'superseded';
  /** How it ended, in one sentence; null while open. */
  readonly outcome: string | null;
  readonly since: number;
  readonly now: number;
  readonly zone: string;
}

/** A state that is empty although it recorded resources before. */
export interface EmptyStateView extends PlanAlertView {
  /** What m0 had seen in it. */
  readonly seen: SeenState;
  readonly code: CodeVersion | null;
  /** The folder of the code, and the workspace, as in m0.yaml. */
  readonly path: string;
  readonly workspace: string;
}

/** Conditions of the code that fail. */
export interface ConditionsView extends PlanAlertView {
  /** At least one while the alert is open. */
  readonly checks: readonly CheckResult[];
  readonly seenCount: number;
}

/** A stack that is not aligned for another reason than drift. */
export interface StackTrouble {
  readonly stack: string;
  readonly kind: 'empty-state' | 'conditions';
  readonly runId: number;
  readonly since: number;
  /** How many resources m0 had seen in the state, or how many conditions fail. */
  readonly number: number;
}
