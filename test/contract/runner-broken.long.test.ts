/** The runner with damaged files, a full disk or a changed clock: it repairs or reports the problem and works on. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import type { RunnerOptions } from '../../src/terraform/runner.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const signal = new AbortController().signal;
const whole = { only: null, signal };
const ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n';

let dir: string;
let tools: Awaited<ReturnType<typeof testTools>>;
const logs: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-runner-broken-'));
  tools = await testTools();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function runnerAt(dataDir: string, change: Partial<RunnerOptions> = {}): Runner & CodePort {
  const { terraform, tofu, terraformCliConfig: cliConfig } = tools;
  const log = createLogger('info', { write: (line) => void logs.push(line) });
  return runnerIn(dataDir, { terraform, tofu, cliConfig }, { log, ...change });
}

function stackOf(name: string, files: Record<string, string> = { 'a/main.tf': ONE }): Stack {
  const backend = `terraform {\n  backend "local" {\n    path = "${join(dir, `${name}.tfstate`)}"\n  }\n}\n`;
  const git = makeRepo(join(dir, 'repos', name), { 'a/backend.tf': backend, ...files });
  return anyStack({ name, source: { git, ref: 'main', path: 'a' }, channels: [] });
}

function asFile(path: string): void {
  rmSync(path, { recursive: true });
  writeFileSync(path, '');
}

const creates = async (runner: Runner, stack: Stack): Promise<string[]> =>
  (await runner.plan(stack, whole)).analysis.findings.map((f) => `${f.action} ${f.address}`);

describe('the tool’s working files of a stack', () => {
  const module = { 'a/main.tf': 'module "m" { source = "../m" }\n', 'm/main.tf': ONE };
  const found = ['create module.m.terraform_data.one'];
  let runner: Runner;
  let stack: Stack;
  let folder: string;
  let kept: string;
  beforeAll(async () => {
    const dataDir = join(dir, 'kept');
    runner = runnerAt(dataDir);
    stack = stackOf('kept-stack', module);
    folder = join(dataDir, 'work', stack.name);
    kept = join(folder, 'terraform');
    await runner.plan(stack, whole);
  });

  it.each<[string, () => void]>([
    ['knows its backend no more', () => writeFileSync(join(kept, 'terraform.tfstate'), '{')],
    ['has a backend of nothing', () => writeFileSync(join(kept, 'terraform.tfstate'), '')],
    ['has half a list of modules', () => writeFileSync(join(kept, 'modules/modules.json'), '{"Modules":[')],
    ['has no modules', () => rmSync(join(kept, 'modules'), { recursive: true })],
    ['is gone', () => rmSync(kept, { recursive: true })],
    ['is a file', () => asFile(kept)],
    ['stands in a folder that is a file', () => asFile(folder)],
    ['has no home', () => asFile(join(folder, 'home'))],
  ])('is created again if it %s', async (_what, damage) => {
    expect(existsSync(join(kept, 'modules/modules.json'))).toBe(true);
    damage();
    expect(await creates(runner, stack)).toEqual(found);
  });

  it('is not deleted for an error in the code', async () => {
    commit(stack.source.git, { 'a/main.tf': 'module "m" { source = "../nowhere" }\n' }, 'broken');
    await expect(runner.plan(stack, whole)).rejects.toMatchObject({ name: 'RunnerError', phase: 'init' });
    commit(stack.source.git, module, 'mended');
    expect(await creates(runner, stack)).toEqual(found);
  });
});

it('repairs half a provider, and keeps the chosen versions if the lock file is damaged', async () => {
  const dataDir = join(dir, 'provider');
  const runner = runnerAt(dataDir);
  const aws = 'aws = { source = "registry.terraform.io/hashicorp/aws" }';
  const needs = `terraform {\n  required_providers {\n    ${aws}\n  }\n}\n${ONE}`;
  const stack = stackOf('provider-stack', { 'a/main.tf': needs });
  const folder = join(dataDir, 'work', stack.name);
  const lock = join(folder, 'tree/a/.terraform.lock.hcl');
  await runner.plan(stack, whole);
  const chosen = readFileSync(lock, 'utf8');
  expect(chosen).toContain('hashicorp/aws');

  const paths = readdirSync(join(folder, 'terraform'), { recursive: true, encoding: 'utf8' });
  const place = join(folder, 'terraform', paths.find((path) => /\/[a-z]+_(amd64|arm64)$/.test(path)) ?? '');
  const [binary = ''] = readdirSync(place).filter((name) => name.startsWith('terraform-provider'));
  rmSync(place, { recursive: true });
  mkdirSync(place);
  writeFileSync(join(place, binary), Buffer.alloc(1000), { mode: 0o755 });
  writeFileSync(lock, 'rubbish');
  expect(await creates(runner, stack)).toEqual(['create terraform_data.one']);
  expect(readFileSync(lock, 'utf8')).toBe(chosen);
});

it('creates a work tree again that is missing at the apply', async () => {
  const dataDir = join(dir, 'apply');
  const runner = runnerAt(dataDir);
  const stack = stackOf('apply-stack');
  const { plan } = await runner.plan(stack, whole);
  rmSync(join(dataDir, 'work', stack.name, 'tree'), { recursive: true });
  rmSync(join(dataDir, 'work', stack.name, 'terraform'), { recursive: true });
  await runner.apply(stack, plan, signal);
  expect(readFileSync(join(dir, 'apply-stack.tfstate'), 'utf8')).toContain('"name": "one"');
});

/** A small disk of its own takes the rights of root, and a container that leaves them to it. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'm0-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe.runIf(canMount())('a full disk', () => {
  const SPACE = '6m';
  let disk: string;
  beforeAll(() => {
    disk = join(dir, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SPACE}`, 'tmpfs', disk]);
  });
  afterAll(() => execFileSync('umount', [disk]));

  /** Leaves less than a page. */
  function fill(): void {
    const file = openSync(join(disk, 'filler'), 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    } finally {
      closeSync(file);
    }
  }
  const free = (): void => rmSync(join(disk, 'filler'), { force: true });
  const full = { name: 'RunnerError', message: expect.stringContaining('The disk is full: make room') };

  it.each<[string, (stack: Stack) => { runner: Runner; before: boolean }]>([
    ['for the data folder, from the beginning', () => ({ runner: runnerAt(join(disk, 'a')), before: false })],
    [
      'for the data folder, when there is a work tree already',
      () => ({ runner: runnerAt(join(disk, 'b')), before: true }),
    ],
    [
      'for kept plans',
      () => {
        const artifacts = createFileArtifacts(join(disk, 'plans'));
        return { runner: runnerAt(join(dir, 'elsewhere'), { artifacts }), before: true };
      },
    ],
  ])('%s is reported, and the next check works once there is space', async (what, make) => {
    const stack = stackOf(`full-${what.length}`);
    const { runner, before } = make(stack);
    if (before) await runner.plan(stack, whole);
    commit(stack.source.git, { 'a/more.tf': `output "x" {\n  value = "${'x'.repeat(9000)}"\n}\n` }, 'more');
    fill();
    await expect(runner.plan(stack, whole)).rejects.toMatchObject(full);
    free();
    expect(await creates(runner, stack)).toEqual(['create terraform_data.one']);
  });

  it('before an apply leaves the cloud unchanged', async () => {
    const stack = stackOf('full-apply');
    const runner = runnerAt(join(disk, 'c'));
    const { plan } = await runner.plan(stack, whole);
    fill();
    await expect(runner.apply(stack, plan, signal)).rejects.toMatchObject({ ...full, mayHaveApplied: false });
    expect(existsSync(join(dir, 'full-apply.tfstate'))).toBe(false);
    free();
    await runner.apply(stack, plan, signal);
    expect(existsSync(join(dir, 'full-apply.tfstate'))).toBe(true);
  });
});

describe('a clock that was set back', () => {
  const HOUR = 3_600_000;
  it('does not make an old plan valid again', async () => {
    let now = Date.now();
    let steady = 0;
    const runner = runnerAt(join(dir, 'clock'), { clock: () => now, steadyClock: () => steady });
    const stack = stackOf('clock-stack');
    const { plan } = await runner.plan(stack, whole);
    expect(plan.madeAt).toBe(now);

    // The clock is set back by an hour right after the plan, which then seems to be from the future.
    now -= HOUR;
    await expect(runner.apply(stack, plan, signal)).rejects.toThrow('was set back');
    // An hour later the plan seems as new as at its creation.
    steady += HOUR;
    now += HOUR;
    await expect(runner.apply(stack, plan, signal)).rejects.toMatchObject({
      message: expect.stringContaining('the plan is 60 minutes old; nothing was applied'),
      mayHaveApplied: false,
    });
    expect(existsSync(join(dir, 'clock-stack.tfstate'))).toBe(false);

    const fresh = await runner.plan(stack, whole);
    steady += 30_000;
    now += 30_000;
    await runner.apply(stack, fresh.plan, signal);
    expect(existsSync(join(dir, 'clock-stack.tfstate'))).toBe(true);
  });
});
