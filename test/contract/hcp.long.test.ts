/** Stacks whose state is in HCP Terraform or Terraform Enterprise, against a stand-in of the documented API. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { CloudAccess } from '../../src/ports/cloud-access.ts';
import type { Runner } from '../../src/ports/runner.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { HCP_TOKEN, type Hcp, startHcp } from '../support/hcp.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { signal } = new AbortController();
const whole = { only: null, signal };

let dir: string;
let hcp: Hcp;
let runner: Runner;
let tools: Awaited<ReturnType<typeof testTools>>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-hcp-test-'));
  tools = await testTools();
  hcp = await startHcp({ terraform: tools.terraform ?? '', cliConfig: tools.terraformCliConfig });
  runner = runnerWith(hcp.cliConfig);
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await hcp?.close();
});

function runnerWith(cliConfig: string): Runner {
  const base = { ...process.env, SSL_CERT_FILE: hcp.ca };
  return runnerIn(join(dir, 'data'), { terraform: tools.terraform, tofu: null, cliConfig }, { base });
}

const RESOURCES = (value: string): string => `resource "terraform_data" "web" { input = "${value}" }
resource "terraform_data" "logs" { input = "logs ${value}" }
`;
const cloud = (name: string): string =>
  `terraform {\n  cloud {\n    hostname     = "${hcp.host}"\n    organization = "acme"\n    workspaces { name = "${name}" }\n  }\n}\n`;
const remote = (name: string): string =>
  `terraform {\n  backend "remote" {\n    hostname     = "${hcp.host}"\n    organization = "acme"\n    workspaces { name = "${name}" }\n  }\n}\n`;

function stackIn(
  name: string,
  backend: string,
  mode: 'local' | 'remote' | 'agent',
  code = RESOURCES('old'),
): Stack {
  hcp.workspaces.set(name, { executionMode: mode, locked: false, state: null });
  const git = makeRepo(join(dir, 'repos', name), { 'a/backend.tf': backend, 'a/main.tf': code });
  return anyStack({ name, source: { git, ref: 'main', path: 'a' } });
}

const inputs = (name: string): Record<string, unknown> => {
  const state = JSON.parse(hcp.workspaces.get(name)?.state?.toString('utf8') ?? '{"resources":[]}');
  return Object.fromEntries(
    state.resources.map((r: { name: string; instances: { attributes: { input: { value: string } } }[] }) => [
      r.name,
      r.instances[0]?.attributes.input.value,
    ]),
  );
};

describe.each([
  ['a cloud block', cloud],
  ['the backend remote', remote],
] as const)('%s', (title, backend) => {
  const id = title.split(' ').at(-1) ?? '';

  it('whose runs are made here is planned and applied as any other', async () => {
    const name = `local-${id}`;
    const stack = stackIn(name, backend(name), 'local');
    const first = await runner.plan(stack, whole);
    expect(first.plan.tellOnly).toBeUndefined();
    await runner.apply(stack, first.plan, signal);
    expect(inputs(name)).toEqual({ web: 'old', logs: 'logs old' });
    commit(stack.source.git, { 'a/main.tf': RESOURCES('new') }, 'new');
    const only = ['terraform_data.web'];
    const part = await runner.plan(stack, { only, except: ['terraform_data.logs'], signal });
    await runner.apply(stack, part.plan, signal);
    expect(inputs(name)).toEqual({ web: 'new', logs: 'logs old' });
    expect(hcp.workspaces.get(name)?.locked).toBe(false);
  });

  it('whose runs are made there is only told, from the whole plan as JSON', async () => {
    const name = `remote-${id}`;
    const stack = stackIn(name, backend(name), 'remote');
    const result = await runner.plan(stack, whole);
    expect(result.analysis.findings.map((f) => [f.address, f.action])).toEqual([
      ['terraform_data.logs', 'create'],
      ['terraform_data.web', 'create'],
    ]);
    expect(result.plan.tellOnly).toBe(
      `only told, never applied: the workspace acme/${name} runs by itself (execution mode remote), so m0 can’t promise to apply exactly what was approved`,
    );
    await expect(runner.apply(stack, result.plan, signal)).rejects.toThrow(
      /only told.*; nothing was applied/,
    );
    expect(hcp.workspaces.get(name)?.state).toBeNull();
  });
});

it('with roles, a plan gets the one for plans and only the apply the other one', async () => {
  const notes = join(dir, 'notes');
  mkdirSync(notes);
  const noting = join(dir, 'terraform');
  writeFileSync(noting, `#!/bin/sh\necho "$WHO" >> "${notes}/$1"\nexec '${tools.terraform}' "$@"\n`);
  chmodSync(noting, 0o755);
  const open: CloudAccess['open'] = async (_, use, run) => {
    return { env: { WHO: `${use} ${run}` }, files: {}, secrets: [], endsAt: null };
  };
  const azure = {
    ...{ tenantId: 't', subscriptionId: null, planClientId: 'p', planTokenFile: 'p' },
    ...{ applyClientId: 'a', applyTokenFile: 'a' },
  };
  const stack = { ...stackIn('roles', cloud('roles'), 'local'), azure };
  const with_ = runnerIn(
    join(dir, 'data'),
    { terraform: noting, tofu: null, cliConfig: hcp.cliConfig },
    { base: { ...process.env, SSL_CERT_FILE: hcp.ca }, access: { open } },
  );
  const { plan } = await with_.plan(stack, { only: null, run: 7, signal });
  await with_.apply(stack, plan, signal, undefined, 7);
  const who = (...commands: readonly string[]): readonly string[] => [
    ...new Set(commands.flatMap((name) => readFileSync(join(notes, name), 'utf8').trim().split('\n'))),
  ];
  expect(who('init', 'plan', 'show')).toEqual(['plan 7']);
  expect(who('apply')).toEqual(['apply 7']);
});

describe('a remote workspace', () => {
  it('is waited for until its plan is finished', async () => {
    const stack = stackIn('waiting', cloud('waiting'), 'agent');
    hcp.refusals.push(204);
    expect((await runner.plan(stack, whole)).analysis.findings).toHaveLength(2);
  });

  const failure = async (stack: Stack, with_ = runner): Promise<string> =>
    with_.plan(stack, whole).then(
      () => 'no error',
      (error: Error) => error.message,
    );

  it('needs a token that may read the whole plan', async () => {
    hcp.refusals.push(404);
    expect(await failure(stackIn('forbidden', cloud('forbidden'), 'remote'))).toMatch(
      /^reading the plan of run-\w+ on localhost:\d+: HTTP 404: the token needs admin access to the workspace/,
    );
  });

  it('needs to exist: m0 creates none', async () => {
    const stack = stackIn('absent', cloud('absent'), 'remote');
    hcp.workspaces.delete('absent');
    expect(await failure(stack)).toMatch(/the workspace acme\/absent: HTTP 404: there is none/);
  });

  it('needs a token', async () => {
    const stack = stackIn('tokenless', remote('tokenless'), 'remote');
    await runner.plan(stack, whole);
    const message = await failure(stack, runnerWith(tools.terraformCliConfig));
    expect(message).toMatch(/TF_TOKEN_localhost|token|credentials/i);
    expect(message).not.toContain(HCP_TOKEN);
  });
});
