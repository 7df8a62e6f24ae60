/** m0's data folder, in which it keeps its database, clones and tools. */
import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { ConfigError } from '../config/config-error.ts';

/** What to do where m0 can't write into its data folder. */
export const DATA_FOLDER_TODO = "make it writable for m0's user, or name another in M0_DATA_DIR";

/** Makes the folder if it is missing. Resolves with why m0's user can't write into it; null: it can. */
export async function dataFolderProblem(dataDir: string): Promise<string | null> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
    return null;
  } catch (error) {
    return `${dataDir}: ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** Makes the folder if it is missing. Rejects with a ConfigError if m0's user can't write into it. */
export async function refuseDataFolder(dataDir: string): Promise<void> {
  const problem = await dataFolderProblem(dataDir);
  if (problem !== null) throw new ConfigError([`${problem}: ${DATA_FOLDER_TODO}`]);
}
