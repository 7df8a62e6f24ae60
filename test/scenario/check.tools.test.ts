/** `m0 check` with real Terraform, opa, Git and a local Slack: what it shows, and that it leaves no trace. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check/command.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { loadTools } from '../../src/setup/tools.ts';
import { opsWorkspace, TOKENS, user } from '../support/slack-workspace.ts';
import { git, makeRepo } from '../support/terraform-repo.ts';

const SECRET = 'hunter2-of-the-database';
const CODE = `terraform {
  backend "local" {
    path = "../states/web.tfstate"
  }
}
variable "owner" {
  default = "platform"
}
variable "password" {
  default   = "${SECRET}"
  sensitive = true
}
resource "terraform_data" "web" {
  input = { owner = var.owner, size = 2 }
}
resource "terraform_data" "database" {
  input = { password = var.password }
}
`;
const REGO = `package m0

allow contains {"msg": "owners are put back", "address": finding.address} if {
	some finding in input.m0.findings
	finding.address == "terraform_data.web"
}
`;

let dir: string;
let infra: string;
let workspace: Workspace;
let terraform: string;
let opa: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-try-'));
  const tools = await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env);
  terraform = tools.terraform ?? '';
  opa = tools.opa;
  infra = makeRepo(join(dir, 'infra'), {
    'envs/prod/web/main.tf': CODE,
    '.gitignore': '*.tfvars\n*.tfstate*\n.terraform/\n',
  });
  mkdirSync(join(infra, 'envs/prod/states'));
  const web = join(infra, 'envs/prod/web');
  for (const args of [
    ['init', '-input=false'],
    ['apply', '-auto-approve', '-input=false'],
  ]) {
    execFileSync(terraform, args, {
      cwd: web,
      stdio: 'pipe',
      env: { ...process.env, CHECKPOINT_DISABLE: '1' },
    });
  }
  makeRepo(join(dir, 'policies'), { 'owners/owners.rego': REGO });
  workspace = await opsWorkspace([user('U0DANA', 'dana')]);
});
afterAll(async () => {
  await workspace?.close();
  rmSync(dir, { recursive: true, force: true });
});

const CONFIG = () => `chat: { slack: {} }
people: { dana: { slack: U0DANA } }
policies: { owners: { git: ${join(dir, 'policies')}, path: owners } }
defaults: { channels: [slack:C0OPS], policies: [owners], approvers: { from: [dana] } }
stacks: [ { name: web, environment: prod, source: { git: ${infra}, path: envs/prod/web } } ]
`;

async function check(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const io = {
    out(text: string): void {
      said.out += text;
    },
    err(text: string): void {
      said.err += text;
    },
    ...{ color: false, width: 80, signal: new AbortController().signal },
  };
  const environment = readEnvironment({
    ...process.env,
    ...{ M0_CWD: join(infra, 'envs/prod'), M0_OPA: opa, M0_DATA_DIR: join(dir, 'data') },
    ...{
      M0_CONFIG: join(dir, 'm0.yaml'),
      M0_DATABASE_URL: `file:${join(dir, 'm0.db')}`,
      M0_STACK_USER: 'self',
    },
    ...{ SLACK_API_URL: workspace.apiUrl, SLACK_BOT_TOKEN: TOKENS.botToken },
  });
  return { code: await checkCommand(args, io, environment), ...said };
}

/** Each file of the person's repository with its hash and the time of its last change. */
const traces = (): string =>
  execFileSync('sh', ['-c', 'find . -type f -printf "%p %T@ " -exec sha256sum {} \\; | sort'], {
    cwd: infra,
  }).toString();
const vars = join('envs/prod/web/terraform.tfvars');
const flat = (text: string): string => text.replace(/\s+/g, ' ');

describe('a folder, without an m0.yaml', () => {
  it('aligned: says so, exits with 0, and changes nothing in the folder', async () => {
    const before = traces();
    const { code, out } = await check('--dir', 'web');
    expect(out).toContain('✓ Nothing drifted in envs-prod-web. m0 would post nothing.');
    expect(out).toContain('Stack  envs-prod-web (prod)');
    expect(flat(out)).toContain('known-safe-auto, network-human');
    expect(flat(out)).toContain('(starter policies, as there is no m0.yaml)');
    expect(out).toContain('Nothing was stored, locked or applied.');
    expect(code).toBe(0);
    expect(traces()).toBe(before);
    // Nothing of the code and of its state: only what was compiled of the starter policies.
    expect(readdirSync(join(dir, 'data', 'cli')).sort()).toEqual(['policies', 'starter-policies.git']);
  });

  it('drift by code that is not committed: the card, its buttons, the exit code 1', async () => {
    writeFileSync(join(infra, vars), 'owner = "dana"\n');
    const before = traces();
    const { code, out } = await check('--dir', 'web');
    expect(code).toBe(1);
    expect(out).toContain('~ terraform_data.web');
    expect(out).toContain('~ input.owner: platform → dana');
    expect(out).toContain('[Approve: apply the code]');
    expect(flat(out)).toContain('Nothing else is touched. Plans again first');
    expect(out).not.toContain(SECRET);
    for (const line of out.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
    expect(traces()).toBe(before);
    rmSync(join(infra, vars));
  });

  it('code that is changed and not committed is not called merged', async () => {
    const main = join(infra, 'envs/prod/web/main.tf');
    writeFileSync(main, CODE.replace('size = 2', 'size = 3'));
    const { code, out } = await check('--dir', 'web');
    writeFileSync(main, CODE);
    expect(code).toBe(1);
    expect(flat(out)).toContain('envs-prod-web: changed here and not applied, waits for a person prod ·');
    expect(out).not.toContain('merged');
  });

  it('drift outside of the code, a var file by name, and --json', async () => {
    const state = join(infra, 'envs/prod/states/web.tfstate');
    const kept = readFileSync(state, 'utf8');
    writeFileSync(state, kept.replaceAll('"platform"', '"nobody"'));
    writeFileSync(join(dir, 'my.tfvars'), 'password = "another-secret-word"\n');
    const before = traces();
    const { code, out } = await check('--dir', 'web', '--json', '--var-file', join(dir, 'my.tfvars'));
    expect(traces()).toBe(before);
    writeFileSync(state, kept);
    expect(code).toBe(1);
    expect(out).not.toMatch(/another-secret-word|hunter2/);
    const found = JSON.parse(out) as { findings: object[]; check: object };
    expect(found.findings).toMatchObject([
      { address: 'terraform_data.database', actionable: true },
      {
        address: 'terraform_data.web',
        attributes: [{ path: 'input.owner', recorded: 'nobody', desired: 'platform' }],
      },
    ]);
    expect(found.check).toMatchObject({
      ...{ stack: 'envs-prod-web', environment: 'prod', state: 'awaiting_approval', policies: 'starter' },
      code: { repository: infra, commit: git(infra, 'rev-parse', 'HEAD') },
    });
  });

  it("a plan that fails: Terraform's words, and the exit code 2", async () => {
    writeFileSync(join(infra, vars), 'owner = nothing.like.this\n');
    const { code, out } = await check('--dir', 'web');
    expect(code).toBe(2);
    expect(flat(out)).toMatch(/envs-prod-web could not be checked .*Variables not allowed/);
    const json = await check('--dir', 'web', '--json');
    expect(json).toMatchObject({ code: 2, out: '' });
    expect(json.err).toContain('Variables not allowed');
    rmSync(join(infra, vars));
  });

  it('a person who stops it gets 130, and nothing is left', async () => {
    const stop = new AbortController();
    const io = { out: () => {}, err: () => stop.abort(), color: false, width: 80, signal: stop.signal };
    const environment = readEnvironment({
      ...{ ...process.env, M0_OPA: opa, M0_DATA_DIR: join(dir, 'data'), M0_CWD: infra },
    });
    expect(await checkCommand(['--dir', 'envs/prod/web'], io, environment)).toBe(130);
    expect(readdirSync(join(dir, 'data', 'cli')).filter((name) => name.startsWith('check-'))).toEqual([]);
  });
});

describe('a stack of m0.yaml', () => {
  it('asks its policies, shows the card once in a channel without buttons, and stores nothing', async () => {
    writeFileSync(join(dir, 'm0.yaml'), CONFIG());
    // m0 plans code from Git: there the state is not in the folder, so the path is absolute.
    const state = join(dir, 'web.tfstate');
    writeFileSync(
      state,
      readFileSync(join(infra, 'envs/prod/states/web.tfstate'), 'utf8').replaceAll('platform', 'dana'),
    );
    const main = join(infra, 'envs/prod/web/main.tf');
    writeFileSync(main, CODE.replace('../states/web.tfstate', state));
    git(infra, 'add', '--all');
    git(
      infra,
      '-c',
      'user.name=Kim',
      '-c',
      'user.email=kim@acme.dev',
      'commit',
      '--quiet',
      '-m',
      'Elsewhere',
    );
    const { code, out, err } = await check('--post', 'slack:C0OPS');
    expect(code).toBe(1);
    expect(out).toContain('What m0 would post to slack:C0OPS:');
    expect(flat(out)).toContain('The policies allow it: m0 would plan again and apply this by itself.');
    expect(err).toContain('shown once in slack:C0OPS');
    expect(readFileSync(state, 'utf8')).toContain('dana');
    const { messages } = workspace.channel('C0OPS');
    expect(messages).toHaveLength(1);
    const text = JSON.stringify(messages[0]);
    expect(text).toContain('Try: ');
    expect(text).toContain('A try with m0 check.');
    expect(text).toContain('terraform_data.web');
    expect(text).not.toContain('"actions"');
    expect(text).not.toContain(SECRET);
    expect(existsSync(join(dir, 'm0.db'))).toBe(false);
    expect(readdirSync(join(dir, 'data', 'cli')).filter((name) => name.startsWith('check-'))).toEqual([]);
  });
});
