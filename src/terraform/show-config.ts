/** Makes `show` fast by skipping a check that the plan has just done. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOCKED_PROVIDER =
  /^provider\s+"([a-z0-9.-]+(?::\d+)?\/[\w-]+\/[\w-]+)"\s*\{\s*^\s*version\s*=\s*"([\w.+-]+)"/gm;

/**
 * A CLI configuration for `show` right after `plan`, or null where the normal one must be used. At each start
 * the tool hashes all its providers (AWS: 700 MB) to compare them with the lock file. The plan has just done
 * that, and `show` needs only their schemas, so this configuration names them by directory.
 */
export async function showConfig(options: {
  readonly cwd: string;
  readonly dataDir: string;
  /** The CLI configuration of all other commands. */
  readonly cliConfig: string;
}): Promise<string | null> {
  const standard = await readFile(options.cliConfig, 'utf8').catch(() => null);
  // Somebody develops a provider: its directory does not match the lock file.
  if (standard === null || standard.includes('dev_overrides')) return null;
  const lock = await readFile(join(options.cwd, '.terraform.lock.hcl'), 'utf8').catch(() => '');
  const lines: string[] = [];
  for (const [, source = '', version = ''] of lock.matchAll(LOCKED_PROVIDER)) {
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
