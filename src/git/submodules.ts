/** Fetches the submodules of a commit into its work tree. */
import { lstat, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { scrubUrl } from './address.ts';
import { GitError } from './git-error.ts';

/** What this file needs of the mirrors. */
export interface SubmoduleParts {
  /** Runs git in the work tree, which is at the commit. */
  readonly git: (args: readonly string[]) => Promise<string>;
  readonly fetch: (url: string, commit: string) => Promise<unknown>;
  readonly checkout: (url: string, commit: string, into: string) => Promise<void>;
}

interface Submodule {
  readonly path: string;
  readonly commit: string;
  readonly url: string;
}

/**
 * Makes the submodules' folders in `into` exactly the trees that the commit names. An empty folder instead would make
 * another plan without any error, for example where code lists the files in it. Rejects with a GitError that names the
 * submodule, its address and what to do.
 */
export async function checkoutSubmodules(
  url: string,
  commit: string,
  into: string,
  parts: SubmoduleParts,
): Promise<void> {
  const links = gitlinks(await parts.git(['ls-tree', '-r', '-z', '--full-tree', commit]));
  if (links.length === 0) return;
  const written = await parts
    .git(['config', '-z', '--blob', `${commit}:.gitmodules`, '--get-regexp', '^submodule\\..*\\.(path|url)$'])
    .catch(() => '');
  const addresses = addressesIn(written);
  for (const link of links) {
    const address = addresses.get(link.path);
    if (address === undefined)
      throw refusal(
        url,
        link.path,
        null,
        'it has no address in .gitmodules: add it, or remove the submodule',
      );
    const submodule = { ...link, url: absolute(url, address) };
    if (isLocal(submodule.url) && !isLocal(url)) {
      throw refusal(
        url,
        link.path,
        submodule.url,
        'it is a path of this machine, and its repository is not: use its address',
      );
    }
    try {
      await checkoutOne(submodule, into, parts);
    } catch (cause) {
      const text = errorText(cause);
      throw refusal(url, link.path, submodule.url, text, cause);
    }
  }
}

async function checkoutOne(
  { path, commit, url }: Submodule,
  into: string,
  parts: SubmoduleParts,
): Promise<void> {
  await parts.fetch(url, commit);
  const folder = join(into, path);
  await removeLinks(into, path);
  // Made anew each time: code of the stack may have changed it, and what git needs there must never be the stack's.
  await rm(folder, { recursive: true, force: true });
  await parts.checkout(url, commit, folder);
  await rm(join(folder, '.git'), { recursive: true, force: true });
}

/** Removes symbolic links on the way to the path: code of the stack may have put them there. */
async function removeLinks(into: string, path: string): Promise<void> {
  let at = into;
  for (const step of path.split('/')) {
    at = join(at, step);
    const stats = await lstat(at).catch(() => null);
    if (stats?.isSymbolicLink()) await rm(at, { force: true });
  }
}

/** The submodules in the output of `ls-tree -r -z`. */
function gitlinks(tree: string): readonly { readonly path: string; readonly commit: string }[] {
  return tree.split('\0').flatMap((entry) => {
    const [, commit, path] = /^160000 commit ([0-9a-f]+)\t([\s\S]+)$/.exec(entry) ?? [];
    return commit === undefined || path === undefined ? [] : [{ path, commit }];
  });
}

/** The address of each submodule by its path, from `git config -z --get-regexp`: `KEY`, a line break, `VALUE`, a zero byte. */
function addressesIn(written: string): ReadonlyMap<string, string> {
  const modules = new Map<string, { path?: string; url?: string }>();
  for (const entry of written.split('\0')) {
    const [, name, key, value] = /^submodule\.([\s\S]*)\.(path|url)\n([\s\S]*)$/.exec(entry) ?? [];
    if (name === undefined || key === undefined || value === undefined) continue;
    modules.set(name, { ...modules.get(name), [key]: value });
  }
  return new Map(
    [...modules.values()].flatMap(({ path, url }) =>
      path === undefined || url === undefined ? [] : [[path.replace(/\/+$/, ''), url] as const],
    ),
  );
}

/** The address of a submodule, which may be relative to that of its repository (gitmodules(5)). */
function absolute(repository: string, address: string): string {
  if (!/^\.\.?\//.test(address)) return address;
  const [, start = '', path = ''] =
    /^([A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]*|[^/:]+@[^/:]+:|)(.*)$/s.exec(repository.replace(/\/+$/, '')) ?? [];
  const joined = posix.join(path === '' ? '/' : path, address);
  return `${start}${joined}`;
}

/** True for what git reads from this machine's disk. */
function isLocal(address: string): boolean {
  return /^file:/i.test(address) || posix.isAbsolute(address);
}

function refusal(
  repository: string,
  path: string,
  address: string | null,
  text: string,
  cause?: unknown,
): GitError {
  const named = address === null ? path : `${path} (${scrubUrl(address)})`;
  const url = scrubUrl(repository);
  const advice = text.includes('under credentials')
    ? '. Submodules get only entries that have modules: true'
    : '';
  return new GitError(`fetching the submodule ${named} of ${url}: ${text}${advice}`, url, { cause });
}
