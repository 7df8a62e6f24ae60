/**
 * Ten stacks with siblings, planned whole and limited to some addresses by the real Terraform: the planned changes are
 * equal, the policy heals what it may, a person approves the rest, and every run ends realigned.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { sameChange } from '../../src/drift/change-hash.ts';
import type { Analysis } from '../../src/drift/finding.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import type { Run } from '../../src/model/run.ts';
import { type SampleStack, TEN_STACKS } from '../support/ten-stacks.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';
import { DANA, EVE, poll, startWorld, type World, words } from '../support/world.ts';

const run = promisify(execFile);
const WORKING = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

const PROVIDER = `
terraform {
  backend "local" {
    path = "STATE"
  }
  required_providers {
    aws = {
      source  = "registry.terraform.io/hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region                      = "eu-central-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
`;

let world: World;
let folder: string;
let repository: string;

const stateOf = (name: string): string => join(folder, `${name}.tfstate`);

function filesOf(stack: SampleStack, edits: SampleStack['byHand'], state: string): Record<string, string> {
  const files: Record<string, string> = { ...stack.files, 'provider.tf': PROVIDER.replace('STATE', state) };
  for (const [file, from, to] of edits) {
    const text = files[file] ?? '';
    if (!text.includes(from)) throw new Error(`${stack.name}: ${file} has no ${from}`);
    files[file] = text.replaceAll(from, to);
  }
  return files;
}

async function writeAll(dir: string, files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}

/** Runs Terraform as an engineer would on a laptop. */
async function terraform(dir: string, ...args: string[]): Promise<string> {
  const { terraform: tool, cliConfig } = world.tool;
  const env = {
    ...process.env,
    ...world.cloud.stackEnv,
    TF_CLI_CONFIG_FILE: cliConfig,
    TF_IN_AUTOMATION: '1',
  };
  const { stdout } = await run(tool, args, { cwd: dir, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Creates the stack, changes the cloud by hand, and leaves the code as it is merged. */
async function build(stack: SampleStack): Promise<void> {
  const dir = join(folder, stack.name);
  const state = stateOf(stack.name);
  const apply = ['apply', '-auto-approve', '-refresh=false', '-input=false', '-no-color'];
  await writeAll(dir, filesOf(stack, [], state));
  await terraform(dir, 'init', '-input=false', '-no-color');
  await terraform(dir, ...apply);
  const copy = `${state}.by-hand`;
  await cp(state, copy);
  await writeAll(dir, filesOf(stack, stack.byHand, state));
  await terraform(dir, ...apply, `-state=${copy}`);
  await writeAll(dir, filesOf(stack, stack.merged ?? [], state));
}

async function analysed(stack: SampleStack, ...targets: string[]): Promise<Analysis> {
  const dir = join(folder, stack.name);
  const file = join(folder, `${stack.name}.plan`);
  const flags = targets.map((address) => `-target=${address}`);
  await terraform(dir, 'plan', '-input=false', '-lock=false', '-no-color', `-out=${file}`, ...flags);
  const json = await terraform(dir, 'show', '-json', '-no-color', file);
  return analyzePlan(readPlan(json, stack.name), { key: 'k' });
}

/** Four at a time: much of an apply is waiting. */
async function each<T>(work: (stack: SampleStack) => Promise<T>): Promise<void> {
  const left = [...TEN_STACKS];
  const next = async (): Promise<void> => {
    for (let stack = left.shift(); stack !== undefined; stack = left.shift()) await work(stack);
  };
  await Promise.all([next(), next(), next(), next()]);
}

beforeAll(async () => {
  world = await startWorld({
    variables: { M0_CONCURRENCY: '3' },
    config: (yaml, cloud) => {
      const config = parse(yaml) as { stacks: Record<string, unknown>[] };
      const [sample] = config.stacks;
      const stacks = TEN_STACKS.map(({ name }) => ({
        ...sample,
        name,
        source: { git: `${cloud.repos.infra}-ten`, ref: 'main', path: name },
        policies: ['tags-auto'],
        approvers: { from: ['sre'], need: 1, notTheAuthor: false },
      }));
      return stringify({ ...config, stacks });
    },
    prepare: async (cloud) => {
      repository = makeRepo(`${cloud.repos.infra}-ten`, { 'README.md': 'ten stacks\n' });
    },
  });
  folder = join(world.dir, 'ten');
  await each(build);
  const files: Record<string, string> = {};
  for (const stack of TEN_STACKS) {
    const merged = filesOf(stack, stack.merged ?? [], stateOf(stack.name));
    for (const [name, text] of Object.entries(merged)) files[`${stack.name}/${name}`] = text;
  }
  commit(repository, files, 'ten stacks');
}, 600_000);
afterAll(() => world?.close());

async function newest(stack: string): Promise<Run | undefined> {
  return (await world.service.store.runs({ stack, limit: 1 }))[0];
}

/** The newest run of the stack, once it does nothing by itself any more. */
function settled(stack: string, after = 0): Promise<Run> {
  return poll(async () => {
    const found = await newest(stack);
    return found === undefined || found.id <= after || WORKING.includes(found.state) ? undefined : found;
  }, `${stack} to settle`);
}

/** The planned changes of a whole plan and of plans limited to some addresses are equal. */
async function plansAlike(stack: SampleStack): Promise<void> {
  const whole = await analysed(stack);
  expect(whole.untold).toEqual([]);
  const due = whole.findings.filter((finding) => finding.actionable).map((finding) => finding.address);
  expect(due.toSorted()).toEqual([...stack.heals, ...stack.waits].sort());
  const moved = whole.findings.flatMap(({ address, previousAddress }) =>
    previousAddress === undefined ? [] : [previousAddress, address],
  );
  for (const some of [stack.heals, stack.waits]) {
    // Terraform refuses targets that leave out a move which is due.
    const limited = await analysed(stack, ...some, ...moved);
    for (const address of some) {
      const hashes = [whole, limited].map(
        ({ findings }) => findings.find((finding) => finding.address === address)?.change ?? '',
      );
      expect(sameChange(hashes[0] ?? '', hashes[1] ?? ''), address).toBe(true);
    }
  }
}

/** The policy puts back what it may, and what waits is untouched. */
async function heals(stack: SampleStack): Promise<Run> {
  await world.type(EVE, `drift ${stack.name}`);
  const asked = await settled(stack.name);
  expect([asked.state, asked.failure]).toEqual(['awaiting_approval', null]);
  const applied = asked.applied.flatMap((part) => part.scope.map((s) => s.address));
  expect(applied.toSorted()).toEqual([...stack.heals].sort());
  const open = asked.findings.filter((finding) => finding.actionable).map((finding) => finding.address);
  expect(open.toSorted()).toEqual([...stack.waits].sort());
  return asked;
}

/** A person approves the rest, and what comes along is named on the card and in the record. */
async function approves(stack: SampleStack, asked: Run): Promise<void> {
  await world.approve(DANA, asked.id);
  const done = await world.until(asked.id, 'realigned');
  for (const address of stack.alongside ?? []) {
    expect(done.applied.flatMap((part) => part.alongside ?? [])).toContain(address);
    const audit = await world.service.store.audit({ runId: done.id });
    const confirmed = audit.filter((entry) => entry.action === 'confirmed').map((entry) => entry.detail);
    expect(confirmed.join()).toContain(address);
    expect(words(await world.card(`run #${done.id}`, 'equal values'))).toContain(address);
  }
}

describe('stacks with siblings', () => {
  it.concurrent.each(TEN_STACKS.map((stack) => [stack.name, stack] as const))(
    '%s: planned alike, healed and approved to realigned',
    { timeout: 400_000 },
    async (_name, stack) => {
      await plansAlike(stack);
      await approves(stack, await heals(stack));
      // The cloud, as the provider reads it now.
      const { findings } = await analysed(stack);
      expect(findings.filter((finding) => finding.actionable)).toEqual([]);
    },
  );
});
