/** The row of `m0 doctor` about stacks whose state is only in the data folder. */
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import type { Row } from '../setup/inspect.ts';
import { stacksWithoutBackend } from '../terraform/own-state.ts';
import { configOrNull } from './doctor-config.ts';

/** One row that names them; none where there are none, or where the configuration can't be read. */
export async function backendRows(env: Environment): Promise<Row[]> {
  // The row about the configuration reports why it can't be read.
  const stacks = (await configOrNull(env))?.config.directory.stacks ?? [];
  const names = await stacksWithoutBackend(join(env.dataDir, 'work'), stacks);
  if (names.length === 0) return [];
  return [
    {
      what: 'backends',
      state: 'warning',
      found: `none, so the state is in ${env.dataDir} alone: ${names.join(', ')}`,
      todo: 'add a remote backend to the code before the first apply; stacks never checked are not looked at',
    },
  ];
}
