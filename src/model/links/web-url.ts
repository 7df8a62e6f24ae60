/**
 * Builds the only URLs that m0 makes into links: https (http on this machine), a known host, and every other part
 * percent-encoded.
 */

/** The longest URL, in characters. Slack and Teams show longer ones as text. */
const LONGEST = 1_500;
const HOST = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;

/** This machine, with a port: the sandbox's Git host. */
const LOOPBACK = /^127\.0\.0\.1:\d{1,5}$/;

export interface UrlParts {
  /** A host name without user, port and path; `127.0.0.1` with its port. */
  readonly host: string;
  /** Each is one step of the path: a slash in it is encoded. */
  readonly path: readonly string[];
  readonly query?: readonly (readonly [name: string, value: string])[];
  /** What comes after `#`, already encoded with `encoded`. */
  readonly hash?: string;
}

/**
 * The text with everything but letters, digits, `-`, `_`, `.` and `~` percent-encoded; null if it is empty or is no
 * well-formed text.
 */
export function encoded(text: string): string | null {
  if (text === '' || !text.isWellFormed()) return null;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * The URL, or null if a part can't be in one. The result has no character that Slack or Teams could read as the end of
 * a link, whatever the parts hold.
 */
export function webUrl({ host, path, query = [], hash }: UrlParts): string | null {
  const isLocal = LOOPBACK.test(host);
  if (!isLocal && !HOST.test(host)) return null;
  const steps = path.map((step) => (step === '.' || step === '..' ? null : encoded(step)));
  const asked = query.map(([name, value]) => [encoded(name), encoded(value)] as const);
  if (steps.includes(null) || asked.some((pair) => pair.includes(null))) return null;
  if (hash !== undefined && !/^[\w.~%/:?&=;,$@-]*$/.test(hash)) return null;
  const url = [
    `${isLocal ? 'http' : 'https'}://${host}/${steps.join('/')}`,
    asked.length === 0 ? '' : `?${asked.map((pair) => pair.join('=')).join('&')}`,
    hash === undefined ? '' : `#${hash}`,
  ].join('');
  return url.length <= LONGEST ? url : null;
}
