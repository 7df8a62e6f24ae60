import type { PolicyMode, PolicyRule, RulePlace, StaleBundle } from '../decisions/decision.ts';

/** What a policy would be asked by now. */
export interface BundleStatus {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Full commit of the bundle in use; null where no commit was ever good. */
  readonly commit: string | null;
  readonly stale: StaleBundle | null;
  readonly readsApprovers: boolean;
  /** The rules it may speak by, in the order of their files; empty without a bundle. */
  readonly rules: readonly PolicyRuleStatus[];
}

export interface PolicyRuleStatus extends RulePlace {
  readonly rule: PolicyRule;
  /** Title of its metadata, else null. */
  readonly title: string | null;
}
