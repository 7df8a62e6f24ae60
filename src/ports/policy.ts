import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Analysis } from '../drift/finding.ts';
import type { PolicySource, Stack } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Actor, CodeVersion } from '../model/run.ts';

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
  /** One answer for each policy of the stack, in its order. Never rejects: an error is an answer. */
  ask(question: PolicyQuestion): Promise<readonly PolicyAnswer[]>;
  /** The state of each source, in their order, after looking for newer commits. Never rejects. */
  status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]>;
}
