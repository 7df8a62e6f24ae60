/** Decides whether a push can have changed a stack: which paths its code may depend on. */
import type { Reads } from '../ports/code-changes.ts';
import { dependencies, literalSpec, type RunGit, type StackCode } from './dependencies.ts';
import type { TreeListing } from './tree-listing.ts';

/**
 * Whether the stack depends on something that changed between the two commits: its folder, its variable files, and
 * everything these name outside the folder (modules, files, links), followed recursively. `maybe` when it cannot be
 * sure: the earlier commit is gone, a path is known only at run time, or modules are fetched from the same repository.
 * Rejects where git fails.
 */
export async function reads(git: RunGit, from: string, tree: TreeListing, code: StackCode): Promise<Reads> {
  const to = tree.commit;
  if (from === to) return 'no';
  const known = await git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${from}^{commit}`]).catch(
    () => '',
  );
  if (known.trim() === '') return 'maybe';
  // The newer commit is enough: if the older one named other paths, the file that names them has changed.
  const paths = await dependencies(git, tree, code, false);
  if (paths === null) return 'maybe';
  const specs = paths.map(literalSpec);
  const changed = await git([
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    from,
    to,
    '--',
    ...specs,
  ]);
  return changed === '' ? 'no' : 'yes';
}
