/** Unmerged branches that change a resource: somebody may have applied one of them by hand. */
import { posix } from 'node:path';
import type { CodePlace } from '../model/links/forge.ts';
import { literalSpec, type RunGit } from './dependencies.ts';

/** The most branches that are looked at, the newest first, and the most that are told of a resource. */
const MOST_BRANCHES = 10;
const MOST_TOLD = 2;
/** The most resources that are looked for. */
const MOST_BLOCKS = 20;

/**
 * The names of the branches that change the block of each resource, by the address of its block; without an entry for
 * those that none changes. `places`: where the blocks are at `commit`. A hint only: it costs at most some dozen git
 * commands. Rejects where git fails.
 */
export async function branchesThatChange(
  git: RunGit,
  commit: string,
  places: Readonly<Record<string, CodePlace>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const blocks = Object.entries(places).slice(0, MOST_BLOCKS);
  if (blocks.length === 0) return {};
  const listed = await git([
    ...['for-each-ref', `--no-merged=${commit}`, '--sort=-committerdate', `--count=${MOST_BRANCHES}`],
    ...['--format=%(objectname) %(refname:lstrip=2)', 'refs/heads'],
  ]);
  const found: Record<string, string[]> = {};
  const files = [...new Set(blocks.map(([, { file }]) => file))];
  for (const line of listed.split('\n').filter((each) => each !== '')) {
    const head = line.slice(0, line.indexOf(' '));
    const branch = line.slice(head.length + 1);
    // A branch without a common ancestor is no branch of this code.
    const base = (await git(['merge-base', commit, head]).catch(() => '')).trim();
    if (base === '') continue;
    const changed = await git([
      ...['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, head, '--'],
      ...files.map(literalSpec),
    ]);
    for (const file of changed.split('\0').filter((each) => each !== '')) {
      const [before, after] = [await textAt(git, base, file), await textAt(git, head, file)];
      for (const [address, place] of blocks) {
        if (place.file !== file || blockIn(before, address) === blockIn(after, address)) continue;
        const names = found[address] ?? [];
        if (names.length < MOST_TOLD) found[address] = [...names, branch];
      }
    }
  }
  return found;
}

async function textAt(git: RunGit, commit: string, file: string): Promise<string> {
  return git(['show', `${commit}:${posix.normalize(file)}`]).catch(() => '');
}

/** The text of the resource's block; '' if there is none. It ends where a line begins with its closing brace. */
function blockIn(text: string, address: string): string {
  const [type = '', name = ''] = address.split('.').slice(-2);
  const lines = text.split(/\r?\n/);
  const isHead = (line: string): boolean =>
    line.trimStart().startsWith('resource') && line.includes(`"${type}"`) && line.includes(`"${name}"`);
  const from = lines.findIndex(isHead);
  if (from === -1) return '';
  const length = lines.slice(from).findIndex((line, i) => i > 0 && line.startsWith('}'));
  return lines.slice(from, length === -1 ? undefined : from + length + 1).join('\n');
}
