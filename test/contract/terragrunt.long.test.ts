/** Stacks that Terragrunt runs: units, stacks that generate units, dependencies and their mocks. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { PlanResult, Runner } from '../../src/ports/runner.ts';
import { toolsWithTerragrunt } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';
import { changeByHand, inputsIn, MODULES, rootHcl, unitHcl } from '../support/terragrunt-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { signal } = new AbortController();
const whole = { only: null, signal };
const VPC = unitHcl('vpc', 'inputs = { cidr = "10.0.0.0/16" }\n');

/** A unit that depends on `vpc`; `mocks` stands in the dependency's block. */
function appHcl(mocks = '', inputs = 'vpc = dependency.vpc.outputs.id'): string {
  const dependency = `dependency "vpc" {\n  config_path = "../vpc"\n${mocks}\n}\n`;
  return unitHcl('app', `${dependency}inputs = {\n  size = "small"\n  ${inputs}\n}\n`);
}

let dir: string;
let tools: Awaited<ReturnType<typeof toolsWithTerragrunt>>;
let runner: Runner;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-terragrunt-'));
  tools = await toolsWithTerragrunt();
  runner = runnerIn(join(dir, 'data'), toolPaths());
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function toolPaths(terragrunt = tools.terragrunt) {
  return { terraform: tools.terraform, tofu: tools.tofu, terragrunt, cliConfig: tools.terraformCliConfig };
}

/** A repository of that name with its units; the states of the units are in `states`. */
function layout(name: string, files: Record<string, string>): { git: string; states: string } {
  const states = join(dir, 'states', name);
  mkdirSync(states, { recursive: true });
  const git = makeRepo(join(dir, 'repos', name), { 'live/root.hcl': rootHcl(states), ...MODULES, ...files });
  return { git, states };
}

function unit(git: string, path: string, change: Partial<Stack> = {}): Stack {
  const name = `${git.split('/').at(-1)}-${path.replaceAll(/\W+/g, '-')}`;
  return anyStack({ name, source: { git, ref: 'main', path }, terragrunt: true, ...change });
}

async function apply(stack: Stack): Promise<PlanResult> {
  const result = await runner.plan(stack, whole);
  await runner.apply(stack, result.plan, signal);
  return result;
}

const addresses = ({ analysis }: PlanResult): readonly string[] => analysis.findings.map((f) => f.address);

describe('a unit', () => {
  it('is planned and applied by its saved plan, with the outputs of its dependency', async () => {
    const { git, states } = layout('pair', {
      'live/vpc/terragrunt.hcl': VPC,
      'live/app/terragrunt.hcl': appHcl(),
    });
    const app = unit(git, 'live/app');
    await apply(unit(git, 'live/vpc'));
    const first = await apply(app);
    expect(first.links?.folders).toEqual(['live/vpc']);
    expect(first.plan.tellOnly).toBeUndefined();
    expect(inputsIn(states, 'app').app).toBe('small in vpc in 10.0.0.0/16');

    // Files that Terragrunt generates are no drift, and nothing of them reaches the repository.
    expect(addresses(await runner.plan(app, whole))).toEqual([]);

    changeByHand(states, 'app', 'app', 'huge');
    const drifted = await runner.plan(app, whole);
    expect(addresses(drifted)).toEqual(['terraform_data.app']);
    await runner.apply(app, drifted.plan, signal);
    expect(inputsIn(states, 'app').app).toBe('small in vpc in 10.0.0.0/16');
  });

  it.each(['terraform', 'tofu'] as const)('is planned and applied in part with %s', async (tool) => {
    const { git, states } = layout(`part-${tool}`, {
      'live/vpc/terragrunt.hcl': VPC,
      'live/app/terragrunt.hcl': appHcl(),
    });
    const app = unit(git, 'live/app', { tool });
    await apply(unit(git, 'live/vpc', { tool }));
    await apply(app);
    changeByHand(states, 'app', 'app', 'hotfix');
    changeByHand(states, 'app', 'tags', 'none');
    const only = ['terraform_data.tags'];
    const part = await runner.plan(app, { only, except: ['terraform_data.app'], signal });
    expect([part.plan.touches, part.plan.targets]).toEqual([only, only]);
    await runner.apply(app, part.plan, signal);
    expect(inputsIn(states, 'app')).toEqual({ app: 'hotfix', tags: 'owner=small' });
  });

  it('runs m0’s tool with m0’s providers, in folders of its own, whatever the environment says', async () => {
    const { git } = layout('own', { 'live/vpc/terragrunt.hcl': VPC });
    const calls = join(dir, 'calls');
    const recorder = join(dir, 'terragrunt');
    writeFileSync(
      recorder,
      `#!/bin/sh\necho "$@" >> '${calls}'\nenv >> '${calls}'\nexec '${tools.terragrunt}' "$@"\n`,
    );
    chmodSync(recorder, 0o755);
    const base = { ...process.env, TG_ALL: 'true', TERRAGRUNT_DOWNLOAD: '/nowhere', TG_LOG_LEVEL: 'trace' };
    const data = join(dir, 'recorded');
    const recorded = runnerIn(data, toolPaths(recorder), { base });
    const stack = unit(git, 'live/vpc');
    const { plan } = await recorded.plan(stack, whole);
    await recorded.apply(stack, plan, signal);

    const log = readFileSync(calls, 'utf8');
    expect(log).not.toMatch(/--all|auto-approve|TG_ALL|TERRAGRUNT_DOWNLOAD|=trace/);
    expect(log).toContain(`TG_TF_PATH=${tools.terraform}\n`);
    expect(log).toContain(`TF_CLI_CONFIG_FILE=${tools.terraformCliConfig}\n`);
    expect(log).toContain(`TG_DOWNLOAD_DIR=${join(data, 'work', stack.name, 'terraform')}\n`);
    expect(log).toMatch(/^run -- apply -input=false /m);
    expect(log).not.toContain('TF_DATA_DIR');
  });

  it('may not be told by its environment to do more than m0 says', async () => {
    const { git } = layout('told', { 'live/vpc/terragrunt.hcl': VPC });
    const env = { TG_ALL: 'true', TERRAGRUNT_SOURCE: '/x', TG_BUCKET: 'fine', TG_IAM_ASSUME_ROLE: 'fine' };
    const plan = runner.plan(unit(git, 'live/vpc', { env }), whole);
    await expect(plan).rejects.toThrow('env of the stack may not set TG_ALL, TERRAGRUNT_SOURCE');
  });

  it('downloads its module anew for each plan: the same address may have other code', async () => {
    const { git: modules } = layout('modules', {});
    const vpc = `include "root" { path = find_in_parent_folders("root.hcl") }
terraform { source = "git::file://${modules}//modules/vpc?ref=main" }
inputs = { cidr = "10.0.0.0/16" }
`;
    const { git } = layout('anew', { 'live/vpc/terragrunt.hcl': vpc });
    const stack = unit(git, 'live/vpc');
    await apply(stack);
    commit(
      modules,
      { 'modules/vpc/more.tf': 'resource "terraform_data" "more" { input = "more" }\n' },
      'more',
    );
    expect(addresses(await runner.plan(stack, whole))).toEqual(['terraform_data.more']);
  });

  it('applies a plan that needs a file which the plan has written', async () => {
    const applied = join(dir, 'applied');
    const { git } = layout('files', {
      'modules/zip/main.tf': `resource "terraform_data" "zip" {
  input = "zip"
  provisioner "local-exec" { command = "cat written > '${applied}'" }
}
`,
      'live/zip/terragrunt.hcl': `include "root" { path = find_in_parent_folders("root.hcl") }
terraform {
  source = "\${get_repo_root()}/modules//zip"
  after_hook "write" {
    commands = ["plan"]
    execute  = ["sh", "-c", "echo by the plan > written"]
  }
}
`,
    });
    await apply(unit(git, 'live/zip'));
    expect(readFileSync(applied, 'utf8')).toBe('by the plan\n');
  });

  it('leaves ignored attributes as they are', async () => {
    const group = 'resource "terraform_data" "web" { input = { size = "5", owner = "platform" } }\n';
    const { git, states } = layout('ignored', {
      'modules/group/main.tf': group,
      'live/group/terragrunt.hcl': unitHcl('group', ''),
    });
    const ignore = [{ match: 'terraform_data.web.input.size', reason: 'autoscaler' }];
    const stack = unit(git, 'live/group', { ignore });
    await apply(stack);
    changeByHand(states, 'group', 'web', { size: '40', owner: 'nobody' });
    await apply(stack);
    expect(inputsIn(states, 'group')).toEqual({ web: { size: '40', owner: 'platform' } });
  });

  it.runIf(process.getuid?.() === 0)(
    'runs as a user of its own, and finds the root of the repository',
    async () => {
      const { git, states } = layout('user', { 'live/vpc/terragrunt.hcl': VPC });
      chmodSync(dir, 0o711);
      chmodSync(states, 0o777);
      const data = join(dir, 'users');
      const own = runnerIn(data, toolPaths(), { stackUser: '61000-61010' });
      const stack = unit(git, 'live/vpc');
      const { plan } = await own.plan(stack, whole);
      await own.apply(stack, plan, signal);
      expect(inputsIn(states, 'vpc')).toEqual({ vpc: '10.0.0.0/16' });
      expect(statSync(join(data, 'work', stack.name, 'terraform')).uid).toBe(61_000);
    },
  );

  it('gets its var files from its folder', async () => {
    const { git, states } = layout('vars', {
      'live/vpc/terragrunt.hcl': unitHcl('vpc', ''),
      'live/vpc/prod.tfvars': 'cidr = "10.7.0.0/16"\n',
    });
    await apply(unit(git, 'live/vpc', { varFiles: ['prod.tfvars'] }));
    expect(inputsIn(states, 'vpc')).toEqual({ vpc: '10.7.0.0/16' });
  });
});

describe('a mistake in the code is told in words', () => {
  const failure = async (name: string, files: Record<string, string>): Promise<string> => {
    const { git } = layout(name, files);
    const message = await runner.plan(unit(git, 'live/vpc'), whole).then(
      () => 'no error',
      (error: Error) => error.message,
    );
    return message;
  };

  it('of the tool once, without Terragrunt’s repetition', async () => {
    const bad = { 'modules/vpc/bad.tf': 'output "bad" { value = file("nowhere") }\n' };
    const message = await failure('bad-tf', { 'live/vpc/terragrunt.hcl': VPC, ...bad });
    expect(message).toMatch(
      /^running terragrunt plan: Invalid function argument\n.*no file exists at "nowhere"/s,
    );
    expect(message).not.toMatch(/Failed to execute|"level"|exit status/);
    expect(message.split('no file exists')).toHaveLength(2);
  });

  it('of Terragrunt', async () => {
    const message = await failure('bad-hcl', { 'live/vpc/terragrunt.hcl': 'inputs = { a = local.b }\n' });
    expect(message).toMatch(/^running terragrunt plan: /);
    expect(message).toMatch(/live\/vpc\/terragrunt\.hcl:1,.*attribute named "b"/);
    expect(message).not.toMatch(/"level"|"time"/);
  });

  it('of a dependency that was never applied', async () => {
    const { git } = layout('unapplied', {
      'live/vpc/terragrunt.hcl': VPC,
      'live/app/terragrunt.hcl': appHcl(),
    });
    await expect(runner.plan(unit(git, 'live/app'), whole)).rejects.toThrow(/vpc.*detected no outputs/s);
  });

  it('of a unit that keeps itself from planning', async () => {
    const exclude = 'exclude {\n  if      = true\n  actions = ["plan"]\n  no_run  = true\n}\n';
    const message = await failure('excluded', { 'live/vpc/terragrunt.hcl': VPC + exclude });
    expect(message).toBe(
      'running terragrunt plan: it ran no module: an exclude block with no_run may keep it from planning',
    );
  });

  it('without secrets of the module', async () => {
    const secret = `variable "cidr" {
  sensitive = true
}
resource "terraform_data" "vpc" { input = nonsensitive(var.cidr) }
output "bad" { value = file("no \${nonsensitive(var.cidr)}") }
`;
    const message = await failure('secret', {
      'live/vpc/terragrunt.hcl': unitHcl('vpc', 'inputs = {\n  cidr = "tr0ub4dor-and-3"\n}\n'),
      'modules/vpc/main.tf': secret,
    });
    expect(message).toContain('no file exists');
    expect(message).not.toContain('tr0ub4dor');
  });

  it('without Terragrunt', async () => {
    const { git } = layout('none', { 'live/vpc/terragrunt.hcl': VPC });
    const without = runnerIn(join(dir, 'without'), { ...toolPaths(), terragrunt: null });
    await expect(without.plan(unit(git, 'live/vpc'), whole)).rejects.toThrow(/M0_TERRAGRUNT/);
  });
});

describe('mock outputs', () => {
  const told = 'Terragrunt planned with mock_outputs of live/vpc: values that are made up';
  const planned = async (
    name: string,
    mocks: string,
    inputs?: string,
    applyFirst = true,
  ): Promise<PlanResult> => {
    const { git } = layout(name, {
      'live/vpc/terragrunt.hcl': VPC,
      'live/app/terragrunt.hcl': appHcl(mocks, inputs),
    });
    if (applyFirst) await apply(unit(git, 'live/vpc'));
    return runner.plan(unit(git, 'live/app'), whole);
  };

  it('of a dependency without outputs are told, and the plan is never applied', async () => {
    const mocks = '  mock_outputs = { id = "mock" }\n  mock_outputs_allowed_terraform_commands = ["plan"]';
    const { git } = layout('mocked', {
      'live/vpc/terragrunt.hcl': VPC,
      'live/app/terragrunt.hcl': appHcl(mocks),
    });
    const app = unit(git, 'live/app');
    const result = await runner.plan(app, whole);
    expect([result.plan.tellOnly, result.unsure]).toEqual([told, told]);
    await expect(runner.apply(app, result.plan, signal)).rejects.toThrow(`${told}; nothing was applied`);

    await apply(unit(git, 'live/vpc'));
    const real = await runner.plan(app, whole);
    expect([real.plan.tellOnly, real.unsure]).toEqual([undefined, null]);
  });

  it('that are merged with outputs are told if they change a value', async () => {
    const merge = (strategy: string, mocks: string): string =>
      `  mock_outputs = { ${mocks} }\n  mock_outputs_merge_strategy_with_state = "${strategy}"`;
    const missing = await planned(
      'merged',
      merge('shallow', 'id = "mock", zone = "a"'),
      'vpc = dependency.vpc.outputs.zone',
    );
    expect(missing.plan.tellOnly).toBe(told);
    const all = await planned('complete', merge('shallow', 'id = "mock", zones = ["a"]'));
    expect(all.plan.tellOnly).toBeUndefined();
    const empty = await planned('deep', merge('deep_map_only', 'id = "mock", zones = ["a"]'));
    expect(empty.plan.tellOnly).toBe(told);
  });

  it('of a dependency that is switched off are told', async () => {
    const result = await planned(
      'off',
      '  enabled = false\n  mock_outputs = { id = "mock" }',
      undefined,
      false,
    );
    expect(result.plan.tellOnly).toBe(told);
  });
});

describe('a stack', () => {
  const UNIT = unitHcl('vpc', 'inputs = { cidr = values.cidr }\n');
  const stackHcl = (cidr: string): string => `unit "a" {
  source = "\${get_repo_root()}/units/vpc"
  path   = "a"
  values = { cidr = "${cidr}" }
}
unit "b" {
  source                  = "\${get_repo_root()}/units/vpc"
  path                    = "b"
  no_dot_terragrunt_stack = true
  values                  = { cidr = "b ${cidr}" }
}
`;

  it('generates its units for each plan', async () => {
    const { git, states } = layout('stack', {
      'units/vpc/terragrunt.hcl': UNIT,
      'live/prod/terragrunt.stack.hcl': stackHcl('1'),
      '.gitignore': '.terragrunt-stack\n.terragrunt-cache\nb/\n',
    });
    const a = unit(git, 'live/prod/.terragrunt-stack/a');
    const b = unit(git, 'live/prod/b');
    await apply(a);
    await apply(b);
    expect(inputsIn(states, 'prod/.terragrunt-stack/a')).toEqual({ vpc: '1' });
    expect(inputsIn(states, 'prod/b')).toEqual({ vpc: 'b 1' });

    commit(git, { 'live/prod/terragrunt.stack.hcl': stackHcl('2') }, 'other values');
    await apply(a);
    await apply(b);
    expect(inputsIn(states, 'prod/.terragrunt-stack/a')).toEqual({ vpc: '2' });
    expect(inputsIn(states, 'prod/b')).toEqual({ vpc: 'b 2' });
    const work = join(dir, 'data/work', a.name);
    expect(existsSync(join(work, 'tree/live/prod/.terragrunt-stack/a/terragrunt.hcl'))).toBe(true);
    expect(readdirSync(work)).not.toContain('.terragrunt-cache');
  });

  it('that has no such unit is an error', async () => {
    const { git } = layout('no-unit', {
      'units/vpc/terragrunt.hcl': UNIT,
      'live/prod/terragrunt.stack.hcl': stackHcl('1'),
    });
    const plan = runner.plan(unit(git, 'live/prod/.terragrunt-stack/c'), whole);
    await expect(plan).rejects.toThrow(
      /looking for live\/prod\/\.terragrunt-stack\/c at .*no such directory/,
    );
  });
});
