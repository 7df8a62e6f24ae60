import { assertNever } from '../base/assert-never.ts';
import { errorText } from '../base/error-text.ts';
import { type GitCredential, type KeyCredential, nameOf, type TokenCredential } from './credentials.ts';
import { refuseKeyFile, refuseKnownHosts } from './key-file.ts';
import { isLoopback, plainAddress, remoteOf } from './remote.ts';

/** What one `git fetch` gets to reach its repository. */
export interface Access {
  /** What git is given as the repository. */
  readonly address: string;
  /** `key=value` for `-c`; holds no secret, as it stands on a command line. */
  readonly config: readonly string[];
  /** On top of what every git of m0 has. Holds the token. */
  readonly environment: Readonly<Record<string, string>>;
  /** Texts that must not be repeated. */
  readonly secrets: readonly string[];
}

/**
 * Answers git with the token from the environment, and only for the server it was chosen for: git asks anew
 * with the new host when a server redirects it. `printf` and `read` belong to the shell, so that the token
 * stands on no command line. `store` and `erase` are not for it.
 */
const HELPER = `!f() { [ "$1" = get ] || exit 0; p= h=
while IFS= read -r line; do case "$line" in protocol=*) p=\${line#*=};; host=*) h=\${line#*=};; esac; done
[ "$p://$h" = "$M0_GIT_SERVER" ] || exit 0
printf 'username=%s\\npassword=%s\\n' "$M0_GIT_USERNAME" "$M0_GIT_TOKEN"; }; f`;

/**
 * With a credential git reads nobody's configuration: no other helper is asked for a token or told of it, no
 * `insteadOf` leads elsewhere, certificates are always checked.
 */
const ALONE = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const ALONE_CONFIG = [
  // The empty one takes away what older versions of git read in spite of the above.
  'credential.helper=',
  'core.hooksPath=/dev/null',
  // Housekeeping in the background would hold the token longer than the fetch.
  'gc.autoDetach=false',
  'maintenance.autoDetach=false',
];

/** How git gets at the repository: with the credential, or (null) with what its user has set up by himself. */
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

function withToken(url: string, credential: TokenCredential): Access {
  const remote = remoteOf(url);
  if (remote === null || (remote.protocol === 'http' && !isLoopback(remote))) {
    throw new Error(`${nameOf(credential)} is not sent in the clear: use an https:// address`);
  }
  const token = readToken(credential);
  const username = credential.username ?? remote.user ?? usualName(remote.host);
  const address = plainAddress(url);
  return {
    address,
    config: [
      ...ALONE_CONFIG,
      `credential.helper=${HELPER}`,
      // A proxy would read what is not encrypted.
      ...(remote.protocol === 'http' ? ['http.proxy='] : []),
    ],
    environment: {
      ...ALONE,
      GIT_ALLOW_PROTOCOL: remote.protocol,
      M0_GIT_SERVER: new URL(address).origin,
      M0_GIT_USERNAME: username,
      M0_GIT_TOKEN: token,
    },
    secrets: [token, ...[token, `${username}:${token}`].map((text) => Buffer.from(text).toString('base64'))],
  };
}

function readToken(credential: TokenCredential): string {
  try {
    return credential.readToken();
  } catch (error) {
    const text = errorText(error);
    throw new Error(`the token of ${nameOf(credential)}: ${text}`, { cause: error });
  }
}

/** Bitbucket wants this name with an access token; to GitHub, GitLab and Azure DevOps any name will do. */
function usualName(host: string): string {
  return host === 'bitbucket.org' ? 'x-token-auth' : 'x-access-token';
}

function withKey(url: string, credential: KeyCredential): Access {
  const { keyFile, knownHosts } = credential;
  const refusal = refuseKeyFile(keyFile) ?? (knownHosts === null ? null : refuseKnownHosts(knownHosts));
  if (refusal !== null) throw new Error(`${nameOf(credential)}: ${refusal}`);
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
  const command = ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])];
  return {
    address: url,
    config: ALONE_CONFIG,
    environment: {
      ...ALONE,
      GIT_ALLOW_PROTOCOL: 'ssh',
      GIT_SSH_COMMAND: command.map(shellWord).join(' '),
      GIT_SSH_VARIANT: 'ssh',
    },
    secrets: [],
  };
}

/** Why ssh could not be told of the path as it is, or null. */
export function refuseSshPath(path: string): string | null {
  return /["\\\0-\x1f\x7f]|\$\{/.test(path)
    ? 'must be a path without quotes, backslashes, line breaks and "${": ssh reads these in its own way'
    : null;
}

/** A path as the value of an option of ssh, which splits at blanks and puts in words for `%`. */
function sshPath(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
