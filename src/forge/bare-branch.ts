/** Hosts whose API m0 does not speak, and access by ssh: only a branch is pushed. */
import type { GitCredential } from '../git/credentials.ts';
import { pushedRef } from '../git/push.ts';
import { ForgeError, type PullRequestState } from '../ports/forge.ts';
import type { ForgeParts, HostAdapter, Repository } from './host.ts';

/** The credential as git uses it. Throws a ForgeError for an app, which has a token only at GitHub. */
export function forGit({ credential, host }: Repository): GitCredential {
  if (credential.kind !== 'githubApp') return credential;
  throw new ForgeError(`${credential.name} is a GitHub App, and ${host} is no GitHub`, { permanent: true });
}

/** What m0 pushed last as this branch; null if this machine does not know. */
export async function lastPushed(
  { mirrors }: Pick<ForgeParts, 'mirrors'>,
  git: string,
  branch: string,
): Promise<string | null> {
  const args = ['for-each-ref', '--format=%(objectname)', pushedRef(branch)];
  // The mirror may be gone, with what it remembered.
  const found = await mirrors.reading(git, 'reading the branches of', (run) => run(args)).catch(() => '');
  return found === '' ? null : found;
}

/** A branch that is never made: it stands for all of m0's own where the server is asked whether m0 may push. */
const ASKED_BRANCH = 'm0/may-m0-push';

/** Rejects if the server does not let the credential push. Nothing is pushed. */
export async function askToPush(
  { pusher, mirrors }: Pick<ForgeParts, 'pusher' | 'mirrors'>,
  { git, address }: Repository,
  base: string,
  credential: GitCredential,
  signal: AbortSignal,
): Promise<void> {
  const { commit } = await mirrors.fetch(git, base);
  const target = { address, credential, branch: ASKED_BRANCH };
  await pusher.mayPush(mirrors.directory(git), commit, target, signal);
}

export function createBareBranch(parts: ForgeParts): HostAdapter {
  const { pusher, mirrors } = parts;
  return {
    async publish(repository, { git, base, branch, repository: from, commit }, signal) {
      const target = { address: repository.address, credential: forGit(repository), branch };
      await pusher.push(from, commit, target, signal);
      return { kind: 'branch', git, base, branch, number: null, url: null };
    },

    async state(_, { git, base, branch }) {
      const { commit: into } = await mirrors.fetch(git, base);
      return mirrors.reading(git, 'reading the branches of', async (run): Promise<PullRequestState> => {
        const refs = await run([
          ...['for-each-ref', '--format=%(refname) %(objectname)'],
          ...[`refs/heads/${branch}`, pushedRef(branch)],
        ]);
        const commits = new Map(refs.split('\n').map((line) => line.split(' ') as [string, string]));
        const there = commits.get(`refs/heads/${branch}`);
        const commit = there ?? commits.get(pushedRef(branch));
        if (commit === undefined) return { state: 'closed', by: null };
        // A squash or a rebase makes other commits with the same changes: git marks those with "-".
        const missing = (await run(['cherry', into, commit]))
          .split('\n')
          .filter((line) => line.startsWith('+'));
        if (missing.length === 0) return { state: 'merged', by: null, commit: null };
        return there === undefined ? { state: 'closed', by: null } : { state: 'open' };
      });
    },

    async mayWrite(repository, base, signal) {
      await askToPush(parts, repository, base, forGit(repository), signal);
      return 'may push branches, without pull requests';
    },

    async close(repository, { git, branch }, _, signal) {
      const target = { address: repository.address, credential: forGit(repository), branch };
      await pusher.remove(target, await lastPushed(parts, git, branch), signal);
    },
  };
}
