/** Installs the OpenTofu that the tests use, where the machine has none. m0 itself never installs one. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { buildModule, installedTool, installTool } from './own-tool.ts';
import { goPlatform } from './platform.ts';
import { downloadRelease } from './release.ts';

export const TOFU_VERSION = '1.12.6';

const RELEASES = 'https://github.com/opentofu/opentofu/releases/download';
const MODULE = `github.com/opentofu/opentofu@v${TOFU_VERSION}`;

/** `M0_TOFU`, else the one on PATH, else the installed one; null where there is none. */
export async function findTofu(toolsDir: string, env: Env): Promise<string | null> {
  if (env.M0_TOFU) return env.M0_TOFU;
  const [found] = await findOnPath(['tofu'], env);
  if (found !== undefined) return found;
  const installed = installedTool(toolsDir, 'tofu');
  return (await isExecutable(installed)) ? installed : null;
}

/** Downloads the pinned release into the tools folder. Rejects as `downloadRelease` does. */
export async function downloadTofu(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const release = `${RELEASES}/v${TOFU_VERSION}/tofu_${TOFU_VERSION}`;
  const archive = `${release}_${goPlatform(process.platform, process.arch)}.tar.gz`;
  const bytes = await downloadRelease(archive, `${release}_SHA256SUMS`, fetcher);
  await installTool(toolsDir, 'tofu', async (file) => {
    const folder = path.dirname(file);
    await writeFile(path.join(folder, 'release.tar.gz'), bytes);
    await execa('tar', ['-xzf', 'release.tar.gz', 'tofu'], { cwd: folder });
  });
}

/** Builds the pinned release from source into the tools folder. */
export async function buildTofu(toolsDir: string, go: string, env: Env): Promise<void> {
  const flags = '-X github.com/opentofu/opentofu/version.dev=no';
  await buildModule(toolsDir, 'tofu', { go, env, module: MODULE, flags, folder: './cmd/tofu' });
}
