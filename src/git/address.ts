/** Checks repository addresses and refs, and removes credentials from texts. */
import { isAbsolute } from 'node:path';
import { isFullCommit } from '../model/code-version.ts';

const SCHEMES = ['https', 'http', 'ssh', 'git', 'file'];
const SCP_LIKE = /^[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:(?!\/\/)/;

/**
 * Why the repository address cannot be used, or null. Allowed are https, http, ssh, git and file URLs,
 * `user@host:path` and absolute local paths. Refused is everything that git could read as an option or as a
 * command.
 */
export function refuseUrl(url: string): string | null {
  if (url === '') return 'the address is empty';
  if (url.startsWith('-')) return 'an address may not start with "-"';
  if (/[\0\r\n]/.test(url)) return 'an address may not contain line breaks';
  if (/^[A-Za-z0-9+.-]+::/.test(url)) return 'remote helpers ("ext::" and the like) are not allowed';
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (!SCHEMES.includes(scheme)) return `"${scheme}://" is not one of ${SCHEMES.join(', ')}`;
    // Without this check, ssh would read `ssh://-oProxyCommand=…` as an option.
    if (/^[a-z]+:\/\/([^/@]*@)?-/i.test(url)) return 'a host may not start with "-"';
    return null;
  }
  if (isAbsolute(url)) return null;
  if (SCP_LIKE.test(url)) return /[@:]-/.test(url) ? 'a host or path may not start with "-"' : null;
  return 'it is neither a URL, nor user@host:path, nor an absolute path';
}

/**
 * Why the ref cannot be used, or null. Allowed are the names of branches, tags and commits that `git
 * check-ref-format` allows.
 */
export function refuseRef(ref: string): string | null {
  if (ref === '') return 'the ref is empty';
  if (ref.startsWith('-')) return 'a ref may not start with "-"';
  if (/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock$|\.$|^\/|\/$/.test(ref))
    return 'that is no name git allows';
  return null;
}

/** Why one of the commits cannot be passed to git: it is not the full name of a commit. Null if all of them can. */
export function refuseCommits(...commits: readonly string[]): string | null {
  return commits.every(isFullCommit) ? null : 'that is no commit';
}

/** The address without credentials, for people and logs. */
export function scrubUrl(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/@\s]*@/, '$1');
}

/** The text without the secrets, whether they appear as they are, URL-encoded or JSON-escaped. */
export function scrubSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ]);
  // The longest first: a short secret may be the beginning of a longer one.
  const literals = forms.filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return literals.reduce((out, literal) => out.replaceAll(literal, '[redacted]'), text);
}

/**
 * A text that git wrote, without the credentials of `url` and without any `user:token@` or `token@` in an
 * http URL.
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
