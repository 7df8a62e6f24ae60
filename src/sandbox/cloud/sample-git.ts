/** Git commands and commits in the sample repositories. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type SimpleGit, simpleGit } from 'simple-git';
import { baseEnvironment } from '../../base/base-environment.ts';

export interface Author {
  readonly name: string;
  readonly email: string;
}

export const KIM: Author = { name: 'Kim Sato', email: 'kim@acme.dev' };
export const DANA: Author = { name: 'Dana Ruiz', email: 'dana@acme.dev' };

export interface SampleCommit {
  readonly author: Author;
  /** ms since epoch. */
  readonly at: number;
  readonly message: string;
  /** Path in the repository -> new content. */
  readonly files: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const ALLOWED = [
  'GIT_SSL_CAINFO',
  ...['GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM', 'GIT_TERMINAL_PROMPT'],
  ...['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_AUTHOR_DATE'],
  ...['GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'GIT_COMMITTER_DATE'],
];

/** Git in a sample repository, without the user's own configuration: no signing, no hooks, no templates. */
export function sampleGit(dir: string, base: Environment, more: Environment = {}): SimpleGit {
  return simpleGit({
    baseDir: dir,
    trimmed: true,
    abort: AbortSignal.timeout(60_000),
    allowEnvironment: ALLOWED,
    unsafe: { allowUnsafeConfigPaths: true },
  }).env({
    ...baseEnvironment(base),
    ...more,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  });
}

/** Writes the files of a commit to the work tree and commits only those. Resolves to the commit's hash. */
export async function commitAs(dir: string, base: Environment, commit: SampleCommit): Promise<string> {
  for (const [path, text] of Object.entries(commit.files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const date = `${Math.floor(commit.at / 1000)} +0000`;
  const git = sampleGit(dir, base, {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: commit.author.name,
    GIT_COMMITTER_EMAIL: commit.author.email,
    GIT_COMMITTER_DATE: date,
  });
  const paths = Object.keys(commit.files);
  await git.raw(['add', '--', ...paths]);
  await git.raw(['commit', '--quiet', '--message', commit.message, '--', ...paths]);
  return git.raw(['rev-parse', 'HEAD']);
}
