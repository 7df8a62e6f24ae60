/** Makes `show` fast by skipping a check that the plan has just done. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK_FILE, type LockedProvider, lockedProviders } from './lock-file.ts';

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
  if (await hasDevOverrides(options.cliConfig)) return null;
  const lock = await readFile(join(options.cwd, LOCK_FILE), 'utf8').catch(() => '');
  return configFor(lockedProviders(lock), options.dataDir);
}

/** True if somebody develops a provider, whose directory then does not match the lock file; or if nothing is known. */
export async function hasDevOverrides(cliConfig: string): Promise<boolean> {
  const standard = await readFile(cliConfig, 'utf8').catch(() => null);
  return standard === null || standard.includes('dev_overrides');
}

/**
 * A CLI configuration that names these providers by their directories in TF_DATA_DIR. Null without providers, and where
 * it is not certain which directory is the one.
 */
export async function configFor(
  providers: readonly LockedProvider[],
  dataDir: string,
): Promise<string | null> {
  const lines: string[] = [];
  for (const { source, version } of providers) {
    const installed = join(dataDir, 'providers', source, version);
    const platforms = await readdir(installed).catch(() => []);
    const [platform] = platforms;
    if (platform === undefined || platforms.length > 1) return null;
    lines.push(`    ${JSON.stringify(source)} = ${JSON.stringify(join(installed, platform))}`);
  }
  if (lines.length === 0) return null;
  const overrides = `  dev_overrides {\n${lines.join('\n')}\n  }\n  direct {}\n`;
  return `disable_checkpoint = true\nprovider_installation {\n${overrides}}\n`;
}
