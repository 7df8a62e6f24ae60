/** What Terragrunt's processes get of a stack's roles and of the credentials for modules, and where states are. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createModuleAccess } from '../../src/git/module-access.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { CloudAccess } from '../../src/ports/cloud-access.ts';
import { stacksWithoutBackend } from '../../src/terraform/own-state.ts';
import type { RunnerOptions } from '../../src/terraform/runner.ts';
import { toolsWithTerragrunt } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { bare, credentialsOf } from '../support/git-access.ts';
import { type GitOverHttp, serveGitOverHttp } from '../support/git-over-http.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const { signal } = new AbortController();
const TOKEN = 'tok-of-all-modules-4711';
const KEY = 'session-key-of-the-role';
const azure = {
  ...{ tenantId: 't', subscriptionId: null, planClientId: 'p', planTokenFile: 'p' },
  ...{ applyClientId: 'a', applyTokenFile: 'a' },
};

let dir: string;
let tools: Awaited<ReturnType<typeof toolsWithTerragrunt>>;
let http: GitOverHttp;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-grunt-access-'));
  tools = await toolsWithTerragrunt();
  const root = join(dir, 'served');
  mkdirSync(join(root, 'acme'), { recursive: true });
  // With a module in it, because only then is there something to initialise.
  const module = makeRepo(join(dir, 'module'), {
    'main.tf': 'module "part" { source = "./part" }\nresource "terraform_data" "a" { input = "a" }\n',
    'part/main.tf': 'locals {}\n',
  });
  bare(root, 'acme/vpc.git', module);
  http = await serveGitOverHttp(root, `x-access-token:${TOKEN}`);
});
afterEach(() => rmSync(join(dir, 'notes'), { recursive: true, force: true }));
afterAll(async () => {
  await http?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Says who its processes are, and never ends. */
const access: CloudAccess = {
  open: async (_, use, run) => ({
    ...{ env: { M0_TEST_WHO: `${use} ${run}`, M0_TEST_KEY: KEY }, files: {} },
    ...{ secrets: [KEY], endsAt: null },
  }),
};

/** A unit in `live/a` whose hooks note what each of its commands can read. */
function unit(name: string, rest: string, change: Partial<Stack> = {}): Stack {
  const notes = join(dir, 'notes');
  mkdirSync(notes, { recursive: true });
  const note = `env > ${notes}/$(date +%s%N)-$TG_CTX_COMMAND`;
  const git = makeRepo(join(dir, 'repos', name), {
    'live/a/terragrunt.hcl': `terraform {
  ${rest}
  before_hook "note" {
    commands = ["init", "plan", "apply"]
    execute  = ["sh", "-c", "${note}"]
  }
}
`,
  });
  return anyStack({ name, source: { git, ref: 'main', path: 'live/a' }, terragrunt: true, ...change });
}

function runner(change: Partial<RunnerOptions>) {
  const { terraform, tofu, terragrunt, terraformCliConfig: cliConfig } = tools;
  return runnerIn(join(dir, 'data'), { terraform, tofu, terragrunt, cliConfig }, change);
}

/** What the commands of that name could read, the first one first. */
function notes(command: string): readonly string[] {
  const folder = join(dir, 'notes');
  const names = readdirSync(folder).sort();
  return names
    .filter((name) => name.endsWith(`-${command}`))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
}

const privateModule = (): string => `source = "git::${http.url}/acme/vpc.git"`;

async function modules() {
  const entries = [{ for: `${http.url}/acme`, token: '${env:TOKEN}', modules: true }];
  return createModuleAccess(await credentialsOf(dir, entries, { TOKEN }), process.env);
}

describe('the roles of a unit', () => {
  it('are those for plans, until the apply itself', async () => {
    const stack = unit('roles', privateModule(), { azure, env: { ARM_CLIENT_SECRET: 'all-powerful' } });
    const with_ = runner({ access, modules: await modules() });
    const { plan } = await with_.plan(stack, { only: null, run: 42, signal });
    const before = [...notes('init'), ...notes('plan')];
    expect(before.length).toBeGreaterThan(1);
    for (const env of before) expect(env).toContain('M0_TEST_WHO=plan 42');
    await with_.apply(stack, plan, signal, undefined, 42);
    const [applied, ...more] = notes('apply');
    expect(more).toEqual([]);
    expect(applied).toContain('M0_TEST_WHO=apply 42');
    for (const env of [...before, applied]) expect(env).not.toContain('ARM_CLIENT_SECRET');
  });

  it('are refused where nothing opens them', async () => {
    const stack = unit('refused', privateModule(), { azure });
    await expect(runner({}).plan(stack, { only: null, signal })).rejects.toThrow('nothing here opens azure');
  });

  it('never appear in an error', async () => {
    const stack = unit(
      'leaks',
      `${privateModule()}
  before_hook "leak" {
    commands = ["plan"]
    execute  = ["sh", "-c", "echo Error: key $M0_TEST_KEY >&2; exit 1"]
  }`,
      { azure },
    );
    const failed = runner({ access, modules: await modules() }).plan(stack, { only: null, signal });
    const text = await failed.then(() => '', String);
    expect(text).toContain('running terragrunt plan');
    expect(text).not.toContain(KEY);
  });
});

describe('a private module of a unit', () => {
  it('is fetched by an init with the token, which no plan and no apply gets', async () => {
    const stack = unit('module', privateModule());
    const with_ = runner({ modules: await modules() });
    const { plan, analysis } = await with_.plan(stack, { only: null, signal });
    expect(analysis.findings.map((f) => f.address)).toEqual(['terraform_data.a']);
    expect(notes('init')[0]).toContain(TOKEN);
    // What m0 sets for Terragrunt's own git stays.
    expect(notes('init')[0]).toContain('GIT_CONFIG_KEY_0=safe.directory');
    await with_.apply(stack, plan, signal);
    const later = [...notes('plan'), ...notes('apply')];
    expect(later).toHaveLength(2);
    for (const env of later) expect(env).not.toContain(TOKEN);
  });

  it('is not fetched without an entry for it, and the error says what to do', async () => {
    const stack = unit('no-module', privateModule());
    await expect(runner({}).plan(stack, { only: null, signal })).rejects.toThrow('modules: true');
  });
});

it.each([
  ['in the copy of the unit', '', true],
  ['in the checkout', '${get_terragrunt_dir()}/own.tfstate', true],
  ['elsewhere', 'ELSEWHERE/own.tfstate', false],
])('the state of a unit %s is only here or not', async (title, path, here) => {
  const stack = unit(`state-${title.replaceAll(' ', '-')}`, `source = "${join(dir, 'module')}"`);
  const state = path.replace('ELSEWHERE', dir);
  const hcl = join(stack.source.git, 'live/a/terragrunt.hcl');
  const text = readFileSync(hcl, 'utf8');
  if (path !== '')
    commit(stack.source.git, { 'live/a/terragrunt.hcl': `${text}\n${remoteState(state)}` }, 'state');
  const { stateOnlyHere } = await runner({}).plan(stack, { only: null, signal });
  expect(stateOnlyHere ?? false).toBe(here);
  expect(await stacksWithoutBackend(join(dir, 'data/work'), [stack])).toEqual(here ? [stack.name] : []);
});

function remoteState(path: string): string {
  return `remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite_terragrunt" }
  config   = { path = "${path}" }
}
`;
}
