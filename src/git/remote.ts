/** A place on a Git server, in the parts that decide whether a credential is meant for it. */
export interface Remote {
  readonly protocol: 'https' | 'http' | 'ssh';
  readonly user: string | null;
  /** In lower case; an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
  /** Of the path; a prefix is compared step by step, so that `/acme` is no prefix of `/acme-evil`. */
  readonly steps: readonly string[];
}

const PORTS = { https: 443, http: 80, ssh: 22 } as const;
const SCP_LIKE = /^([A-Za-z0-9_.-]+)@([A-Za-z0-9.-]+):(?!\/\/)(.*)$/;
const URL_LIKE = /^(https?|ssh):\/\/[^/]/i;

/**
 * Reads an https, http or ssh address, or `user@host:path`. Null: it is none of these (a path, `git://`), or
 * written in a way that two readers could take for two hosts; no credential is for it then.
 */
export function remoteOf(address: string): Remote | null {
  // A backslash is a slash to some readers and a plain character to others, a space ends the address for some.
  if (/[\\\s\0-\x1f\x7f]/.test(address)) return null;
  const [, user, host, path] = SCP_LIKE.exec(address) ?? [];
  if (user !== undefined && host !== undefined && path !== undefined) {
    const steps = stepsOf(path);
    if (steps.includes('..')) return null;
    return { protocol: 'ssh', user, host: host.toLowerCase(), port: PORTS.ssh, steps };
  }
  if (!URL_LIKE.test(address) || !URL.canParse(address)) return null;
  const url = new URL(address);
  const protocol = url.protocol.slice(0, -1) as Remote['protocol'];
  if (url.hostname === '') return null;
  return {
    protocol,
    user: url.username === '' ? null : decoded(url.username),
    host: url.hostname.toLowerCase(),
    port: url.port === '' ? PORTS[protocol] : Number(url.port),
    steps: stepsOf(url.pathname),
  };
}

/** Whether `remote` is `scope` or lies below it: same protocol, host and port, same user where it names one. */
export function covers(scope: Remote, remote: Remote): boolean {
  if (scope.protocol !== remote.protocol || scope.host !== remote.host || scope.port !== remote.port)
    return false;
  if (scope.user !== null && scope.user !== remote.user) return false;
  return scope.steps.every((step, i) => step === remote.steps[i]);
}

/**
 * Equal for the ways to write one repository's address: over https or ssh, with a user or without, with `.git` or
 * without. Good enough to know a repository by; never to choose what is fetched, or with which credential.
 */
export function repositoryKey(address: string): string {
  const remote = remoteOf(address);
  const written =
    remote === null ? address.replace(/^file:\/\//, '') : `${remote.host}/${remote.steps.join('/')}`;
  const plain = written.replace(/\/+$/, '').replace(/\.git$/, '');
  return remote === null ? plain : plain.toLowerCase();
}

/** Whether what is sent there stays on this machine. */
export function isLoopback({ host }: Remote): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * An https or http address as git is to get it: without user or password, written as `remoteOf` read it, so
 * that git can't take it for another host than the one a token was chosen for.
 */
export function plainAddress(address: string): string {
  const { protocol, host, pathname, search } = new URL(address);
  return `${protocol}//${host}${pathname}${search}`;
}

function stepsOf(path: string): readonly string[] {
  return path.split('/').filter((step) => step !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
