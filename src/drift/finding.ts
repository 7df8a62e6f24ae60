/** Any JSON value, as Terraform's plan carries it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Who moved: the cloud (actual ≠ recorded), the code (desired ≠ recorded), or both. */
export type Origin = 'cloud' | 'code' | 'both';

/** What an apply would do to the resource. `none`: an apply would change nothing of it. */
export type Action = 'create' | 'update' | 'delete' | 'replace' | 'forget' | 'none';

/** From recorded to actual where the cloud moved, else from recorded to desired. */
export type ChangeKind = 'added' | 'removed' | 'changed';

/** Stands where a value is known only after an apply. */
export interface UnknownValue {
  readonly unknown: true;
}

/** Stands where a secret stands; the secret itself never leaves the analysis. */
export interface SensitiveValue {
  readonly sensitive: true;
}

/** A value as people and policies may see it. Absent is `null`. */
export type ShownValue = Json | UnknownValue | SensitiveValue;

/** What differs inside an attribute whose three values are JSON documents. */
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
  /** Data sources that the code works the value out from: they may have moved, and the code not. */
  readonly inputs?: readonly string[];
  /** True where this attribute is what forces a replace. */
  readonly forcesReplacement?: true;
}

/** The drift of one resource. */
export interface Finding {
  readonly address: string;
  readonly type: string;
  readonly origin: Origin;
  readonly action: Action;
  /** False where an apply would change nothing of it, or a rule ignores it; such findings never alert or hold up anything. */
  readonly actionable: boolean;
  readonly attributes: readonly AttributeDrift[];
  readonly previousAddress?: string;
  readonly deletedByHand?: true;
  /** Why an ignore rule of m0.yaml covers it; m0 never applies it then, whatever an apply would do. */
  readonly ignored?: string;
  /** Hex digest over address, action, paths and the three values of each; secrets enter it as keyed hashes. */
  readonly fingerprint: string;
}

/** An output that an apply would change. */
export interface OutputDrift {
  readonly name: string;
  readonly action: 'create' | 'update' | 'delete';
  readonly sensitive: boolean;
}

/** Numbers over all findings; `noise` counts drift that nobody made. */
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
  /** How many of the findings a rule ignores; left out where none. They count under no action. */
  readonly ignored?: number;
}

/**
 * A condition of the code that did not hold when it was planned, or could not be judged. It says that something
 * is not as it should be, but not that anything drifted.
 */
export interface CheckResult {
  readonly address: string;
  /** What carries the condition: a `check` block, a resource's precondition or postcondition, an output, a variable. */
  readonly kind: string;
  /** `unknown`: only an apply can tell. */
  readonly status: 'fail' | 'error' | 'unknown';
  /** The code's own messages. */
  readonly problems: readonly string[];
}

/** A data source that is read only while applying, so that all that hangs on it is unknown until then. */
export interface LateRead {
  readonly address: string;
  /** Terraform's word for why. */
  readonly reason: string | null;
}

/** The whole answer of the analysis for one plan. Findings are sorted by address. */
export interface Analysis {
  readonly findings: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly noise: readonly Finding[];
  readonly counts: Counts;
  /** Literal secrets found in the plan, longest first, for scrubbing by value. Never stored, never logged. */
  readonly secrets: readonly string[];
  /** Conditions of the code that did not pass: no drift, and never the cause of a finding. Left out where none. */
  readonly checks?: readonly CheckResult[];
  /** Data sources that only an apply reads. Left out where none. */
  readonly inputs?: readonly LateRead[];
}
