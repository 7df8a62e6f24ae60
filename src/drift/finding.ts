/** The result of an analysis: findings, and the counts and facts beside them. */

/** Any JSON value, as Terraform's plan carries it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What changed: the cloud (actual ≠ recorded), the code (desired ≠ recorded), or both. */
export type Origin = 'cloud' | 'code' | 'both';

/** What an apply would do to the resource. `none`: nothing. */
export type Action = 'create' | 'update' | 'delete' | 'replace' | 'forget' | 'none';

/** From recorded to actual if the cloud changed, else from recorded to desired. */
export type ChangeKind = 'added' | 'removed' | 'changed';

/** Replaces a value that is known only after an apply. */
export interface UnknownValue {
  readonly unknown: true;
}

/** Replaces a secret. The secret itself never leaves the analysis. */
export interface SensitiveValue {
  readonly sensitive: true;
}

/** A value as people and policies may see it. A missing value is `null`. */
export type ShownValue = Json | UnknownValue | SensitiveValue;

/** A difference inside an attribute whose three values are JSON documents. */
export interface JsonDifference {
  readonly path: string;
  readonly kind: ChangeKind;
  readonly recorded: ShownValue;
  readonly actual: ShownValue;
  readonly desired: ShownValue;
}

/** One attribute whose three values are not all equal. */
export interface AttributeDrift {
  readonly path: string;
  readonly origin: Origin;
  readonly kind: ChangeKind;
  readonly recorded: ShownValue;
  readonly actual: ShownValue;
  readonly desired: ShownValue;
  readonly sensitive: boolean;
  readonly json?: readonly JsonDifference[];
  /** The data sources from which the code computes the value. They may have changed while the code did not. */
  readonly inputs?: readonly string[];
  /** True if this attribute forces the replace. */
  readonly forcesReplacement?: true;
}

/** The drift of one resource. */
export interface Finding {
  readonly address: string;
  readonly type: string;
  readonly origin: Origin;
  readonly action: Action;
  /**
   * False if an apply would change nothing, or if a rule ignores it. Such findings never cause an alert and never
   * block anything.
   */
  readonly actionable: boolean;
  readonly attributes: readonly AttributeDrift[];
  readonly previousAddress?: string;
  readonly deletedByHand?: true;
  /** The reason of the ignore rule in m0.yaml that covers it. m0 then never applies it. */
  readonly ignored?: string;
  /** Hex digest of address, action, paths and the three values of each path. Secrets enter it as keyed hashes. */
  readonly fingerprint: string;
}

/** An output that an apply would change. */
export interface OutputDrift {
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete';
  readonly sensitive: boolean;
}

/** Numbers over all findings. `noise` counts differences that nobody made. */
export interface Counts {
  readonly findings: number;
  readonly cloud: number;
  readonly code: number;
  readonly both: number;
  readonly create: number;
  readonly update: number;
  readonly delete: number;
  readonly replace: number;
  readonly noise: number;
  /** How many findings a rule ignores; left out if there are none. They count under no action. */
  readonly ignored?: number;
}

/**
 * A condition of the code that failed, or could not be evaluated, during the plan. It reports a problem, but no
 * drift.
 */
export interface CheckResult {
  readonly address: string;
  /** Where the condition is: a `check` block, a resource's precondition or postcondition, an output, a variable. */
  readonly kind: string;
  /** `unknown`: only an apply can evaluate it. */
  readonly status: 'fail' | 'error' | 'unknown';
  /** The messages from the code. */
  readonly problems: readonly string[];
}

/** A data source that is read only during an apply, so that everything that depends on it is unknown until then. */
export interface LateRead {
  readonly address: string;
  /** Terraform's reason, as it writes it. */
  readonly reason: string | null;
}

/** The complete result of the analysis of one plan. Findings are sorted by address. */
export interface Analysis {
  readonly findings: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly noise: readonly Finding[];
  readonly counts: Counts;
  /** The literal secrets in the plan, longest first, for removing them from texts. Never stored, never logged. */
  readonly secrets: readonly string[];
  /**
   * Conditions of the code that did not pass. They are not drift and never cause a finding. Left out if there are
   * none.
   */
  readonly checks?: readonly CheckResult[];
  /** Data sources that only an apply reads. Left out if there are none. */
  readonly inputs?: readonly LateRead[];
}
