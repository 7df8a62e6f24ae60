/** Starts a local AWS (moto) with the sample stack in it, for tests that need the real AWS provider. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger, type Logger } from '../../src/base/log.ts';
import { createMirrors, type Mirrors } from '../../src/git/mirrors.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Artifacts } from '../../src/ports/artifacts.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { type SandboxCloud, startSandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { findTofu } from '../../src/setup/tofu.ts';
import { loadTools, type Tools, toolsFolder } from '../../src/setup/tools.ts';
import { createRunner } from '../../src/terraform/runner.ts';

/** The key that secrets are fingerprinted with in tests. */
export const TEST_KEY = 'a key for tests only';

/** A local AWS with the sample stack in it, in a temporary directory that `close` deletes. */
export interface TestCloud {
  /** Contains `data/`, m0's data directory, and `sandbox/`, the sandbox's. */
  readonly dir: string;
  readonly dataDir: string;
  readonly tools: Tools;
  readonly cloud: SandboxCloud;
  readonly mirrors: Mirrors;
  readonly artifacts: Artifacts;
  readonly runner: Runner & CodePort;
  readonly log: Logger;
  /** The sample stack as m0.yaml would define it. */
  stack(overrides?: Partial<Stack>): Stack;
  close(): Promise<void>;
}

const dataDir = process.env.M0_DATA_DIR ?? '.m0';

/** The tools that the set-up has installed; it must have run before the tests. */
export async function testTools(): Promise<Tools> {
  return loadTools(dataDir, process.env);
}

/** Like `testTools`; throws if there is no OpenTofu. */
export async function toolsWithTofu(): Promise<Tools & { readonly tofu: string }> {
  const tofu = await findTofu(toolsFolder(dataDir), process.env);
  if (tofu === null) throw new Error('tests with OpenTofu need one: run them by npm test, which sets it up');
  return { ...(await testTools()), tofu };
}

/** Like `testTools`, with OpenTofu; throws if that or Terragrunt is missing. */
export async function toolsWithTerragrunt(): Promise<
  Tools & { readonly terragrunt: string; readonly tofu: string }
> {
  const tools = await toolsWithTofu();
  const { terragrunt } = tools;
  if (terragrunt === null)
    throw new Error('tests with Terragrunt need one: run them by npm test, which sets it up');
  return { ...tools, terragrunt };
}

/** `motoServer` and `terraform` of the tools; throws an error that names a missing one. */
export function sandboxTools(tools: Tools): { terraform: string; motoServer: string; cliConfig: string } {
  const { terraform, motoServer, terraformCliConfig: cliConfig } = tools;
  if (terraform === null || motoServer === null) {
    throw new Error('tests with a cloud need Terraform and moto: run them by npm test, which sets moto up');
  }
  return { terraform, motoServer, cliConfig };
}

/**
 * Starts moto on a free port and provisions the sample stack with the real Terraform (about 10 s): once per
 * file, in `beforeAll`. `policiesFrom` is copied into the sample's policy repository.
 */
export async function startTestCloud(options: { policiesFrom?: string } = {}): Promise<TestCloud> {
  const tools = await testTools();
  const dir = await mkdtemp(join(tmpdir(), 'm0-cloud-'));
  const dataDir = join(dir, 'data');
  const log = createLogger(process.env.M0_LOG_LEVEL ?? 'silent');
  const base = process.env;
  const { terraform, motoServer, cliConfig } = sandboxTools(tools);
  const cloud = await startSandboxCloud({
    dir: join(dir, 'sandbox'),
    tools: { terraform, motoServer, cliConfig },
    port: 0,
    log,
    base,
    now: Date.now,
    onProgress: () => {},
    policiesFrom: options.policiesFrom ?? resolve('policies'),
  });

  async function close(): Promise<void> {
    await cloud.close();
    await rm(dir, { recursive: true, force: true });
  }
  try {
    await cloud.ready;
  } catch (error) {
    await close();
    throw error;
  }

  const mirrors = createMirrors({ dir: join(dataDir, 'git'), log, base });
  const artifacts = createFileArtifacts(join(dataDir, 'artifacts'));
  const runner = createRunner({
    toolProcesses: null,
    dataDir,
    tools: { terraform, tofu: tools.tofu, cliConfig },
    base,
    mirrors,
    artifacts,
    log,
    clock: Date.now,
    key: TEST_KEY,
  });
  return {
    dir,
    dataDir,
    tools,
    cloud,
    mirrors,
    artifacts,
    runner,
    log,
    stack: (overrides = {}) => ({
      name: 'prod-network',
      environment: 'prod',
      source: { git: cloud.repos.infra, ref: 'main', path: SAMPLE.stackPath },
      tool: 'terraform',
      toolVersion: null,
      workspace: 'default',
      varFiles: [],
      env: cloud.stackEnv,
      schedule: [],
      timezone: 'UTC',
      realign: 'policy',
      policies: [],
      channels: [],
      approvers: { from: [], need: 1, notTheAuthor: false },
      ignore: [],
      ...overrides,
    }),
    close,
  };
}
