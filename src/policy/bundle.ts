/** A compiled policy and what m0 knows of its rules. */
import type { PolicyRule } from '../decisions/decision.ts';
import type { InputPaths } from './input-paths.ts';

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

/** A module with copies of single definitions. `copied` are their indexes in the bundle's rules. */
export interface CopyModule {
  readonly module: WebAssembly.Module;
  readonly copied: readonly number[];
}

/** A compiled policy that can be evaluated any number of times. */
export interface Bundle {
  readonly module: WebAssembly.Module;
  /**
   * JSON text of its data documents, including the proof. An evaluation that returns `proof` has received the
   * data.
   */
  readonly data: string;
  readonly proof: string;
  readonly syntax: 'v1' | 'v0';
  readonly rules: readonly RuleDefinition[];
  /** True where a rule may read `input.approvers`: the answer can change when somebody approves. */
  readonly readsApprovers: boolean;
  /**
   * The module that shows which definition produced a message (definition-copies.ts). Null where no rule has
   * several definitions, or the module could not be built.
   */
  readonly spoken: CopyModule | null;
  /** What its rules can read of the input. Only that is passed to it. */
  readonly inputPaths: InputPaths;
}

/** Package of the generated entrypoint, and the data key of the proof. Policies may not use them. */
export const ENTRY_PACKAGE = 'm0_entry';
export const PROOF_KEY = 'm0_proof';
