/** The time limits of plans and applies, with a tool that hangs: a real process. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Stack } from '../../src/model/directory.ts';
import type { SavedPlan } from '../../src/model/run.ts';
import type { CodePort, Runner } from '../../src/ports/runner.ts';
import type { RunnerPhase } from '../../src/ports/runner-error.ts';
import type { ToolProcesses } from '../../src/ports/tool-processes.ts';
import { stack as anyStack } from '../support/directory.ts';
import { runnerIn } from '../support/runner.ts';
import { type SlowTool, slowTool } from '../support/slow-tool.ts';
import { makeRepo } from '../support/terraform-repo.ts';

vi.setConfig({ testTimeout: 60_000 });

const dir = mkdtempSync(join(tmpdir(), 'm0-limits-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const { signal } = new AbortController();
const limits = { planMs: 700, applyMs: 900 };

interface Watched {
  readonly stack: Stack;
  readonly runner: Runner & CodePort;
  /** While the tool hangs there is this file. */
  readonly hangs: string;
  /** What was recorded of the tools before they began. */
  readonly recorded: { readonly phase: RunnerPhase; readonly begunAt: number; readonly endsBy: number }[];
  readonly told: { readonly phase: RunnerPhase; readonly limitMs: number }[];
}

function world(name: string, tool: SlowTool): Watched {
  const terraform = slowTool(join(dir, name, 'bin'), tool);
  const git = makeRepo(join(dir, name, 'repo'), { 'a/main.tf': 'resource "terraform_data" "one" {}\n' });
  const recorded: Watched['recorded'] = [];
  const toolProcesses: ToolProcesses = {
    fence: 1,
    prove: async () => {},
    async begin({ phase, endsBy }) {
      return recorded.push({ phase, begunAt: Date.now(), endsBy });
    },
    end: async () => {},
    left: async () => [],
  };
  return {
    stack: anyStack({ name, source: { git, ref: 'main', path: 'a' }, limits }),
    runner: runnerIn(
      join(dir, name, 'data'),
      { terraform, tofu: null, cliConfig: '/dev/null' },
      { graceMs: 400, toolProcesses },
    ),
    hangs: `${terraform}.hangs`,
    recorded,
    told: [],
  };
}

const planOf = async ({ runner, stack, told }: Watched): Promise<SavedPlan> =>
  (await runner.plan(stack, { only: null, signal, watch: (tool) => void told.push(tool) })).plan;

describe('a plan that hangs', () => {
  it.each([
    ['hangs', 'and was stopped. If it needs longer, raise limits.plan in m0.yaml'],
    ['deaf', 'and was killed, because it did not stop when asked. If it needs longer, raise limits.plan'],
  ] as const)('is stopped by the limit of its stack (%s)', async (plan, words) => {
    const it = world(`plan-${plan}`, { plan, apply: 'quick' });
    const began = Date.now();
    await expect(planOf(it)).rejects.toMatchObject({
      phase: 'plan',
      stopped: 'time',
      mayHaveApplied: false,
      message: expect.stringContaining(`running terraform plan: it took longer than 0 s ${words}`),
    });
    expect(existsSync(it.hangs)).toBe(true);
    expect(Date.now() - began).toBeLessThan(20_000);
    // Whoever takes over waits for the tool as long as its owner would have let it work.
    const record = it.recorded.find((tool) => tool.phase === 'plan');
    expect((record?.endsBy ?? 0) - (record?.begunAt ?? 0)).toBeLessThanOrEqual(limits.planMs + 400);
    expect(it.told).toContainEqual({ phase: 'plan', limitMs: limits.planMs });
  });
});

describe('an apply that hangs', () => {
  it.each([
    ['hangs', 'and was stopped. If it needs longer, raise limits.apply in m0.yaml'],
    ['deaf', 'and was killed, because it did not stop when asked. Nobody knows how far it came'],
  ] as const)('is stopped by the limit of its stack, and may have applied (%s)', async (apply, words) => {
    const it = world(`apply-${apply}`, { plan: 'quick', apply });
    const plan = await planOf(it);
    const applying = it.runner.apply(it.stack, plan, signal, (tool) => void it.told.push(tool));
    await expect(applying).rejects.toMatchObject({
      phase: 'apply',
      stopped: 'time',
      mayHaveApplied: true,
      message: expect.stringContaining(`running terraform apply: it took longer than 0 s ${words}`),
    });
    expect(it.told.at(-1)).toEqual({ phase: 'apply', limitMs: limits.applyMs });
    expect(it.recorded.filter((tool) => tool.phase === 'apply')).toHaveLength(1);
  });
});
