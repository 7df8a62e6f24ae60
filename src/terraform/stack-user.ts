import { chmod, lchown, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { createKeyedLock } from '../base/keyed-lock.ts';
import { RunnerError } from '../ports/runner-error.ts';

/** A user of the operating system, by its numbers. */
export interface StackUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom stacks' tools run as. */
export interface StackUsers {
  /** The user of the stack whose folder this is; always the same one for a folder. */
  userOf(folder: string): Promise<StackUser>;
}

const USER_FILE = 'user';

/**
 * `M0_STACK_USER` (but `self`): `NAME` or `UID:GID`, one user for all stacks, or `FROM-TO`, of which each stack gets a
 * number of its own for good, as user and as group. Throws where it is none of these, would be root, or m0 is
 * not root and so can't start anything as somebody else.
 */
export function createStackUsers(text: string, ownUid: number | undefined): StackUsers {
  if (ownUid !== 0) throw bad('m0 has to run as root to start tools as another user; leave it out');
  const range = /^(\d+)-(\d+)$/.exec(text);
  if (range !== null) return rangeOfUsers(Number(range[1]), Number(range[2]));
  const one = /^(\d+):(\d+)$/.exec(text);
  if (one !== null) {
    const user = checked({ uid: Number(one[1]), gid: Number(one[2]) });
    return { userOf: async () => user };
  }
  if (!/^[A-Za-z_][\w.-]*\$?$/.test(text)) {
    throw bad(`"${text}" is no user: set it to FROM-TO for one of their own each, NAME, UID:GID, or self`);
  }
  let named: Promise<StackUser> | undefined;
  return { userOf: () => (named ??= userNamed(text)) };
}

/**
 * Leads the user to the folder and hands over what stands in it below `names`, so that nobody else but m0 gets
 * there. The folder itself stays m0's: what is in it by other names can't be exchanged.
 */
export async function handOver(folder: string, names: readonly string[], user: StackUser): Promise<void> {
  await lchown(folder, 0, user.gid);
  await chmod(folder, 0o710);
  const paths = names.map((name) => join(folder, name));
  for (const path of paths) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  await chownAll(paths, user);
}

/**
 * Hands over the paths and all below them, following no link. What has a second name elsewhere is left alone: the
 * stack could have made one for a file of m0's, where the system lets it.
 */
async function chownAll(paths: readonly string[], user: StackUser): Promise<void> {
  if (paths.length === 0) return;
  const args = ['(', '-type', 'd', '-o', '-links', '1', ')', '-exec', 'chown', '-h'];
  await execa('find', ['-P', ...paths, ...args, `${user.uid}:${user.gid}`, '{}', '+']);
}

/**
 * The same for a work tree, whose `.git` stays m0's own: git does what stands in there. The directory is m0's
 * with the sticky bit, so that the user may add to it, but can't take `.git` away.
 */
export async function handOverTree(tree: string, user: StackUser): Promise<void> {
  const names = (await readdir(tree)).filter((name) => name !== '.git');
  await chownAll(
    names.map((name) => join(tree, name)),
    user,
  );
  await chmod(join(tree, '.git'), 0o700);
  await lchown(tree, 0, user.gid);
  await chmod(tree, 0o1770);
}

/** A copy of m0's own file in the folder, which the user may read and not change. Answers its path. */
export async function lend(
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

/** Lets others pass through `dir`, m0's own, without looking into it. Throws where they don't even get there. */
export async function letPass(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o711 });
  await chmod(dir, ((await stat(dir)).mode & 0o777) | 0o011);
  for (let above = dirname(dir); above !== dirname(above); above = dirname(above)) {
    if (((await stat(above)).mode & 0o001) !== 0) continue;
    throw bad(`other users can't pass through ${above}: put M0_DATA_DIR elsewhere, or chmod o+x it`);
  }
}

async function userNamed(name: string): Promise<StackUser> {
  const ask = async (what: string): Promise<number> => {
    const { stdout, failed } = await execa('id', [what, '--', name], { reject: false });
    if (failed) throw bad(`there is no user "${name}" here`);
    return Number(stdout);
  };
  return checked({ uid: await ask('-u'), gid: await ask('-g') });
}

function rangeOfUsers(from: number, to: number): StackUsers {
  checked({ uid: from, gid: from });
  checked({ uid: to, gid: to });
  if (to < from) throw bad(`${from}-${to} ends before it begins`);
  const alone = createKeyedLock();

  async function choose(folder: string): Promise<StackUser> {
    const file = join(folder, USER_FILE);
    const own = await numberIn(file);
    const inRange = own !== null && own >= from && own <= to;
    const number = inRange ? own : await lowestFree(dirname(folder), basename(folder));
    if (!inRange) {
      // Whole or not at all: a stack that has lost its number could leave its files to the next one that gets it.
      await writeFile(`${file}.half`, `${number}\n`, { mode: 0o600 });
      await rename(`${file}.half`, file);
    }
    return { uid: number, gid: number };
  }

  /** Folders stay when a stack goes, so no number ever leads a stack to what another one has left. */
  async function lowestFree(work: string, folder: string): Promise<number> {
    const others = (await readdir(work)).filter((name) => name !== folder);
    const taken = new Set(await Promise.all(others.map((name) => numberIn(join(work, name, USER_FILE)))));
    for (let number = from; number <= to; number++) if (!taken.has(number)) return number;
    throw bad(`${from}-${to} are fewer than the stacks under ${work}: make the range larger`);
  }

  return { userOf: (folder) => alone('choose', () => choose(folder)) };
}

async function numberIn(file: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d+\n$/.test(text) ? Number(text) : null;
}

function checked(user: StackUser): StackUser {
  const most = 2 ** 32 - 2;
  if (user.uid === 0 || user.gid === 0) throw bad('that would be root');
  if (user.uid > most || user.gid > most) throw bad(`${user.uid}:${user.gid} is beyond any user`);
  return user;
}

function bad(text: string): RunnerError {
  return new RunnerError('init', `M0_STACK_USER: ${text}`);
}
