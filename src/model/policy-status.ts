/** The status of a policy: which commit answers, and which rules it has. */
import type { PolicyMode, PolicyRule, RulePlace, StaleBundle } from '../decisions/decision.ts';

/** What a policy would answer with now. */
export interface BundleStatus {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Full commit of the bundle in use; null if no commit was ever good. */
  readonly commit: string | null;
  readonly stale: StaleBundle | null;
  readonly readsApprovers: boolean;
  /** Its rules, in the order of the files; empty without a bundle. */
  readonly rules: readonly PolicyRuleStatus[];
  /** What of the folder in use has no effect, in the order of the files; empty without a bundle. */
  readonly leftOut: readonly LeftOut[];
}

/** A file or a line of a policy that has no effect, and why. */
export interface LeftOut extends RulePlace {
  readonly text: string;
}

/** One rule of a policy, and where it is defined. */
export interface PolicyRuleStatus extends RulePlace {
  readonly rule: PolicyRule;
  /** The title in its metadata, or null. */
  readonly title: string | null;
}
