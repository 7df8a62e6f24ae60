/** Finds out where a repository is that a person names by its address, by a folder, or not at all. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { simpleGit } from 'simple-git';
import { baseEnvironment } from '../base/base-environment.ts';
import { errorText } from '../base/error-text.ts';
import { refuseUrl, scrubCredentials, scrubUrl } from './address.ts';
import { GitError } from './git-error.ts';
import { remoteOf } from './remote.ts';

export interface Located {
  /** What m0 reads now: an address, or an absolute path. */
  readonly read: string;
  /** What m0.yaml should say: the address of `origin` where a folder has one that is not on this machine. */
  readonly address: string;
  /** The branch that is checked out there, or that the server calls its default one. */
  readonly ref: string;
}

const TIME_LIMIT_MS = 60_000;

/** Git with the settings of the user that runs m0. It never asks on the terminal. */
function gitIn(folder: string, base: Readonly<Record<string, string | undefined>>) {
  const git = simpleGit({
    baseDir: folder,
    trimmed: true,
    abort: AbortSignal.timeout(TIME_LIMIT_MS),
    allowEnvironment: ['GIT_TERMINAL_PROMPT', 'GIT_SSL_CAINFO'],
  });
  return git.env({ ...baseEnvironment(base), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' });
}

function fail(where: string, problem: string): GitError {
  return new GitError(`looking for a repository at ${scrubUrl(where)}: ${problem}`, scrubUrl(where));
}

/** An address that a server answers, and no folder. */
function isAddress(where: string): boolean {
  return remoteOf(where) !== null || /^(git|file):\/\//.test(where);
}

/**
 * `where`: an address or a folder; null: the folder `from`. `base`: m0's environment. Rejects with a GitError that says
 * what to do.
 */
export async function locateRepository(
  where: string | null,
  from: string,
  base: Readonly<Record<string, string | undefined>>,
): Promise<Located> {
  if (where !== null && isAddress(where)) return atAddress(where, from, base);
  const folder = resolve(from, where ?? '.');
  if (!existsSync(folder))
    throw fail(where ?? folder, 'there is no such folder: name a folder or an address');
  const git = gitIn(folder, base);
  const ask = async (...args: string[]): Promise<string> => (await git.raw(args)).trim();
  const top = await topOf(folder, ask);
  // These two print nothing and fail where there is none.
  const ref = await ask('symbolic-ref', '--quiet', '--short', 'HEAD').catch(() => '');
  if (ref === '') throw fail(top, 'no branch is checked out there: name one with --ref');
  const origin = await ask('config', '--get', 'remote.origin.url').catch(() => '');
  const isElsewhere = remoteOf(origin) !== null && refuseUrl(origin) === null;
  return { read: top, address: isElsewhere ? scrubUrl(origin) : top, ref };
}

/** The top of the work tree, or the folder of a bare repository. */
async function topOf(folder: string, ask: (...args: string[]) => Promise<string>): Promise<string> {
  try {
    const isBare = (await ask('rev-parse', '--is-bare-repository')) === 'true';
    return await ask('rev-parse', isBare ? '--absolute-git-dir' : '--show-toplevel');
  } catch (error) {
    const text = errorText(error).trim();
    const problem = /not a git repository/i.test(text)
      ? 'it is no Git repository: name one, as in `init https://git.acme.dev/infra.git`'
      : text.split('\n').join(' · ');
    throw fail(folder, problem);
  }
}

async function atAddress(
  where: string,
  from: string,
  base: Readonly<Record<string, string | undefined>>,
): Promise<Located> {
  const refusal = refuseUrl(where);
  if (refusal !== null) throw fail(where, refusal);
  let listed: string;
  try {
    listed = await gitIn(from, base).raw(['ls-remote', '--symref', '--', where, 'HEAD']);
  } catch (error) {
    throw fail(where, scrubCredentials(errorText(error).trim(), where).split('\n').join(' · '));
  }
  const ref = /^ref: refs\/heads\/(\S+)\s+HEAD$/m.exec(listed)?.[1];
  if (ref === undefined) throw fail(where, 'the server names no default branch: name one with --ref');
  return { read: where, address: scrubUrl(where), ref };
}
