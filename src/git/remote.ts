/** Parses a repository's address into the parts that decide which credential is meant for it. */
export interface Remote {
  readonly protocol: 'https' | 'http' | 'ssh';
  readonly user: string | null;
  /** In lower case; an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
  /** Segments of the path. A prefix is compared by segments, so that `/acme` is no prefix of `/acme-evil`. */
  readonly segments: readonly string[];
}

const PORTS = { https: 443, http: 80, ssh: 22 } as const;
const SCP_LIKE = /^([A-Za-z0-9_.-]+)@([A-Za-z0-9.-]+):(?!\/\/)(.*)$/;
const URL_LIKE = /^(https?|ssh):\/\/[^/]/i;

/**
 * Parses an https, http or ssh address, or `user@host:path`. Null for other forms (a path, `git://`), and for
 * addresses that two programs could read as two different hosts: no credential is used for those.
 */
export function remoteOf(address: string): Remote | null {
  // Programs disagree about a backslash (a slash, or a plain character) and about a space (some stop there).
  if (/[\\\s\0-\x1f\x7f]/.test(address)) return null;
  const [, user, host, path] = SCP_LIKE.exec(address) ?? [];
  if (user !== undefined && host !== undefined && path !== undefined) {
    const segments = segmentsOf(path);
    if (segments.includes('..')) return null;
    return { protocol: 'ssh', user, host: host.toLowerCase(), port: PORTS.ssh, segments: segments };
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
    segments: segmentsOf(url.pathname),
  };
}

/**
 * Whether `remote` is `scope` or below it: same protocol, host and port, and the same user where `scope`
 * names one.
 */
export function covers(scope: Remote, remote: Remote): boolean {
  if (scope.protocol !== remote.protocol || scope.host !== remote.host || scope.port !== remote.port)
    return false;
  if (scope.user !== null && scope.user !== remote.user) return false;
  return scope.segments.every((segment, i) => segment === remote.segments[i]);
}

/**
 * The same key for all ways to write one repository's address: https or ssh, with or without a user or
 * `.git`. Only for recognising a repository; never for choosing what is fetched or with which credential.
 */
export function repositoryKey(address: string): string {
  const remote = remoteOf(address);
  const written =
    remote === null ? address.replace(/^file:\/\//, '') : `${remote.host}/${remote.segments.join('/')}`;
  const normalized = written.replace(/\/+$/, '').replace(/\.git$/, '');
  return remote === null ? normalized : normalized.toLowerCase();
}

/** True where the data stays on this machine. */
export function isLoopback({ host }: Remote): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * An https or http address for git: without user and password, and normalised in the same way as in
 * `remoteOf`, so that git cannot read another host from it than the one the token is meant for.
 */
export function plainAddress(address: string): string {
  const { protocol, host, pathname, search } = new URL(address);
  return `${protocol}//${host}${pathname}${search}`;
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
