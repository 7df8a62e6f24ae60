/** Installs the npm packages of the lock file, and a current Node if this one is too old. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { step } from './progress.mjs';

/** The first Node that runs TypeScript directly, and for which SQLite is prebuilt. */
const NODE_MAJOR = 24;

/** Runs the npm of this Node, with its output on stderr. Rejects with advice if it fails. */
async function npm(root, args) {
  const own = process.env.npm_execpath;
  const [file, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  const child = spawn(file, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  if (code !== 0)
    throw new Error(`npm ${args[0]} ended with ${code}: see npm's lines above, then start again`);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * True if the packages that npm lists as installed match the lock file. Packages for other platforms may
 * be missing, and development packages too unless `dev`.
 */
export function packagesMatch(lock, installed, { dev }) {
  if (!installed?.packages) return false;
  return Object.entries(lock.packages).every(([name, wanted]) => {
    if (name === '') return true;
    const got = installed.packages[name];
    if (got) return got.version === wanted.version;
    return Boolean(wanted.optional || wanted.devOptional || (wanted.dev && !dev));
  });
}

/**
 * True if npm should install the development packages too: because `dev` asks for them, or because some are
 * installed already, and an install without them would remove those.
 */
export function installsDev(lock, installed, { dev }) {
  return dev || Object.keys(installed?.packages ?? {}).some((name) => lock.packages[name]?.dev === true);
}

/**
 * Installs the packages of the lock file if they are missing, the development packages only if `dev` asks for
 * them. Never changes the lock file.
 */
export async function ensurePackages(root, { dev }) {
  const modules = path.join(root, 'node_modules');
  const lockText = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const stamp = path.join(modules, '.m0-lock');
  const wanted = `${createHash('sha256').update(lockText).digest('hex')}${dev ? ' dev' : ''}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8').startsWith(wanted)) return;
  const installed = readJson(path.join(modules, '.package-lock.json'));
  const lock = JSON.parse(lockText);
  if (!packagesMatch(lock, installed, { dev })) {
    // Not `npm ci`, which empties node_modules first and would break a bot that runs from it. No install
    // scripts: only that of `node` is needed, and findNode runs it.
    // The option is always set, because with NODE_ENV=production npm leaves the development packages out by default.
    const dependencies = installsDev(lock, installed, { dev }) ? '--include=dev' : '--omit=dev';
    const args = ['install', dependencies, '--no-save', '--ignore-scripts', '--loglevel=error'];
    await step('[1/4] npm packages', 'about half a minute', () => npm(root, args), { ownProgress: true });
  }
  writeFileSync(stamp, wanted);
}

/** The path of the Node that runs m0: this one if it is new enough, else the one of the npm package `node`. */
export async function findNode(root) {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major >= NODE_MAJOR) return process.execPath;
  const bin = path.join(
    root,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(bin)) {
    const what = `this is ${process.versions.node}, fetching a current one beside it, about 20 seconds`;
    await step(
      '[2/4] Node',
      what,
      () => npm(root, ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']),
      {
        ownProgress: true,
      },
    );
  }
  return bin;
}
