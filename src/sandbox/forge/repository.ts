/** What the Git host does in its repository: an ordinary one, with a work tree on its main branch. */
import { errorText } from '../../base/error-text.ts';
import { type Author, sampleGit } from '../cloud/sample-git.ts';

export interface Commit {
  readonly sha: string;
  readonly subject: string;
  readonly author: string;
  /** ms since epoch. */
  readonly at: number;
}

export interface HostedRepository {
  /** The commit of a branch or another ref; null if there is none. */
  head(ref: string): Promise<string | null>;
  /** The newest commits of a ref, or those of `from..to`. */
  commits(range: string, limit: number): Promise<readonly Commit[]>;
  /** What `head` changes since it left `base`, as a unified diff. */
  diff(base: string, head: string): Promise<string>;
  /** A commit with its own diff to its first parent; null if there is none. */
  show(sha: string): Promise<{ readonly commit: Commit; readonly diff: string } | null>;
  file(sha: string, path: string): Promise<string | null>;
  /** Keeps the commit where branches that are deleted do not count, as GitHub's `refs/pull/N/head`. */
  keep(number: number, sha: string): Promise<void>;
  isMerged(sha: string, base: string): Promise<boolean>;
  /** Merges into the branch that is checked out. Rejects with the reason where that can't be done. */
  merge(branch: string, sha: string, message: string, author: Author): Promise<string>;
}

const FORMAT = ['%H', '%s', '%an', '%ct'].join('%x00');

export function openRepository(
  dir: string,
  base: Readonly<Record<string, string | undefined>>,
): HostedRepository {
  const git = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<string> =>
    sampleGit(dir, base, more).raw([...args]);
  const orNull = (answer: Promise<string>): Promise<string | null> => answer.catch(() => null);

  const commits = async (range: string, limit: number): Promise<readonly Commit[]> => {
    const lines = await git(['log', `-${limit}`, `--format=${FORMAT}`, '--end-of-options', range, '--']);
    return lines.split('\n').flatMap((line) => {
      const [sha = '', subject = '', author = '', seconds = '0'] = line.split('\0');
      return sha === '' ? [] : [{ sha, subject, author, at: Number(seconds) * 1000 }];
    });
  };
  const head = (ref: string): Promise<string | null> =>
    orNull(git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${ref}^{commit}`])).then(
      (found) => found?.split('\n').at(-1) || null,
    );

  return {
    head,
    commits,
    diff: (from, to) =>
      git(['diff', '--no-color', '--no-ext-diff', '--end-of-options', `${from}...${to}`, '--']),
    async show(sha) {
      const [commit] = (await head(sha)) === null ? [] : await commits(sha, 1);
      if (commit === undefined) return null;
      const args = [
        'show',
        '--no-color',
        '--no-ext-diff',
        '--first-parent',
        '-m',
        '--format=',
        '--end-of-options',
      ];
      return { commit, diff: await git([...args, sha, '--']) };
    },
    file: (sha, path) => orNull(git(['cat-file', 'blob', '--end-of-options', `${sha}:${path}`])),
    keep: async (number, sha) => void (await git(['update-ref', `refs/pull/${number}/head`, sha])),
    isMerged: (sha, into) =>
      git(['rev-list', '--count', '--end-of-options', `${into}..${sha}`, '--']).then(
        (count) => count === '0',
      ),
    async merge(branch, sha, message, author) {
      const current = await git(['rev-parse', '--abbrev-ref', 'HEAD']);
      if (current !== branch) throw new Error(`the repository ${dir} is on ${current}, not on ${branch}`);
      const identity = {
        ...{ GIT_AUTHOR_NAME: author.name, GIT_AUTHOR_EMAIL: author.email },
        ...{ GIT_COMMITTER_NAME: author.name, GIT_COMMITTER_EMAIL: author.email },
      };
      try {
        await git(['merge', '--quiet', '--no-ff', '-m', message, sha], identity);
      } catch (error) {
        // There is nothing to abort where git refused before it began.
        await orNull(git(['merge', '--abort']));
        throw new Error(`git can't merge it: ${errorText(error).trim()}`, { cause: error });
      }
      return git(['rev-parse', 'HEAD']);
    },
  };
}
