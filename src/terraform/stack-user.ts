/** Operating system users for stacks, and the file ownership they need. */
import { existsSync } from 'node:fs';
import { chmod, lchown, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { createKeyedLock } from '../base/keyed-lock.ts';
import { RunnerError } from '../ports/runner-error.ts';

/** A user of the operating system. */
export interface StackUser {
  readonly uid: number;
  readonly gid: number;
}

/** The users that stacks' tools run as. */
export interface StackUsers {
  /** The user of the stack with this folder; always the same one for a folder. */
  userOf(folder: string): Promise<StackUser>;
}

/** In a stack's folder: the number of its user. */
export const USER_FILE = 'user';

/**
 * Reads `M0_STACK_USER` (except `self`): `NAME` or `UID:GID` is one user for all stacks; with `FROM-TO` each
 * stack gets its own permanent number, as user and as group. Throws a RunnerError where the text is none of
 * these or means root, and where m0 is not root and so cannot start processes as another user.
 */
export function createStackUsers(text: string, ownUid: number | undefined): StackUsers {
  if (ownUid !== 0) throw configError('m0 has to run as root to start tools as another user; leave it out');
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range !== null) return rangeOfUsers(Number(range[1]), Number(range[2]));
  const one = /^(\d+):(\d+)$/.exec(text);
  if (one !== null) {
    const user = checkedUser({ uid: Number(one[1]), gid: Number(one[2]) });
    return { userOf: async () => user };
  }
  if (!/^[A-Za-z_][\w.-]*\$?$/.test(text)) {
    throw configError(
      `"${text}" is no user: set it to FROM-TO for one of their own each, NAME, UID:GID, or self`,
    );
  }
  let named: Promise<StackUser> | undefined;
  return { userOf: () => (named ??= userNamed(text)) };
}

/**
 * Lets the user enter the folder and makes it the owner of the directories `names` in it. The folder itself
 * stays m0's, so the user cannot replace anything else in it.
 */
export async function giveFolders(folder: string, names: readonly string[], user: StackUser): Promise<void> {
  await lchown(folder, 0, user.gid);
  await chmod(folder, 0o710);
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  await chownAll(paths, user);
}

/**
 * Changes the owner of the paths and everything below them, without following symbolic links. Files with a
 * second hard link are left out: the stack could have linked to one of m0's files.
 */
async function chownAll(paths: readonly string[], user: StackUser): Promise<void> {
  if (paths.length === 0) return;
  const args = ['(', '-type', 'd', '-o', '-links', '1', ')', '-exec', 'chown', '-h'];
  await execa('find', ['-P', ...paths, ...args, `${user.uid}:${user.gid}`, '{}', '+']);
}

/**
 * The same for a work tree, except `.git`: git runs what is configured there, so it stays m0's. The directory
 * is m0's with the sticky bit: the user may add files but cannot remove `.git`.
 */
export async function giveWorkTree(tree: string, user: StackUser): Promise<void> {
  const names = (await readdir(tree)).filter((name) => name !== '.git');
  await chownAll(
    names.map((name) => join(tree, name)),
    user,
  );
  // A tree with only the inputs of a stack has none.
  if (existsSync(join(tree, '.git'))) await chmod(join(tree, '.git'), 0o700);
  await lchown(tree, 0, user.gid);
  await chmod(tree, 0o1770);
}

/**
 * Copies one of m0's files into the folder, so that the user can read but not change it. Returns the copy's
 * path.
 */
export async function copyReadable(
  file: string,
  folder: string,
  user: StackUser,
  name: string = basename(file),
): Promise<string> {
  const copy = join(folder, name);
  await writeFile(copy, await readFile(file), { mode: 0o600 });
  await lchown(copy, 0, user.gid);
  await chmod(copy, 0o640);
  return copy;
}

/**
 * Lets other users pass through m0's directory `dir`, without writing to it: an empty volume of Kubernetes comes writable
 * for everybody, and users of stacks could replace each other's folders. Throws a RunnerError where they cannot reach it.
 */
export async function allowTraversal(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o711 });
  await chmod(dir, ((await stat(dir)).mode & 0o755) | 0o011);
  for (let above = dirname(dir); above !== dirname(above); above = dirname(above)) {
    if (((await stat(above)).mode & 0o001) !== 0) continue;
    throw configError(`other users can't pass through ${above}: put M0_DATA_DIR elsewhere, or chmod o+x it`);
  }
}

async function userNamed(name: string): Promise<StackUser> {
  const ask = async (what: string): Promise<number> => {
    const { stdout, failed } = await execa('id', [what, '--', name], { reject: false });
    if (failed) throw configError(`there is no user "${name}" here`);
    return Number(stdout);
  };
  return checkedUser({ uid: await ask('-u'), gid: await ask('-g') });
}

function rangeOfUsers(from: number, to: number): StackUsers {
  checkedUser({ uid: from, gid: from });
  checkedUser({ uid: to, gid: to });
  if (to < from) throw configError(`${from}-${to} ends before it begins`);
  const lock = createKeyedLock();

  async function choose(folder: string): Promise<StackUser> {
    const file = join(folder, USER_FILE);
    const stored = await numberIn(file);
    const inRange = stored !== null && stored >= from && stored <= to;
    const number = inRange ? stored : await lowestFree(dirname(folder), basename(folder));
    if (!inRange) {
      // Written completely or not at all: if a stack lost its number, another stack could get it and read its
      // files.
      await writeFile(`${file}.half`, `${number}\n`, { mode: 0o600 });
      await rename(`${file}.half`, file);
    }
    return { uid: number, gid: number };
  }

  /** The number stays when a stack is removed, so it is given to no second stack; see removed-folders.ts. */
  async function lowestFree(work: string, folder: string): Promise<number> {
    const others = (await readdir(work)).filter((name) => name !== folder);
    const taken = new Set(await Promise.all(others.map((name) => numberIn(join(work, name, USER_FILE)))));
    for (let number = from; number <= to; number++) if (!taken.has(number)) return number;
    throw configError(`${from}-${to} are fewer than the stacks under ${work}: make the range larger`);
  }

  return { userOf: (folder) => lock('choose', () => choose(folder)) };
}

async function numberIn(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d+\n$/.test(text) ? Number(text) : null;
}

function checkedUser(user: StackUser): StackUser {
  const maxId = 2 ** 32 - 2;
  if (user.uid === 0 || user.gid === 0) throw configError('that would be root');
  if (user.uid > maxId || user.gid > maxId) throw configError(`${user.uid}:${user.gid} is beyond any user`);
  return user;
}

function configError(text: string): RunnerError {
  return new RunnerError('init', `M0_STACK_USER: ${text}`);
}
