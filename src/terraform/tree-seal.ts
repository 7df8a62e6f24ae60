/** Recognises a work tree in which nothing changed since m0 checked it out, so that git need not look at each file. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRecord } from '../base/is-record.ts';
import type { StackUser } from './stack-user.ts';

/** What a seal is about. */
export interface SealedTree {
  readonly tree: string;
  /** The file of the seal, outside of the tree: m0's alone. */
  readonly file: string;
  /** Names what was checked out. */
  readonly digest: string;
  /** The owner of everything in the tree; null: m0's user. */
  readonly user: StackUser | null;
}

/** Files that tools write beside the code and need again, as git leaves them; see work-trees.ts. */
const OF_TOOLS =
  /^(\.terraform|\.terraform\.lock\.hcl|.*\.tfstate|.*\.tfstate\.backup|terraform\.tfstate\.d)$/;
/** Times of files have the steps of the system's clock, 10 ms at most: a later change must get another time. */
const CLOCK_STEP_MS = 12;

/**
 * True if the tree has exactly the files that it had when it was sealed with this digest. Each must still have its
 * owner, size, number and times; nobody but root can set the time of a file's last change of status. Files that tools
 * keep beside the code may have come. `contents`: the SHA-256 (hex) of files that may have this content instead, by
 * their paths in the tree.
 */
export async function isSealed(
  { tree, file, digest, user }: SealedTree,
  contents: ReadonlyMap<string, string>,
): Promise<boolean> {
  const before = await readSeal(file);
  if (before === null || before.digest !== digest) return false;
  const missing = new Map(Object.entries(before.files));
  for await (const { path, name, stamp } of walk(tree)) {
    const was = missing.get(path);
    missing.delete(path);
    if (was === stamp && was !== undefined && isOf(stamp, user)) continue;
    const content = contents.get(path);
    if (content !== undefined && content === (await contentOf(join(tree, path)))) continue;
    if (was === undefined && OF_TOOLS.test(name)) continue;
    return false;
  }
  return missing.size === 0;
}

/** Seals the tree as it is: right after the checkout, before any tool runs in it. */
export async function seal({ tree, file, digest }: SealedTree): Promise<void> {
  const files: Record<string, string> = {};
  for await (const { path, stamp } of walk(tree)) files[path] = stamp;
  await sleep(CLOCK_STEP_MS);
  await writeFile(`${file}.half`, JSON.stringify({ digest, files }), { mode: 0o600 });
  await rename(`${file}.half`, file);
}

/** Breaks the seal. Deletes the files that the tree was sealed with and that are none of `keep`. */
export async function unseal(
  { tree, file }: Pick<SealedTree, 'tree' | 'file'>,
  keep: readonly string[],
): Promise<void> {
  const before = await readSeal(file);
  await rm(file, { force: true });
  if (before === null) return;
  const kept = new Set(keep);
  // Only what the walk finds, which follows no symbolic link: a tool could have put one in the place of a folder.
  for await (const { path, name } of walk(tree))
    if (before.files[path] !== undefined && !kept.has(path) && !OF_TOOLS.test(name))
      await rm(join(tree, path), { force: true });
}

/**
 * Deletes the files that tell git how to write the others: before a checkout, git would also believe one that a tool has
 * put into the tree. Those of the repository come back with the checkout.
 */
export async function removeAttributes(tree: string): Promise<void> {
  for await (const { path, name } of walk(tree))
    if (name === '.gitattributes') await rm(join(tree, path), { force: true });
}

interface Found {
  /** From the tree's root. */
  readonly path: string;
  readonly name: string;
  readonly stamp: string;
}

/** Everything in the tree that is no folder. Enters no symbolic link and no folder that only tools use. */
async function* walk(tree: string, below = ''): AsyncGenerator<Found> {
  const entries = await readdir(join(tree, below), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const { name } = entry;
    const path = below === '' ? name : `${below}/${name}`;
    if (entry.isDirectory()) {
      if (!OF_TOOLS.test(name)) yield* walk(tree, path);
      continue;
    }
    const stats = await lstat(join(tree, path), { bigint: true });
    const { ino, mode, size, uid, gid, nlink, mtimeNs, ctimeNs } = stats;
    yield { path, name, stamp: [uid, gid, ino, mode, size, nlink, mtimeNs, ctimeNs].join(' ') };
  }
}

function isOf(stamp: string, user: StackUser | null): boolean {
  return user === null || stamp.startsWith(`${user.uid} ${user.gid} `);
}

async function contentOf(path: string): Promise<string | null> {
  const stats = await lstat(path);
  if (!stats.isFile()) return null;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function readSeal(
  file: string,
): Promise<{ readonly digest: string; readonly files: Readonly<Record<string, unknown>> } | null> {
  try {
    const seal: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isRecord(seal) || typeof seal.digest !== 'string' || !isRecord(seal.files)) return null;
    return { digest: seal.digest, files: seal.files };
  } catch {
    // Without a seal the tree is checked out again.
    return null;
  }
}
