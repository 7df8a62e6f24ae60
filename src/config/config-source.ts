/** Where m0.yaml comes from: a file, or a file of a Git repository. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/log.ts';
import { refuseRef, refuseUrl, scrubUrl } from '../git/address.ts';
import type { GitCredential } from '../git/credentials.ts';
import { createMirrors } from '../git/mirrors.ts';
import { remoteOf } from '../git/remote.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, GIT_SOURCE as GIT, isGitSource } from './environment.ts';
import type { Config, WrittenConfig } from './load.ts';
import { parseConfig } from './load.ts';

/** Where m0.yaml is, as M0_CONFIG says it. */
export type ConfigSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'git'; readonly git: string; readonly file: string; readonly ref: string };

/** m0.yaml as it was read. */
export interface ConfigText extends WrittenConfig {
  /** The commit that it was read from; null for a file. */
  readonly commit: string | null;
  /** SHA-256 of the text, as hex. */
  readonly digest: string;
}

export interface ConfigReader {
  readonly source: ConfigSource;
  /** The source as people may see it. */
  readonly shown: string;
  /** Reads m0.yaml now. Rejects with a ConfigError if it is not there, and with a GitError if Git can't be asked. */
  read(): Promise<ConfigText>;
}

/** The address, the file below it, and the query. The two slashes of `https://` are part of the address. */
const PARTS = /^((?:[a-z][a-z0-9+.-]*:\/\/)?[^?]*?[^/:?])\/\/([^?]+)(?:\?(.*))?$/i;
const HOW = 'write git::ADDRESS//FILE?ref=BRANCH, as in git::https://git.acme.dev/m0.git//m0.yaml?ref=main';

/** Reads the value of M0_CONFIG. Throws a ConfigError that never contains a password. */
export function configSourceOf(config: string): ConfigSource {
  if (!isGitSource(config)) return { kind: 'file', path: config };
  const refuse = (why: string): never => {
    throw new ConfigError([`M0_CONFIG: ${why}`]);
  };
  const [, git = '', file = '', query = ''] = PARTS.exec(config.slice(GIT.length)) ?? [];
  if (git === '') return refuse(`is no file of a repository: ${HOW}`);
  if (URL.canParse(git) && new URL(git).password !== '') {
    return refuse('holds a password: take it out, and set M0_CONFIG_TOKEN');
  }
  const parameters = new URLSearchParams(query);
  const other = [...parameters.keys()].find((key) => key !== 'ref');
  if (other !== undefined) return refuse(`has "${other}" after the "?", where only ref is known: ${HOW}`);
  const ref = parameters.get('ref') ?? 'main';
  const problem = refuseUrl(git) ?? refuseRef(ref);
  if (problem !== null) return refuse(problem);
  if (file.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return refuse(`"${file}" is no path of a file in the repository: ${HOW}`);
  }
  return { kind: 'git', git, file, ref };
}

/** The source as people may see it: without a user. */
export function shownSource(source: ConfigSource): string {
  return source.kind === 'file'
    ? source.path.replace(/^\.\//, '')
    : `${GIT}${scrubUrl(source.git)}//${source.file}?ref=${source.ref}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The credential of the environment for the repository of m0.yaml; none where m0's user has access. */
function credentialsOf(git: string, { configGit }: Environment): readonly GitCredential[] {
  const { username, token, tokenFile, sshKey, knownHosts } = configGit;
  const scope = remoteOf(git);
  if (scope === null) return [];
  if (scope.protocol === 'ssh') {
    if (sshKey === null) return [];
    const files = {
      keyFile: resolve(sshKey),
      knownHosts: knownHosts === null ? null : resolve(knownHosts),
    };
    return [{ kind: 'sshKey', name: 'M0_CONFIG_SSH_KEY', for: scrubUrl(git), scope, ...files }];
  }
  if (token === null && tokenFile === null) return [];
  const name = tokenFile === null ? 'M0_CONFIG_TOKEN' : 'M0_CONFIG_TOKEN_FILE';
  // A file is read at each fetch, so that its token can be renewed while m0 runs.
  const readToken = (): string =>
    tokenFile === null ? (token ?? '') : readFileSync(tokenFile, 'utf8').replace(/\r?\n$/, '');
  return [{ kind: 'token', name, for: scrubUrl(git), scope, username, readToken }];
}

function fileReader(path: string, shown: string): ConfigReader {
  const absolute = resolve(path);
  return {
    source: { kind: 'file', path: absolute },
    shown,
    async read() {
      try {
        const text = await readFile(absolute, 'utf8');
        return {
          ...{ text, path: absolute, base: dirname(absolute), shown },
          ...{ commit: null, digest: digestOf(text) },
        };
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
        const why = missing
          ? 'there is no such file: make it with `m0 init`, or say in M0_CONFIG where it is'
          : errorText(error);
        throw new ConfigError([`${shown}: ${why}`], { cause: error });
      }
    },
  };
}

function gitReader(
  source: Extract<ConfigSource, { kind: 'git' }>,
  environment: Environment,
  { dir, log }: { readonly dir: string; readonly log: Logger },
): ConfigReader {
  const { git, file, ref } = source;
  const shown = shownSource(source);
  const credentials = credentialsOf(git, environment);
  const mirrors = createMirrors({ dir, log, base: environment.variables, credentials });
  return {
    source,
    shown,
    async read() {
      const { commit } = await mirrors.fetch(git, ref);
      const text = await mirrors.reading(git, `reading ${file} in`, async (run) => {
        const found = await run(['ls-tree', '--full-tree', '-z', commit, '--', file]);
        const isFile = /^100(644|755) blob /.test(found);
        return isFile ? run(['cat-file', 'blob', `${commit}:${file}`]) : null;
      });
      if (text === null) {
        throw new ConfigError([`${shown}: commit ${commit.slice(0, 7)} has no such file: add it there`]);
      }
      // Relative paths start in m0's working folder, because the file is in none.
      return { text, path: shown, base: resolve('.'), shown, commit, digest: digestOf(text) };
    },
  };
}

/**
 * Opens the source that the environment names, or `config` if it is given. `dir`: the folder for a local copy of the
 * repository; one process at a time may use it. `from`: the folder in which a relative path starts. Throws a
 * ConfigError if the address can't be used.
 */
export function openConfigReader(
  environment: Environment,
  options: { readonly log: Logger; readonly dir?: string; readonly config?: string; readonly from?: string },
): ConfigReader {
  const source = configSourceOf(options.config ?? environment.configPath);
  if (source.kind === 'file') {
    return fileReader(resolve(options.from ?? '.', source.path), shownSource(source));
  }
  const dir = options.dir ?? join(environment.dataDir, 'config');
  return gitReader(source, environment, { dir, log: options.log });
}

/** Reads m0.yaml from where the environment, or `config`, says, for a command. Rejects as `read` and `parseConfig`. */
export async function loadConfigOf(
  environment: Environment,
  isValidCron: (text: string) => boolean,
  options: { readonly log: Logger; readonly config?: string; readonly from?: string },
): Promise<{ readonly config: Config; readonly text: ConfigText }> {
  // Not the copy of the m0 that may be running: two processes must not fetch into one.
  const dir = join(environment.dataDir, 'cli', 'config');
  const text = await openConfigReader(environment, { ...options, dir }).read();
  return { config: parseConfig(text, environment.variables, isValidCron), text };
}
