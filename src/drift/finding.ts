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

/** The whole answer of the analysis for one plan. Findings are sorted by address. */
export interface Analysis {
  readonly findings: readonly Finding[];
  readonly outputs: readonly OutputDrift[];
  readonly noise: readonly Finding[];
  readonly counts: Counts;
  /** Literal secrets found in the plan, longest first, for scrubbing by value. Never stored, never logged. */
  readonly secrets: readonly string[];
}
