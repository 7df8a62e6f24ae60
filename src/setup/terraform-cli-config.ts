import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PluginMirror } from './plugin-mirrors.ts';

/**
 * Writes `terraform.rc` into `dir` and resolves to its path, for `TF_CLI_CONFIG_FILE`: providers that a
 * mirror holds come from there only, all others from their registry. Without a mirror a plugin cache beside
 * it keeps each provider from being downloaded once a stack.
 * `own`, the text of the person's own CLI configuration, is kept in front (it may hold credentials, so only
 * its owner may read the result); what it sets already is not set again.
 */
export async function writeTerraformCliConfig(
  dir: string,
  mirrors: readonly PluginMirror[],
  own = '',
): Promise<string> {
  const file = path.join(dir, 'terraform.rc');
  const cache = path.join(dir, 'plugin-cache');
  const text = cliConfig(mirrors, cache, own);
  await mkdir(mirrors.length === 0 ? cache : dir, { recursive: true });
  if ((await readFile(file, 'utf8').catch(() => null)) === text) return file;
  const half = `${file}.${process.pid}.half`;
  await writeFile(half, text, { mode: 0o600 });
  await rename(half, file);
  return file;
}

/** Whether a CLI configuration says itself where providers come from. */
export function ownsProviderInstallation(config: string): boolean {
  return sets(config, 'provider_installation');
}

function sets(config: string, name: string): boolean {
  return new RegExp(`^\\s*${name}\\b`, 'm').test(config);
}

function cliConfig(mirrors: readonly PluginMirror[], cache: string, own: string): string {
  const parts = own === '' ? [] : [own.trimEnd()];
  if (!sets(own, 'disable_checkpoint')) parts.push('disable_checkpoint = true');
  if (mirrors.length === 0 && !sets(own, 'plugin_cache_dir')) {
    parts.push(`plugin_cache_dir = ${JSON.stringify(cache)}`);
  }
  if (mirrors.length > 0 && !ownsProviderInstallation(own)) parts.push(installation(mirrors));
  return `${parts.join('\n\n')}\n`;
}

function installation(mirrors: readonly PluginMirror[]): string {
  const all = [...new Set(mirrors.flatMap((mirror) => mirror.providers))].sort();
  const blocks = mirrors.map(
    (mirror) =>
      `  filesystem_mirror {\n    path    = ${JSON.stringify(mirror.path)}\n    include = ${JSON.stringify(mirror.providers)}\n  }`,
  );
  const direct = `  direct {\n    exclude = ${JSON.stringify(all)}\n  }`;
  return `provider_installation {\n${[...blocks, direct].join('\n')}\n}`;
}
