import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { goPlatform } from './platform.ts';
import type { Probes } from './probe.ts';
import { downloadRelease } from './release.ts';

/** The release that set-up brings when there is no usable `opa` on the machine. */
export const OPA_VERSION = '1.22.2';

const RELEASES = 'https://github.com/open-policy-agent/opa/releases/download';
const CONNECT_MS = 20_000;
const BUILD_MS = 900_000;

/** Where set-up puts the `opa` it brings. */
export function cachedOpa(toolsDir: string): string {
  return path.join(toolsDir, 'opa');
}

/**
 * The `opa` to compile policies with: `M0_OPA`, else one on PATH that can do it, else the one in the cache;
 * null where set-up has to bring it. Rejects when `M0_OPA` names one that cannot do it.
 */
export async function findOpa(
  toolsDir: string,
  env: Env,
  probes: Probes,
): Promise<{ path: string; version: string } | null> {
  if (env.M0_OPA) {
    return { path: env.M0_OPA, version: await opaVersion(env.M0_OPA, probes) };
  }
  for (const candidate of [...(await findOnPath(['opa'], env)), cachedOpa(toolsDir)]) {
    if (!(await isExecutable(candidate))) continue;
    const version = await opaVersion(candidate, probes).catch(() => null);
    if (version !== null) return { path: candidate, version };
  }
  return null;
}

/** The version of an `opa` that is at least 1.0 and has just compiled a policy to Wasm. */
async function opaVersion(file: string, probes: Probes): Promise<string> {
  return await probes.get(file, 'opa', async () => {
    const { stdout } = await execa(file, ['version'], { timeout: CONNECT_MS });
    const version = /^Version: (\d+\S*)/m.exec(stdout)?.[1];
    if (version === undefined || Number.parseInt(version, 10) < 1) {
      throw new Error(`${file}: opa 1.0 or later is needed, this is ${version ?? 'something else'}`);
    }
    await proveWasm(file);
    return version;
  });
}

/** What the version line says of WebAssembly is about the runtime, so only compiling tells. */
async function proveWasm(file: string): Promise<void> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'm0-opa-'));
  try {
    await writeFile(path.join(scratch, 'probe.rego'), 'package probe\n\nallow if input.yes\n');
    const args = ['build', '-t', 'wasm', '-e', 'probe/allow', '-o', 'probe.tar.gz', 'probe.rego'];
    await execa(file, args, { cwd: scratch, all: true, timeout: CONNECT_MS });
  } catch (error) {
    throw new Error(`${file} cannot compile policies to Wasm`, { cause: error });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Downloads the pinned release into the cache. Rejects as `downloadRelease` does. */
export async function downloadOpa(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const url = `${RELEASES}/v${OPA_VERSION}/${opaAsset(process.platform, process.arch)}`;
  const binary = await downloadRelease(url, `${url}.sha256`, fetcher);
  await mkdir(toolsDir, { recursive: true });
  const half = `${cachedOpa(toolsDir)}.${process.pid}.half`;
  await writeFile(half, binary);
  await chmod(half, 0o755);
  await rename(half, cachedOpa(toolsDir));
}

/** The file of a release for a platform; the static builds, which run on any libc. */
export function opaAsset(platform: string, arch: string): string {
  const name = `opa_${goPlatform(platform, arch)}`;
  if (platform === 'win32') return `${name}.exe`;
  return platform === 'darwin' && arch === 'x64' ? name : `${name}_static`;
}

/** Builds the pinned release from source, checked by Go's checksum database, into the cache. */
export async function buildOpa(toolsDir: string, go: string, env: Env): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const half = await mkdtemp(path.join(toolsDir, 'opa-half-'));
  try {
    await execa(go, ['install', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
      env: { ...env, GOBIN: half, CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    });
    await rename(path.join(half, 'opa'), cachedOpa(toolsDir));
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
