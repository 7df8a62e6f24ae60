/** Helpers for tests of private Git repositories: credentials, mirrors with traced Git commands, and leak searches. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { GitCredential } from '../../src/git/credentials.ts';
import { createMirrors, type Mirrors } from '../../src/git/mirrors.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { git } from './terraform-repo.ts';

/** Writes an m0.yaml with these `credentials` into `dir` and returns them as m0 reads them. */
export async function credentialsOf(
  dir: string,
  credentials: readonly Readonly<Record<string, string | boolean>>[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly GitCredential[]> {
  const stack = { name: 'prod', environment: 'prod', source: { git: './infra' }, channels: ['slack:C0OPS'] };
  const file = join(dir, 'm0.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ chat: { slack: {} }, credentials, stacks: [stack] }));
  return (await loadConfig(file, env, isValidCron)).credentials;
}

export interface WatchedMirrors {
  readonly mirrors: Mirrors;
  /** The folder of the mirrors, which holds nothing else. */
  readonly dir: string;
  /** The environment that m0 is started with. */
  readonly base: Readonly<Record<string, string | undefined>>;
  /** The trace output of git and of the programs it started, with each command line. */
  commandLines(): string;
  /** m0's log. */
  log(): string;
  /** The input that the user's own credential helper received. */
  toldToHelper(): string;
}

/**
 * Mirrors of a user who has a credential helper and whose Git configuration rewrites every URL that starts with
 * `redirected` to a folder that does not exist. m0 must ignore both and use its own configuration only.
 */
export function watchedMirrors(
  dir: string,
  credentials: readonly GitCredential[],
  env: Readonly<Record<string, string>> = {},
  redirected = 'nothing://',
): WatchedMirrors {
  const home = join(dir, 'home');
  const bin = join(dir, 'bin');
  const told = join(dir, 'told');
  const trace = join(dir, 'trace');
  for (const folder of [home, bin]) mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(home, '.gitconfig'),
    `[credential]\n\thelper = "!cat >> '${told}'"\n[url "/nowhere/"]\n\tinsteadOf = ${redirected}\n`,
  );
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nGIT_TRACE2_EVENT='${trace}' exec '${real}' "$@"\n`);
  chmodSync(join(bin, 'git'), 0o755);
  const lines: string[] = [];
  const base = { PATH: `${bin}:${process.env.PATH}`, HOME: home, ...env };
  const mirrors = join(dir, 'mirrors');
  return {
    mirrors: createMirrors({
      dir: mirrors,
      log: createLogger('trace', { write: (line) => lines.push(line) }),
      base,
      credentials,
    }),
    dir: mirrors,
    base,
    commandLines: () => readIfThere(trace),
    log: () => lines.join(''),
    toldToHelper: () => readIfThere(told),
  };
}

/** Clones a work tree into a bare repository under `root`, as a server stores it. */
export function bare(root: string, name: string, workTree: string): string {
  mkdirSync(root, { recursive: true });
  git(root, 'clone', '--quiet', '--bare', workTree, name);
  return join(root, name);
}

/** The names and contents of all files under `dir`, except the provider binaries. */
export function everythingIn(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !/[/\\](providers|plugins)([/\\]|$)/.test(entry.parentPath))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path}\n${entry.isFile() ? readFileSync(path, 'latin1') : ''}`;
    })
    .join('\n');
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
