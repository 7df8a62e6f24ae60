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
  readonly decoded?: DecodedTexts;
}

/** The texts that base64 values hold, with secrets removed; null for a value that is missing or not known. */
export interface DecodedTexts {
  readonly recorded: string | null;
  readonly actual: string | null;
  readonly desired: string | null;
}

/** The whole element of a list in which an attribute lies, where people read it as one: a firewall rule. */
export interface WholeElement {
  readonly path: string;
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
  /** Set if all values are base64 of printable texts. What is hidden in a value is hidden here, too. */
  readonly decoded?: DecodedTexts;
  readonly element?: WholeElement;
  /** The data sources from which the code computes the value. They may have changed while the code did not. */
  readonly inputs?: readonly string[];
  /** True if this attribute forces the replace. */
  readonly forcesReplacement?: true;
  /** True if only the order of a list's elements differs. */
  readonly orderOnly?: true;
  /** True if nobody can set the attribute: the provider computes it, and an apply does not change it. */
  readonly computed?: true;
  /** True for a secret that an apply does not change; its values are hidden and can't be compared. */
  readonly leftInPlace?: true;
  /** True if every plan computes another value, as with `timestamp()`. An approval of it never matches the next plan. */
  readonly unsteady?: true;
}

/** An attribute that a rule of m0.yaml ignores, while something else of its resource drifts. */
export interface IgnoredAttribute {
  readonly path: string;
  /** The reason of the rule. */
  readonly reason: string;
  /** The value in the cloud now. */
  readonly actual: ShownValue;
  /** The value that the code sets. */
  readonly desired: ShownValue;
}

/** One value that a resource is created with, or would lose with a delete. */
export interface ContentEntry {
  readonly path: string;
  readonly value: ShownValue;
  readonly sensitive: boolean;
  /** The code computes it anew in every plan, so no approval of it can hold. Left out if not. */
  readonly unsteady?: true;
}

/** An action of the provider (Terraform 1.14 `action` block) that an apply invokes. */
export interface ActionInvocation {
  readonly address: string;
  readonly type: string;
  /** The resource whose change triggers it; null if the plan invokes it by itself. */
  readonly triggeredBy: string | null;
  /** `BeforeUpdate`, `AfterCreate`, …, as Terraform writes it; null if the plan invokes it by itself. */
  readonly event: string | null;
}

/**
 * What an apply does to one address, read from the plan's changes and free of context: the same in a whole plan and
 * in a targeted one.
 */
export interface PlannedChange {
  readonly kind: 'resource' | 'deposed' | 'output' | 'invocation';
  /** A resource's address; `output.NAME`; the address of an action. */
  readonly address: string;
  /** The key of the deposed object. */
  readonly deposed?: string;
  /** The resource whose change triggers an invocation. */
  readonly triggeredBy?: string;
  /** As Terraform writes them: `["delete", "create"]`. An invocation has `["invoke"]`. */
  readonly actions: readonly string[];
  /** The paths that an apply changes, sorted and without duplicates. Secrets are removed from keys. */
  readonly paths: readonly string[];
  /**
   * What an apply does: it changes something in the cloud (or an output); it only writes the state (a move, an
   * import, a forget); or it writes equal values in another spelling.
   */
  readonly effect: 'change' | 'state' | 'spelling';
  /** The change hash. Compare two with `sameChange` of change-hash.ts. */
  readonly hash: string;
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
  /** Attributes that rules of m0.yaml ignore and that an apply of this finding leaves as they are. */
  readonly leavesIgnored?: readonly IgnoredAttribute[];
  /**
   * Attributes that rules of m0.yaml ignore and that an apply of this finding would change nevertheless. A person
   * then decides.
   */
  readonly revertsIgnored?: readonly IgnoredAttribute[];
  /**
   * Creates, deletes and replaces: what the code sets, or what the cloud has and would lose; sorted by path. Empty
   * values are left out.
   */
  readonly contents?: readonly ContentEntry[];
  /** Paths that an apply changes as well and that are no rows: computed values that follow, and other spellings. */
  readonly follows?: readonly string[];
  /** Terraform's `action_reason`, as it writes it, for example `replace_because_tainted`. */
  readonly actionReason?: string;
  /** Actions that the change of this resource invokes. */
  readonly invokes?: readonly ActionInvocation[];
  /** True if an apply imports the resource into the state. */
  readonly importing?: true;
  /**
   * The id by which the cloud's console knows the resource: an ARN, an Azure id, a Google self link. For links only: it
   * is in no fingerprint. Left out if the resource has none.
   */
  readonly cloudId?: string;
  /**
   * Further names by which the cloud's log may know the resource: its id, its name. Only to ask who changed it; in no
   * fingerprint and on no card.
   */
  readonly cloudNames?: readonly string[];
  /**
   * The change hash of everything that an apply does to this address: its planned change, its deposed objects, and
   * the actions that it invokes. Left out if an apply does nothing, and in runs of older versions.
   */
  readonly change?: string;
  /**
   * Digest of address, action, paths and the three values of each path, with a version in front. Secrets enter it as
   * keyed hashes.
   */
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
  /** How many managed objects the state recorded before the plan. Left out if the plan does not say. */
  readonly resourcesInState?: number;
  /** Data sources that only an apply reads. Left out if there are none. */
  readonly inputs?: readonly LateRead[];
  /** Everything that an apply of the plan does, sorted by address. */
  readonly changes: readonly PlannedChange[];
  /** Addresses with a planned change that neither a row nor a counted line tells. A person then decides. */
  readonly untold: readonly string[];
  /** Why the plan does not show everything that is due, one sentence each. Left out if it is whole. */
  readonly partial?: readonly string[];
  /** What m0 does not know in the plan and what may carry changes, one sentence each. A person then decides. */
  readonly notUnderstood?: readonly string[];
  /** Findings that can't be applied apart from each other: see coupled.ts. Left out if there are none. */
  readonly coupled?: readonly (readonly string[])[];
  /** Action invocations that no finding has. Left out if there are none. */
  readonly invocations?: readonly ActionInvocation[];
}
