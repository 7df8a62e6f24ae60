/**
 * Measures a check of a stack whose code did not change: the runner's plan of the sample stack, against the same
 * tool run directly in an initialised directory, and against a pipeline that starts from an empty one.
 */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { startTestCloud, type TestCloud } from '../support/cloud.ts';
import { type Cost, costOf } from './cost.ts';
import type { Limit } from './table.ts';

/** Terraform as a person or a pipeline calls it. */
async function terraform(here: TestCloud, cwd: string, ...args: string[]): Promise<void> {
  const env = { ...here.cloud.stackEnv, TF_CLI_CONFIG_FILE: here.tools.terraformCliConfig, TF_INPUT: '0' };
  await execa(here.tools.terraform ?? 'terraform', args, { cwd, env });
}

async function planAndShow(here: TestCloud, cwd: string): Promise<void> {
  await terraform(here, cwd, 'plan', '-out=plan');
  await terraform(here, cwd, 'show', '-json', 'plan');
}

async function clone(here: TestCloud, scratch: string): Promise<string> {
  const dir = await mkdtemp(join(scratch, 'clone-'));
  await execa('git', ['clone', '--quiet', here.cloud.repos.infra, dir]);
  return join(dir, SAMPLE.stackPath);
}

/** Returns the runner limits with measured values. Rejects if a plan finds drift, as there is none. */
export async function runnerLimits(runs: number, scratch: string): Promise<Limit[]> {
  const here = await startTestCloud();
  try {
    const stack = here.stack();
    const check = async (): Promise<void> => {
      const { plan, analysis } = await here.runner.plan(stack, {
        only: null,
        signal: new AbortController().signal,
      });
      if (analysis.findings.length > 0) throw new Error('measuring the runner: the sample has drifted');
      await here.runner.discard(plan);
    };
    const ready = await clone(here, scratch);
    await terraform(here, ready, 'init');
    await planAndShow(here, ready);
    await check();

    const bare: Cost[] = [];
    const ours: Cost[] = [];
    const cold: Cost[] = [];
    for (let run = 0; run < runs; run++) {
      bare.push(await costOf(() => planAndShow(here, ready)));
      ours.push(await costOf(check));
      cold.push(
        await costOf(async () => {
          const cwd = await clone(here, scratch);
          await terraform(here, cwd, 'init');
          await planAndShow(here, cwd);
        }),
      );
    }
    const ratio = (of: (cost: Cost) => number, to: readonly Cost[]): number[] =>
      ours.map((cost, i) => of(cost) / of(to[i] ?? cost));
    const name = 'a check of a stack whose code did not move';
    const cpu = ratio((cost) => cost.cpu, bare);
    return [
      { what: `${name}: time / plan and show`, measured: ratio((c) => c.wall, bare), most: 1, unit: '×' },
      ...(cpu.some(Number.isNaN)
        ? []
        : [{ what: `${name}: CPU / plan and show`, measured: cpu, most: 0.8, unit: '×' }]),
      {
        ...{ what: `${name}: time / clone, init, plan and show`, most: 0.75, unit: '×' },
        measured: ratio((c) => c.wall, cold),
      },
    ];
  } finally {
    await here.close();
  }
}
