/** Creates the sample stack in an empty local cloud. */
import { join } from 'node:path';
import type { Logger } from '../../base/log.ts';
import { createMirrors } from '../../git/mirrors.ts';
import type { Stack } from '../../model/directory.ts';
import { bareStack } from '../../model/stack.ts';
import { createStackTools } from '../../terraform/stack-tool.ts';
import { openWorkTree } from '../../terraform/work-tree.ts';
import type { CloudApi } from './cloud-api.ts';
import { SAMPLE } from './sample-infra.ts';

/** Paths of the tools that the sandbox starts. `cliConfig` says where providers come from. */
export interface SandboxTools {
  readonly terraform: string;
  readonly motoServer: string;
  readonly cliConfig: string;
}

const MINUTE = 60_000;

/**
 * Creates the sample stack with the real Terraform, from its code at `commit` (null: the newest of main).
 * Resolves to the commit. Rejects with the tool's error.
 */
export async function provisionCloud(options: {
  readonly dir: string;
  readonly infra: string;
  readonly commit: string | null;
  readonly api: CloudApi;
  readonly tools: SandboxTools;
  readonly stackEnv: Readonly<Record<string, string>>;
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}): Promise<string> {
  const { tools, base, log, signal, onProgress, infra } = options;
  const home = join(options.dir, 'provision');
  await options.api.ensureStateBucket();

  const mirrors = createMirrors({ dir: join(home, 'git'), log, base });
  const newest = (await mirrors.fetch(infra, 'main')).commit;
  const commit = options.commit === null ? newest : await known(options.commit, newest);
  const stack = sampleStack(infra, options.stackEnv);
  const tree = await openWorkTree({ dir: home, stack, commit, mirrors, key: 'sandbox', asIs: false });

  const paths = { terraform: tools.terraform, tofu: null, cliConfig: tools.cliConfig };
  const stackTool = createStackTools({ toolProcesses: null, tools: paths, base, log });
  const tool = await stackTool(stack, tree, (text) => text);
  const call = { signal, limitMs: 10 * MINUTE, graceMs: 10_000 };
  await tree.initialise(
    tool.version,
    () => {
      onProgress('terraform init: fetching the AWS provider');
      return tool.run('init', ['init', '-input=false', '-no-color', '-reconfigure'], call);
    },
    { force: false },
  );
  onProgress('terraform apply: a VPC, a bucket and a security group');
  // The cloud is empty, so no refresh is needed; planning and applying in one command takes half the time.
  await tool.run('apply', ['apply', '-auto-approve', '-refresh=false', '-input=false', '-no-color'], call);
  return commit;

  /** The commit, or the newest one where the sample's history was rewritten since. */
  async function known(wanted: string, otherwise: string): Promise<string> {
    return mirrors.fetch(infra, wanted).then(
      (version) => version.commit,
      () => otherwise,
    );
  }
}

function sampleStack(infra: string, env: Readonly<Record<string, string>>): Stack {
  return bareStack('sandbox', 'prod', {
    source: { git: infra, ref: 'main', path: SAMPLE.stackPath },
    env,
  });
}
