/** Compiled policies on disk. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { POLICY_RULES } from '../decisions/decision.ts';
import { BUNDLE, type Bundle, PACKAGES } from './bundle.ts';

/** Increased with every change of how m0 compiles, or of what is refused. */
const COMPILER = 9;

const MANIFEST = 'manifest.json';

const Manifest = z.object({
  digest: z.string(),
  namespace: z.string(),
  syntax: z.enum(['v1', 'v0']),
  rules: z.array(
    z.object({
      package: z.enum(PACKAGES),
      rule: z.enum(POLICY_RULES),
      file: z.string(),
      line: z.number(),
      kind: z.enum(['set', 'value']),
      title: z.string().nullable(),
      mute: z.boolean(),
    }),
  ),
  readsApprovers: z.boolean(),
  readsCause: z.boolean(),
  readsClock: z.boolean(),
  inputPaths: z.array(z.array(z.string())).nullable(),
  copies: z.record(z.string(), z.string()),
  ownLines: z.record(z.string(), z.number()),
  fast: z.boolean(),
  leftOut: z.array(
    z.object({ level: z.enum(['error', 'warning']), file: z.string(), line: z.number(), text: z.string() }),
  ),
});

/** The key of a compiled policy: the same three values always compile to the same result. */
export interface CacheKey {
  readonly commit: string;
  readonly path: string;
  readonly opaVersion: string;
}

/** Compiled policies on disk. A damaged entry counts as missing. */
export interface BundleCache {
  get(key: CacheKey): Promise<Bundle | undefined>;
  /**
   * The policy that `compile` writes into the empty folder it is given, kept under the key. `identity` is the key as
   * one list.
   */
  put(
    key: CacheKey,
    compile: (into: string, identity: readonly string[]) => Promise<Bundle>,
  ): Promise<Bundle>;
}

/** The contents of all files of a compiled policy, and their names. */
async function digestOf(dir: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((e) => e.isFile() && e.name !== MANIFEST)
    .map((e) => join(e.parentPath, e.name));
  for (const file of files.sort()) {
    const bytes = await readFile(file);
    hash.update(`${file.slice(dir.length)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/** A cache in `dir`, which is created when needed. */
export function createBundleCache(dir: string): BundleCache {
  const identityOf = (key: CacheKey): readonly string[] => [
    ...[String(COMPILER), key.commit, key.path, key.opaVersion],
  ];
  const pathOf = (key: CacheKey): string =>
    join(
      dir,
      createHash('sha256')
        .update(JSON.stringify(identityOf(key)))
        .digest('hex')
        .slice(0, 40),
    );

  async function get(key: CacheKey): Promise<Bundle | undefined> {
    const at = pathOf(key);
    try {
      const { digest, ...facts } = Manifest.parse(JSON.parse(await readFile(join(at, MANIFEST), 'utf8')));
      return (await digestOf(at)) === digest ? { ...facts, dir: join(at, BUNDLE) } : undefined;
    } catch {
      // Missing or damaged: compiling again is always correct.
      return undefined;
    }
  }

  return {
    get,
    async put(key, compile) {
      const at = pathOf(key);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const fresh = await mkdtemp(`${at}-`);
      try {
        const { dir: _, ...facts } = await compile(fresh, identityOf(key));
        const manifest = { ...facts, digest: await digestOf(fresh) };
        await writeFile(join(fresh, MANIFEST), JSON.stringify(manifest));
        await rm(at, { recursive: true, force: true });
        await rename(fresh, at);
      } catch (error) {
        await rm(fresh, { recursive: true, force: true });
        throw error;
      }
      const stored = await get(key);
      if (stored === undefined) throw new Error(`reading the compiled policy ${at}: it is damaged`);
      return stored;
    },
  };
}
