/** The folders of stacks: work trees of the inputs alone, where they are not enough, and when folders go. */
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
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { CodePort, Runner, StackFolders } from '../../src/ports/runner.ts';
import type { LeftTool, ToolProcesses } from '../../src/ports/tool-processes.ts';
import { testTools } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { commit, git, makeRepo, recordingTool } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const whole = { only: null, signal: new AbortController().signal };
const dir = mkdtempSync(join(tmpdir(), 'm0-folders-'));
const dataDir = join(dir, 'data');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let recorded: ReturnType<typeof recordingTool>;
let runner: Runner & CodePort & StackFolders;
let left: readonly LeftTool[] = [];
beforeAll(async () => {
  const tools = await testTools();
  recorded = recordingTool(join(dir, 'bin'), tools.terraform ?? '');
  const toolProcesses: ToolProcesses = {
    ...{ fence: 1, prove: async () => {}, begin: async () => 1, end: async () => {} },
    left: async (stack) => left.filter((tool) => stack === undefined || tool.stack === stack),
  };
  const only = { terraform: recorded.path, tofu: null, cliConfig: tools.terraformCliConfig };
  runner = runnerIn(dataDir, only, { toolProcesses });
});

const treeOf = (name: string, ...path: string[]): string => join(dataDir, 'work', name, 'tree', ...path);

/** A stack in folder `a` with an output `x`; its state is beside the repository. */
function stackOf(name: string, x: string, files: Readonly<Record<string, string>> = {}): Stack {
  const backend = `terraform {\n  backend "local" {\n    path = "${join(dir, `${name}.tfstate`)}"\n  }\n}\n`;
  const code = `output "x" {\n  value = ${x}\n}\n`;
  const repo = makeRepo(join(dir, 'repos', name), {
    ...{ 'a/backend.tf': backend, 'a/x.tf': code, 'b/main.tf': '', 'shared/x.txt': 'yes' },
    ...files,
  });
  return anyStack({ name, source: { git: repo, ref: 'main', path: 'a' }, channels: [] });
}

async function planned(stack: Stack): Promise<unknown> {
  const { document } = await runner.plan(stack, whole);
  return (document as { planned_values: { outputs: { x: { value: unknown } } } }).planned_values.outputs.x
    .value;
}

it('a stack has its inputs alone, as long as they are all that its code reads', async () => {
  const stack = stackOf('bounded', 'fileexists("../shared/x.txt") ? file("../shared/x.txt") : "no"');
  expect(await planned(stack)).toBe('yes');
  expect(readdirSync(treeOf('bounded')).sort()).toEqual(['.git', 'a', 'shared']);
  // Read at run time: the path is put together, so the answer must not be "no" for want of the file.
  const base = 'locals {\n  base = join("/", ["..", "shared"])\n}\n';
  const code = 'output "x" {\n  value = fileexists("${local.base}/x.txt") ? "there" : "no"\n}\n';
  commit(stack.source.git, { 'a/base.tf': base, 'a/x.tf': code }, 'put together');
  expect(await planned(stack)).toBe('there');
  expect(existsSync(treeOf('bounded', 'b/main.tf'))).toBe(true);
  // And back again.
  commit(stack.source.git, { 'a/base.tf': '', 'a/x.tf': 'output "x" {\n  value = 1\n}\n' }, 'bounded again');
  expect(await planned(stack)).toBe(1);
  expect(readdirSync(treeOf('bounded')).sort()).toEqual(['.git', 'a']);
});

it('a module from elsewhere that reads files of its caller gets the whole repository before a plan', async () => {
  const module = makeRepo(join(dir, 'repos', 'elsewhere'), {
    'main.tf':
      'variable "at" {\n  type = string\n}\noutput "x" {\n  value = fileexists(var.at) ? file(var.at) : "no"\n}\n',
  });
  const at = 'join("/", ["shared", "x.txt"])';
  const stack = stackOf('calls', 'module.m.x', {
    'a/m.tf': `module "m" {\n  source = "git::file://${module}"\n  at     = "\${path.module}/../\${${at}}"\n}\n`,
  });
  expect(await planned(stack)).toBe('yes');
  expect(existsSync(treeOf('calls', 'b/main.tf'))).toBe(true);
});

it('what changed a file of the tree between two checks has no effect', async () => {
  const stack = stackOf('restored', 'file("x.txt")', { 'a/x.txt': 'of the code\n' });
  expect(await planned(stack)).toBe('of the code\n');
  writeFileSync(treeOf('restored', 'a/x.txt'), 'of the tool');
  writeFileSync(treeOf('restored', 'a/y.tf'), 'nonsense');
  writeFileSync(treeOf('restored', 'a/.gitattributes'), '* text eol=crlf\n');
  expect(await planned(stack)).toBe('of the code\n');
  expect(existsSync(treeOf('restored', 'a/y.tf'))).toBe(false);
});

it('a plan that says the same is not shown again, and one that says more is', async () => {
  const stack = stackOf('shown', '1');
  const callsOf = async (): Promise<readonly string[]> => {
    const before = recorded.calls().length;
    await planned(stack);
    return recorded.calls().slice(before);
  };
  expect(await callsOf()).toEqual(['init', 'plan', 'show']);
  expect(await callsOf()).toEqual(['plan']);
  commit(stack.source.git, { 'a/x.tf': 'output "x" {\n  value = 2\n}\n' }, 'two');
  expect((await callsOf()).at(-1)).toBe('show');
  expect(await planned(stack)).toBe(2);
});

it('the folder of a stack that is not watched goes, unless it is busy or has a state', async () => {
  const gone = stackOf('gone', '1');
  const busy = stackOf('busy', '1');
  const stateful = stackOf('stateful', '1', { 'a/backend.tf': '' });
  for (const stack of [gone, busy, stateful]) await runner.plan(stack, whole);
  writeFileSync(join(dataDir, 'work/gone/user'), '58123\n');
  writeFileSync(treeOf('stateful', 'a/terraform.tfstate'), '{}');
  const tool = { id: 1, pid: 1, host: 'elsewhere', startedAt: null, stack: 'busy', phase: 'apply' };
  left = [{ ...tool, begunAt: 0, endsBy: 0 } as unknown as LeftTool];
  mkdirSync(join(dir, 'outside'), { recursive: true });
  await runner.removeUnwatched(['bounded']);
  left = [];
  // The number of its user is given to no other stack.
  expect(readdirSync(join(dataDir, 'work/gone'))).toEqual(['user']);
  expect(readFileSync(join(dataDir, 'work/gone/user'), 'utf8')).toBe('58123\n');
  expect(existsSync(treeOf('busy', 'a'))).toBe(true);
  expect(existsSync(treeOf('stateful', 'a/terraform.tfstate'))).toBe(true);
  expect(existsSync(treeOf('bounded', 'a'))).toBe(true);
  await runner.removeUnwatched(['bounded']);
  expect(existsSync(treeOf('busy'))).toBe(false);
  // It works again when it is back.
  expect(await planned(gone)).toBe(1);
  expect(git(gone.source.git, 'status', '--porcelain')).toBe('');
});
