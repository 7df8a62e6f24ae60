/** What the search for stacks reads of a repository at a commit. */
import type { StateBlock } from '../terraform/hcl-blocks.ts';

/** The file in a root with settings of its own. */
export const OWN_FILE = '.m0.yaml';
/** In characters. A longer one is not read. */
export const LONGEST_OWN_FILE = 64 * 1024;

/** A folder that may be a root module: it has code, or a `.m0.yaml`. */
export interface Folder {
  /** '' is the repository's root. */
  readonly path: string;
  /** True if it has files of Terraform or OpenTofu directly in it. */
  readonly code: boolean;
  /** True where it is a unit of Terragrunt: it has a terragrunt.hcl, and no folder below it has one. */
  readonly unit: boolean;
  /** Where it says its state is; null: it does not say. */
  readonly state: StateBlock | null;
  /** The text of its `.m0.yaml`, at most one character longer than LONGEST_OWN_FILE; null if there is none. */
  readonly own: string | null;
}

/** A repository at a commit. */
export interface Snapshot {
  readonly commit: string;
  readonly folders: readonly Folder[];
  /** Paths of all variable files. */
  readonly varFiles: readonly string[];
}

/** True if the folder is a root module by what is in it. */
export function looksLikeRoot(folder: Folder): boolean {
  return folder.code && (folder.state !== null || folder.own !== null);
}
