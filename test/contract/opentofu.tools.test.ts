/** How OpenTofu differs from Terraform: m0 plans a part of a stack by exclusion (`-exclude`). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import { toScope } from '../../src/model/open-findings.ts';
import type { PlanResult, Runner } from '../../src/ports/runner.ts';
import { confirmPlan } from '../../src/runs/confirm.ts';
import { toolsWithTofu } from '../support/cloud.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { DANA, decidedRun, NOON } from '../support/runs.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const signal = new AbortController().signal;
const whole = { only: null, signal };

/** `b` has an exemption, `c` depends on `b`, `x` has instances with odd keys. */
const codeOf = (value: string): string => `variable "more" { default = "${value}" }
resource "terraform_data" "a" { input = "a ${value}" }
resource "terraform_data" "b" { input = "b ${value}" }
resource "terraform_data" "c" { input = "c \${terraform_data.b.output}" }
resource "terraform_data" "x" {
  for_each = { "k.1" = "one", "it's [2]" = "two" }
  input    = "\${each.value} ${value}"
}
resource "terraform_data" "z" { input = "z" }
output "motto" { value = "\${terraform_data.a.output}, \${terraform_data.z.output}" }
`;
/** A resource renamed in the code, with a `moved` block. */
const namedIn = (name: string): string => `resource "terraform_data" "${name}" { input = "n" }\n`;
const MOVED = 'moved {\n  from = terraform_data.n\n  to   = terraform_data.renamed\n}\n';

let dir: string;
let runner: Runner;
let tools: Awaited<ReturnType<typeof toolsWithTofu>>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-tofu-'));
  tools = await toolsWithTofu();
  const { terraform, tofu, terraformCliConfig: cliConfig } = tools;
  runner = runnerIn(join(dir, 'data'), { terraform, tofu, cliConfig });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A stack that was applied with its first code; the code changed since. */
async function drifted(
  name: string,
  change: Partial<Stack> = {},
  more: { readonly old: Record<string, string>; readonly new: Record<string, string> } = { old: {}, new: {} },
): Promise<Stack> {
  const backend = `terraform {\n  backend "local" {\n    path = "${join(dir, `${name}.tfstate`)}"\n  }\n}\n`;
  const git = makeRepo(join(dir, 'repos', name), {
    'a/backend.tf': backend,
    'a/main.tf': codeOf('old'),
    ...more.old,
  });
  const stack = anyStack({ name, source: { git, ref: 'main', path: 'a' }, tool: 'tofu', ...change });
  await runner.apply(stack, (await runner.plan(stack, whole)).plan, signal);
  commit(git, { 'a/main.tf': codeOf('new'), ...more.new }, 'new');
  return stack;
}

const inputsOf = (name: string): Record<string, unknown> => {
  const state = JSON.parse(readFileSync(join(dir, `${name}.tfstate`), 'utf8'));
  return Object.fromEntries(
    state.resources.flatMap(
      (r: { name: string; instances: { attributes: { input: { value: string } } }[] }) =>
        r.instances.map((i, n) => [n === 0 ? r.name : `${r.name}${n}`, i.attributes.input.value]),
    ),
  );
};
const outputOf = (name: string): unknown =>
  JSON.parse(readFileSync(join(dir, `${name}.tfstate`), 'utf8')).outputs.motto.value;

/** How m0 judges this plan if exactly these addresses were approved. */
async function judged(stack: Stack, addresses: readonly string[], result: PlanResult) {
  const all = await runner.plan(stack, whole);
  const { findings, changes } = all.analysis;
  const scope = toScope(findings.filter((f) => f.actionable && addresses.includes(f.address)));
  const approval = { by: DANA, at: NOON, scope, commit: all.code.commit, bundles: {} };
  const run = decidedRun('approved', findings, {}, { scope, approvals: [approval], changes, code: all.code });
  return confirmPlan(run, { bundles: {}, result });
}

const KEYED = ['terraform_data.x["k.1"]', `terraform_data.x["it's [2]"]`];
const A = 'terraform_data.a';
const B = 'terraform_data.b';
const C = 'terraform_data.c';

describe('a part of a stack', () => {
  it('is everything except exempted resources: outputs and moves are included, exempted ones do not change', async () => {
    const stack = await drifted(
      'part',
      {},
      { old: { 'a/n.tf': namedIn('n') }, new: { 'a/n.tf': namedIn('renamed') + MOVED } },
    );
    const only = [A, KEYED[0] ?? ''];
    const result = await runner.plan(stack, { only, except: [B, C, KEYED[1] ?? ''], signal });
    expect([...result.plan.touches].sort()).toEqual([...only].sort());
    expect(result.plan.targets).toEqual(only);
    expect(await judged(stack, only, result)).toEqual({ ok: true, alongside: [] });

    await runner.apply(stack, result.plan, signal);
    expect(inputsOf('part')).toMatchObject({
      a: 'a new',
      b: 'b old',
      c: 'c b old',
      x: 'two old',
      x1: 'one new',
    });
    // With `-target` the outputs would not change, and the move would be an error.
    expect(outputOf('part')).toBe('a new, z');
    expect(inputsOf('part')).toMatchObject({ renamed: 'n' });
  });

  it('is planned with -target if exclusion leaves too much', async () => {
    const stack = await drifted('moved-since');
    const result = await runner.plan(stack, { only: [A], except: [B], signal });
    expect(result.plan.touches).toEqual([A]);
    expect(await judged(stack, [A], result)).toEqual({ ok: true, alongside: [] });
    await runner.apply(stack, result.plan, signal);
    expect(inputsOf('moved-since')).toMatchObject({ a: 'a new', b: 'b old', x: 'two old' });
  });

  it('that depends on an exempted resource is refused; a part of the approval is never applied', async () => {
    const stack = await drifted('dependent');
    const result = await runner.plan(stack, { only: [A, C], except: [B, ...KEYED], signal });
    // Excluding `b` would exclude `c`; targeting `c` includes `b`.
    expect(result.plan.touches).toContain(B);
    expect(await judged(stack, [A, C], result)).toMatchObject({
      ok: false,
      also: [`the plan would also touch ${B}`],
    });
  });

  it('is planned with -target by Terraform, with what has moved', async () => {
    const stack = await drifted(
      'terraform',
      { tool: 'terraform' },
      { old: { 'a/n.tf': namedIn('n') }, new: { 'a/n.tf': namedIn('renamed') + MOVED } },
    );
    const part = { only: [A], except: [B, C, ...KEYED], signal };
    await expect(runner.plan(stack, part)).rejects.toThrow('Moved resource instances excluded by targeting');
    const moved = ['terraform_data.n', 'terraform_data.renamed'];
    const result = await runner.plan(stack, { ...part, moved });
    expect(result.plan.touches).toEqual([A]);
    expect(await judged(stack, [A], result)).toEqual({ ok: true, alongside: [] });
    await runner.apply(stack, result.plan, signal);
    expect(inputsOf('terraform')).toMatchObject({ a: 'a new', b: 'b old', renamed: 'n' });
  });
});
