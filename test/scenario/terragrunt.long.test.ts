/** A layout of Terragrunt units, from the first check with mocks to the proof after an apply. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitAs, KIM as KIM_WRITES } from '../../src/sandbox/cloud/sample-git.ts';
import { toolsWithTerragrunt } from '../support/cloud.ts';
import { changeByHand, inputsIn, rootHcl, unitHcl } from '../support/terragrunt-repo.ts';
import { buttons, DANA, startWorld, type World, words } from '../support/world.ts';

const MOCKED = 'mock_outputs of live/prod/vpc';
const VPC_MODULE =
  'resource "terraform_data" "vpc" { input = "10.0.0.0/16" }\noutput "id" { value = terraform_data.vpc.output }\n';
const APP_MODULE = `variable "vpc" {}
resource "terraform_data" "logs" { input = "owner=platform" }
resource "terraform_data" "web" { input = "443 in \${var.vpc}" }
`;
const APP = unitHcl(
  'app',
  `dependency "vpc" {
  config_path                             = "../vpc"
  mock_outputs                            = { id = "mock" }
  mock_outputs_allowed_terraform_commands = ["plan"]
}
inputs = { vpc = dependency.vpc.outputs.id }
`,
);

let world: World;
let states: string;
let colleague: string;

beforeAll(async () => {
  const tools = await toolsWithTerragrunt();
  world = await startWorld({
    cloud: 'plain',
    async prepare({ repos }) {
      states = join(repos.infra, '..', 'states');
      colleague = join(repos.infra, '..', 'colleague');
      mkdirSync(states, { recursive: true });
      const files = {
        'live/root.hcl': rootHcl(states),
        'live/prod/vpc/terragrunt.hcl': unitHcl('vpc', ''),
        'live/prod/app/terragrunt.hcl': APP,
        'modules/vpc/main.tf': VPC_MODULE,
        'modules/app/main.tf': APP_MODULE,
      };
      await commitAs(repos.infra, process.env, {
        author: KIM_WRITES,
        at: Date.now(),
        message: 'Units',
        files,
      });
    },
    config: (yaml) =>
      yaml
        .replace(/tool: terraform\n/, 'tool: terragrunt\n')
        .replace(/path: envs\/prod\/network\n/, 'path: live/prod/app\n'),
  });
  await execa('git', ['clone', '--quiet', world.cloud.repos.infra, colleague]);
  vpc = async (command) => {
    const env = {
      TG_TF_PATH: tools.terraform ?? '',
      TG_NON_INTERACTIVE: 'true',
      TF_CLI_CONFIG_FILE: tools.terraformCliConfig,
    };
    const cwd = join(colleague, 'live/prod/vpc');
    await execa(tools.terragrunt, ['run', '--', command, '-auto-approve', '-input=false'], { cwd, env });
  };
});
afterAll(async () => world?.close());

/** What a colleague does with the unit `vpc`. */
let vpc: (command: 'apply' | 'destroy') => Promise<void>;
const app = (): Record<string, unknown> => inputsIn(states, 'prod/app');

it('tells that a plan took mocks, and offers no way to apply it', async () => {
  const run = await world.check();
  expect(run).toMatchObject({ state: 'denied', tellOnly: expect.stringContaining(MOCKED) });
  const card = await world.card('terraform_data.web', MOCKED, 'made up');
  expect(buttons(card).filter((label) => /create|apply|revert|approve/i.test(label))).toEqual([]);
  await world.type(DANA, `approve #${run.id}`);
  await world.whisper(DANA, MOCKED);
  expect((await world.run(run.id)).state).toBe('denied');
});

it('applies what Dana approved once the dependency is there, and proves it', async () => {
  await vpc('apply');
  const run = await world.check();
  expect(run).toMatchObject({ state: 'awaiting_approval', tellOnly: null });
  await world.approve(DANA, run.id);
  await world.until(run.id, 'realigned');
  expect(app()).toEqual({ logs: 'owner=platform', web: '443 in 10.0.0.0/16' });
  expect(await world.check()).toMatchObject({ state: 'clean' });
});

it('heals what a policy allows, and waits with the rest', async () => {
  changeByHand(states, 'prod/app', 'logs', 'owner=nobody');
  changeByHand(states, 'prod/app', 'web', '22 in 10.0.0.0/16');
  const run = await world.check();
  expect(run).toMatchObject({ state: 'awaiting_approval' });
  expect(app()).toEqual({ logs: 'owner=platform', web: '22 in 10.0.0.0/16' });
  await world.approve(DANA, run.id);
  await world.until(run.id, 'realigned');
  expect(app()).toEqual({ logs: 'owner=platform', web: '443 in 10.0.0.0/16' });
});

it('does not apply what was approved where the look right before the apply took mocks', async () => {
  changeByHand(states, 'prod/app', 'web', '22 in 10.0.0.0/16');
  const run = await world.check();
  await vpc('destroy');
  await world.approve(DANA, run.id);
  await world.until(run.id, 'denied');
  const told = await world.card('not applied', MOCKED);
  expect(words(told)).toContain('made up');
  expect(app().web).toBe('22 in 10.0.0.0/16');
});
