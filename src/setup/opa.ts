/** Finds or installs opa, the policy compiler. */
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';
import { goPlatform } from './platform.ts';
import type { Probes } from './probe.ts';
import { downloadRelease } from './release.ts';

/** The release that is installed where the machine has no usable `opa`. */
export const OPA_VERSION = '1.22.2';

const RELEASES = 'https://github.com/open-policy-agent/opa/releases/download';
const CONNECT_MS = 20_000;
const BUILD_MS = 900_000;

/** Path of the installed `opa`. */
export function cachedOpa(toolsDir: string): string {
  return path.join(toolsDir, 'opa');
}

/**
 * The `opa` that compiles policies: `M0_OPA`, else a usable one on PATH, else the installed one; null where
 * it must be installed. Rejects where the `opa` of `M0_OPA` is not usable.
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

/**
 * The version of an `opa`, after checking that it is 1.0 or later and can compile a policy to Wasm. Rejects
 * where it is not or cannot.
 */
async function opaVersion(file: string, probes: Probes): Promise<string> {
  return await probes.get(file, 'opa', async () => {
    const { stdout } = await execa(file, ['version'], { timeout: CONNECT_MS });
    const version = /^Version: (\d+\S*)/m.exec(stdout)?.[1];
    if (version === undefined || Number.parseInt(version, 10) < 1) {
      throw new Error(`${file}: opa 1.0 or later is needed, this is ${version ?? 'something else'}`);
    }
    await checkWasm(file);
    return version;
  });
}

/** Tests the compiler by compiling. The version output speaks only of the Wasm runtime. */
async function checkWasm(file: string): Promise<void> {
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

/** Downloads the pinned release into the tools folder. Rejects as `downloadRelease` does. */
export async function downloadOpa(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const url = `${RELEASES}/v${OPA_VERSION}/${opaAsset(process.platform, process.arch)}`;
  const binary = await downloadRelease(url, `${url}.sha256`, fetcher);
  await mkdir(toolsDir, { recursive: true });
  const partial = `${cachedOpa(toolsDir)}.${process.pid}.half`;
  await writeFile(partial, binary);
  await chmod(partial, 0o755);
  await rename(partial, cachedOpa(toolsDir));
}

/** The release file for a platform. Prefers static builds, which run with any libc. */
export function opaAsset(platform: string, arch: string): string {
  const name = `opa_${goPlatform(platform, arch)}`;
  if (platform === 'win32') return `${name}.exe`;
  return platform === 'darwin' && arch === 'x64' ? name : `${name}_static`;
}

/**
 * Builds the pinned release from source into the tools folder. Go's checksum database verifies the source.
 */
export async function buildOpa(toolsDir: string, go: string, env: Env): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const partial = await mkdtemp(path.join(toolsDir, 'opa-half-'));
  try {
    await execa(go, ['install', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
      env: { ...env, GOBIN: partial, CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    });
    await rename(path.join(partial, 'opa'), cachedOpa(toolsDir));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
