/**
 * A plugin cache shared by stacks. The provider comes packed from a mirror, as from a registry; it can be
 * installed but not run, so each plan here fails when it starts the provider.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { Runner } from '../../src/ports/runner.ts';
import { goPlatform } from '../../src/setup/platform.ts';
import { toolsWithTofu } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { git, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const signal = new AbortController().signal;
const whole = { only: null, signal };
const PLATFORM = goPlatform(process.platform, process.arch);
const PACKAGE = `registry.terraform.io/acme/tiny/1.0.0/${PLATFORM}`;
const BINARY = 'terraform-provider-tiny_v1.0.0';
const SIZE = 300_000;
const NEEDS = `terraform {
  required_providers {
    tiny = { source = "registry.terraform.io/acme/tiny" }
  }
}
`;

let tools: Awaited<ReturnType<typeof toolsWithTofu>>;
let dir: string;
let cache: string;
let runner: Runner;

beforeAll(async () => {
  tools = await toolsWithTofu();
});
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-cache-'));
  cache = join(dir, 'cache');
  const mirror = join(dir, 'mirror/registry.terraform.io/acme/tiny');
  for (const each of [cache, mirror]) mkdirSync(each, { recursive: true });
  const binary = join(dir, BINARY);
  writeFileSync(binary, '#!/bin/sh\nexit 1\n'.padEnd(SIZE, '#'));
  chmodSync(binary, 0o755);
  const zip = join(mirror, `terraform-provider-tiny_1.0.0_${PLATFORM}.zip`);
  execFileSync('python3', ['-m', 'zipfile', '-c', zip, BINARY], { cwd: dir });
  const cliConfig = join(dir, 'terraform.rc');
  const installation = `provider_installation {\n  filesystem_mirror {\n    path = "${join(dir, 'mirror')}"\n  }\n}\n`;
  writeFileSync(cliConfig, `plugin_cache_dir = "${cache}"\n${installation}`);
  const { terraform, tofu } = tools;
  runner = runnerIn(join(dir, 'data'), { terraform, tofu, cliConfig });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const cached = (): string => join(cache, PACKAGE, BINARY);

/** A dependency lock file, as a colleague would have committed it. */
function lockFile(): string {
  const at = mkdtempSync(join(dir, 'lock-'));
  writeFileSync(join(at, 'main.tf'), NEEDS);
  const env = {
    ...process.env,
    TF_CLI_CONFIG_FILE: join(dir, 'terraform.rc'),
    TF_PLUGIN_CACHE_DIR: join(at),
  };
  execFileSync(tools.terraform ?? '', ['init', '-input=false'], { cwd: at, env, stdio: 'ignore' });
  return execFileSync('cat', [join(at, '.terraform.lock.hcl')], { encoding: 'utf8' });
}
function stackOf(name: string, tool: Stack['tool'], locked: boolean): Stack {
  const files = { 'a/main.tf': NEEDS, ...(locked ? { 'a/.terraform.lock.hcl': lockFile() } : {}) };
  const repo = makeRepo(join(dir, 'repos', name), files);
  expect(git(repo, 'ls-files', 'a').includes('.lock')).toBe(locked);
  return anyStack({ name, source: { git: repo, ref: 'main', path: 'a' }, tool });
}
/** Plans the stack; `init` has succeeded if the plan fails at starting the provider. */
async function initialises(stack: Stack): Promise<void> {
  await expect(runner.plan(stack, whole)).rejects.toMatchObject({
    phase: 'plan',
    message: expect.stringMatching(/failed to instantiate provider/i),
  });
}

it.each<Stack['tool']>(['terraform', 'tofu'])(
  '%s stacks initialised at once fill an empty cache',
  async (tool) => {
    const stacks = ['one', 'two', 'three'].map((name) => stackOf(name, tool, true));
    await Promise.all(stacks.map(initialises));
    expect(statSync(cached()).size).toBe(SIZE);
  },
);

it.each<Stack['tool']>(['terraform', 'tofu'])(
  '%s repairs what a killed init left half written',
  async (tool) => {
    await initialises(stackOf('first', tool, true));
    truncateSync(cached(), 1000);
    await initialises(stackOf('next', tool, true));
    expect(statSync(cached()).size).toBe(SIZE);

    rmSync(join(cache, PACKAGE), { recursive: true });
    writeFileSync(join(cache, PACKAGE), '');
    await initialises(stackOf('last', tool, true));
    expect(statSync(cached()).size).toBe(SIZE);
  },
);

it.each<Stack['tool']>(['terraform', 'tofu'])(
  '%s does not overwrite a provider that other stacks may be running',
  async (tool) => {
    await initialises(stackOf('running', tool, true));
    const before = statSync(cached());
    await initialises(stackOf('without-a-lock-file', tool, false));
    const after = statSync(cached());
    expect([after.ino, after.mtimeMs, after.ctimeMs]).toEqual([before.ino, before.mtimeMs, before.ctimeMs]);
    expect(readdirSync(join(dir, 'data/work/without-a-lock-file/plugins'))).toEqual([
      'registry.terraform.io',
    ]);
  },
);
