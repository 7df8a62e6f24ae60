/** Policy port: what m0 asks the policies, and what it asks about them. */
import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Analysis } from '../drift/finding.ts';
import type { PolicySource, Stack } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Actor, CodeVersion } from '../model/run.ts';

/**
 * Everything that a policy may read about one run. `document` is Terraform's plan document; `now` is in ms since
 * epoch.
 */
export interface PolicyQuestion {
  readonly run: number;
  readonly stack: Stack;
  readonly trigger: string;
  readonly code: CodeVersion;
  readonly analysis: Analysis;
  readonly document: unknown;
  readonly requestedBy: Actor;
  readonly approvers: readonly Actor[];
  readonly now: number;
}

export interface PolicyPort {
  /** One answer for each policy of the stack, in the stack's order. Never rejects: an error is an answer. */
  ask(question: PolicyQuestion): Promise<readonly PolicyAnswer[]>;
  /** The status of each source, in the given order, after a fetch of newer commits. Never rejects. */
  status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]>;
}
