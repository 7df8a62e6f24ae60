/** Explains why a git fetch failed and what to do. */
import { credentialName, type GitCredential } from './credentials.ts';
import { type Remote, remoteOf } from './remote.ts';

const UNAUTHENTICATED =
  /Authentication failed|could not read (Username|Password)|Access denied|returned error: 40[13]|Permission denied \(/i;
const NOT_FOUND =
  /repository .*not found|returned error: 404|does not (appear to be a git repository|exist)|could not be found|project you were looking for/i;
const UNKNOWN_HOST_KEY = /No \S+ host key is known for|Host key verification failed/i;
const CHANGED_HOST_KEY = /REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i;
const BAD_KEY = /Load key "[^"]*": ([^\r\n·]+)/;
const ASKED_BY = /could not read (?:Username|Password) for '([^']+)'/;

/**
 * Adds the meaning of a failed fetch, and advice, before git's own text. `text` is git's output without
 * secrets. `credential` is the one that was used, or null.
 */
export function explainFailure(text: string, url: string, credential: GitCredential | null): string {
  const remote = remoteOf(url);
  const meaning = remote === null ? null : meaningOf(text, remote, credential);
  return meaning === null ? text : `${meaning}. git says: ${text}`;
}

function meaningOf(text: string, remote: Remote, credential: GitCredential | null): string | null {
  // Checked first: for a changed host key, ssh also prints the message of an unknown one.
  if (CHANGED_HOST_KEY.test(text)) {
    return `${remote.host} shows another host key than the one in ${knownHostsOf(credential)}: somebody may intercept it. Ask the people of that server, and only then put the new one there`;
  }
  if (UNKNOWN_HOST_KEY.test(text)) {
    return `the host key of ${remote.host} is not in ${knownHostsOf(credential)}: get it with ssh-keyscan${portOption(remote)} ${remote.host.replace(/[[\]]/g, '')}, compare it to what the people of that server publish, and add it`;
  }
  if (/cannot run ssh|ssh: (command )?not found/.test(text)) {
    return 'ssh is not installed: install openssh-client';
  }
  const redirectHost = redirectedTo(text, remote);
  if (redirectHost !== null && credential !== null) {
    return `${remote.host} redirects to ${redirectHost}, and ${credentialName(credential)} is not for that host: use the new address`;
  }
  if (UNAUTHENTICATED.test(text)) return refusedText(text, remote, credential);
  if (!NOT_FOUND.test(text)) return null;
  return credential === null
    ? 'there is no such repository, or it is private: check its address; no entry under credentials in m0.yaml is for it'
    : `there is no such repository, or not for ${credentialName(credential)}: check its address, and that the ${keyOrToken(credential)} may read it`;
}

function refusedText(text: string, remote: Remote, credential: GitCredential | null): string {
  if (credential === null) {
    const what = remote.protocol === 'ssh' ? 'sshKey' : 'token';
    return `the server asks for a login, and no entry under credentials in m0.yaml is for this address: add one with a ${what}`;
  }
  if (credential.kind === 'token') {
    return `the server refuses the token of ${credentialName(credential)}: renew it, or let it read this repository`;
  }
  const broken = BAD_KEY.exec(text)?.[1]?.trim();
  return broken === undefined
    ? `the server refuses the key ${credential.keyFile} of ${credentialName(credential)}: add its public half to the repository as a deploy key`
    : `ssh can't read the key ${credential.keyFile} of ${credentialName(credential)} (${broken}): put the whole key there, with its last line break`;
}

function redirectedTo(text: string, remote: Remote): string | null {
  const asked = remoteOf(ASKED_BY.exec(text)?.[1] ?? '');
  if (asked === null) return null;
  const same = asked.protocol === remote.protocol && asked.host === remote.host && asked.port === remote.port;
  return same ? null : `${asked.protocol}://${asked.host}`;
}

function knownHostsOf(credential: GitCredential | null): string {
  return credential?.kind === 'sshKey' && credential.knownHosts !== null
    ? credential.knownHosts
    : 'the known_hosts of the user m0 runs as (~/.ssh/known_hosts)';
}

function portOption(remote: Remote): string {
  return remote.port === 22 ? '' : ` -p ${remote.port}`;
}

function keyOrToken(credential: GitCredential): string {
  return credential.kind === 'token' ? 'token' : 'key';
}
