import type { PolicyRule } from '../decisions/decision.ts';
import type { InputPaths } from './input-paths.ts';

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
  /** True for a default that says nothing. */
  readonly mute: boolean;
}

/** Copies of definitions by their place in the bundle's rules. */
export interface SpokenModule {
  readonly module: WebAssembly.Module;
  readonly copied: readonly number[];
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
  /** Tells which of the rules' definitions said what (spoken.ts); null where nobody needs to, or none can. */
  readonly spoken: SpokenModule | null;
  /** What its rules can read of the input; it gets no more than that. */
  readonly inputPaths: InputPaths;
}

/** Package of the generated entrypoint, and the data key the proof lies under: no policy may use them. */
export const ENTRY_PACKAGE = 'm0_entry';
export const PROOF_KEY = 'm0_proof';
