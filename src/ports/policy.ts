/** Policy port: what m0 asks the policies, and what it asks about them. */
import type { PolicyAnswer } from '../decisions/decision.ts';
import type { Analysis } from '../drift/finding.ts';
import type { Grade, How, Principal } from '../model/cause.ts';
import type { CodeVersion } from '../model/code-version.ts';
import type { PolicySource, Stack } from '../model/directory.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Actor } from '../model/run.ts';

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
  /** Who caused each finding, by its fingerprint. Left out: nobody was asked. */
  readonly causes?: ReadonlyMap<string, CauseFact>;
  readonly requestedBy: Actor;
  readonly approvers: readonly Actor[];
  readonly now: number;
}

/** Who caused a finding, as policies read it. */
export interface CauseFact {
  readonly status: 'pending' | 'found' | 'none';
  /** The name that the log or the commit gives, of the likeliest event; null if it is not known. */
  readonly who: string | null;
  readonly how: string | null;
  /** ISO 8601, UTC. */
  readonly at: string | null;
  readonly grade: Grade | 'commit touched the stack';
  /** All events of that grade, the likeliest first. */
  readonly events: readonly CauseEventFact[];
}

/** One event, as policies read it. */
export interface CauseEventFact {
  readonly who: string;
  /** The person's key in m0.yaml; null if it is nobody of it. */
  readonly person: string | null;
  readonly kind: Principal['kind'];
  /** The name of the role whose session it was; null without one. */
  readonly role: string | null;
  readonly how: How;
  readonly event: string;
  readonly at: string;
}

export interface PolicyPort {
  /** One answer for each policy of the stack, in the stack's order. Never rejects: an error is an answer. */
  ask(question: PolicyQuestion): Promise<readonly PolicyAnswer[]>;
  /** The status of each source, in the given order, after a fetch of newer commits. Never rejects. */
  status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]>;
}
