/** A Git host without pull requests, for tests: m0's branch is pushed to a bare repository. */
import { execFileSync } from 'node:child_process';
import { type Forge, ForgeError, type PullRequest } from '../../src/ports/forge.ts';
import { git } from './terraform-repo.ts';

/** Pushes to the repository at the publication's address, which is a folder. */
export function bareForge(): Forge {
  const has = (repository: string, args: readonly string[]): boolean => {
    try {
      execFileSync('git', args, { cwd: repository, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  return {
    refusal: () => null,
    async publish({ git: address, base, branch, repository, commit }) {
      try {
        git(repository, 'push', '--quiet', '--force', address, `${commit}:refs/heads/${branch}`);
      } catch (cause) {
        throw new ForgeError(`pushing ${branch}: git refused it`, { cause });
      }
      return { kind: 'branch', git: address, base, branch, number: null, url: null };
    },
    async state({ git: address, base, branch }: PullRequest) {
      if (!has(address, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]))
        return { state: 'closed', by: null };
      const merged = has(address, ['merge-base', '--is-ancestor', branch, base]);
      return merged
        ? { state: 'merged', by: null, commit: git(address, 'rev-parse', base) }
        : { state: 'open' };
    },
    async close({ git: address, branch }: PullRequest) {
      git(address, 'update-ref', '-d', `refs/heads/${branch}`);
    },
  };
}
