/** The work trees of mirrors. */
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SimpleGit } from 'simple-git';
import { isWithoutRepository } from './git-folder.ts';

/** Git in a directory. */
type GitIn = (baseDir: string) => SimpleGit;

/** Files that Terraform writes next to the code and needs again, even where Git does not ignore them. */
const TERRAFORM_FILES = [
  '.terraform',
  '.terraform.lock.hcl',
  '*.tfstate',
  '*.tfstate.backup',
  'terraform.tfstate.d',
];
/** Arguments of the git command that removes what a commit does not have, except ignored files and Terraform's own. */
export const CLEAN = [
  'clean',
  '--quiet',
  '-f',
  '-f',
  '-d',
  ...TERRAFORM_FILES.flatMap((name) => ['-e', name]),
];

/**
 * Makes `into` a work tree of the mirror, if it is none. It shares the mirror's objects, so that a checkout copies only
 * files.
 */
export async function ensureWorkTree(git: GitIn, mirror: string, into: string): Promise<void> {
  const sharedObjects = await readFile(join(into, '.git/objects/info/alternates'), 'utf8').catch(() => '');
  if (sharedObjects.trim() === join(mirror, 'objects')) return;
  if (!(await exists(join(mirror, 'objects')))) throw new Error(`${mirror} is not a git repository`);
  await mkdir(dirname(into), { recursive: true, mode: 0o700 });
  const clone = ['clone', '--quiet', '--shared', '--no-checkout', '--template='];
  if (await isWithoutRepository(into)) {
    // A tree of inputs alone: local states in it must stay.
    const beside = `${into}.clone`;
    await rm(beside, { recursive: true, force: true });
    await git(mirror).raw([...clone, '--', mirror, beside]);
    await rm(join(into, '.git'), { recursive: true, force: true });
    await rename(join(beside, '.git'), join(into, '.git'));
    await rm(beside, { recursive: true, force: true });
    return;
  }
  await rm(into, { recursive: true, force: true });
  await git(mirror).raw([...clone, '--', mirror, into]);
}

/** True if something is at the path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
