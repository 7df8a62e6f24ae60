import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText } from '../base/error-text.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import { checkName } from './artifact-name.ts';

/** Artifacts as files under `dir`, readable by their owner only. Each is written completely or not at all. */
export function createFileArtifacts(dir: string): Artifacts {
  const pathOf = (name: string): string => {
    checkName(name);
    return join(dir, name);
  };
  return {
    async put(name, bytes) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const partial = `${path}.${randomBytes(6).toString('hex')}.part`;
      try {
        await writeFile(partial, bytes, { mode: 0o600, flag: 'wx', flush: true });
        await rename(partial, path);
      } catch (cause) {
        await rm(partial, { force: true });
        throw new Error(`keeping the artifact ${name}: ${errorText(cause)}`, { cause });
      }
    },
    async get(name) {
      try {
        return await readFile(pathOf(name));
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
        throw new Error(`reading the artifact ${name}: ${errorText(cause)}`, { cause });
      }
    },
    async delete(name) {
      await rm(pathOf(name), { force: true });
    },
    async list(folder) {
      try {
        return (await readdir(pathOf(folder))).map((name) => `${folder}/${name}`);
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
        throw new Error(`listing the artifacts in ${folder}: ${errorText(cause)}`, { cause });
      }
    },
  };
}
