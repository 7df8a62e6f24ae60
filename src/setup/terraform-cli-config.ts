/** Writes Terraform's CLI configuration: where providers come from. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PluginMirror } from './plugin-mirrors.ts';

/**
 * Writes `terraform.rc` into `dir` and resolves to its path, for `TF_CLI_CONFIG_FILE`. Providers that a
 * mirror has come only from there, others from their registry. Without a mirror, a plugin cache next to the
 * file avoids downloading a provider once per stack. `own` is the text of the user's own CLI configuration.
 * It is copied first, and its settings are not set again. It may hold credentials, so only its owner may read
 * the result.
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
  const partial = `${file}.${process.pid}.half`;
  await writeFile(partial, text, { mode: 0o600 });
  await rename(partial, file);
  return file;
}

/** True where a CLI configuration itself says where providers come from. */
export function setsProviderInstallation(config: string): boolean {
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
  if (mirrors.length > 0 && !setsProviderInstallation(own)) parts.push(installation(mirrors));
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
