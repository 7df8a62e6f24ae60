import { createHash, createHmac } from 'node:crypto';
import { constants } from 'node:fs';
import { lchown, lstat, mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join, posix, relative, resolve, sep } from 'node:path';
import type { InputTree } from '../git/inputs.ts';
import type { Mirrors } from '../git/mirrors.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { createGeneratedFiles } from './generated-files.ts';
import { LOCK_FILE } from './lock-file.ts';
import { allowTraversal, giveFolders, giveWorkTree, type StackUser, type StackUsers } from './stack-user.ts';
import { isSealed, removeAttributes, type SealedTree, seal, unseal } from './tree-seal.ts';

/** One stack's directory under `<dataDir>/work`, kept from run to run. */
export interface WorkTree {
  /** Directory of the stack's root module. */
  readonly cwd: string;
  /** Directory of the checkout that contains it. */
  readonly root: string;
  /** True if the checkout has only what the stack's code can read, and not the whole repository. */
  readonly onlyInputs: boolean;
  /**
   * Gives the stack the whole repository, from the next time that its tree is opened, as long as its inputs stay as they
   * are.
   */
  needWhole(): Promise<void>;
  /**
   * TF_DATA_DIR: Terraform's own files (providers, modules, backend). Outside the work tree, so that no
   * commit can supply them.
   */
  readonly dataDir: string;
  /** Directory of the tool's output while it runs; only its owner can read it. */
  readonly outputDir: string;
  /** HOME of the stack's processes: shared with no other stack and not with m0's user. */
  readonly homeDir: string;
  /**
   * TF_PLUGIN_CACHE_DIR, where the stack needs its own: because another user than m0's writes to it, or for
   * the first `init` of code without a lock file. That `init` would install every provider again, also over
   * one in the shared cache that another stack is running; with a lock file the tools only read the cache.
   * Null: the shared cache.
   */
  readonly pluginCacheDir: string | null;
  /** The user that the stack's processes run as; null: m0's own. */
  readonly user: StackUser | null;
  /**
   * Runs `init` unless nothing that it depends on has changed since its last success: the tool's version, the
   * configuration of the root and its local modules, the lock file, the stack's environment.
   */
  initialise(toolVersion: string, init: () => Promise<unknown>, options: { force: boolean }): Promise<void>;
  /**
   * Runs `work` with files that the repository does not have, by their paths. They exist only meanwhile, and are no
   * input of `initialise`. Rejects where one of them exists already.
   */
  withFiles<T>(files: ReadonlyMap<string, string>, work: () => Promise<T>): Promise<T>;
  /** Deletes the tool's own files, so that the next `init` creates them again. */
  reset(): Promise<void>;
}

interface LastInit {
  readonly hash: string;
  readonly lockBefore: string;
  readonly lockAfter: string;
}

const PLUGINS = 'plugins';
/** The file in TF_DATA_DIR that says where the state is. */
export const BACKEND_FILE = 'terraform.tfstate';

/**
 * Checks a commit out into the stack's work tree and opens it. With `asIs`, a tree that is already at the
 * commit is not changed: an apply may need files that its plan has created. Rejects with a RunnerError.
 */
export async function openWorkTree(options: {
  readonly dir: string;
  readonly stack: Stack;
  readonly commit: string;
  readonly mirrors: Mirrors;
  readonly key: string;
  readonly asIs: boolean;
  /** The users that stacks' processes run as; left out: m0's own user. */
  readonly users?: StackUsers | null;
  /** Says where in the checkout `tree` to open it, as `source.path` does; left out: there. */
  readonly openAt?: (tree: string) => Promise<string>;
}): Promise<WorkTree> {
  const { stack, commit } = options;
  const folder = stackFolder(options.dir, stack.name);
  const tree = join(folder, 'tree');
  const dataDir = join(folder, 'terraform');
  const homeDir = join(folder, 'home');
  const commitFile = join(folder, 'commit');
  const initFile = join(folder, 'init.json');
  const savedLockFile = join(folder, 'init.lock.hcl');
  const wholeFile = join(folder, 'whole');
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  for (const name of ['', 'tree', 'terraform', 'home', PLUGINS])
    await removeUnlessDirectory(join(folder, name));
  await mkdir(homeDir, { recursive: true, mode: 0o700 });
  const user = (await options.users?.userOf(folder)) ?? null;
  const generated = createGeneratedFiles(join(folder, 'generated.json'), user);
  // A process that was killed may have left some, and git keeps those that the repository's .gitignore names.
  await generated.sweep();

  const giveOwnFolders = async (): Promise<void> => {
    if (user !== null) await giveFolders(folder, ['home', 'terraform', PLUGINS], user);
  };
  if (user !== null) {
    await allowTraversal(options.dir);
    await giveOwnFolders();
  }

  // A hash of the address, because the address may hold a token.
  const marker = `${digest(Buffer.from(stack.source.git))} ${commit}`;
  const [atMarker = '', atCommit = '', atInputs = ''] = (
    await readFile(commitFile, 'utf8').catch(() => '')
  ).split(' ');
  const isThere = await isDirectory(atInputs === '' ? join(tree, '.git') : tree);
  const sealed = { tree, file: join(folder, 'seal.json'), user };
  let inputsDigest = atInputs;
  if (options.asIs && `${atMarker} ${atCommit}` === marker && isThere) {
    if (user !== null) await giveWorkTree(tree, user);
  } else {
    const inputs = await inputTree();
    inputsDigest = inputs?.digest ?? '';
    if (inputs === null) await checkoutWhole();
    else await checkoutInputs(inputs);
    await writeFile(commitFile, inputs === null ? marker : `${marker} ${inputs.digest}`, { mode: 0o600 });
  }

  /** Null where the stack gets the whole repository. */
  async function inputTree(): Promise<InputTree | null> {
    if (stack.terragrunt === true) return null;
    const { source, varFiles, env } = stack;
    const code = { git: source.git, path: source.path, varFiles, environment: env };
    const inputs = await options.mirrors.inputTree(commit, code);
    const whole = await readFile(wholeFile, 'utf8').catch(() => '');
    return inputs?.digest === whole ? null : inputs;
  }

  async function checkoutWhole(): Promise<void> {
    await rm(commitFile, { force: true });
    await unseal(sealed, []);
    await options.mirrors.checkout(stack.source.git, commit, tree);
    if (user !== null) await giveWorkTree(tree, user);
  }

  async function checkoutInputs(inputs: InputTree): Promise<void> {
    const { git, path } = stack.source;
    const here: SealedTree = { ...sealed, digest: inputs.digest };
    const locks = new Map<string, string>();
    const saved = await readFile(savedLockFile).catch(() => null);
    // `init` adds to a lock file of the repository.
    if (saved !== null) locks.set(posix.join(path, LOCK_FILE), digest(saved));
    if (await isSealed(here, locks)) return;
    await rm(commitFile, { force: true });
    await unseal(here, inputs.files);
    await removeAttributes(tree);
    await options.mirrors.checkoutFiles(git, commit, inputs.paths, {
      ...{ into: tree, index: join(folder, 'index') },
    });
    if (user !== null) await giveWorkTree(tree, user);
    await seal(here);
  }

  const cwd = await folderIn(tree, (await options.openAt?.(tree)) ?? stack.source.path, commit);

  // Terragrunt runs `init` whenever it needs one, also while `init` of another stack writes to the shared cache.
  const ownPlugins =
    user !== null || stack.terragrunt === true || (await readWithoutLinks(join(cwd, LOCK_FILE))) === null;
  const pluginCacheDir = ownPlugins ? join(folder, PLUGINS) : null;
  if (pluginCacheDir !== null) {
    // With a user of its own the stack has it already.
    await mkdir(pluginCacheDir, { recursive: true, mode: 0o700 });
  }

  const currentLock = async (): Promise<string> => digest(await readWithoutLinks(join(cwd, LOCK_FILE)));

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
    const last = await readLastInit(initFile);
    if (last === null || (await hashOf(toolVersion)) !== last.hash) return false;
    const lock = await currentLock();
    if (lock === last.lockAfter) return true;
    if (lock !== last.lockBefore) return false;
    // The checkout restored the committed lock file, so write again what `init` had added to it.
    const savedLock = await readFile(savedLockFile).catch(() => null);
    if (savedLock === null || digest(savedLock) !== last.lockAfter) return false;
    await replace(join(cwd, LOCK_FILE), savedLock, user);
    return true;
  }

  return {
    cwd,
    root: await realpath(tree),
    onlyInputs: inputsDigest !== '',
    needWhole: () => writeFile(wholeFile, inputsDigest, { mode: 0o600 }),
    dataDir,
    outputDir: join(folder, 'output'),
    homeDir,
    pluginCacheDir,
    user,
    async initialise(toolVersion, init, { force }) {
      if (!force && (await upToDate(toolVersion))) return;
      const last = await readLastInit(initFile);
      if (last !== null) await writeFile(initFile, JSON.stringify({ ...last, hash: '' }), { mode: 0o600 });
      const lockBefore = await currentLock();
      await init();
      const lock = await readWithoutLinks(join(cwd, LOCK_FILE));
      if (lock !== null) await writeFile(savedLockFile, lock, { mode: 0o600 });
      // Computed now, because the list of local modules is known only after `init`.
      const done: LastInit = { hash: await hashOf(toolVersion), lockBefore, lockAfter: digest(lock) };
      await writeFile(initFile, JSON.stringify(done), { mode: 0o600 });
    },
    withFiles: (files, work) => generated.during(files, work),
    async reset() {
      const last = await readLastInit(initFile);
      const savedLock = await readFile(savedLockFile).catch(() => null);
      const backend = await readWithoutLinks(join(dataDir, BACKEND_FILE));
      await rm(dataDir, { recursive: true, force: true });
      if (isJson(backend)) {
        // Without it the tool would ask whether to move local states to the backend.
        await mkdir(dataDir, { mode: 0o700 });
        await writeFile(join(dataDir, BACKEND_FILE), backend, { mode: 0o600 });
      }
      await giveOwnFolders();
      // If the repository has a lock file, the checkout has restored it.
      const lock =
        last?.lockBefore === '' && savedLock !== null && digest(savedLock) === last.lockAfter
          ? savedLock
          : null;
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

/** Removes a file from a place that must be one of m0's directories; m0 needs nothing from such a file. */
async function removeUnlessDirectory(path: string): Promise<void> {
  if (!(await isDirectory(path))) await rm(path, { force: true });
}

/** A file that the stack's code may have written; null where it does not exist or is a symbolic link. */
export async function readWithoutLinks(path: string): Promise<Buffer | null> {
  return readFile(path, { flag: constants.O_RDONLY | constants.O_NOFOLLOW }).catch(() => null);
}

/** Replaces whatever is at the path with a file. Never writes through a symbolic link. */
async function replace(path: string, bytes: Uint8Array, user: StackUser | null): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await writeFile(path, bytes, { flag: 'wx' });
  if (user !== null) await lchown(path, user.uid, user.gid);
}

/** The stack's folder below `dir`, the folder of all work trees. */
export function stackFolder(dir: string, stack: string): string {
  return join(dir, folderName(stack));
}

/** A directory name for a stack's name; different names give different directories. */
export function folderName(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name)) return name;
  return `${name.replace(/[^A-Za-z0-9_-]/g, '_')}-${digest(Buffer.from(name)).slice(0, 8)}`;
}

/**
 * The directory at `path` in the checkout `tree`. It must be inside it after following symbolic links. Rejects with a
 * RunnerError.
 */
export async function folderIn(tree: string, path: string, commit: string): Promise<string> {
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

async function readLastInit(file: string): Promise<LastInit | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LastInit;
  } catch {
    return null;
  }
}

function digest(bytes: Uint8Array | null): string {
  return bytes === null ? '' : createHash('sha256').update(bytes).digest('hex');
}
