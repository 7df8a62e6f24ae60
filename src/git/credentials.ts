import { covers, type Remote, remoteOf } from './remote.ts';

interface Entry {
  /** Where it stands in m0.yaml, as in `credentials[0]`. */
  readonly name: string;
  /** What it is for, as m0.yaml says it. */
  readonly for: string;
  readonly scope: Remote;
}

/** A token, for https (and http on this machine). */
export interface TokenCredential extends Entry {
  readonly kind: 'token';
  readonly username: string | null;
  /** Follows the reference anew each time. Throws with what is wrong and where, never with a value. */
  readonly readToken: () => string;
}

/** A private key, for ssh. Paths are absolute. */
export interface KeyCredential extends Entry {
  readonly kind: 'sshKey';
  readonly keyFile: string;
  /** The only file whose host keys are believed; null: those of the user m0 runs as. */
  readonly knownHosts: string | null;
}

/** Access to the repositories below an address. */
export type GitCredential = TokenCredential | KeyCredential;

/** The entry whose `for` is the longest prefix of the repository's address, or null where none is for it. */
export function credentialFor(address: string, credentials: readonly GitCredential[]): GitCredential | null {
  const remote = remoteOf(address);
  if (remote === null) return null;
  const fitting = credentials.filter(({ scope }) => covers(scope, remote));
  const [first = null] = fitting.sort((a, b) => weight(b.scope) - weight(a.scope));
  return first;
}

/** The entry in words for people. */
export function nameOf(credential: GitCredential): string {
  return `${credential.name} (for ${credential.for})`;
}

/** A longer path beats a shorter one; of two as long, the one that names a user. */
function weight(scope: Remote): number {
  return scope.steps.length * 2 + (scope.user === null ? 0 : 1);
}
