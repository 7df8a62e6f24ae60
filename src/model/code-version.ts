/** The code that a plan was made from: the head of the ref, and the commits that touched what the stack reads. */
import { createHash } from 'node:crypto';

/** One commit. Times in ms since epoch. Names and subjects are plain text from a repository, never markup. */
export interface CommitInfo {
  readonly commit: string;
  readonly author: string;
  readonly authorEmail: string;
  readonly committedAt: number;
  readonly subject: string;
  /** What the merge that brought it says of its pull request: one line of its message. Left out: it came by itself. */
  readonly merge?: string;
}

/** Somebody who wrote, committed or co-authored a commit, as the commit says. Nobody proves it. */
export interface CodeAuthor {
  readonly name: string;
  readonly email: string;
}

/** Inputs of a stack whose change explains much. Paths of the repository. */
export interface ChangedInputs {
  /** The lock file of the providers. */
  readonly providers: boolean;
  readonly varFiles: readonly string[];
  /** Folders of local modules. */
  readonly modules: readonly string[];
}

/** What a stack's code can read in its repository at a commit. */
export interface StackInputs {
  /** SHA-256 (hex) of the inputs: two commits with the same one do not differ in anything that the code reads. */
  readonly digest: string;
  /** `sourceId` of the stack's code. */
  readonly source: string;
  /** True if the paths can't be told from the code, so that every file of the repository counts. */
  readonly whole: boolean;
  /** The newest commit that changed an input; null if no commit did. */
  readonly touched: CommitInfo | null;
  /**
   * The newest commits that changed an input since code and cloud last agreed, at most five, and how many there are.
   * Left out in runs of older versions.
   */
  readonly commits?: { readonly newest: readonly CommitInfo[]; readonly count: number };
  /** What they changed besides the stack's own files; left out if that is not known. */
  readonly changed?: ChangedInputs;
  /** Who wrote the commits that changed an input since code and cloud last agreed. */
  readonly authors: readonly CodeAuthor[];
}

/** The head of a ref, which was planned. */
export interface CodeVersion extends CommitInfo {
  readonly repository: string;
  readonly ref: string;
  /** Left out in runs of older versions, and where no stack was asked about. */
  readonly inputs?: StackInputs;
}

/** Names the repository and the folder of a stack's code. Hashed, because an address may hold a token. */
export function sourceId({ git, path }: { readonly git: string; readonly path: string }): string {
  return createHash('sha256')
    .update(JSON.stringify([git, path]))
    .digest('hex');
}

/** The commit that people are told of: the newest one that changed something the stack reads, else the head. */
export function touchedCommit(code: CodeVersion): CommitInfo {
  return code.inputs?.touched ?? code;
}

/** True for the full name of a commit, as git writes it with SHA-1 or SHA-256. */
export function isFullCommit(text: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(text);
}
