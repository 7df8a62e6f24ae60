/** Finds or installs Terragrunt, for stacks that use it and for the tests. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, isExecutable } from './find-executable.ts';
import { buildModule, firstUsable, installTool } from './own-tool.ts';
import { goPlatform } from './platform.ts';
import type { Probes } from './probe.ts';
import { downloadRelease } from './release.ts';

/** The release that is installed where the machine has none. */
export const TERRAGRUNT_VERSION = '1.0.0';

/** Advice for a machine without Terragrunt. */
export const TERRAGRUNT_MISSING =
  'terragrunt is not set up: run `npm start`, which brings it, or name one in M0_TERRAGRUNT';

const RELEASES = 'https://github.com/gruntwork-io/terragrunt/releases/download';
const MODULE = `github.com/gruntwork-io/terragrunt@v${TERRAGRUNT_VERSION}`;
const ASK_MS = 20_000;

/**
 * `M0_TERRAGRUNT`, else a usable one on PATH, else the installed one; null where there is none. Rejects where the one of
 * `M0_TERRAGRUNT` is not usable: it does not run, or is older than 1.0.
 */
export async function findTerragrunt(
  toolsDir: string,
  env: Env,
  probes: Probes,
): Promise<{ readonly path: string; readonly version: string } | null> {
  if (env.M0_TERRAGRUNT) {
    if (!(await isExecutable(env.M0_TERRAGRUNT)))
      throw new Error(`M0_TERRAGRUNT: ${env.M0_TERRAGRUNT} cannot be run`);
    const file = path.resolve(env.M0_TERRAGRUNT);
    return { path: file, version: await terragruntVersion(file, probes) };
  }
  return firstUsable(toolsDir, 'terragrunt', env, (file) => terragruntVersion(file, probes));
}

async function terragruntVersion(file: string, probes: Probes): Promise<string> {
  return await probes.get(file, 'terragrunt', async () => {
    const { stdout } = await execa(file, ['--version'], { timeout: ASK_MS });
    const version = /\bv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
    if (version === undefined || Number.parseInt(version, 10) < 1)
      throw new Error(`${file}: terragrunt 1.0 or later is needed, this is ${version ?? 'something else'}`);
    return version;
  });
}

/** Downloads the pinned release into the tools folder. Rejects as `downloadRelease` does. */
export async function downloadTerragrunt(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const release = `${RELEASES}/v${TERRAGRUNT_VERSION}`;
  const binary = `${release}/terragrunt_${goPlatform(process.platform, process.arch)}`;
  const bytes = await downloadRelease(binary, `${release}/SHA256SUMS`, fetcher);
  await installTool(toolsDir, 'terragrunt', (file) => writeFile(file, bytes, { mode: 0o755 }));
}

/** Builds the pinned release from source into the tools folder. */
export async function buildTerragrunt(toolsDir: string, go: string, env: Env): Promise<void> {
  const flags = `-X github.com/gruntwork-io/go-commons/version.Version=v${TERRAGRUNT_VERSION}`;
  await buildModule(toolsDir, 'terragrunt', { go, env, module: MODULE, flags, folder: '.' });
}
