import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import { applyMark } from '../../src/model/tool-mark.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import { TEST_KEY, testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, makeRepo, recordingTool } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const signal = new AbortController().signal;
const whole = { only: null, signal };

const ONE = `resource "terraform_data" "one" {\n  input = "1"\n}\n`;

describe('the runner itself, on stacks without a provider', () => {
  const dir = mkdtempSync(join(tmpdir(), 'm0-runner-'));
  const dataDir = join(dir, 'data');
  let recorded: ReturnType<typeof recordingTool>;
  let runner: Runner & CodePort;

  beforeAll(async () => {
    const tools = await testTools();
    recorded = recordingTool(join(dir, 'bin'), tools.terraform ?? '');
    const base = { ...process.env, SLACK_BOT_TOKEN: 'xoxb-m0s-own-token', SSH_AUTH_SOCK: '/agent' };
    const only = { terraform: recorded.path, tofu: null, cliConfig: tools.terraformCliConfig };
    runner = runnerIn(dataDir, only, { base });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** A new stack with its state on the local disk. */
  function stackOf(name: string, files: Record<string, string>, change: Partial<Stack> = {}): Stack {
    const backend = `terraform {\n  backend "local" {\n    path = "${join(dir, `${name}.tfstate`)}"\n  }\n}\n`;
    const git = makeRepo(join(dir, 'repos', name), { 'a/backend.tf': backend, ...files });
    return anyStack({ name, source: { git, ref: 'main', path: 'a' }, channels: [], ...change });
  }
  const callsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = recorded.calls().length;
    await work();
    return recorded.calls().slice(before);
  };
  const planFile = (artifact: string): string => join(dataDir, 'artifacts', artifact);

  it('initialises once, and again only if its dependencies changed', async () => {
    const stack = stackOf('once', { 'a/main.tf': ONE });
    expect(await callsOf(() => runner.plan(stack, whole))).toEqual(['init', 'plan', 'show']);
    // The plan says the same, so `show` would, too.
    expect(await callsOf(() => runner.plan(stack, whole))).toEqual(['plan']);
    commit(stack.source.git, { 'README.md': 'elsewhere\n' }, 'not the code');
    expect(await callsOf(() => runner.plan(stack, whole))).toEqual(['plan']);
    commit(
      stack.source.git,
      { 'a/two.tf': 'module "two" {\n  source = "../two"\n}\n', 'two/main.tf': ONE },
      'a module',
    );
    expect(await callsOf(() => runner.plan(stack, whole))).toEqual(['init', 'plan', 'show']);
    commit(stack.source.git, { 'two/more.tf': 'output "x" {\n  value = 1\n}\n' }, 'inside the module');
    expect(await callsOf(() => runner.plan(stack, whole))).toEqual(['init', 'plan', 'show']);
    // The tool writes the modules into its plan in any order, so `show` may run again.
    expect(await callsOf(() => runner.plan(stack, whole))).not.toContain('init');
  });

  it('gives a stack its variables and none of m0’s secrets', async () => {
    const stack = stackOf(
      'env',
      { 'a/main.tf': ONE },
      { env: { FROM_THE_STACK: 'yes' }, workspace: 'default' },
    );
    await runner.plan(stack, whole);
    const environment = recorded.environment();
    expect(environment).toContain('FROM_THE_STACK=yes');
    expect(environment).toContain('TF_IN_AUTOMATION=1');
    expect(environment).not.toContain('xoxb-m0s-own-token');
    expect(environment).toContain(`HOME=${join(dataDir, 'work/env/home')}\n`);
    expect(environment).not.toContain('SSH_AUTH_SOCK');
    await expect(
      runner.plan({ ...stack, env: { TF_CLI_ARGS_plan: '-refresh=false' } }, whole),
    ).rejects.toThrow('may not set TF_CLI_ARGS_plan');
  });

  it('marks the requests of plans and applies with the stack and the run', async () => {
    const stack = stackOf('marked', { 'a/main.tf': ONE });
    await runner.plan(stack, { ...whole, run: 7 });
    // A registry that `init` asks need not learn the name, and `show` asks nobody.
    expect(recorded.environment()).not.toContain('TF_APPEND_USER_AGENT');
    const { plan } = await runner.plan(stack, { ...whole, run: 7 });
    expect(recorded.environment()).toContain('TF_APPEND_USER_AGENT=m0/marked/7\n');
    const own = { ...stack, env: { TF_APPEND_USER_AGENT: 'team/1.0' } };
    await runner.apply(own, plan, signal, undefined, 7);
    expect(recorded.environment()).toContain(
      `TF_APPEND_USER_AGENT=team/1.0 ${applyMark('marked', 7, TEST_KEY)}\n`,
    );
    // Nobody else can make it from what a chat shows.
    expect(recorded.environment()).toMatch(/m0\/marked\/7-[0-9a-f]{16}\n/);
  });

  it('reads variables from files and keeps workspaces apart', async () => {
    const vars = { 'a/main.tf': 'variable "x" {}\nresource "terraform_data" "one" {\n  input = var.x\n}\n' };
    const files = { ...vars, 'a/prod.tfvars': 'x = "from the file"\n' };
    const stack = stackOf('vars', files, { varFiles: ['prod.tfvars'] });
    const { plan, places } = await runner.plan(stack, whole);
    expect(places).toEqual({ 'terraform_data.one': { file: 'a/main.tf', line: 2 } });
    await runner.apply(stack, plan, signal);
    expect(readFileSync(join(dir, 'vars.tfstate'), 'utf8')).toContain('from the file');
    expect((await runner.plan(stack, whole)).analysis.findings).toEqual([]);
    const blue = { ...stack, name: 'blue', workspace: 'blue' };
    const other = await runner.plan(blue, whole);
    expect(other.analysis.findings.map((f) => f.action)).toEqual(['create']);
    await runner.apply(blue, other.plan, signal);
    // Initialises again with an existing workspace state, which the tool would offer to migrate.
    commit(stack.source.git, { 'a/more.tf': 'output "more" {\n  value = 1\n}\n' }, 'more');
    expect((await runner.plan(blue, whole)).analysis.findings).toEqual([]);
  });

  it('keeps plan files private, applies exactly the stored file, and deletes it on request', async () => {
    const stack = stackOf('files', { 'a/main.tf': ONE });
    const { plan } = await runner.plan(stack, whole);
    const file = planFile(plan.artifact);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'artifacts/plans')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dataDir, 'tmp'))).toEqual([]);

    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes, Buffer.from([0])]));
    const calls = await callsOf(() =>
      expect(runner.apply(stack, plan, signal)).rejects.toMatchObject({
        phase: 'apply',
        mayHaveApplied: false,
        message: expect.stringContaining('SHA-256 differs'),
      }),
    );
    expect(calls).toEqual([]);
    writeFileSync(file, bytes);

    // The code changes, but the apply uses the plan's commit.
    commit(stack.source.git, { 'a/main.tf': ONE.replace('"1"', '"2"') }, 'later');
    await runner.apply(stack, plan, signal);
    expect(readFileSync(join(dir, 'files.tfstate'), 'utf8')).toContain('"value": "1"');

    await expect(runner.apply(stack, plan, signal)).rejects.toMatchObject({
      message: expect.stringContaining('stale'),
      mayHaveApplied: false,
    });
    await runner.discard(plan);
    await runner.discard(plan);
    await expect(runner.apply(stack, plan, signal)).rejects.toThrow('it is gone');
  });

  it('deletes unused plans, also half written ones, and nothing else', async () => {
    const stack = stackOf('held', { 'a/main.tf': ONE });
    const { plan: held } = await runner.plan(stack, whole);
    const { plan: lost } = await runner.plan(stack, whole);
    writeFileSync(`${planFile(lost.artifact)}.0123456789ab.part`, 'half');
    writeFileSync(planFile('plans/notes.txt'), 'mine');
    await runner.discardAllBut([held.artifact]);
    const left = readdirSync(join(dataDir, 'artifacts/plans')).map((name) => `plans/${name}`);
    expect(left.sort()).toEqual([held.artifact, 'plans/notes.txt'].sort());
    await runner.discardAllBut([], 'another');
    expect(readdirSync(join(dataDir, 'artifacts/plans'))).toHaveLength(2);
    await runner.discardAllBut([], 'held');
    expect(readdirSync(join(dataDir, 'artifacts/plans'))).toEqual(['notes.txt']);
    await runner.plan(stack, whole);
    await runner.discardAllBut([]);
    expect(readdirSync(join(dataDir, 'artifacts/plans'))).toEqual(['notes.txt']);
  });

  it('deletes the plans of idle stacks, and none that is made after it has looked', async () => {
    const busy = stackOf('busy', { 'a/main.tf': ONE });
    const idle = stackOf('idle', { 'a/main.tf': ONE });
    const { plan: needed } = await runner.plan(busy, whole);
    const { plan: lost } = await runner.plan(idle, whole);
    writeFileSync(`${planFile(lost.artifact)}.0123456789ab.part`, 'half');
    let later = '';
    await runner.discardOfIdle(async () => {
      later = (await runner.plan(idle, whole)).plan.artifact;
      return ['busy'];
    });
    const left = readdirSync(join(dataDir, 'artifacts/plans')).map((name) => `plans/${name}`);
    expect(left.filter((name) => name.endsWith('.tfplan')).sort()).toEqual([needed.artifact, later].sort());
    await runner.discardOfIdle(async () => []);
    expect(readdirSync(join(dataDir, 'artifacts/plans')).filter((name) => name !== 'notes.txt')).toEqual([]);
  });

  it('reports an error in short, without secrets', async () => {
    const code = `variable "token" {}
resource "terraform_data" "one" {
  input = 1
  lifecycle {
    precondition {
      condition     = var.token == ""
      error_message = "The service did not take the token \${var.token} for an answer, which is a long story to tell."
    }
  }
}
`;
    const long = 'Could not: '.padEnd(1_884, 'x');
    const cut = code.replace('The service did not take the token', long);
    const longer = stackOf('long', { 'a/main.tf': cut }, { env: { TF_VAR_token: 'hunter2-hunter2' } });
    await expect(runner.plan(longer, whole)).rejects.not.toThrow('hunter2');

    const stack = stackOf('errors', { 'a/main.tf': code }, { env: { TF_VAR_token: 'hunter2-hunter2' } });
    const error = await runner.plan(stack, whole).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'RunnerError', phase: 'plan', locked: null, stopped: null });
    const { message } = error as Error;
    expect(message).toMatch(/^running terraform plan: Resource precondition failed\n/);
    expect(message).not.toContain('hunter2');
    expect(message).not.toMatch(/[│╷╵]/);
  });

  it('gives back the last whole plan of a stack’s own code, and no other', async () => {
    const two = 'resource "terraform_data" "two" {\n  input = "2"\n}\n';
    const stack = stackOf('last', { 'a/main.tf': ONE, 'a/two.tf': two });
    const last = () => runner.lastPlan?.(stack) ?? Promise.resolve(null);
    expect(await last()).toBeNull();
    const made = await runner.plan(stack, whole);
    await runner.discard(made.plan);
    const { analysis, code, document, plan } = made;
    expect(await last()).toMatchObject({ analysis, code, document, plan });
    // Code beside it has a plan of its own.
    const edited = commit(stack.source.git, { 'a/two.tf': '' }, 'edited');
    await runner.head(stack);
    await runner.plan(stack, { ...whole, code: { ...code, commit: edited } });
    expect((await last())?.code.commit).toBe(code.commit);
    // m0.yaml says something else of the stack now.
    expect(await runner.lastPlan?.({ ...stack, env: { A: 'b' } })).toBeNull();
    await runner.plan(stack, { ...whole, only: ['terraform_data.one'] });
    expect(await last()).toBeNull();
  });

  it('never treats an empty list of addresses as all', async () => {
    const stack = stackOf('none', { 'a/main.tf': ONE });
    await expect(runner.plan(stack, { only: [], signal })).rejects.toMatchObject({ name: 'RunnerError' });
  });

  it('reports Git errors', async () => {
    const missing = anyStack({ source: { git: join(dir, 'nowhere'), ref: 'main', path: '' } });
    const message = expect.stringContaining(`running git fetch for ${join(dir, 'nowhere')}: `);
    await expect(runner.head(missing)).rejects.toMatchObject({ phase: 'git', message });
    await expect(runner.plan(missing, whole)).rejects.toMatchObject({ phase: 'git', message });
    const stack = stackOf('outside', { 'a/main.tf': ONE });
    const outside = { ...stack, source: { ...stack.source, path: '../..' } };
    await expect(runner.plan(outside, whole)).rejects.toMatchObject({ phase: 'git' });
  });

  it('runs one tool at a time for a stack', async () => {
    const stack = stackOf('serial', { 'a/main.tf': ONE });
    const calls = await callsOf(() => Promise.all([runner.plan(stack, whole), runner.plan(stack, whole)]));
    expect(calls).toEqual(['init', 'plan', 'show', 'plan']);
  });

  it('stops an apply so that its changes are saved in the state', async () => {
    const began = join(dir, 'began');
    const slow = `resource "terraform_data" "slow" {
  depends_on = [terraform_data.one]
  provisioner "local-exec" {
    command = "touch ${began} && exec sleep 600"
  }
}
`;
    const stack = stackOf('stop', { 'a/main.tf': ONE, 'a/slow.tf': slow });
    const { plan } = await runner.plan(stack, whole);
    const stopping = new AbortController();
    const applying = runner.apply(stack, plan, stopping.signal).catch((e: unknown) => e);
    await vi.waitFor(() => statSync(began), { timeout: 30_000, interval: 100 });
    stopping.abort();
    expect(await applying).toMatchObject({ phase: 'apply', stopped: 'aborted', mayHaveApplied: true });
    expect(readFileSync(join(dir, 'stop.tfstate'), 'utf8')).toContain('"name": "one"');
    await expect(runner.plan(stack, { only: null, signal: stopping.signal })).rejects.toMatchObject({
      stopped: 'aborted',
    });
  });
});
