/** From a bare clone of a monorepo to 400 root modules that m0 watches and has looked at, in ten minutes. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { initCommand } from '../../src/cli/init.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { PLACEHOLDER_CHANNEL } from '../../src/init/write-config.ts';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { isValidCron } from '../../src/schedule/cron.ts';
import { serve } from '../../src/serve.ts';
import { testTools } from '../support/cloud.ts';
import { makeRepo } from '../support/terraform-repo.ts';
import { EVE, startWorld, type World, words } from '../support/world.ts';

const ENVIRONMENTS = ['prod', 'stage', 'dev', 'test'];
const ROOTS = ENVIRONMENTS.flatMap((environment) =>
  Array.from({ length: 100 }, (_, i) => `envs/${environment}/app-${String(i).padStart(2, '0')}`),
);
/** Merged, and never applied. */
const NOT_APPLIED = ['envs/prod/app-07', 'envs/dev/app-99'];
const TEN_MINUTES = 10 * 60_000;

/** A repository of 400 roots with a state each, made by the real tool, and a bare clone of it. Returns the clone's path. */
async function monorepo(dir: string): Promise<string> {
  const states = join(dir, 'states');
  const stateOf = (i: number): string => join(states, `${i}.tfstate`);
  // The users of stacks, which are other than m0's own, read the states.
  await mkdir(states, { recursive: true, mode: 0o777 });
  const files = Object.fromEntries(
    ROOTS.map((root, i) => [
      `${root}/main.tf`,
      `terraform {\n  backend "local" {\n    path = "${stateOf(i)}"\n  }\n}\n\nresource "terraform_data" "it" {\n  input = "as it should be"\n}\n`,
    ]),
  );
  const repo = makeRepo(join(dir, 'monorepo'), {
    ...files,
    ...{ 'modules/net/main.tf': 'variable "x" {}\n', 'README.md': '# All of our infrastructure\n' },
  });
  const { terraform } = await testTools();
  const cwd = join(repo, ROOTS[0] ?? '');
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    const env = { CHECKPOINT_DISABLE: '1' };
    await execa(terraform ?? 'terraform', [...args, '-input=false', '-no-color'], { cwd, env });
  }
  const state = await readFile(stateOf(0), 'utf8');
  for (const [i, root] of ROOTS.entries()) {
    if (!NOT_APPLIED.includes(root)) await writeFile(stateOf(i), state, { mode: 0o666 });
  }
  const bare = join(dir, 'monorepo.git');
  await execa('git', ['clone', '--quiet', '--bare', repo, bare]);
  return bare;
}

/** What `m0 init` writes for the repository. */
async function initialised(dir: string, repository: string): Promise<string> {
  const file = join(dir, 'written.yaml');
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  const environment = readEnvironment({
    ...process.env,
    ...{ M0_CONFIG: file, M0_CWD: dir, M0_DATA_DIR: join(dir, 'init') },
    M0_DATABASE_URL: `file:${join(dir, 'none.db')}`,
  });
  const code = await initCommand([repository], { out: write, err: write, confirm: null }, environment);
  expect(code, said).toBe(0);
  return readFile(file, 'utf8');
}

let world: World;
let config = '';
let begunAt = 0;
let configuredAt = 0;
let watchedAt = 0;

async function prepare({ repos }: SandboxCloud): Promise<void> {
  const dir = join(repos.infra, '../../..');
  const repository = await monorepo(dir);
  begunAt = Date.now();
  // A person puts their channel in; nothing else is written by hand.
  config = (await initialised(dir, repository)).replaceAll(PLACEHOLDER_CHANNEL, 'C0OPS');
  configuredAt = Date.now();
}

beforeAll(async () => {
  world = await startWorld({
    ...{ cloud: 'plain', prepare, config: () => config },
    start: async (variables, tools) => {
      const started = await serve({
        config: await loadConfig(variables.M0_CONFIG ?? '', variables, isValidCron),
        environment: readEnvironment(variables),
        ...{ tools, base: variables, log: createLogger('silent'), clock: Date.now },
      });
      watchedAt = Date.now();
      return started;
    },
  });
});
afterAll(() => world?.close());

const minutes = (from: number, to: number): string => `${((to - from) / 60_000).toFixed(1)} min`;

it(
  'all 400 are watched and looked at ten minutes after the clone, and the channel is told what was found',
  async () => {
    const told = await world.workspace.waitFor(
      () => world.cards().findLast((card) => words(card).includes('First check of 400 stacks')),
      TEN_MINUTES,
    );
    const lookedAt = Date.now();
    console.log(
      `400 roots: m0 init ${minutes(begunAt, configuredAt)}, start ${minutes(configuredAt, watchedAt)}, looked at all of them ${minutes(watchedAt, lookedAt)}`,
    );
    expect(lookedAt - begunAt).toBeLessThan(TEN_MINUTES);
    expect(words(told)).toContain('First check of 400 stacks: 398 aligned and 2 with drift');
    for (const name of ['prod-app-07', 'dev-app-99']) {
      const card = await world.card(name, 'terraform_data.it');
      expect(words(card)).toContain('new in the code');
    }
    await world.type(EVE, 'status');
    expect(words(await world.whisper(EVE, '400'))).toMatch(/0 unwatched/);
  },
  TEN_MINUTES + 60_000,
);
