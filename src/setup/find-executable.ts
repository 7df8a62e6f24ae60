/** Finds programs on PATH. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** The process environment, or a replacement in tests. */
export type Env = Readonly<Record<string, string | undefined>>;

/** True where the file exists and can be executed. */
export async function isExecutable(file: string): Promise<boolean> {
  return await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** All places on PATH where one of `names` can be executed, as absolute paths, in the order of PATH. */
export async function findOnPath(names: readonly string[], env: Env): Promise<string[]> {
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = names.flatMap((name) => folders.map((folder) => path.resolve(folder, name)));
  const found = await Promise.all(candidates.map(isExecutable));
  return candidates.filter((_, index) => found[index]);
}

/** The `go` command, on PATH or in its installer's default place; null where there is none. */
export async function findGo(env: Env): Promise<string | null> {
  const usual = '/usr/local/go/bin/go';
  const [go = (await isExecutable(usual)) ? usual : null] = await findOnPath(['go'], env);
  return go;
}
