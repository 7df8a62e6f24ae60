/** A cache of compiled policies on disk. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { POLICY_RULES } from '../decisions/decision.ts';
import { PACKAGES } from './bundle.ts';
import type { CompiledFiles } from './compile.ts';

/** Increased with every change of the entrypoint, of the builtins or of what is refused. */
const COMPILER = 5;

const Manifest = z.object({
  digest: z.string(),
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
  /** Indexes of the definitions that spoken.wasm has copies of; null: there is no such file. */
  copied: z.array(z.number()).nullable(),
  inputPaths: z.array(z.array(z.string())).nullable(),
});

/** The key of a compiled policy: the same three values always compile to the same result. */
export interface CacheKey {
  readonly commit: string;
  readonly path: string;
  readonly opaVersion: string;
}

/** Compiled policies on disk. A damaged entry counts as missing. */
export interface BundleCache {
  get(key: CacheKey): Promise<CompiledFiles | undefined>;
  put(key: CacheKey, files: CompiledFiles): Promise<void>;
}

function digestOf(files: Pick<CompiledFiles, 'wasm' | 'data' | 'spoken'>): string {
  const hash = createHash('sha256').update(files.wasm).update('\0').update(files.data);
  if (files.spoken !== null) hash.update('\0').update(files.spoken.wasm);
  return hash.digest('hex');
}

/** A cache in `dir`, which is created when needed. */
export function createBundleCache(dir: string): BundleCache {
  const pathOf = (key: CacheKey): string => {
    const parts = JSON.stringify([COMPILER, key.commit, key.path, key.opaVersion]);
    return join(dir, createHash('sha256').update(parts).digest('hex').slice(0, 40));
  };
  return {
    async get(key) {
      const at = pathOf(key);
      try {
        const manifest = Manifest.parse(JSON.parse(await readFile(join(at, 'manifest.json'), 'utf8')));
        const wasm = await readFile(join(at, 'policy.wasm'));
        const data = await readFile(join(at, 'data.json'), 'utf8');
        const { digest, copied, ...known } = manifest;
        const spoken = copied === null ? null : { wasm: await readFile(join(at, 'spoken.wasm')), copied };
        if (digestOf({ wasm, data, spoken }) !== digest) return undefined;
        return { ...known, wasm, data, spoken };
      } catch {
        // Missing or damaged: compiling again is always correct.
        return undefined;
      }
    },
    async put(key, files) {
      const at = pathOf(key);
      await mkdir(dirname(at), { recursive: true });
      const fresh = await mkdtemp(`${at}-`);
      await writeFile(join(fresh, 'policy.wasm'), files.wasm);
      await writeFile(join(fresh, 'data.json'), files.data);
      if (files.spoken !== null) await writeFile(join(fresh, 'spoken.wasm'), files.spoken.wasm);
      const { wasm: _wasm, data: _data, spoken, ...known } = files;
      const manifest = { ...known, copied: spoken?.copied ?? null, digest: digestOf(files) };
      await writeFile(join(fresh, 'manifest.json'), JSON.stringify(manifest));
      await rm(at, { recursive: true, force: true });
      await rename(fresh, at);
    },
  };
}
