/** `m0 check --dir` with a unit of Terragrunt and with OpenTofu, whose states are files beside the code. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check/command.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { findTofu } from '../../src/setup/tofu.ts';
import { loadTools, type Tools, toolsFolder } from '../../src/setup/tools.ts';
import { makeRepo } from '../support/terraform-repo.ts';

const ROOT = `remote_state {
  backend  = "local"
  generate = { path = "backend.tf", if_exists = "overwrite_terragrunt" }
  config   = { path = "\${get_parent_terragrunt_dir()}/states/\${path_relative_to_include()}/terraform.tfstate" }
}
`;
const unit = (name: string, more = ''): string => `include "root" {
  path = find_in_parent_folders("root.hcl")
}
terraform {
  source = "\${get_repo_root()}//modules/${name}"
}
${more}`;
const WEB = 'variable "net" {}\nresource "terraform_data" "web" {\n  input = "web in ${var.net}"\n}\n';

let dir: string;
let repo: string;
let tools: Tools;
let tofu: string;
/** As OpenTofu reports it. */
let version: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-try-units-'));
  tools = await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env);
  tofu = (await findTofu(toolsFolder(process.env.M0_DATA_DIR ?? '.m0'), process.env)) ?? '';
  version = /OpenTofu v(\S+)/.exec(execFileSync(tofu, ['version']).toString())?.[1] ?? '';
  repo = makeRepo(join(dir, 'infra'), {
    '.gitignore': '*.tfstate*\n.terragrunt-cache/\n.terraform/\n',
    'live/root.hcl': ROOT,
    'live/prod/net/terragrunt.hcl': unit('net'),
    'live/prod/web/terragrunt.hcl': unit(
      'web',
      'dependency "net" {\n  config_path = "../net"\n}\ninputs = {\n  net = dependency.net.outputs.name\n}\n',
    ),
    'modules/net/main.tf':
      'resource "terraform_data" "net" {\n  input = "ten"\n}\noutput "name" {\n  value = terraform_data.net.output\n}\n',
    'modules/web/main.tf': WEB,
    'plain/.opentofu-version': `${version}\n`,
    'plain/main.tofu': 'resource "terraform_data" "plain" {\n  input = "x"\n}\n',
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function check(folder: string): Promise<{ readonly code: number; readonly out: string }> {
  let out = '';
  const io = {
    out(text: string): void {
      out += text;
    },
    err: (): void => {},
    ...{ color: false, width: 80, signal: new AbortController().signal },
  };
  const environment = readEnvironment({
    ...{ ...process.env, M0_CWD: repo, M0_OPA: tools.opa, M0_DATA_DIR: join(dir, 'data') },
    ...{ M0_TOFU: tofu, M0_TERRAGRUNT: tools.terragrunt ?? '' },
  });
  const code = await checkCommand(['--dir', folder], io, environment);
  return { code, out: out.replace(/[ \n]+/g, ' ') };
}

const traces = (): string =>
  execFileSync('sh', ['-c', 'find . -type f -printf "%p %T@ " -exec sha256sum {} \\; | sort'], {
    cwd: repo,
  }).toString();

it('a unit with a dependency: aligned, then with a change of its module', async () => {
  for (const name of ['net', 'web']) {
    execFileSync(tools.terragrunt ?? '', ['run', '--', 'apply', '-auto-approve', '-input=false'], {
      cwd: join(repo, 'live/prod', name),
      stdio: 'pipe',
      env: { ...process.env, TG_TF_PATH: tools.terraform ?? '', TG_NON_INTERACTIVE: 'true' },
    });
  }
  const before = traces();
  const aligned = await check('live/prod/web');
  expect(aligned.out).toContain('Tool Terragrunt with Terraform Policy');
  expect(aligned.out).toContain('✓ Nothing drifted in live-prod-web.');
  expect(aligned.out).toContain('Note: The state is a file beside the code');
  expect(aligned.code).toBe(0);
  expect(traces()).toBe(before);
  writeFileSync(join(repo, 'modules/web/main.tf'), WEB.replace('web in', 'WEB in'));
  const moved = await check('live/prod/web');
  expect(moved.out).toContain('input: web in ten → WEB in ten');
  expect(moved.code).toBe(1);
});

it('OpenTofu where a version file asks for it', async () => {
  const { code, out } = await check('plain');
  expect(out).toContain(`Tool OpenTofu ${version}, state in a file`);
  expect(out).toContain('+ terraform_data.plain');
  expect(code).toBe(1);
});
