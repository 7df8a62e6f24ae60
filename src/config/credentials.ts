/** Reads `credentials` of m0.yaml: access to private repositories. */
import { resolve } from 'node:path';
import { refuseSshPath } from '../git/access.ts';
import type { GitCredential } from '../git/credentials.ts';
import { refuseKeyFile, refuseKnownHosts } from '../git/key-file.ts';
import { isLoopback, type Remote, remoteOf } from '../git/remote.ts';
import type { Context } from './context.ts';
import type { RawConfig } from './schema.ts';
import { BadReference, resolveReferences } from './secrets.ts';
import type { Path } from './source.ts';

type RawCredential = RawConfig['credentials'][number];

/**
 * Reads `credentials`, and checks that each token or key file exists and can be used. Problems are reported to
 * `context`.
 */
export function readCredentials(
  entries: readonly RawCredential[],
  context: Context,
): readonly GitCredential[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, i) => {
    const path: Path = ['credentials', i];
    const scope = scopeOf(entry, path, context);
    if (scope !== null) {
      const key = JSON.stringify(scope);
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, i);
      else
        context.report([...path, 'for'], `is also that of credentials[${earlier}]: one address, one entry`);
    }
    const read = entry.token === undefined ? readKey(entry, path, context) : readToken(entry, path, context);
    return scope === null || read === null
      ? []
      : [{ name: `credentials[${i}]`, for: entry.for, scope, ...read }];
  });
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

function readToken(entry: RawCredential, path: Path, context: Context) {
  const { token = '', username } = entry;
  try {
    tokenOf(token, context);
  } catch (error) {
    if (!(error instanceof BadReference)) throw error;
    context.report([...path, 'token'], error.message);
  }
  // Not the token itself: it is read again for each fetch, because a token in a file may be rotated while m0 runs.
  return { kind: 'token' as const, username: username ?? null, readToken: () => tokenOf(token, context) };
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
  if (overSsh && entry.token !== undefined)
    return refuse('is reached by ssh, which needs an sshKey, no token');
  if (!overSsh && entry.sshKey !== undefined)
    return refuse('is no ssh address, and needs a token, no sshKey');
  if (!overSsh && scope.user !== null) return refuse('holds a user: write it as username, below');
  if (scope.protocol === 'http' && !isLoopback(scope)) {
    return refuse('would send the token unencrypted: use https://');
  }
  return scope;
}
