/** Credentials for Git servers, and which one a repository needs. */
import { covers, type Remote, remoteOf } from './remote.ts';

interface Entry {
  /** Its place in m0.yaml, such as `credentials[0]`. */
  readonly name: string;
  /** The address prefix in m0.yaml for which it is used. */
  readonly for: string;
  readonly scope: Remote;
  /** True: also for modules that the code of stacks fetches. */
  readonly modules?: boolean;
}

/** A token, for https (and for http on this machine). */
export interface TokenCredential extends Entry {
  readonly kind: 'token';
  readonly username: string | null;
  /**
   * Reads the token each time. Throws an error that says what is wrong and where; the text never holds the
   * value.
   */
  readonly readToken: () => string;
}

/** A private key for ssh. Paths are absolute. */
export interface KeyCredential extends Entry {
  readonly kind: 'sshKey';
  readonly keyFile: string;
  /** The only file of trusted host keys; null: the files of m0's user. */
  readonly knownHosts: string | null;
}

/** Access to all repositories below an address. */
export type GitCredential = TokenCredential | KeyCredential;

/** A GitHub App: where it is installed on a repository, GitHub makes short-lived tokens for that repository. */
export interface AppCredential extends Entry {
  readonly kind: 'githubApp';
  readonly appId: string;
  /** Reads the key (PEM) each time. Throws like `readToken`. */
  readonly readPrivateKey: () => string;
}

/** Permission to push m0's own branches to all repositories below an address. Never used for reading. */
export type WriteCredential = GitCredential | AppCredential;

/**
 * The credential whose `for` is the longest prefix of the repository's address, or null where none matches.
 */
export function credentialFor<T extends WriteCredential>(
  address: string,
  credentials: readonly T[],
): T | null {
  const remote = remoteOf(address);
  return remote === null ? null : credentialOf(remote, credentials);
}

/** How m0 may write to a repository. */
interface WriteAccess {
  readonly credential: WriteCredential;
  /** What is pushed to: the repository's address, or its https form where that is what the credential is for. */
  readonly address: string;
}

/**
 * The same for writing. A repository that is read by ssh may be written with a token or an app for the https address of
 * the same host and path.
 */
export function writeCredentialFor(
  address: string,
  credentials: readonly WriteCredential[],
): WriteAccess | null {
  const remote = remoteOf(address);
  if (remote === null) return null;
  const credential = credentialOf(remote, credentials);
  if (credential !== null) return { credential, address };
  if (remote.protocol !== 'ssh') return null;
  const https = `https://${remote.host}/${remote.segments.map(encodeURIComponent).join('/')}`;
  const other = credentialFor(https, credentials);
  return other === null ? null : { credential: other, address: https };
}

/** As `credentialFor`, for an address that is parsed. */
export function credentialOf<T extends WriteCredential>(remote: Remote, credentials: readonly T[]): T | null {
  const matching = credentials.filter(({ scope }) => covers(scope, remote));
  const [first = null] = matching.sort((a, b) => specificity(b.scope) - specificity(a.scope));
  return first;
}

/** The credential's name for messages. */
export function credentialName(credential: WriteCredential): string {
  return `${credential.name} (for ${credential.for})`;
}

/** A longer path wins. Of two with the same length, the one that names a user wins. */
export function specificity(scope: Remote): number {
  return scope.segments.length * 2 + (scope.user === null ? 0 : 1);
}
