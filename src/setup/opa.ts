/** Finds or installs opa, the policy compiler. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import type { Env } from './find-executable.ts';
import { firstUsable, installedTool, installTool } from './own-tool.ts';
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
  return installedTool(toolsDir, 'opa');
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
    const file = path.resolve(env.M0_OPA);
    return { path: file, version: await opaVersion(file, probes) };
  }
  return firstUsable(toolsDir, 'opa', env, (file) => opaVersion(file, probes));
}

/**
 * The version of an `opa`, after checking that it is 1.0 or later and can evaluate a policy. Rejects where it
 * is not or cannot.
 */
async function opaVersion(file: string, probes: Probes): Promise<string> {
  return await probes.get(file, 'opa', async () => {
    const { stdout } = await execa(file, ['version'], { timeout: CONNECT_MS });
    const version = /^Version: (\d+\S*)/m.exec(stdout)?.[1];
    if (version === undefined || Number.parseInt(version, 10) < 1) {
      throw new Error(`${file}: opa 1.0 or later is needed, this is ${version ?? 'something else'}`);
    }
    await checkEval(file);
    return version;
  });
}

/** Asks a question in the way in which policies are asked. */
async function checkEval(file: string): Promise<void> {
  try {
    const args = ['eval', '--format', 'json', '--stdin-input', '--show-builtin-errors', 'input.yes'];
    await execa(file, args, { input: '{"yes": true}', all: true, timeout: CONNECT_MS });
  } catch (error) {
    throw new Error(`${file} cannot evaluate policies`, { cause: error });
  }
}

/** Downloads the pinned release into the tools folder. Rejects as `downloadRelease` does. */
export async function downloadOpa(toolsDir: string, fetcher: typeof fetch = fetch): Promise<void> {
  const url = `${RELEASES}/v${OPA_VERSION}/${opaAsset(process.platform, process.arch)}`;
  const binary = await downloadRelease(url, `${url}.sha256`, fetcher);
  await installTool(toolsDir, 'opa', (file) => writeFile(file, binary, { mode: 0o755 }));
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
  await installTool(toolsDir, 'opa', async (file) => {
    await execa(go, ['install', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
      env: { ...env, GOBIN: path.dirname(file), CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    });
  });
}
