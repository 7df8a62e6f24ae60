/** Makes what plans and applies stacks: mirrors of their repositories, the place of plan files, and the runner. */
import { join } from 'node:path';
import { openArtifacts } from './artifacts/open-artifacts.ts';
import type { Logger } from './base/log.ts';
import type { Environment, Variables } from './config/environment.ts';
import type { GitCredential } from './git/credentials.ts';
import { createMirrors, type Mirrors } from './git/mirrors.ts';
import { createModuleAccess } from './git/module-access.ts';
import { watchedMirrors } from './git/watched-mirrors.ts';
import type { Clock } from './model/directory.ts';
import type { Artifacts } from './ports/artifacts.ts';
import type { ToolProcesses } from './ports/tool-processes.ts';
import { createCloudAccess } from './roles/access.ts';
import { type Tools, toolsForStacks } from './setup/tools.ts';
import { createRunner } from './terraform/runner.ts';
import { chooseStackUser, SHARED_MEANS } from './terraform/stack-user-default.ts';

export interface StackRunnerParts {
  readonly environment: Environment;
  readonly tools: Tools;
  /** Environment variables. Tools get some of them. */
  readonly base: Variables;
  readonly toolProcesses: ToolProcesses | null;
  /** Called at each use, because another m0.yaml may be in use by then. */
  readonly credentials: () => readonly GitCredential[];
  /** Key of the fingerprints. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The place of plan files that M0_ARTIFACTS names. Throws if it names none. */
export function artifactsOf({
  environment,
  base,
}: Pick<StackRunnerParts, 'environment' | 'base'>): Artifacts {
  return openArtifacts({
    location: environment.artifacts,
    keys: environment.artifactKeys,
    dataDir: environment.dataDir,
    s3Endpoint: environment.s3Endpoint,
    region: base.AWS_REGION ?? base.AWS_DEFAULT_REGION ?? 'us-east-1',
  });
}

/** The mirrors of repositories in the data folder. */
export function mirrorsOf({
  environment,
  base,
  credentials,
  log,
}: Pick<StackRunnerParts, 'environment' | 'base' | 'credentials' | 'log'>): Mirrors {
  return createMirrors({
    ...{ dir: join(environment.dataDir, 'git'), log, base },
    get credentials() {
      return credentials();
    },
  });
}

/** Rejects where the users of stacks can't be used, or M0_ARTIFACTS names no place. */
export async function openStackRunner(parts: StackRunnerParts) {
  const { environment, tools, base, credentials, toolProcesses, key, clock, log } = parts;
  const { dataDir } = environment;
  const mirrors = watchedMirrors(mirrorsOf(parts), clock);
  const artifacts = artifactsOf(parts);
  const { stackUser, shared } = await chooseStackUser({
    wanted: environment.stackUser,
    uid: process.getuid?.(),
    dataDir,
    needed: toolsForStacks(tools),
  });
  if (shared !== null) {
    const todo = 'see M0_STACK_USER in docs/how-to/stack-environment.md';
    log.warn({ why: shared, means: SHARED_MEANS, todo }, "stacks run as m0's own user");
  }
  const runner = createRunner({
    access: createCloudAccess({ clock }),
    get modules() {
      const known = credentials();
      return known.some(({ modules }) => modules === true) ? createModuleAccess(known, base) : undefined;
    },
    ...{ toolProcesses, dataDir, base, stackUser, mirrors, artifacts, log, clock, key },
    tools: { ...tools, cliConfig: tools.terraformCliConfig },
    keepPlans: environment.keepPlans,
  });
  return { mirrors, runner };
}
