/** Remembers what the stacks' code reads at the newest commit: most checks find the same commit as the check before. */
import type { StackInputs } from '../model/code-version.ts';
import type { Reads } from '../ports/code-changes.ts';
import { reads } from './changes.ts';
import type { RunGit, StackCode } from './dependencies.ts';
import { type InputFiles, inputFiles, stackInputs } from './inputs.ts';
import { listTree, type TreeListing } from './tree-listing.ts';

/** Answers about the code in mirrors. Every method rejects where git fails. `mirror` names the mirror of `git`. */
export interface StackCodeReader {
  /** See inputs.ts. */
  files(git: RunGit, mirror: string, commit: string, code: StackCode): Promise<InputFiles>;
  /** See inputs.ts. */
  inputs(
    git: RunGit,
    mirror: string,
    commit: string,
    since: string | null,
    code: StackCode,
  ): Promise<StackInputs>;
  /** See changes.ts. */
  reads(git: RunGit, mirror: string, from: string, to: string, code: StackCode): Promise<Reads>;
}

/** How long the listing of a repository that nobody asks about stays in memory: a big one takes tens of MB. */
const KEEP_LISTING_MS = 60_000;

interface Known {
  readonly files: InputFiles;
  readonly since: string | null | undefined;
  readonly inputs: StackInputs | undefined;
}

export function createStackCodeReader(): StackCodeReader {
  /** The last answer for each stack's code. */
  const known = new Map<string, Known>();
  /** The last listing of each mirror. */
  const listings = new Map<string, { readonly listing: TreeListing; readonly end: NodeJS.Timeout }>();

  async function listingOf(git: RunGit, mirror: string, commit: string): Promise<TreeListing> {
    const last = listings.get(mirror);
    if (last?.listing.commit === commit) {
      last.end.refresh();
      return last.listing;
    }
    const listing = await listTree(git, commit);
    clearTimeout(listings.get(mirror)?.end);
    const end = setTimeout(() => listings.delete(mirror), KEEP_LISTING_MS);
    end.unref();
    listings.set(mirror, { listing, end });
    return listing;
  }

  async function files(git: RunGit, mirror: string, commit: string, code: StackCode): Promise<InputFiles> {
    const key = keyOf(code);
    const last = known.get(key);
    if (last?.files.commit === commit) return last.files;
    const found = await inputFiles(git, await listingOf(git, mirror, commit), code);
    known.set(key, { files: found, since: undefined, inputs: undefined });
    return found;
  }

  return {
    files,

    async inputs(git, mirror, commit, since, code) {
      const found = await files(git, mirror, commit, code);
      const last = known.get(keyOf(code));
      const before = last?.files === found ? last : undefined;
      if (before?.inputs !== undefined && before.since === since) return before.inputs;
      // Nobody wrote anything since, and the commit that was found before is still the newest.
      const inputs =
        before?.inputs !== undefined && since === commit
          ? { ...before.inputs, authors: [], commits: { newest: [], count: 0 } }
          : await stackInputs(git, found, since, code);
      known.set(keyOf(code), { files: found, since, inputs });
      return inputs;
    },

    async reads(git, mirror, from, to, code) {
      if (from === to) return 'no';
      return reads(git, from, await listingOf(git, mirror, to), code);
    },
  };
}

function keyOf({ git, path, varFiles, environment }: StackCode): string {
  return JSON.stringify([git, path, varFiles, environment]);
}
