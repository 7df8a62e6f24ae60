import { createHash, createHmac } from 'node:crypto';
import { constants } from 'node:fs';
import { lchown, lstat, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Mirrors } from '../git/mirrors.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { handOver, handOverTree, letPass, type StackUser, type StackUsers } from './stack-user.ts';

/** One stack's directory under `<dataDir>/work`, kept from run to run. */
export interface WorkTree {
  /** Where the stack's root module is. */
  readonly cwd: string;
  /**
   * TF_DATA_DIR: Terraform's own data (providers, modules, backend), outside of the tree so that no commit can
   * bring it.
   */
  readonly dataDir: string;
  /** Where the tool's output is while it runs, readable to the owner only. */
  readonly outputDir: string;
  /** HOME of the stack's processes: no other stack's, and not that of m0's user. */
  readonly homeDir: string;
  /**
   * TF_PLUGIN_CACHE_DIR, where the stack has one of its own: where another user than m0's has to write it, and for
   * the first `init` of code without a lock file. That one installs every provider anew, over the one that other
   * stacks may be running just then, were it the shared cache; with a lock file the tools only read what is there.
   * Else null.
   */
  readonly pluginCacheDir: string | null;
  /** Whom the stack's processes run as; null: m0's own user. */
  readonly user: StackUser | null;
  /**
   * Runs `init` unless nothing it depends on has moved since it last went well: the tool's version, the
   * configuration of the root and its local modules, the lock file, the stack's environment.
   */
  initialise(toolVersion: string, init: () => Promise<unknown>, options: { force: boolean }): Promise<void>;
  /** Takes away what the tool keeps between its runs, so that the next `init` makes it anew. */
  renew(): Promise<void>;
}

interface Remembered {
  readonly hash: string;
  readonly lockBefore: string;
  readonly lockAfter: string;
}

const LOCK_FILE = '.terraform.lock.hcl';
const PLUGINS = 'plugins';
/** In the tool's own data: where the state is. */
const BACKEND_FILE = 'terraform.tfstate';

/**
 * Brings the stack's work tree to a commit and opens it. With `asIs` a tree that already is at the commit is
 * left untouched: an apply may need files that its plan has made.
 */
export async function openWorkTree(options: {
  readonly dir: string;
  readonly stack: Stack;
  readonly commit: string;
  readonly mirrors: Mirrors;
  readonly key: string;
  readonly asIs: boolean;
  /** Whom the stack's processes run as; left out: m0's own user. */
  readonly users?: StackUsers | null;
}): Promise<WorkTree> {
  const { stack, commit } = options;
  const folder = join(options.dir, folderName(stack.name));
  const tree = join(folder, 'tree');
  const dataDir = join(folder, 'terraform');
  const homeDir = join(folder, 'home');
  const commitFile = join(folder, 'commit');
  const initFile = join(folder, 'init.json');
  const keptLock = join(folder, 'init.lock.hcl');
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  for (const dir of [folder, tree, dataDir, homeDir]) await removeUnlessDirectory(dir);
  await mkdir(homeDir, { recursive: true, mode: 0o700 });
  const user = (await options.users?.userOf(folder)) ?? null;

  // Not the address itself, which may hold a token.
  const marker = `${digest(Buffer.from(stack.source.git))} ${commit}`;
  const at = await readFile(commitFile, 'utf8').catch(() => '');
  const whole = await isDirectory(join(tree, '.git'));
  if (!options.asIs || at !== marker || !whole) {
    await rm(commitFile, { force: true });
    await options.mirrors.checkout(stack.source.git, commit, tree);
    await writeFile(commitFile, marker, { mode: 0o600 });
  }
  const handOverPlaces = async (): Promise<void> => {
    if (user !== null) await handOver(folder, ['home', 'terraform', PLUGINS], user);
  };
  if (user !== null) {
    await letPass(options.dir);
    await handOverPlaces();
    await handOverTree(tree, user);
  }
  const cwd = await rootModule(tree, stack.source.path, commit);

  const ownPlugins = user !== null || (await readPlain(join(cwd, LOCK_FILE))) === null;
  const pluginCacheDir = ownPlugins ? join(folder, PLUGINS) : null;
  if (pluginCacheDir !== null) {
    await removeUnlessDirectory(pluginCacheDir);
    await mkdir(pluginCacheDir, { recursive: true, mode: 0o700 });
    await handOverPlaces();
  }

  const lockNow = async (): Promise<string> => digest(await readPlain(join(cwd, LOCK_FILE)));

  async function hashOf(toolVersion: string): Promise<string> {
    const hash = createHmac('sha256', options.key);
    hash.update(JSON.stringify([toolVersion, stack.source.git, stack.source.path, stack.workspace]));
    hash.update(JSON.stringify(Object.entries(stack.env).sort(([a], [b]) => (a < b ? -1 : 1))));
    for (const dir of [cwd, ...(await localModules(cwd, dataDir))]) {
      for (const name of await configurationFiles(dir)) {
        hash.update(JSON.stringify([relative(cwd, dir), name]));
        hash.update(digest(await readFile(join(dir, name))));
      }
    }
    return hash.digest('hex');
  }

  async function upToDate(toolVersion: string): Promise<boolean> {
    const last = await readRemembered(initFile);
    if (last === null || (await hashOf(toolVersion)) !== last.hash) return false;
    const lock = await lockNow();
    if (lock === last.lockAfter) return true;
    if (lock !== last.lockBefore) return false;
    // A checkout brought back the committed lock file: put there again what `init` had added to it.
    const kept = await readFile(keptLock).catch(() => null);
    if (kept === null || digest(kept) !== last.lockAfter) return false;
    await replace(join(cwd, LOCK_FILE), kept, user);
    return true;
  }

  return {
    cwd,
    dataDir,
    outputDir: join(folder, 'output'),
    homeDir,
    pluginCacheDir,
    user,
    async initialise(toolVersion, init, { force }) {
      if (!force && (await upToDate(toolVersion))) return;
      const last = await readRemembered(initFile);
      if (last !== null) await writeFile(initFile, JSON.stringify({ ...last, hash: '' }), { mode: 0o600 });
      const lockBefore = await lockNow();
      await init();
      const lock = await readPlain(join(cwd, LOCK_FILE));
      if (lock !== null) await writeFile(keptLock, lock, { mode: 0o600 });
      // Taken now, because only now the list of local modules is known.
      const remembered: Remembered = { hash: await hashOf(toolVersion), lockBefore, lockAfter: digest(lock) };
      await writeFile(initFile, JSON.stringify(remembered), { mode: 0o600 });
    },
    async renew() {
      const last = await readRemembered(initFile);
      const kept = await readFile(keptLock).catch(() => null);
      const backend = await readPlain(join(dataDir, BACKEND_FILE));
      await rm(dataDir, { recursive: true, force: true });
      if (isJson(backend)) {
        // Without it the tool takes local states for some that are to be moved to the backend.
        await mkdir(dataDir, { mode: 0o700 });
        await writeFile(join(dataDir, BACKEND_FILE), backend, { mode: 0o600 });
      }
      await handOverPlaces();
      // Where the repository has a lock file, a checkout has already brought that back.
      const lock = last?.lockBefore === '' && kept !== null && digest(kept) === last.lockAfter ? kept : null;
      if (lock !== null) await replace(join(cwd, LOCK_FILE), lock, user);
    },
  };
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

function isJson(bytes: Buffer | null): bytes is Buffer {
  try {
    JSON.parse(bytes?.toString('utf8') ?? '');
    return true;
  } catch {
    return false;
  }
}

/** Nothing that m0 needs is in a file at a place that is a folder of m0's own. */
async function removeUnlessDirectory(path: string): Promise<void> {
  if (!(await isDirectory(path))) await rm(path, { force: true });
}

/** A file the stack's code may have put there; null where there is none, or it leads elsewhere. */
async function readPlain(path: string): Promise<Buffer | null> {
  return readFile(path, { flag: constants.O_RDONLY | constants.O_NOFOLLOW }).catch(() => null);
}

/** Writes a file in the place of whatever is there, never through a link. */
async function replace(path: string, bytes: Uint8Array, user: StackUser | null): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await writeFile(path, bytes, { flag: 'wx' });
  if (user !== null) await lchown(path, user.uid, user.gid);
}

/** A stack's name as one folder's name, different for different names. */
function folderName(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name)) return name;
  return `${name.replace(/[^A-Za-z0-9_-]/g, '_')}-${digest(Buffer.from(name)).slice(0, 8)}`;
}

/** The root module's directory, which must be a directory inside the tree, links followed. */
async function rootModule(tree: string, path: string, commit: string): Promise<string> {
  const real = await realpath(resolve(tree, path)).catch(() => null);
  const inside = real !== null && `${real}${sep}`.startsWith(`${await realpath(tree)}${sep}`);
  if (!inside || real === null || !(await stat(real)).isDirectory()) {
    throw new RunnerError('git', `looking for ${path} at ${commit.slice(0, 7)}: there is no such directory`);
  }
  return real;
}

/** Directories of the local modules that the last `init` found. */
async function localModules(cwd: string, dataDir: string): Promise<string[]> {
  const text = await readFile(join(dataDir, 'modules', 'modules.json'), 'utf8').catch(() => '');
  const dirs = [...text.matchAll(/"Dir":\s*"((?:[^"\\]|\\.)*)"/g)].map((m) =>
    resolve(cwd, JSON.parse(`"${m[1]}"`)),
  );
  return [...new Set(dirs)].filter((dir) => dir !== cwd && !dir.startsWith(`${dataDir}${sep}`)).sort();
}

async function configurationFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.filter((name) => /\.(tf|tofu)(\.json)?$/.test(name)).sort();
}

async function readRemembered(file: string): Promise<Remembered | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Remembered;
  } catch {
    return null;
  }
}

function digest(bytes: Uint8Array | null): string {
  return bytes === null ? '' : createHash('sha256').update(bytes).digest('hex');
}
