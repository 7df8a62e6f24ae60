/** Installs the OpenTofu that the tests use, where the machine has none. m0 itself never installs one. */
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { goPlatform } from './platform.ts';
import { downloadRelease } from './release.ts';

export const TOFU_VERSION = '1.12.6';

const RELEASES = 'https://github.com/opentofu/opentofu/releases/download';
const MODULE = `github.com/opentofu/opentofu@v${TOFU_VERSION}`;
const BUILD_MS = 900_000;

function cachedTofu(toolsDir: string): string {
  return path.join(toolsDir, 'tofu');
}

/** `M0_TOFU`, else the one on PATH, else the installed one; null where there is none. */
export async function findTofu(toolsDir: string, env: Env): Promise<string | null> {
  if (env.M0_TOFU) return env.M0_TOFU;
  const [found] = await findOnPath(['tofu'], env);
  if (found !== undefined) return found;
  return (await isExecutable(cachedTofu(toolsDir))) ? cachedTofu(toolsDir) : null;
}

/** Downloads the pinned release into the tools folder. Rejects as `downloadRelease` does. */
export async function downloadTofu(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const release = `${RELEASES}/v${TOFU_VERSION}/tofu_${TOFU_VERSION}`;
  const archive = `${release}_${goPlatform(process.platform, process.arch)}.tar.gz`;
  const bytes = await downloadRelease(archive, `${release}_SHA256SUMS`, fetcher);
  await inTemporaryFolder(toolsDir, async (partial) => {
    await writeFile(path.join(partial, 'release.tar.gz'), bytes);
    await execa('tar', ['-xzf', 'release.tar.gz', 'tofu'], { cwd: partial });
  });
}

/**
 * Builds the pinned release from source into the tools folder. Go's checksum database verifies the source.
 * `go install` cannot be used: it refuses modules with `replace` directives, which this one has.
 */
export async function buildTofu(toolsDir: string, go: string, env: Env): Promise<void> {
  const options = { env: { ...env, CGO_ENABLED: '0', GOFLAGS: '' }, timeout: BUILD_MS };
  const { stdout } = await execa(go, ['mod', 'download', '-json', MODULE], options);
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  await inTemporaryFolder(toolsDir, async (partial) => {
    const copy = path.join(partial, 'source');
    // Go's module cache is read-only and must not be changed.
    await cp(source, copy, { recursive: true });
    const args = [
      'build',
      '-trimpath',
      '-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no',
      '-o',
      path.join(partial, 'tofu'),
      './cmd/tofu',
    ];
    await execa(go, args, { ...options, cwd: copy });
  });
}

/** A temporary directory in which `work` creates `tofu`, which is then moved to its place. */
async function inTemporaryFolder(toolsDir: string, work: (partial: string) => Promise<void>): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const partial = await mkdtemp(path.join(toolsDir, 'tofu-half-'));
  try {
    await work(partial);
    await rename(path.join(partial, 'tofu'), cachedTofu(toolsDir));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
