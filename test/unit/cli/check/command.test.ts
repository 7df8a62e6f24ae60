import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkCommand } from '../../../../src/cli/check/command.ts';
import { readEnvironment } from '../../../../src/config/environment.ts';
import { loadTools } from '../../../../src/setup/tools.ts';
import { makeRepo } from '../../../support/terraform-repo.ts';

const OPA = (await loadTools(process.env.M0_DATA_DIR ?? '.m0', process.env)).opa;
let dir: string;
/** Replaces the database that is not there. */
let database: string | undefined;
beforeEach(() => {
  database = undefined;
  dir = mkdtempSync(join(tmpdir(), 'm0-check-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function check(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const io = {
    out(text: string): void {
      said.out += text;
    },
    err(text: string): void {
      said.err += text;
    },
    ...{ color: false, width: 80, signal: new AbortController().signal },
  };
  const environment = readEnvironment({
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, M0_CWD: dir, M0_OPA: OPA },
    ...{ M0_DATA_DIR: join(dir, 'data'), M0_CONFIG: join(dir, 'm0.yaml') },
    M0_DATABASE_URL: database ?? `file:${join(dir, 'none.db')}`,
  });
  return { code: await checkCommand(args, io, environment), ...said };
}

const CONFIG = `chat: { slack: {} }
defaults: { channels: [slack:C0OPS] }
stacks:
  - { name: web, environment: prod, source: { git: ./infra, path: web } }
  - { name: net, environment: prod, source: { git: ./infra, path: net } }
`;

it.each([
  [['a', 'b'], 'check: more than one stack named; say `check [STACK]`'],
  [['a', '--dir', 'b'], 'check: a stack and a folder are named: name one'],
  [['--dir'], "check: Option '--dir <value>' argument missing"],
  [['--dirs', 'x'], "check: Unknown option '--dirs'"],
  [['--var-file', 'x'], 'check: --var-file goes with --dir'],
  [['--post', 'general'], 'check: --post general is no channel: slack:C0OPS, teams:19:…'],
  [['--post', 'slack:#ops'], 'check: --post slack:#ops is no channel'],
  [['--dir', 'x', '--post', 'slack:C0OPS'], 'check: posting to Slack: SLACK_BOT_TOKEN is not set'],
])('%j is refused in one line', async (args, problem) => {
  const { code, out, err } = await check(...args);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toContain(problem);
  expect(err.trimEnd().split('\n')).toHaveLength(1);
});

it('without an m0.yaml it says that there is none', async () => {
  const { code, err } = await check();
  expect(code).toBe(2);
  expect(err).toContain('m0.yaml: there is no such file');
  expect(err).toContain('--dir');
});

it('goes on without a database that is PostgreSQL, and says so', async () => {
  writeFileSync(join(dir, 'm0.yaml'), CONFIG);
  database = 'postgres://m0:hunter2@127.0.0.1:1/m0';
  const { err } = await check();
  expect(err).toMatch(/^note: m0's database is PostgreSQL, which check does not read: /);
  expect(err).toContain('check: name one of the stacks:');
  expect(err).not.toContain('hunter2');
});

it('lists the stacks where there are several, and knows a misspelled one', async () => {
  writeFileSync(join(dir, 'm0.yaml'), CONFIG);
  expect(await check()).toEqual({ code: 2, out: '', err: 'check: name one of the stacks:\n  net\n  web\n' });
  expect((await check('wep')).err).toBe('check: m0.yaml has no stack wep: did you mean web?\n');
  expect((await check('zzz')).err).toBe('check: m0.yaml has no stack zzz: there are net and web\n');
});

it('a folder without code, and one that is not there', async () => {
  makeRepo(join(dir, 'infra'), { 'README.md': 'nothing' });
  mkdirSync(join(dir, 'infra', 'empty'));
  expect(await check('--dir', 'nowhere')).toMatchObject({ code: 2, out: '' });
  expect((await check('--dir', 'nowhere')).err).toMatch(/nowhere: there is no such folder\n$/);
  expect((await check('--dir', 'infra/empty')).err).toContain(
    'there is no Terraform, OpenTofu or Terragrunt code',
  );
  expect((await check('--dir', 'infra/README.md')).err).toMatch(
    /README.md: it is a file: name its folder\n$/,
  );
  expect((await check('--dir', 'infra', '--var-file', 'x.tfvars')).err).toMatch(
    /^check: --var-file \S+x.tfvars: there is no such file\n$/,
  );
});

it('a folder without code names the root modules in it', async () => {
  const code = 'terraform { backend "s3" {} }\n';
  makeRepo(join(dir, 'infra'), { 'envs/prod/net/main.tf': code, 'envs/dev/main.tf': code });
  expect((await check('--dir', 'infra')).err).toMatch(/, such as envs\/dev and envs\/prod\/net in it\n$/);
  expect((await check('--dir', 'infra/envs/prod')).err).toMatch(/, such as net in it\n$/);
});

it('leaves nothing of its own, and deletes what a killed one has left', async () => {
  const cli = join(dir, 'data', 'cli');
  // No process has that number: it is above the largest one of Linux.
  mkdirSync(join(cli, 'check-99999999-gone'), { recursive: true });
  makeRepo(join(dir, 'infra'), { 'README.md': 'nothing' });
  await check('--dir', 'infra');
  expect(readdirSync(cli)).toEqual([]);
});
