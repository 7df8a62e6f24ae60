/** Installs moto, a local server with the API of AWS. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type Env, findOnPath, isExecutable } from './find-executable.ts';

/** The version of moto that the sandbox and the scenario tests use. */
export const MOTO_VERSION = '5.2.5';

const INSTALL_MS = 600_000;

function home(toolsDir: string): string {
  return path.join(toolsDir, 'moto');
}

function server(toolsDir: string): string {
  return path.join(home(toolsDir), 'bin', 'moto_server');
}

/**
 * Written last, so that an interrupted installation does not count. Holds the path, because a virtual
 * environment cannot be moved.
 */
function marker(toolsDir: string): { file: string; text: string } {
  return { file: path.join(home(toolsDir), 'ready'), text: `moto ${MOTO_VERSION} in ${home(toolsDir)}\n` };
}

/** The `moto_server` of the pinned version, or null where it must be installed. */
export async function findMoto(toolsDir: string): Promise<string | null> {
  const { file, text } = marker(toolsDir);
  const ready = (await readFile(file, 'utf8').catch(() => '')) === text;
  const python = path.join(home(toolsDir), 'bin', 'python');
  return ready && (await isExecutable(python)) && (await isExecutable(server(toolsDir)))
    ? server(toolsDir)
    : null;
}

/** A Python that can create virtual environments, or why none was found. */
export type PythonFound = { ok: true; path: string; version: string } | { ok: false; problem: string };

/** The first Python from 3.9 on along PATH that has `venv`. */
export async function findPython(env: Env): Promise<PythonFound> {
  const ask = 'import sys, venv, ensurepip; print("%d.%d.%d" % sys.version_info[:3])';
  let problem = 'Python 3.9 or later is missing: apt-get install python3 python3-venv';
  for (const python of await findOnPath(['python3', 'python'], env)) {
    const { stdout, stderr, failed } = await execa(python, ['-c', ask], { reject: false });
    const [major = 0, minor = 0] = stdout.split('.').map(Number);
    if (!failed && (major > 3 || (major === 3 && minor >= 9)))
      return { ok: true, path: python, version: stdout };
    if (!failed) problem = `Python 3.9 or later is needed, ${python} is ${stdout}`;
    else if (/No module named/.test(stderr)) {
      problem = `${python} cannot make virtual environments: apt-get install python3-venv`;
    }
  }
  return { ok: false, problem };
}

/** Creates the virtual environment and installs the pinned moto. Rejects where Python or pip fails. */
export async function installMoto(toolsDir: string, python: string): Promise<void> {
  const { file, text } = marker(toolsDir);
  await rm(home(toolsDir), { recursive: true, force: true });
  await mkdir(toolsDir, { recursive: true });
  await execa(python, ['-m', 'venv', home(toolsDir)], { timeout: INSTALL_MS });
  const pip = [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--quiet',
    `moto[server]==${MOTO_VERSION}`,
  ];
  await execa(path.join(home(toolsDir), 'bin', 'python'), pip, { timeout: INSTALL_MS });
  await writeFile(file, text);
}
