import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findOpa } from '../../../src/setup/opa.ts';
import { openProbes } from '../../../src/setup/probe.ts';
import { findTerragrunt } from '../../../src/setup/terragrunt.ts';
import { findTerraform, loadTools } from '../../../src/setup/tools.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'm0-tools-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it('names everything that is missing in one message', async () => {
  const error: unknown = await loadTools(dir, { PATH: '/nowhere', HOME: dir }).catch((e) => e);
  expect(String(error)).toContain('neither terraform nor tofu is on PATH');
  expect(String(error)).toContain('opa is not set up');
});

it('refuses a tool that is named but cannot be run, and says which variable names it', async () => {
  const env = { PATH: '/nowhere', HOME: dir, M0_TOFU: '/nowhere/tofu' };
  await expect(loadTools(dir, env)).rejects.toThrow('M0_TOFU: /nowhere/tofu');
});

it('reads the version also where the tool warns in front of it, as OpenTofu does', async () => {
  const tofu = path.join(dir, 'tofu');
  const said = '\nWarning: Unable to open CLI configuration file\n\n{ "terraform_version": "1.12.6" }';
  await writeFile(tofu, `#!/bin/sh\ncat <<'EOF'\n${said}\nEOF\n`);
  await chmod(tofu, 0o755);
  const env = { PATH: process.env.PATH, HOME: dir, M0_TOFU: tofu };
  const { tofu: found } = await findTerraform(env, await openProbes(dir));
  expect(found).toEqual({ path: tofu, version: '1.12.6' });
});

it('finds tools that are named by relative paths, as absolute ones: m0 runs them in other folders', async () => {
  const script = (name: string, text: string): Promise<void> =>
    writeFile(path.join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  await script('terraform', `echo '{ "terraform_version": "1.14.0" }'`);
  await script('terragrunt', 'echo terragrunt version v1.0.1');
  await script('opa', 'echo Version: 1.22.2');
  const from = (name: string): string => path.relative('.', path.join(dir, name));
  const env = {
    ...{ PATH: process.env.PATH, HOME: dir, M0_TERRAFORM: from('terraform') },
    ...{ M0_TERRAGRUNT: from('terragrunt'), M0_OPA: from('opa') },
  };
  const probes = await openProbes(dir);
  expect((await findTerraform(env, probes)).terraform?.path).toBe(path.join(dir, 'terraform'));
  expect((await findTerragrunt(dir, env, probes))?.path).toBe(path.join(dir, 'terragrunt'));
  expect((await findOpa(dir, env, probes))?.path).toBe(path.join(dir, 'opa'));
});
