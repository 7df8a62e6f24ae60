/** Reads `credentials` of m0.yaml: access to private repositories. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { baseEnvironment } from '../base/base-environment.ts';
import { refuseSshPath } from '../git/access.ts';
import type { AppCredential, GitCredential, TokenCredential, WriteCredential } from '../git/credentials.ts';
import { refuseKeyFile, refuseKnownHosts } from '../git/key-file.ts';
import { isLoopback, type Remote, remoteOf } from '../git/remote.ts';
import type { Context } from './context.ts';
import type { RawConfig } from './schema.ts';
import { BadReference, referencesIn, resolveReferences } from './secrets.ts';
import type { Path } from './source.ts';

type RawCredential = RawConfig['credentials'][number];

/** Access for reading, and access for writing, which is another one. */
export interface Credentials {
  readonly credentials: readonly GitCredential[];
  readonly writeCredentials: readonly WriteCredential[];
}

/**
 * Reads `credentials`, and checks that each token or key file exists and can be used. Problems are reported to
 * `context`.
 */
export function readCredentials(entries: readonly RawCredential[], context: Context): Credentials {
  const first = new Map<string, number>();
  const credentials: GitCredential[] = [];
  const writeCredentials: WriteCredential[] = [];
  entries.forEach((entry, i) => {
    const path: Path = ['credentials', i];
    const scope = scopeOf(entry, path, context);
    if (scope !== null) {
      const key = JSON.stringify([entry.write, scope]);
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, i);
      else
        context.report([...path, 'for'], `is also that of credentials[${earlier}]: one address, one entry`);
    }
    const common = { name: `credentials[${i}]`, for: entry.for };
    const app = readApp(entry, path, context);
    const read = entry.token === undefined ? readKey(entry, path, context) : readToken(entry, path, context);
    if (scope === null) return;
    if (entry.write) {
      const access = app ?? read;
      if (access !== null) writeCredentials.push({ ...common, scope, ...access });
    } else if (read !== null) credentials.push({ ...common, scope, modules: entry.modules, ...read });
  });
  refuseShared(entries, context);
  return { credentials, writeCredentials };
}

/** What may write is never used for reading, so one token or key may not do both. */
function refuseShared(entries: readonly RawCredential[], context: Context): void {
  const values = entries.map((entry) => secretText(entry, context));
  entries.forEach((entry, i) => {
    const value = values[i] ?? null;
    if (!entry.write || value === null) return;
    const what = entry.token === undefined ? 'key' : 'token';
    const at: Path = ['credentials', i, entry.token === undefined ? 'sshKey' : 'token'];
    const reads = values.findIndex((other, j) => entries[j]?.write === false && other === value);
    if (reads !== -1) {
      context.report(
        at,
        `is also that of credentials[${reads}]: the ${what} for writing must be another one than the ${what} for reading`,
      );
    }
  });
  entries.forEach(({ write, token, githubApp }, i) => {
    for (const { kind, target } of write ? referencesIn(token ?? githubApp?.privateKey ?? '') : []) {
      // Every tool gets variables such as PATH.
      if (kind === 'env' && Object.hasOwn(baseEnvironment({ [target]: '' }), target)) {
        const at: Path = [
          'credentials',
          i,
          ...(token === undefined ? ['githubApp', 'privateKey'] : ['token']),
        ];
        context.report(at, `is in ${target}, which m0 passes to the tools it starts: use another variable`);
      }
    }
  });
}

/** The token, or the text of the key file; null where there is none, or it can't be read, which is reported elsewhere. */
function secretText({ token, sshKey }: RawCredential, context: Context): string | null {
  try {
    if (token !== undefined) return tokenOf(token, context);
    return sshKey === undefined ? null : readFileSync(resolve(context.base, sshKey), 'utf8').trim();
  } catch {
    return null;
  }
}

function readApp(
  entry: RawCredential,
  path: Path,
  context: Context,
): Pick<AppCredential, 'kind' | 'appId' | 'readPrivateKey'> | null {
  if (entry.githubApp === undefined) return null;
  const { id, privateKey } = entry.githubApp;
  const read = (): string => {
    // In a variable, line breaks are often written as \n.
    const key = resolveReferences(privateKey, context.env, context.base).replaceAll('\\n', '\n').trim();
    if (
      !/^-----BEGIN (RSA )?PRIVATE KEY-----\n[\s\S]+\n-----END (RSA )?PRIVATE KEY-----$/.test(
        key.replaceAll('\r', ''),
      )
    ) {
      throw new BadReference(
        'is no private key: put the whole .pem file there that GitHub gave you for the app',
      );
    }
    return key;
  };
  try {
    read();
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    context.report([...path, 'githubApp', 'privateKey'], error.message);
  }
  return { kind: 'githubApp', appId: String(id), readPrivateKey: read };
}

/**
 * The token, checked to be one line, because git's protocol for credentials has lines. Throws a BadReference,
 * without the token in its message.
 */
function tokenOf(reference: string, { env, base }: Context): string {
  const token = resolveReferences(reference, env, base);
  if (token === '') throw new BadReference('is empty: put the token there');
  if (/[\0-\x1f\x7f]/.test(token)) {
    throw new BadReference('has more than one line: a token is one line without anything around it');
  }
  return token;
}

function readToken(
  entry: RawCredential,
  path: Path,
  context: Context,
): Pick<TokenCredential, 'kind' | 'username' | 'readToken'> {
  const { token = '', username } = entry;
  try {
    tokenOf(token, context);
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    context.report([...path, 'token'], error.message);
  }
  // Not the token itself: it is read again for each fetch, because a token in a file may be rotated while m0 runs.
  return { kind: 'token', username: username ?? null, readToken: () => tokenOf(token, context) };
}

function readKey(entry: RawCredential, path: Path, context: Context) {
  if (entry.sshKey === undefined) return null;
  const file = (key: 'sshKey' | 'knownHosts', written: string, refuse: typeof refuseKeyFile): string => {
    const found = resolve(context.base, written);
    const problem = refuseSshPath(found) ?? refuse(found, written);
    if (problem !== null) context.report([...path, key], problem);
    return found;
  };
  return {
    kind: 'sshKey' as const,
    keyFile: file('sshKey', entry.sshKey, refuseKeyFile),
    knownHosts:
      entry.knownHosts === undefined ? null : file('knownHosts', entry.knownHosts, refuseKnownHosts),
  };
}

/** The repositories that the entry is for; null if it can't be for any, which is then reported. */
function scopeOf(entry: RawCredential, path: Path, { report }: Context): Remote | null {
  const at = [...path, 'for'];
  const refuse = (problem: string): null => {
    report(at, problem);
    return null;
  };
  const scope = remoteOf(entry.for);
  if (scope === null) {
    return refuse('must be the beginning of addresses: https://HOST/, ssh://HOST/ or USER@HOST:');
  }
  if (URL.canParse(entry.for)) {
    const { password, search, hash } = new URL(entry.for);
    if (password !== '') return refuse('holds a password: take it out and give the secret as token');
    if (search !== '' || hash !== '') return refuse('must end with its path: take out what follows ? or #');
  }
  const overSsh = scope.protocol === 'ssh';
  if (overSsh && entry.sshKey === undefined)
    return refuse('is reached by ssh, which needs an sshKey, no token');
  if (!overSsh && entry.sshKey !== undefined)
    return refuse('is no ssh address, and needs a token, no sshKey');
  if (!overSsh && scope.user !== null) return refuse('holds a user: write it as username, below');
  if (scope.protocol === 'http' && !isLoopback(scope)) {
    return refuse('would send the token unencrypted: use https://');
  }
  return scope;
}
