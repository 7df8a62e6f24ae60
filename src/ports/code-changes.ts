/** Port for m0's own commits: edits of a stack's code that are proven before anything is pushed. */
import type { CodeVersion } from '../model/code-version.ts';

/** An edit of one commit. The same edit makes the same commit, so that it can be made again after a crash. */
export interface OwnEdit {
  /** Address of the repository, as in m0.yaml. */
  readonly git: string;
  /** The commit that is edited. It was fetched before. */
  readonly base: CodeVersion;
  /** New texts of files that the commit has, by their paths in the repository. A link is no such file. */
  readonly files: ReadonlyMap<string, string>;
  readonly message: string;
  /** The time of the commit, in ms since epoch. */
  readonly at: number;
  /** Keeps the commit from being cleaned up, until another edit with this name. Letters, digits and `-`. */
  readonly name: string;
}

/** `maybe`: the code's inputs can't be bounded, so it may read any file of the repository. */
export type Reads = 'yes' | 'maybe' | 'no';

/** m0's own commits, which are in m0's copy of a repository alone. Every method rejects with an Error that names the step. */
export interface CodeChanges {
  /**
   * The texts of all files of code (.tf, .tofu, .tfvars and their JSON forms) of a commit that was fetched, by their
   * paths. Files that are no UTF-8, links, and files of more than 4 MB are left out.
   */
  texts(git: string, commit: string): Promise<ReadonlyMap<string, string>>;
  commit(edit: OwnEdit): Promise<CodeVersion>;
  /** Lets the commit with this name be cleaned up. One that is not there is no error. */
  forget(git: string, name: string): Promise<void>;
  /**
   * The edit as a unified diff, as `git apply` takes it. `context`: how many lines around each change it shows, 3 where
   * left out; `git apply` takes 0 only with `--unidiff-zero`.
   */
  patch(git: string, from: string, to: string, context?: number): Promise<string>;
  /** Whether what changed between the commits is an input of the stack. */
  reads(
    from: string,
    to: string,
    code: {
      readonly git: string;
      readonly path: string;
      readonly varFiles: readonly string[];
      readonly environment: Readonly<Record<string, string>>;
    },
  ): Promise<Reads>;
  /** The same for all addresses of one repository. */
  keyOf(git: string): string;
  /** The directory of m0's copy of the repository. */
  directory(git: string): string;
}
