/** What is alike in finding, downloading and building the tools that m0 brings along. */
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';

/** Time limit of one build in ms. */
const BUILD_MS = 900_000;

/** Path of the tool in the folder of tools, whether or not it is there. */
export function installedTool(toolsDir: string, name: string): string {
  return path.join(toolsDir, name);
}

/**
 * The first usable one: those on PATH, then the installed one; null where there is none. `versionOf` rejects where a
 * file is not usable.
 */
export async function firstUsable(
  toolsDir: string,
  name: string,
  env: Env,
  versionOf: (file: string) => Promise<string>,
): Promise<{ readonly path: string; readonly version: string } | null> {
  for (const candidate of [...(await findOnPath([name], env)), installedTool(toolsDir, name)]) {
    if (!(await isExecutable(candidate))) continue;
    const version = await versionOf(candidate).catch(() => null);
    if (version !== null) return { path: candidate, version };
  }
  return null;
}

/** `work` creates the file that it is given, in a temporary folder; then it is moved to its place in one step. */
export async function installTool(
  toolsDir: string,
  name: string,
  work: (file: string) => Promise<void>,
): Promise<void> {
  await mkdir(toolsDir, { recursive: true });
  const partial = await mkdtemp(path.join(toolsDir, `${name}-half-`));
  try {
    const file = path.join(partial, name);
    await work(file);
    await rename(file, installedTool(toolsDir, name));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/**
 * Builds a Go module from source into the folder of tools. `build`: the arguments of `go build` after `-o FILE` and
 * before the package. Go's checksum database verifies the source. `go install` cannot be used: it refuses modules with
 * `replace` directives.
 */
export async function buildModule(
  toolsDir: string,
  name: string,
  {
    go,
    env,
    module,
    flags,
    folder,
  }: {
    readonly go: string;
    readonly env: Env;
    readonly module: string;
    /** For the linker. */
    readonly flags: string;
    readonly folder: string;
  },
): Promise<void> {
  const options = { env: { ...env, CGO_ENABLED: '0', GOFLAGS: '' }, timeout: BUILD_MS };
  const { stdout } = await execa(go, ['mod', 'download', '-json', module], options);
  const { Dir: source } = JSON.parse(stdout) as { Dir: string };
  await installTool(toolsDir, name, async (file) => {
    const copy = path.join(path.dirname(file), 'source');
    // Go's module cache is read-only and must not be changed.
    await cp(source, copy, { recursive: true });
    const args = ['build', '-trimpath', `-ldflags=-s -w ${flags}`, '-o', file, folder];
    await execa(go, args, { ...options, cwd: copy });
  });
}
