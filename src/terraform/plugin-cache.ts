/** Terraform's shared plugin cache. */
import { mkdir, readFile, rm } from 'node:fs/promises';

/** The plugin cache of a CLI configuration; null where it names none. */
export async function sharedPluginCache(cliConfig: string): Promise<string | null> {
  const text = await readFile(cliConfig, 'utf8').catch(() => '');
  const quoted = /^\s*plugin_cache_dir\s*=\s*("(?:[^"\\]|\\.)*")/m.exec(text)?.[1];
  if (quoted === undefined) return null;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

/**
 * Deletes a package from a plugin cache where the error of `init` says that it is broken, such as one that
 * was written only in part. False where the error says nothing like that.
 */
export async function dropBrokenPackage(error: string, caches: readonly (string | null)[]): Promise<boolean> {
  if (!/Failed to install provider/.test(error)) return false;
  for (const cache of caches) {
    const at = cache === null ? -1 : error.indexOf(cache);
    if (cache === null || at === -1) continue;
    const path = /^[^\s:]*/.exec(error.slice(at))?.[0] ?? cache;
    if (path.split('/').includes('..')) return false;
    await rm(path, { recursive: true, force: true });
    await mkdir(cache, { recursive: true });
    return true;
  }
  return false;
}
