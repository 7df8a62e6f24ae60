/** Temporary folders in RAM, for tests that write a lot. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';

/**
 * Creates a temporary directory in RAM if the system has /dev/shm, else on disk. For tests with tens of thousands of
 * commits that do not measure the disk.
 */
export async function scratchInMemory(prefix: string): Promise<string> {
  return mkdtemp(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), prefix));
}
