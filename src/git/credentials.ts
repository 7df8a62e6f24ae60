/** Credentials for Git servers, and which one a repository needs. */
import { covers, type Remote, remoteOf } from './remote.ts';

interface Entry {
  /** Its place in m0.yaml, such as `credentials[0]`. */
  readonly name: string;
  /** The address prefix in m0.yaml for which it is used. */
  readonly for: string;
  readonly scope: Remote;
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

/**
 * The credential whose `for` is the longest prefix of the repository's address, or null where none matches.
 */
export function credentialFor(address: string, credentials: readonly GitCredential[]): GitCredential | null {
  const remote = remoteOf(address);
  if (remote === null) return null;
  const matching = credentials.filter(({ scope }) => covers(scope, remote));
  const [first = null] = matching.sort((a, b) => specificity(b.scope) - specificity(a.scope));
  return first;
}

/** The credential's name for messages. */
export function credentialName(credential: GitCredential): string {
  return `${credential.name} (for ${credential.for})`;
}

/** A longer path wins. Of two with the same length, the one that names a user wins. */
function specificity(scope: Remote): number {
  return scope.segments.length * 2 + (scope.user === null ? 0 : 1);
}
