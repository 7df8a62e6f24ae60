/** How git authenticates at a repository: with a token, with a key, or with the user's own setup. */

import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import {
  credentialName,
  type GitCredential,
  type KeyCredential,
  type TokenCredential,
} from './credentials.ts';
import { refuseKeyFile, refuseKnownHosts } from './key-file.ts';
import { isLoopback, plainAddress, remoteOf } from './remote.ts';

/** What one `git fetch` needs to reach its repository. */
export interface Access {
  /** The repository's address, as passed to git. */
  readonly address: string;
  /**
   * Settings for git's `-c`, as `key=value`. Never a secret, because a command line is public on the machine.
   */
  readonly config: readonly string[];
  /** Added to the environment that every git process of m0 gets. Holds the token. */
  readonly environment: Readonly<Record<string, string>>;
  /** Texts that must never appear in a log or an error. */
  readonly secrets: readonly string[];
}

/**
 * A credential helper that answers with the token from the environment, and only for one server: after a
 * redirect git asks again with the new host. `printf` and `read` are built into the shell, so the token
 * appears on no command line. git's `store` and `erase` requests are ignored.
 */
const HELPER = `!f() { [ "$1" = get ] || exit 0; p= h=
while IFS= read -r line; do case "$line" in protocol=*) p=\${line#*=};; host=*) h=\${line#*=};; esac; done
[ "$p://$h" = "$M0_GIT_SERVER" ] || exit 0
printf 'username=%s\\npassword=%s\\n' "$M0_GIT_USERNAME" "$M0_GIT_TOKEN"; }; f`;

/**
 * With a credential of m0.yaml, git reads no other configuration: no other credential helper sees the token,
 * no `insteadOf` changes the address, and certificates are always checked.
 */
const NO_OTHER_CONFIG = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const OWN_CONFIG = [
  // Resets the list of helpers, because older versions of git read the system's configuration anyway.
  'credential.helper=',
  'core.hooksPath=/dev/null',
  // Background maintenance would keep the token in memory longer than the fetch.
  'gc.autoDetach=false',
  'maintenance.autoDetach=false',
];

/**
 * How git reaches the repository: with the credential, or (null) with what m0's user has set up. Throws where
 * the token or the key cannot be used, or the token would be sent unencrypted.
 */
export function accessOf(url: string, credential: GitCredential | null): Access {
  if (credential === null) return { address: url, config: [], environment: {}, secrets: [] };
  switch (credential.kind) {
    case 'token':
      return withToken(url, credential);
    case 'sshKey':
      return withKey(url, credential);
    default:
      return assertNever(credential);
  }
}

/**
 * The same for a repository that a stack's code names: without a credential, git gets nothing that m0's user has set up,
 * because whoever writes the code could read whatever m0 can read. Throws for ssh without a key.
 */
export function moduleAccessOf(url: string, credential: GitCredential | null): Access {
  if (credential !== null) return accessOf(url, credential);
  if (remoteOf(url)?.protocol === 'ssh' || /^ssh:/i.test(url)) {
    throw new Error(
      'no entry under credentials in m0.yaml that has an sshKey and modules: true is for this address: add one',
    );
  }
  return { address: url, config: OWN_CONFIG, environment: NO_OTHER_CONFIG, secrets: [] };
}

function withToken(url: string, credential: TokenCredential): Access {
  const remote = remoteOf(url);
  if (remote === null || (remote.protocol === 'http' && !isLoopback(remote))) {
    throw new Error(`${credentialName(credential)} is not sent unencrypted: use an https:// address`);
  }
  const token = readToken(credential);
  const username = credential.username ?? remote.user ?? defaultUsername(remote.host);
  const address = plainAddress(url);
  return {
    address,
    config: [
      ...OWN_CONFIG,
      `credential.helper=${HELPER}`,
      // A proxy could read the token, because http is not encrypted.
      ...(remote.protocol === 'http' ? ['http.proxy='] : []),
    ],
    environment: {
      ...NO_OTHER_CONFIG,
      GIT_ALLOW_PROTOCOL: remote.protocol,
      M0_GIT_SERVER: new URL(address).origin,
      M0_GIT_USERNAME: username,
      M0_GIT_TOKEN: token,
    },
    secrets: [token, ...[token, `${username}:${token}`].map((text) => Buffer.from(text).toString('base64'))],
  };
}

/** The token. Throws an Error that says whose token can't be used. */
export function readToken(credential: TokenCredential): string {
  try {
    return credential.readToken();
  } catch (error) {
    const text = errorText(error);
    throw new Error(`the token of ${credentialName(credential)}: ${text}`, { cause: error });
  }
}

/**
 * The user name to send with a token. Bitbucket requires this one; GitHub, GitLab and Azure DevOps accept
 * any.
 */
export function defaultUsername(host: string): string {
  return host === 'bitbucket.org' ? 'x-token-auth' : 'x-access-token';
}

/** The options with which ssh uses this key and nothing else. Throws where the key can't be used. */
export function sshOptions(credential: KeyCredential): readonly string[] {
  const { keyFile, knownHosts } = credential;
  const refusal = refuseKeyFile(keyFile) ?? (knownHosts === null ? null : refuseKnownHosts(knownHosts));
  if (refusal !== null) throw new Error(`${credentialName(credential)}: ${refusal}`);
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=30',
    'ForwardAgent=no',
    `IdentityFile=${sshPath(keyFile)}`,
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    ...(knownHosts === null
      ? []
      : [`UserKnownHostsFile=${sshPath(knownHosts)}`, 'GlobalKnownHostsFile=/dev/null']),
  ];
  return ['-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
}

function withKey(url: string, credential: KeyCredential): Access {
  const command = ['ssh', ...sshOptions(credential)];
  return {
    address: url,
    config: OWN_CONFIG,
    environment: {
      ...NO_OTHER_CONFIG,
      GIT_ALLOW_PROTOCOL: 'ssh',
      GIT_SSH_COMMAND: command.map(shellWord).join(' '),
      GIT_SSH_VARIANT: 'ssh',
    },
    secrets: [],
  };
}

/** Why the path cannot be passed to ssh, or null. */
export function refuseSshPath(path: string): string | null {
  return /["\\\0-\x1f\x7f]|\$\{/.test(path)
    ? 'must be a path without quotes, backslashes, line breaks and "${": ssh reads these in its own way'
    : null;
}

/** A path as the value of an ssh option. ssh splits values at spaces and expands `%`. */
function sshPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** The text as one word for a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
