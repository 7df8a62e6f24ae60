/** Which workspaces exist, as the real tool says it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { configCommand } from '../../src/cli/config.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { toolsWithTofu } from '../support/cloud.ts';
import { stack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let dir: string;
let runner: ReturnType<typeof runnerIn>;
let git: string;
const signal = new AbortController().signal;
const STATE = JSON.stringify({
  ...{ version: 4, terraform_version: '1.5.0', serial: 1, lineage: 'a', outputs: {} },
  resources: [
    {
      ...{ mode: 'managed', type: 'terraform_data', name: 'a' },
      provider: 'provider["terraform.io/builtin/terraform"]',
      instances: [
        { schema_version: 0, attributes: { id: 'x', input: null, output: null, triggers_replace: null } },
      ],
    },
  ],
});

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-workspaces-'));
  const { terraform, tofu, terraformCliConfig: cliConfig } = await toolsWithTofu();
  runner = runnerIn(join(dir, 'data'), { terraform, tofu, cliConfig });
  const backend = `terraform {\n  backend "local" {\n    path          = "${join(dir, 'default.tfstate')}"\n    workspace_dir = "${join(dir, 'spaces')}"\n  }\n}\n`;
  git = makeRepo(join(dir, 'repo'), { 'a/main.tf': `${backend}resource "terraform_data" "a" {}\n` });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each(['terraform', 'tofu'] as const)(
  '%s: default alone, then others without an empty default',
  async (tool) => {
    const root = stack({
      name: `a-${tool}`,
      tool,
      source: { git, ref: 'main', path: 'a' },
      workspace: 'blue',
    });
    rmSync(join(dir, 'spaces'), { recursive: true, force: true });
    rmSync(join(dir, 'default.tfstate'), { force: true });
    expect(await runner.workspaces(root, signal)).toEqual(['default']);
    for (const name of ['green', 'blue']) {
      mkdirSync(join(dir, 'spaces', name), { recursive: true });
      writeFileSync(join(dir, 'spaces', name, 'terraform.tfstate'), STATE);
    }
    expect(await runner.workspaces(root, signal)).toEqual(['blue', 'green']);
    writeFileSync(join(dir, 'default.tfstate'), STATE);
    expect(await runner.workspaces(root, signal)).toEqual(['blue', 'default', 'green']);
  },
);

it('config check --reach names a workspace that does not exist, and those that do', async () => {
  mkdirSync(join(dir, 'spaces', 'green'), { recursive: true });
  writeFileSync(join(dir, 'spaces', 'green', 'terraform.tfstate'), STATE);
  rmSync(join(dir, 'spaces', 'blue'), { recursive: true, force: true });
  const source = `{ git: ${git}, path: a }`;
  const stackOf = (workspace: string): string =>
    `{ name: a-${workspace}, environment: prod, source: ${source}, workspace: ${workspace} }`;
  const file = join(dir, 'm0.yaml');
  writeFileSync(
    file,
    `chat: { slack: {} }\ndefaults: { channels: [slack:C0OPS] }\nstacks: [ ${stackOf('green')}, ${stackOf('blue')} ]\n`,
  );
  let out = '';
  const write = (text: string): void => {
    out += text;
  };
  const env = readEnvironment({
    ...process.env,
    M0_DATA_DIR: join(dir, 'reach'),
    M0_OPA: (await toolsWithTofu()).opa,
    M0_DATABASE_URL: `file:${join(dir, 'no.db')}`,
  });
  const code = await configCommand(['check', file, '--reach'], { out: write, err: write }, env);
  expect(out).toMatch(/a-blue +MISSING +there is no workspace blue in a, only .*green/);
  expect(out).not.toMatch(/a-green +MISSING/);
  expect(code).toBe(1);
});
