/** What the editor is asked, and what it answers. */
import type { Finding } from '../../drift/finding.ts';
import type { Schema } from '../../drift/schema.ts';

/** What the editor is asked: make the code say what one finding's resource is in the cloud now. */
export interface EditQuestion {
  /**
   * Texts of all .tf .tofu .tf.json .tofu.json .tfvars .tfvars.json files of the repository at one commit, by path
   * (repository-relative, "/").
   */
  readonly files: ReadonlyMap<string, string>;
  /** The stack's folder, repository-relative; "" is the top. */
  readonly root: string;
  /** Var files that the stack names, repository-relative, in their order. */
  readonly varFiles: readonly string[];
  /** Variables that are set outside Git (TF_VAR_… of the stack's environment), without the prefix. */
  readonly setOutside: readonly string[];
  readonly finding: Finding;
  /** Terraform's plan document (show -json): configuration, variables, resource_drift, exact actual values. */
  readonly document: unknown;
  /** What the providers' schemas say; left out where they are not known. */
  readonly schema?: Schema;
}

/** One place that was edited, for people. */
export interface Edit {
  readonly file: string;
  /** From 1, in the text before the edit. */
  readonly line: number;
  /** "adds a rule to ingress of aws_security_group.web (main.tf:41)". */
  readonly says: string;
}

/** The new texts, or why there are none. */
export type EditAnswer =
  | {
      readonly type: 'edited';
      /** New texts of the changed files, by path. */
      readonly files: ReadonlyMap<string, string>;
      readonly edits: readonly Edit[];
      /** Why a person should be asked first; null: no reason. */
      readonly ask: string | null;
    }
  | {
      readonly type: 'refused';
      readonly reason: RefusalReason;
      /** One sentence that says which, where and why. */
      readonly why: string;
    };

/**
 * `each-key`: the expression sets several instances. `outside-module`: the code is in a module of another repository.
 * `computed`: an expression computes the value. `secret`: it is never written. `set-outside`: a variable that is not
 * set in Git. `generated`: a tool writes the file. `unreadable`: the code is not understood. `not-found`: the code
 * does not have the resource. `unsupported`: anything else.
 */
export type RefusalReason =
  | 'each-key'
  | 'outside-module'
  | 'computed'
  | 'secret'
  | 'set-outside'
  | 'generated'
  | 'unreadable'
  | 'not-found'
  | 'unsupported';
