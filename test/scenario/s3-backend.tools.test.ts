/** State in S3 with a lock file, like the sample stack, while somebody else works on the same state. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFileArtifacts } from '../../src/artifacts/file-artifacts.ts';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Runner } from '../../src/ports/runner.ts';
import { createCloudApi, LOCAL_CREDENTIALS } from '../../src/sandbox/cloud/cloud-api.ts';
import { type Moto, startMoto } from '../../src/sandbox/cloud/moto.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { createRunner } from '../../src/terraform/runner.ts';
import { sandboxTools, TEST_KEY, toolsWithTofu } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { commit, makeRepo, recordingTool } from '../support/terraform-repo.ts';

const signal = new AbortController().signal;
const whole = { only: null, signal };
const BACKEND = `terraform {
  backend "s3" {
    bucket                      = "${SAMPLE.stateBucket}"
    key                         = "locks.tfstate"
    region                      = "${SAMPLE.region}"
    use_lockfile                = true
    use_path_style              = true
    skip_s3_checksum            = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
`;
const ONE = 'resource "terraform_data" "one" {\n  input = "1"\n}\n';

let dir: string;
let moto: Moto;
let s3: S3Client;
/** Processes to kill at the end of this file, even if a test fails. */
const others: ChildProcess[] = [];
let recorded: ReturnType<typeof recordingTool>;
let runner: Runner;
let stack: Stack;
let terraform: string;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-s3-'));
  const { tofu, ...found } = await toolsWithTofu();
  const tools = sandboxTools({ ...found, tofu });
  terraform = tools.terraform;
  const log = createLogger('silent');
  const base = process.env;
  moto = await startMoto({ motoServer: tools.motoServer, port: 0, log, base });
  s3 = new S3Client({
    ...{ endpoint: moto.url, region: SAMPLE.region, forcePathStyle: true, credentials: LOCAL_CREDENTIALS },
  });
  const api = createCloudApi(moto.url);
  await api.ensureStateBucket();
  api.close();
  env = {
    AWS_ENDPOINT_URL: moto.url,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const git = makeRepo(join(dir, 'infra'), { 'a/backend.tf': BACKEND, 'a/main.tf': ONE });
  stack = anyStack({ name: 'locks', source: { git, ref: 'main', path: 'a' }, env });
  recorded = recordingTool(join(dir, 'bin'), terraform);
  const dataDir = join(dir, 'data');
  runner = createRunner({
    toolProcesses: null,
    dataDir,
    tools: { terraform: recorded.path, tofu, cliConfig: tools.cliConfig },
    base,
    mirrors: createMirrors({ dir: join(dataDir, 'git'), log, base }),
    artifacts: createFileArtifacts(join(dataDir, 'artifacts')),
    log,
    clock: Date.now,
    key: TEST_KEY,
    // Long enough for the tool to try the lock more than once.
    lockPatienceS: 3,
  });
});
afterAll(async () => {
  for (const child of others) child.kill('SIGKILL');
  s3?.destroy();
  await moto?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The content of an object in the state's bucket; null if there is none. */
async function object(key: string): Promise<string | null> {
  try {
    const answer = await s3.send(new GetObjectCommand({ Bucket: SAMPLE.stateBucket, Key: key }));
    return (await answer.Body?.transformToString()) ?? '';
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    throw error;
  }
}
/** The input of the one resource in the state under this key. */
async function inputIn(key: string): Promise<unknown> {
  const state = JSON.parse((await object(key)) ?? '');
  return state.resources[0].instances[0].attributes.input.value;
}
const lock = (): Promise<string | null> => object('locks.tfstate.tflock');

/** Starts a colleague's Terraform that has planned, holds the lock, and waits for a "yes". */
async function colleague(): Promise<{ readonly child: ChildProcess; refuse(): Promise<void> }> {
  const cwd = join(dir, 'colleague', 'a');
  execFileSync('git', ['clone', '--quiet', stack.source.git, join(dir, 'colleague')]);
  const options = { cwd, env: { ...process.env, ...env } };
  execFileSync(terraform, ['init', '-input=false'], { ...options, stdio: 'ignore' });
  const child = spawn(terraform, ['apply', '-no-color'], { ...options, stdio: ['pipe', 'ignore', 'ignore'] });
  others.push(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await vi.waitFor(async () => expect(await lock()).not.toBeNull(), { timeout: 60_000, interval: 100 });
  return {
    child,
    async refuse() {
      child.stdin?.end('no\n');
      await ended;
    },
  };
}

describe('a stack with its state in S3', () => {
  it('is planned despite somebody else’s lock, applied after the release, and the lock is not touched', async () => {
    const other = await colleague();
    const held = JSON.parse((await lock()) ?? '') as { ID: string; Who: string; Created: string };
    const { plan, analysis } = await runner.plan(stack, whole);
    expect(analysis.findings.map((f) => [f.address, f.action])).toEqual([['terraform_data.one', 'create']]);

    const refused = await runner.apply(stack, plan, signal).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      ...{ name: 'RunnerError', phase: 'apply', mayHaveApplied: false },
      message: `running terraform apply: the state is locked by ${held.Who} (apply) since ${new Date(Math.floor(Date.parse(held.Created))).toISOString()}, lock ${held.ID}`,
      locked: {
        ...{ who: held.Who, id: held.ID, operation: 'apply' },
        since: Math.floor(Date.parse(held.Created)),
      },
    });
    expect(JSON.parse((await lock()) ?? '')).toEqual(held);
    expect(other.child.exitCode).toBeNull();
    expect(recorded.calls()).toEqual(['init', 'plan', 'show', 'apply']);
    expect(await object('locks.tfstate')).toBeNull();

    await other.refuse();
    expect((await runner.apply(stack, plan, signal)).log).toContain('1 added');
    expect(await object('locks.tfstate')).toContain('"name": "one"');
    expect(await lock()).toBeNull();
    expect((await runner.plan(stack, whole)).analysis.findings).toEqual([]);
  });

  it('keeps the changes of a stopped apply, and releases the lock', async () => {
    const began = join(dir, 'began');
    const slow = `resource "terraform_data" "quick" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.quick]
  provisioner "local-exec" {
    command = "touch ${began} && exec sleep 600"
  }
}
`;
    commit(stack.source.git, { 'a/slow.tf': slow }, 'slow');
    const { plan } = await runner.plan(stack, whole);
    const stopping = new AbortController();
    const applying = runner.apply(stack, plan, stopping.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(existsSync(began)).toBe(true), { timeout: 60_000, interval: 100 });
    expect(await lock()).not.toBeNull();
    stopping.abort();
    expect(await applying).toMatchObject({ phase: 'apply', stopped: 'aborted', mayHaveApplied: true });
    expect(await object('locks.tfstate')).toContain('"name": "quick"');
    expect(await lock()).toBeNull();
    const after = await runner.plan(stack, whole);
    expect(after.analysis.findings.map((f) => f.address)).toEqual(['terraform_data.slow']);
  });

  it('has no resources in a workspace, or under a key, that does not exist', async () => {
    const inState = async (other: Partial<Stack>): Promise<number | undefined> =>
      (await runner.plan({ ...stack, ...other }, whole)).analysis.resourcesInState;
    expect(await inState({})).toBe(3);
    expect(await inState({ name: 'elsewhere', workspace: 'nowhere' })).toBe(0);
    commit(stack.source.git, { 'a/backend.tf': BACKEND.replace('locks.tfstate', 'moved.tfstate') }, 'moved');
    expect(await inState({})).toBe(0);
  });

  it('separates its workspaces, each with its variable files, with both tools', async () => {
    const key = 'workspaces.tfstate';
    const code = `variable "size" {}
variable "owner" { default = "nobody" }
resource "terraform_data" "one" {
  input = "\${terraform.workspace} \${var.size} \${var.owner}"
}
`;
    const git = makeRepo(join(dir, 'workspaces'), {
      'a/backend.tf': BACKEND.replace('locks.tfstate', key),
      'a/main.tf': code,
      'a/small.tfvars': 'size = "small"\n',
      'vars/blue.tfvars': 'owner = "kim"\nsize = "from the first file"\n',
      'a/large.tfvars': 'size = "large"\n',
    });
    const source = { git, ref: 'main', path: 'a' };
    const usual = anyStack({ name: 'usual', source, env, varFiles: ['small.tfvars'] });
    // The later file has precedence, and a file may be anywhere in the repository.
    const files = ['../vars/blue.tfvars', 'large.tfvars'];
    const blue = anyStack({ name: 'blue', source, env, workspace: 'blue', varFiles: files });
    const green: Stack = { ...blue, name: 'green', workspace: 'green', tool: 'tofu' };

    for (const each of [usual, blue, green]) {
      const { plan, analysis } = await runner.plan(each, whole);
      expect(analysis.findings.map((f) => f.action)).toEqual(['create']);
      await runner.apply(each, plan, signal);
    }
    expect(await inputIn(key)).toBe('default small nobody');
    expect(await inputIn(`env:/blue/${key}`)).toBe('blue large kim');
    expect(await inputIn(`env:/green/${key}`)).toBe('green large kim');
    for (const each of [usual, blue, green]) {
      expect((await runner.plan(each, whole)).analysis.findings).toEqual([]);
    }

    // A lock on one workspace does not lock another.
    const lockOfBlue = { Bucket: SAMPLE.stateBucket, Key: `env:/blue/${key}.tflock` };
    const held = {
      ID: 'b1',
      Who: 'kim@laptop',
      Operation: 'OperationTypePlan',
      Created: '2026-11-23T06:00:00Z',
    };
    await s3.send(new PutObjectCommand({ ...lockOfBlue, Body: JSON.stringify(held) }));
    commit(git, { 'a/small.tfvars': 'size = "tiny"\n', 'a/large.tfvars': 'size = "huge"\n' }, 'sizes');
    const moved = await runner.plan(usual, whole);
    expect(moved.analysis.findings.map((f) => [f.address, f.origin, f.action])).toEqual([
      ['terraform_data.one', 'code', 'update'],
    ]);
    await runner.apply(usual, moved.plan, signal);
    expect(await inputIn(key)).toBe('default tiny nobody');
    const waiting = await runner.plan(blue, whole);
    await expect(runner.apply(blue, waiting.plan, signal)).rejects.toMatchObject({
      locked: { who: 'kim@laptop', id: 'b1', operation: 'plan' },
    });
    expect(await inputIn(`env:/blue/${key}`)).toBe('blue large kim');
  });
});
