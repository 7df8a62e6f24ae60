/** `config check --reach` and `doctor` tell whether m0 may write pull requests, also for stacks that `discover` finds. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configCommand } from '../../src/cli/config.ts';
import { readEnvironment } from '../../src/config/environment.ts';
import { type ForgeHost, startForgeHost } from '../support/forge-hosts.ts';
import { commit, git } from '../support/terraform-repo.ts';

let dir: string;
let host: ForgeHost;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-forge-reach-'));
  host = await startForgeHost('another host', dir);
  const clone = join(dir, 'clone');
  git(dir, 'clone', '--quiet', host.served, clone);
  commit(clone, { 'prod/network/main.tf': 'terraform {\n  backend "s3" {}\n}\n' }, 'a root');
  git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
});
afterEach(async () => {
  await host.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** What `config check --reach` prints. */
async function reach(credentials: readonly object[], env = host.env): Promise<string> {
  const file = join(dir, 'm0.yaml');
  const discover = {
    source: { git: `${host.proxy.url}/acme/infra.git` },
    ...{ roots: ['*/*'], name: '{1}-{2}', environment: '{1}', channels: ['slack:C0OPS'] },
  };
  writeFileSync(file, JSON.stringify({ chat: { slack: {} }, credentials, discover: [discover] }));
  let out = '';
  const print = (text: string): void => {
    out += text;
  };
  const variables = {
    ...env,
    M0_CONFIG: file,
    M0_DATA_DIR: join(dir, 'data'),
    PATH: process.env.PATH,
    HOME: dir,
  };
  await configCommand(['check', file, '--reach'], { out: print, err: print }, readEnvironment(variables));
  expect(out).not.toContain(host.env.WRITE);
  return out;
}

const lineOf = (out: string, what: string): string =>
  out.split('\n').find((line) => line.includes(what)) ?? '';

it('says that m0 may write to the repository of a discovered stack, and has no note about it', async () => {
  const out = await reach([{ for: host.proxy.url, write: true, ...host.entry }]);
  expect(lineOf(out, 'write to')).toMatch(
    /acme\/infra\.git.*credentials\[0\].*may push branches, without pull requests/,
  );
  expect(out).not.toContain('for no repository');
});

it('says that it may not, why, and what to do', async () => {
  const out = await reach([{ for: host.proxy.url, write: true, ...host.entry }], { WRITE: 'another-token' });
  expect(out).toContain('write to');
  expect(out).toContain('Authentication failed');
  expect(out).toContain('give credentials[0] more rights at the host');
});

it('says which entry is for no repository', async () => {
  const out = await reach([{ for: 'https://elsewhere.example/', write: true, ...host.entry }]);
  expect(out).toContain('note: with write: true, and for no repository of a stack: credentials[0]');
  expect(lineOf(out, 'elsewhere.example')).toContain('credentials[0]');
  expect(out).toContain('no stack is read from a repository that it is for');
});
