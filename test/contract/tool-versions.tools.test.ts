/** Several versions of a tool on one machine, and stacks that ask for one of them. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { Runner } from '../../src/ports/runner.ts';
import { inspectTools } from '../../src/setup/inspect.ts';
import { openProbes } from '../../src/setup/probe.ts';
import { findTerraform } from '../../src/setup/tools.ts';
import { testTools, toolsWithTofu } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const signal = new AbortController().signal;
const CODE = 'variable "ran" {}\nresource "terraform_data" "one" {\n  input = var.ran\n}\n';

let dir: string;
let env: Record<string, string | undefined>;
let runner: Runner;
let git: string;

/** Installs the real tool in a wrapper that reports another version and leaves a mark in its plans. */
function install(path: string, real: string, version: string): void {
  const file = join(dir, path);
  mkdirSync(dirname(file), { recursive: true });
  const answer = `if [ "$1" = version ]; then echo '{ "terraform_version": "${version}" }'; exit; fi`;
  writeFileSync(file, `#!/bin/sh\n${answer}\nexport TF_VAR_ran=${version}\nexec '${real}' "$@"\n`);
  chmodSync(file, 0o755);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-versions-'));
  const tools = await testTools();
  const real = tools.terraform ?? '';
  const { tofu } = await toolsWithTofu();
  install('bin/terraform', real, '1.11.4');
  install('bin/terraform-1.9.8', real, '1.9.8');
  install('bin/terraform_1.9.10', real, '1.9.10');
  install('bin/terraform1.8', real, '1.8.5');
  install('bin/terraform-docs', real, '0.20.0');
  install('home/.tfenv/versions/1.7.1/terraform', real, '1.7.1');
  install('home/.tenv/Terraform/1.6.2/terraform', real, '1.6.2');
  install('home/.tenv/OpenTofu/1.8.3/tofu', tofu, '1.8.3');
  install('home/.terraform.versions/terraform_1.5.5', real, '1.5.5');
  install('home/.asdf/installs/terraform/1.4.6/bin/terraform', real, '1.4.6');
  install('home/.local/share/mise/installs/opentofu/1.10.0/tofu', tofu, '1.10.0');
  install('home/.local/share/mise/installs/opentofu/1.10.0-rc2/tofu', tofu, '1.10.0-rc2');
  symlinkSync('1.10.0', join(dir, 'home/.local/share/mise/installs/opentofu/latest'));
  // A binary that does not run is ignored.
  writeFileSync(join(dir, 'bin/terraform-1.3.0'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });

  env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, HOME: join(dir, 'home') };
  const found = await findTerraform(env, await openProbes(join(dir, 'probes')));
  git = makeRepo(join(dir, 'repo'), { 'a/main.tf': CODE });
  runner = runnerIn(join(dir, 'data'), {
    terraform: found.terraform?.path ?? null,
    tofu: found.tofu?.path ?? null,
    installed: found.installed,
    cliConfig: tools.terraformCliConfig,
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The version that actually made the plan of such a stack. */
async function ranWith(tool: Stack['tool'], toolVersion: string | null): Promise<unknown> {
  const name = `${tool}-${toolVersion ?? 'any'}`;
  const stack = anyStack({ name, source: { git, ref: 'main', path: 'a' }, tool, toolVersion });
  const { document } = await runner.plan(stack, { only: null, signal });
  return (document as { variables: { ran: { value: unknown } } }).variables.ran.value;
}

describe('a stack', () => {
  it.each<[Stack['tool'], string | null, string]>([
    ['terraform', null, '1.11.4'],
    ['terraform', '1.9', '1.9.10'],
    ['terraform', '1.9.8', '1.9.8'],
    ['terraform', '1.8', '1.8.5'],
    ['terraform', '1.7', '1.7.1'],
    ['terraform', '1.6.2', '1.6.2'],
    ['terraform', '1.5', '1.5.5'],
    ['terraform', '1.4', '1.4.6'],
    ['tofu', null, '1.10.0'],
    ['tofu', '1.10', '1.10.0'],
    ['tofu', '1.8', '1.8.3'],
  ])('with %s %s is planned with the newest that fits', async (tool, wanted, version) => {
    expect(await ranWith(tool, wanted)).toBe(version);
  });

  it('that asks for a missing version gets the list of installed ones', async () => {
    await expect(ranWith('terraform', '1.3')).rejects.toMatchObject({
      ...{ name: 'RunnerError', phase: 'init' },
      message:
        'looking for terraform 1.3: installed are 1.11.4, 1.9.10, 1.9.8, 1.8.5, 1.7.1, 1.6.2, 1.5.5, 1.4.6',
    });
    // 1.1 must not match 1.10.
    await expect(ranWith('tofu', '1.1')).rejects.toThrow('installed are 1.10.0, 1.10.0-rc2, 1.8.3');
  });
});

it('all versions are in the table of doctor', async () => {
  const rows = await inspectTools({ dataDir: join(dir, 'doctor'), env, sandbox: false });
  const { found } = rows.find((row) => row.what === 'Terraform, OpenTofu') ?? { found: '' };
  expect(found).toContain(`terraform 1.9.8 (${join(dir, 'bin/terraform-1.9.8')})`);
  expect(found).toContain(`tofu 1.8.3 (${join(dir, 'home/.tenv/OpenTofu/1.8.3/tofu')})`);
  expect(found).not.toContain('0.20.0');
});
