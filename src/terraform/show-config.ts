import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOCKED = /^provider\s+"([a-z0-9.-]+(?::\d+)?\/[\w-]+\/[\w-]+)"\s*\{\s*^\s*version\s*=\s*"([\w.+-]+)"/gm;

/**
 * A CLI configuration for `show` right after `plan`, or null where the plain one is better. The tool hashes all
 * its providers (700 MB for the one of AWS) at each start, to compare them with the lock file. The plan has just
 * done so; to write a plan as JSON they are only asked for their schemas, so here they are named as they lie.
 */
export async function showConfig(options: {
  readonly cwd: string;
  readonly dataDir: string;
  /** The CLI configuration that all other commands have. */
  readonly cliConfig: string;
}): Promise<string | null> {
  const usual = await readFile(options.cliConfig, 'utf8').catch(() => null);
  // Somebody works on a provider: what stands there is not what the lock file says.
  if (usual === null || usual.includes('dev_overrides')) return null;
  const lock = await readFile(join(options.cwd, '.terraform.lock.hcl'), 'utf8').catch(() => '');
  const lines: string[] = [];
  for (const [, source = '', version = ''] of lock.matchAll(LOCKED)) {
    const installed = join(options.dataDir, 'providers', source, version);
    const platforms = await readdir(installed).catch(() => []);
    const [platform] = platforms;
    if (platform === undefined || platforms.length > 1) return null;
    lines.push(`    ${JSON.stringify(source)} = ${JSON.stringify(join(installed, platform))}`);
  }
  if (lines.length === 0) return null;
  const overrides = `  dev_overrides {\n${lines.join('\n')}\n  }\n  direct {}\n`;
  return `disable_checkpoint = true\nprovider_installation {\n${overrides}}\n`;
}
