import type { PolicyRule } from '../decisions/decision.ts';

/** The packages whose rules m0 asks. */
export const PACKAGES = ['env0', 'm0'] as const;
export type PolicyPackage = (typeof PACKAGES)[number];

/** Where one definition of a rule stands. */
export interface RuleDefinition {
  readonly package: PolicyPackage;
  readonly rule: PolicyRule;
  /** Path inside the policy's directory. */
  readonly file: string;
  readonly line: number;
  /** `set`: always defined, maybe empty. `value`: undefined where no body holds. */
  readonly kind: 'set' | 'value';
  /** Title of its metadata, where it has one. */
  readonly title: string | null;
}

/** A compiled policy, ready to be asked any number of times. */
export interface Bundle {
  readonly module: WebAssembly.Module;
  /** JSON text of its data documents, with the proof that `proof` is to come back from. */
  readonly data: string;
  readonly proof: string;
  readonly syntax: 'v1' | 'v0';
  readonly rules: readonly RuleDefinition[];
  /** True where any rule of it may read `input.approvers`: its answer can change when somebody approves. */
  readonly readsApprovers: boolean;
}

/** Package of the generated entrypoint, and the data key the proof lies under: no policy may use them. */
export const ENTRY_PACKAGE = 'm0_entry';
export const PROOF_KEY = 'm0_proof';
