/** The OpenTofu that tests run with, where the machine has none of its own; m0 itself never brings one. */
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

/** `M0_TOFU`, else the one on PATH, else the one set-up has brought; null where there is none. */
export async function findTofu(toolsDir: string, env: Env): Promise<string | null> {
  if (env.M0_TOFU) return env.M0_TOFU;
  const [found] = await findOnPath(['tofu'], env);
  if (found !== undefined) return found;
  return (await isExecutable(cachedTofu(toolsDir))) ? cachedTofu(toolsDir) : null;
}

/** Downloads the pinned release into the cache. Rejects as `downloadRelease` does. */
export async function downloadTofu(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const release = `${RELEASES}/v${TOFU_VERSION}/tofu_${TOFU_VERSION}`;
  const archive = `${release}_${goPlatform(process.platform, process.arch)}.tar.gz`;
  const bytes = await downloadRelease(archive, `${release}_SHA256SUMS`, fetcher);
  await inHalf(toolsDir, async (half) => {
    await writeFile(path.join(half, 'release.tar.gz'), bytes);
    await execa('tar', ['-xzf', 'release.tar.gz', 'tofu'], { cwd: half });
  });
}

/**
 * Builds the pinned release from source, checked by Go's checksum database, into the cache. Not by `go install`:
 * that refuses modules which replace one of theirs, as this one does.
 */
export async function buildTofu(toolsDir: string, go: string, env: Env): Promise<void> {
  const options = { env: { ...env, CGO_ENABLED: '0', GOFLAGS: '' }, timeout: BUILD_MS };
  const { stdout } = await execa(go, ['mod', 'download', '-json', MODULE], options);
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  await inHalf(toolsDir, async (half) => {
    const copy = path.join(half, 'source');
    // What Go keeps is read-only, and is its own.
    await cp(source, copy, { recursive: true });
    const args = [
      'build',
      '-trimpath',
      '-ldflags=-s -w -X github.com/opentofu/opentofu/version.dev=no',
      '-o',
      path.join(half, 'tofu'),
      './cmd/tofu',
    ];
    await execa(go, args, { ...options, cwd: copy });
  });
}

/** A directory for `work` to make `tofu` in, which is moved to its place when it is whole. */
async function inHalf(toolsDir: string, work: (half: string) => Promise<void>): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const half = await mkdtemp(path.join(toolsDir, 'tofu-half-'));
  try {
    await work(half);
    await rename(path.join(half, 'tofu'), cachedTofu(toolsDir));
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
