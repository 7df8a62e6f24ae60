/** Which merge brought a commit to the branch: its message names the pull request. */
import type { CommitInfo } from '../model/code-version.ts';
import type { RunGit } from './dependencies.ts';

/** How far back the branch is followed. */
const MOST_STEPS = 500;
/** GitLab names the merge request in a line of its own, the other hosts in the subject. */
const GITLAB = /^See merge request \S+$/m;

interface Step {
  readonly commit: string;
  readonly isMerge: boolean;
  /** The line of its message that may name a pull request. */
  readonly told: string;
}

/**
 * The commits, each that came by a merge with what this merge's message tells of it. `head`: the commit of the branch that
 * has them all. Rejects where git fails.
 */
export async function withMerges(
  git: RunGit,
  head: string,
  commits: readonly CommitInfo[],
): Promise<readonly CommitInfo[]> {
  if (commits.length === 0) return [];
  const branch = await branchOf(git, head);
  if (!branch.some(({ isMerge }) => isMerge)) return commits;
  return Promise.all(
    commits.map(async (one) => {
      const merge = await mergeOf(git, head, branch, one.commit);
      return merge === null ? one : { ...one, merge: merge.told };
    }),
  );
}

/** The branch as those see it who merge into it: by the first parent of each commit, newest first. */
async function branchOf(git: RunGit, head: string): Promise<readonly Step[]> {
  const args = ['log', '--first-parent', '--no-show-signature', '-z', '-n', String(MOST_STEPS)];
  const fields = (await git([...args, '--format=%H%x00%P%x00%B', head])).split('\0');
  const steps: Step[] = [];
  for (let at = 0; at + 3 <= fields.length; at += 3) {
    const [commit = '', parents = '', message = ''] = fields.slice(at, at + 3);
    const told = GITLAB.exec(message)?.[0] ?? message.split('\n')[0] ?? '';
    steps.push({ commit, isMerge: parents.includes(' '), told });
  }
  return steps;
}

/** The oldest merge of the branch that has the commit; null: the branch has it by itself, or further back. */
async function mergeOf(
  git: RunGit,
  head: string,
  branch: readonly Step[],
  commit: string,
): Promise<Step | null> {
  const own = branch.find((step) => step.commit === commit);
  if (own !== undefined) return own.isMerge ? own : null;
  const after = new Set((await git(['rev-list', '--ancestry-path', `${commit}..${head}`])).split('\n'));
  const at = branch.findLastIndex((step) => after.has(step.commit));
  const [merge, before] = [branch[at], branch[at + 1]];
  // Without an older commit of the branch nobody knows whether this one was the first to have it.
  return merge?.isMerge === true && before !== undefined ? merge : null;
}
