/** m0's real runner, with its files in a folder of the test. */
import { join } from 'node:path';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { CodePort, Runner, StackFolders, WorkspacePort } from '../../src/ports/runner.ts';
import { createRunner, type RunnerOptions } from '../../src/terraform/runner.ts';
import { TEST_KEY } from './cloud.ts';

/** Creates m0's runner with all its files in `dataDir`. */
export function runnerIn(
  dataDir: string,
  tools: RunnerOptions['tools'],
  change: Partial<RunnerOptions> = {},
): Runner & CodePort & WorkspacePort & StackFolders {
  const { log = createLogger('silent'), base = process.env } = change;
  return createRunner({
    toolProcesses: null,
    ...{ dataDir, tools, base, log, clock: Date.now, key: TEST_KEY },
    mirrors: createMirrors({ dir: join(dataDir, 'git'), log, base }),
    artifacts: createFileArtifacts(join(dataDir, 'artifacts')),
    ...change,
  });
}
