/** All files of a commit, listed once for all stacks of a repository. */
export interface TreeEntry {
  /** As git prints it: `100644`, `120000` for a symbolic link, `160000` for a submodule. */
  readonly mode: string;
  readonly object: string;
  /** From the repository's root. */
  readonly path: string;
}

/** The files of one commit. Paths are from the repository's root, without a slash at the end. */
export interface TreeListing {
  readonly commit: string;
  /** The file, link or submodule with exactly this path. */
  at(path: string): TreeEntry | undefined;
  /** True if there is a file, link, submodule or folder with this path. */
  has(path: string): boolean;
  /** What is at the paths and below them, each once, in git's order; null: everything. */
  below(paths: readonly string[] | null): readonly TreeEntry[];
  /** The same as `git ls-tree -r -z --full-tree COMMIT -- PATHS` prints it. */
  text(paths: readonly string[] | null): string;
}

/** Lists the commit. `git` runs one git command in the mirror. Rejects where git fails. */
export async function listTree(
  git: (args: readonly string[]) => Promise<string>,
  commit: string,
): Promise<TreeListing> {
  return treeListing(commit, await git(['ls-tree', '-r', '-z', '--full-tree', commit]));
}

/** Reads what `git ls-tree -r -z --full-tree COMMIT` prints. */
export function treeListing(commit: string, output: string): TreeListing {
  const lines = output.split('\0').filter((line) => line !== '');
  /** Lines of each file and each folder: those of a folder follow each other. */
  const ranges = new Map<string, { readonly from: number; to: number }>();
  lines.forEach((line, i) => {
    const path = line.slice(line.indexOf('\t') + 1);
    for (let end = path.length; end !== -1; end = path.lastIndexOf('/', end - 1)) {
      const name = path.slice(0, end);
      const known = ranges.get(name);
      if (known === undefined) ranges.set(name, { from: i, to: i + 1 });
      else known.to = i + 1;
    }
  });

  function linesBelow(paths: readonly string[] | null): readonly string[] {
    if (paths === null) return lines;
    const wanted = paths
      .flatMap((path) => ranges.get(path) ?? [])
      .sort((a, b) => a.from - b.from || b.to - a.to);
    const found: string[] = [];
    let next = 0;
    for (const { from, to } of wanted) {
      for (let i = Math.max(from, next); i < to; i += 1) found.push(lines[i] ?? '');
      next = Math.max(next, to);
    }
    return found;
  }

  return {
    commit,
    at(path) {
      const range = ranges.get(path);
      const entry = range === undefined ? undefined : entryOf(lines[range.from] ?? '');
      return entry?.path === path ? entry : undefined;
    },
    has: (path) => ranges.has(path),
    below: (paths) => linesBelow(paths).map(entryOf),
    text: (paths) =>
      linesBelow(paths)
        .map((line) => `${line}\0`)
        .join(''),
  };
}

function entryOf(line: string): TreeEntry {
  const tab = line.indexOf('\t');
  const [mode = '', , object = ''] = line.slice(0, tab).split(' ');
  return { mode, object, path: line.slice(tab + 1) };
}
