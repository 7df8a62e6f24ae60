/** A runner beside the one of the m0 that may be running, for commands that store nothing. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openArtifacts } from '../artifacts/open-artifacts.ts';
import { createLogger } from '../base/log.ts';
import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/load.ts';
import { createMirrors, type Mirrors } from '../git/mirrors.ts';
import { createModuleAccess } from '../git/module-access.ts';
import { createCloudAccess } from '../roles/access.ts';
import { loadTools, type Tools, toolsForStacks } from '../setup/tools.ts';
import { createRunner } from '../terraform/runner.ts';
import { chooseStackUser } from '../terraform/stack-user-default.ts';

export interface SideRunner {
  readonly runner: ReturnType<typeof createRunner>;
  readonly mirrors: Mirrors;
  readonly tools: Tools;
  /** Why stacks share m0's user without an explicit setting; null where they do not. */
  readonly shared: string | null;
}

/**
 * Everything is in `dataDir`, apart from what the m0 that runs uses: two processes must not fetch into one mirror, or
 * plan in one folder. Stacks get users of their own as they do there, unless `asOwnUser`. `key`: of the fingerprints.
 * Rejects where tools are missing.
 */
export async function createSideRunner(
  { credentials }: Pick<Config, 'credentials'>,
  env: Environment,
  options: { readonly dataDir: string; readonly key: string; readonly asOwnUser?: boolean },
): Promise<SideRunner> {
  const { dataDir, key } = options;
  const { variables: base } = env;
  const log = createLogger('silent');
  const tools = await loadTools(env.dataDir, base);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { stackUser, shared } = await chooseStackUser({
    wanted: options.asOwnUser === true ? 'self' : env.stackUser,
    uid: process.getuid?.(),
    dataDir: env.dataDir,
    needed: toolsForStacks(tools),
  });
  const mirrors = createMirrors({ dir: join(dataDir, 'git'), log, base, credentials });
  const runner = createRunner({
    ...{ dataDir, base, log, clock: Date.now, key, mirrors, stackUser, toolProcesses: null },
    tools: { ...tools, cliConfig: tools.terraformCliConfig },
    access: createCloudAccess({ clock: Date.now }),
    modules: credentials.some(({ modules }) => modules === true)
      ? createModuleAccess(credentials, base)
      : undefined,
    artifacts: openArtifacts({
      location: 'file:',
      keys: env.artifactKeys,
      dataDir,
      s3Endpoint: null,
      region: 'us-east-1',
    }),
  });
  return { runner, mirrors, tools, shared };
}
