import { isAbsolute } from 'node:path';

const SCHEMES = ['https', 'http', 'ssh', 'git', 'file'];
const SCP_LIKE = /^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:(?!\/\/)/;

/**
 * Why the repository address can't be used, or null. Allowed are https, http, ssh, git and file URLs,
 * `user@host:path` and absolute local paths: nothing that git would take for an option or a command to run.
 */
export function refuseUrl(url: string): string | null {
  if (url === '') return 'the address is empty';
  if (url.startsWith('-')) return 'an address may not start with "-"';
  if (/[\0\r\n]/.test(url)) return 'an address may not contain line breaks';
  if (/^[A-Za-z0-9+.-]+::/.test(url)) return 'remote helpers ("ext::" and the like) are not allowed';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (!SCHEMES.includes(scheme)) return `"${scheme}://" is not one of ${SCHEMES.join(', ')}`;
    // `ssh://-oProxyCommand=…` would reach ssh as an option.
    if (/^[a-z]+:\/\/([^/@]*@)?-/i.test(url)) return 'a host may not start with "-"';
    return null;
  }
  if (isAbsolute(url)) return null;
  if (SCP_LIKE.test(url)) return /[@:]-/.test(url) ? 'a host or path may not start with "-"' : null;
  return 'it is neither a URL, nor user@host:path, nor an absolute path';
}

/** Why the ref can't be used, or null. Branch, tag and commit names as `git check-ref-format` allows them. */
export function refuseRef(ref: string): string | null {
  if (ref === '') return 'the ref is empty';
  if (ref.startsWith('-')) return 'a ref may not start with "-"';
  if (/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock$|\.$|^\/|\/$/.test(ref))
    return 'that is no name git allows';
  return null;
}

/** The address without the credentials it may carry, for people and logs. */
export function scrubUrl(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@\s]*@/, '$1');
}

/** The text without the secrets, as they are or written for a URL or in JSON. */
export function scrubSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  // The longest first, so that no half of one stays because another one is its beginning.
  const literals = forms.filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return literals.reduce((out, literal) => out.replaceAll(literal, '[redacted]'), text);
}

/**
 * Takes every credential of `url`, and any other `user:token@` or `token@` in an http URL, out of a text
 * that git wrote.
 */
export function scrubCredentials(text: string, url: string): string {
  let out = text;
  const userinfo = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/@\s]*)@/.exec(url)?.[1];
  if (userinfo !== undefined && !url.startsWith('ssh:')) {
    const parts = [userinfo, ...userinfo.split(':').slice(1), userinfo.split(':')[0] ?? ''];
    const literals = parts.flatMap((part) => [part, decoded(part)]).filter((part) => part.length >= 6);
    for (const literal of literals.sort((a, b) => b.length - a.length)) {
      out = out.replaceAll(literal, '[redacted]');
    }
  }
  return out.replace(/\b(https?:\/\/)[^/@\s'"]*@/gi, '$1');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
