/** A compiled policy and what m0 knows of its rules. */
import type { PolicyRule } from '../decisions/decision.ts';
import type { InputPaths } from './input-paths.ts';
import type { LintWarning } from './lint-warning.ts';

/** The packages whose rules m0 evaluates. */
export const PACKAGES = ['env0', 'm0'] as const;
export type PolicyPackage = (typeof PACKAGES)[number];

/** One definition of a rule, and its place in the code. */
export interface RuleDefinition {
  readonly package: PolicyPackage;
  readonly rule: PolicyRule;
  /** Path inside the policy's directory. */
  readonly file: string;
  readonly line: number;
  /** `set`: always defined, possibly empty. `value`: undefined where no body is true. */
  readonly kind: 'set' | 'value';
  /** Title from its metadata, or null. */
  readonly title: string | null;
  /** True for a default that produces no message, such as `false`. */
  readonly mute: boolean;
}

/** What m0 knows of a compiled policy. */
export interface BundleFacts {
  /** The first segment of its packages and data, which no other policy has: see namespace.ts. */
  readonly namespace: string;
  readonly syntax: 'v1' | 'v0';
  readonly rules: readonly RuleDefinition[];
  /** True where a rule may read `input.approvers`: the answer can change when somebody approves. */
  readonly readsApprovers: boolean;
  /** True where a rule names `cause`: only then its input says who caused a finding. */
  readonly readsCause: boolean;
  /** True where it may ask what time it is. */
  readonly readsClock: boolean;
  /** What its rules can read of the input. Only that is passed to it. */
  readonly inputPaths: InputPaths;
  /** Reference to the copy of a definition, by its index in `rules`: see definition-copies.ts. */
  readonly copies: Readonly<Record<string, string>>;
  /** The lines of each file before the copies in it. */
  readonly ownLines: Readonly<Record<string, number>>;
  /** True where small questions may be answered through Wasm: see fast-path.ts. */
  readonly fast: boolean;
  /** What of its folder has no effect: files and rules that OPA does not get, and data that nothing defines. */
  readonly leftOut: readonly LintWarning[];
}

/**
 * A compiled policy that can be evaluated any number of times. `dir` is a bundle as opa loads it; what the fast path
 * needs lies beside it.
 */
export interface Bundle extends BundleFacts {
  readonly dir: string;
}

/** Name of the directory in a compiled policy that opa loads. */
export const BUNDLE = 'bundle';
