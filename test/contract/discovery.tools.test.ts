import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { stacksCommand } from '../../src/cli/stacks.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { readMoves, readSnapshot } from '../../src/discovery/read-snapshot.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import { DiscoveryCore, HEAD, rootFile } from '../support/discovery.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';

const ENVIRONMENTS = ['prod', 'stage', 'dev', 'test'] as const;
const EACH = 100;
const RULES = `discover:
  - source: { git: REPO }
    roots: ["envs/*/*"]
    exclude: ["envs/sandbox/**"]
    name: "{1}-{2}"
    environment: "{1}"
    varFiles: ["../../../vars/{1}.tfvars"]
`;

/** 400 roots in four environments, 12 in a sandbox, and 60 modules, each with three files of code. */
function monorepo(): Record<string, string> {
  const files: Record<string, string> = {};
  const folder = (path: string, backend: boolean): void => {
    files[`${path}/versions.tf`] = backend
      ? rootFile(path)
      : 'terraform {\n  required_version = ">= 1.5"\n}\n';
    files[`${path}/main.tf`] =
      `${'# the backend is elsewhere\n'.repeat(20)}module "a" {\n  source = "../../../modules/m1"\n}\n`;
    files[`${path}/variables.tf`] = 'variable "region" {\n  type = string\n}\n';
  };
  for (const environment of ENVIRONMENTS) {
    files[`vars/${environment}.tfvars`] = 'region = "eu"\n';
    for (let i = 0; i < EACH; i += 1) folder(`envs/${environment}/s${i}`, true);
  }
  for (let i = 0; i < 12; i += 1) folder(`envs/sandbox/s${i}`, true);
  for (let i = 0; i < 60; i += 1) folder(`modules/m${i}`, false);
  return files;
}

let dir: string;
let repo: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'm0-monorepo-'));
  repo = makeRepo(join(dir, 'infra'), monorepo());
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return Math.round(performance.now() - from);
}

describe('a monorepo with 400 roots', () => {
  it('is read in seconds, without a checkout', async () => {
    const mirrors = createMirrors({
      dir: join(dir, 'mirrors'),
      log: createLogger('silent'),
      base: process.env,
    });
    let head = '';
    const fetching = await milliseconds(async () => {
      head = (await mirrors.fetch(repo, 'main')).commit;
    });
    const read = (at: string) => mirrors.reading(repo, 'reading', (git) => readSnapshot(git, at));
    const reading = await milliseconds(() => read(head));
    const before = head;
    commit(repo, { 'envs/prod/new/main.tf': rootFile('new') }, 'new');
    head = (await mirrors.fetch(repo, 'main')).commit;
    const again = await milliseconds(async () => {
      await mirrors.reading(repo, 'comparing', (git) => readMoves(git, before, head));
      await read(head);
    });
    const { folders } = await read(head);
    expect(folders.filter((f) => f.state !== null)).toHaveLength(413);
    expect(folders).toHaveLength(473);
    console.log(`400 roots: first fetch ${fetching} ms, read ${reading} ms, read after a push ${again} ms`);
    // Far above what it takes, so that a slow machine passes: a git command a root would take longer.
    expect(reading).toBeLessThan(10_000);
    expect(again).toBeLessThan(10_000);
  });

  it('is listed by `m0 stacks`, with what each stack would get', async () => {
    const config = join(dir, 'm0.yaml');
    writeFileSync(config, `${HEAD}${RULES.replaceAll('REPO', repo)}`);
    const environment = readEnvironment({
      ...process.env,
      M0_CONFIG: config,
      M0_DATA_DIR: join(dir, 'data'),
      M0_DATABASE_URL: `file:${join(dir, 'none.db')}`,
    });
    const said: { out: string; err: string } = { out: '', err: '' };
    const io = {
      out: (t: string): void => {
        said.out += t;
      },
      err: (t: string): void => {
        said.err += t;
      },
    };
    expect(await stacksCommand(['--json'], io, environment)).toBe(0);
    const { counts, stacks, left } = JSON.parse(said.out) as {
      counts: object;
      stacks: readonly Record<string, unknown>[];
      left: readonly Record<string, unknown>[];
    };
    expect(counts).toEqual({ stacks: 401, excluded: 12, unwatched: 0 });
    expect(stacks.find((s) => s.name === 'prod-s7')).toMatchObject({
      environment: 'prod',
      path: 'envs/prod/s7',
      workspace: 'default',
      by: 'discover[0], glob "envs/*/*"',
      settings: {
        varFiles: ['../../../vars/prod.tfvars'],
        channels: ['slack:C0OPS'],
        approvers: { from: ['sre'], need: 1 },
      },
    });
    expect(left[0]).toMatchObject({ status: 'excluded', why: 'exclude "envs/sandbox/**" of discover[0]' });
    said.out = '';
    expect(await stacksCommand([], io, environment)).toBe(0);
    expect(said.out).toContain('401 stacks, 12 roots excluded by rule, 0 unwatched');
    writeFileSync(config, `${HEAD}${RULES.replaceAll('REPO', join(dir, 'gone'))}`);
    expect(await stacksCommand([], io, environment)).toBe(2);
    expect(said.err).toContain('gone');
  });

  it('is watched from the start, and told in one message', async () => {
    const world = await DiscoveryCore.open(monorepo(), RULES);
    try {
      expect(world.names()).toHaveLength(400);
      expect(world.said()).toHaveLength(1);
      expect(world.said()[0]).toContain('400 new stacks watched');
      world.git('mv', 'envs/prod/s1', 'envs/prod/t1');
      world.git('rm', '-rq', 'envs/dev/s2');
      const took = await milliseconds(() => world.push());
      console.log(`400 stacks: a push that moves one and deletes one is followed in ${took} ms`);
      expect(world.names()).toHaveLength(399);
      expect(world.said()[1]).toContain('1 stack no longer watched, 1 stack moved');
      const restart = await milliseconds(() => world.start());
      console.log(`400 stacks: known again ${restart} ms after a restart`);
      expect(world.names()).toHaveLength(399);
      expect(world.said()).toHaveLength(2);
    } finally {
      await world.close();
    }
  });
});

describe('a repository of Terragrunt', () => {
  it('has its units found, not the configuration that they include, and not by an entry for another tool', async () => {
    const unit = 'include "root" {\n  path = find_in_parent_folders("terragrunt.hcl")\n}\n';
    const live = makeRepo(join(dir, 'live'), {
      'terragrunt.hcl': 'remote_state {\n  backend = "local"\n  config  = {}\n}\n',
      'live/prod/network/terragrunt.hcl': unit,
      'live/prod/database/terragrunt.hcl': unit,
      'live/dev/network/terragrunt.hcl': unit,
      'modules/network/main.tf': 'output "id" {\n  value = 1\n}\n',
    });
    const list = async (tool: string): Promise<{ names: readonly string[]; left: readonly unknown[] }> => {
      const config = join(dir, `${tool}.yaml`);
      const rule = `discover:\n  - source: { git: ${live} }\n    tool: ${tool}\n    roots: ["live/**"]\n    exclude: ["live/dev/**"]\n    environment: prod\n`;
      writeFileSync(config, `${HEAD}${rule}`);
      const environment = readEnvironment({
        ...process.env,
        M0_CONFIG: config,
        M0_DATA_DIR: join(dir, `data-${tool}`),
        M0_DATABASE_URL: `file:${join(dir, 'none.db')}`,
      });
      let out = '';
      const io = {
        out: (t: string): void => {
          out += t;
        },
        err: (): void => {},
      };
      await stacksCommand(['--json'], io, environment);
      const found = JSON.parse(out) as { stacks: readonly { name: string }[]; left: readonly unknown[] };
      return { names: found.stacks.map((s) => s.name).toSorted(), left: found.left };
    };
    const units = await list('terragrunt');
    expect(units.names).toEqual(['live-prod-database', 'live-prod-network']);
    expect(units.left).toMatchObject([{ path: 'live/dev/network', status: 'excluded' }]);
    const others = await list('terraform');
    expect(others.names).toEqual([]);
    expect(JSON.stringify(others.left)).toContain(
      'is a unit of Terragrunt, and no entry with tool: terragrunt',
    );
  });
});
