import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { configCommand } from '../../../src/cli/config.ts';
import { SLACK_SCOPES } from '../../../src/cli/reach-slack.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import type { Workspace } from '../../../src/sandbox/workspace/workspace.ts';
import { BACKEND } from '../../support/init.ts';
import { MANIFEST } from '../../support/slack-app.ts';
import { opsWorkspace, TOKENS, user } from '../../support/slack-workspace.ts';
import { makeRepo } from '../../support/terraform-repo.ts';

let dir: string;
let workspace: Workspace;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'm0-reach-'));
  makeRepo(join(dir, 'infra'), {
    'prod/net/main.tf': BACKEND,
    'prod/net/prod.tfvars': '',
    'prod/db/main.tf': BACKEND,
    'approvals/a.rego': 'package m0\n',
  });
  workspace = await opsWorkspace([user('U0DANA', 'dana')]);
});
afterEach(async () => {
  await workspace.close();
  rmSync(dir, { recursive: true, force: true });
});

async function reach(text: string): Promise<{ readonly code: number; readonly out: string }> {
  const file = join(dir, 'm0.yaml');
  writeFileSync(file, text);
  let out = '';
  const io = {
    out: (t: string): void => {
      out += t;
    },
    err: (t: string): void => {
      out += t;
    },
  };
  const env = readEnvironment({
    ...process.env,
    M0_DATA_DIR: join(dir, 'data'),
    M0_DATABASE_URL: `file:${join(dir, 'no.db')}`,
    SLACK_API_URL: workspace.apiUrl,
    SLACK_BOT_TOKEN: TOKENS.botToken,
  });
  return { code: await configCommand(['check', file, '--reach'], io, env), out };
}

const HEAD = `chat: { slack: {} }
policies: { approvals: { git: ./infra, path: approvals } }
defaults: { channels: [slack:C0OPS], policies: [approvals] }
`;

it('everything that is there is said to be', async () => {
  const { code, out } = await reach(
    `${HEAD}stacks: [ { name: net, environment: prod, source: { git: ./infra, path: prod/net }, varFiles: [prod.tfvars] } ]\n`,
  );
  expect(out).toMatch(/infra \(main\) +ok +[0-9a-f]{7}, 1 stack and 1 policy/);
  expect(out).toMatch(/slack:C0OPS +ok +m0 is in it/);
  expect(code).toBe(0);
});

it.each([
  {
    what: 'a folder',
    stack: 'source: { git: ./infra, path: prod/nett }',
    said: /net +MISSING +there is no folder prod\/nett\n.*-> correct source.path/,
  },
  {
    what: 'a var file',
    stack: 'source: { git: ./infra, path: prod/net }, varFiles: [dev.tfvars]',
    said: /net +MISSING +there is no var file prod\/net\/dev.tfvars/,
  },
  {
    what: 'a ref',
    stack: 'source: { git: ./infra, ref: live, path: prod/net }',
    said: /infra \(live\) +MISSING .*there is no "live" in it/,
  },
  {
    what: 'a repository',
    stack: 'source: { git: ./gone }',
    said: /gone \(main\) +MISSING .*running git fetch for/,
  },
  {
    what: 'a channel',
    stack: 'source: { git: ./infra, path: prod/net }, channels: [slack:C0NONE]',
    said: /slack:C0NONE +MISSING +there is no such channel/,
  },
])('$what that is not there is said, with what to do', async ({ stack, said }) => {
  const { code, out } = await reach(`${HEAD}stacks: [ { name: net, environment: prod, ${stack} } ]\n`);
  expect(out).toMatch(said);
  expect(code).toBe(1);
});

it('a folder of a policy, and what discover finds', async () => {
  const { code, out } = await reach(
    `${HEAD.replace('path: approvals', 'path: approval')}discover: [ { source: { git: ./infra }, roots: ["prod/n*"], environment: prod, varFiles: [x.tfvars] } ]\n`,
  );
  expect(out).toMatch(/policy approvals +MISSING +there is no folder approval\n/);
  expect(out).toMatch(/discover +warning +1 stack, 0 excluded by rule, 1 unwatched/);
  expect(out).toMatch(/prod-net +MISSING +there is no var file prod\/net\/x.tfvars/);
  expect(code).toBe(1);
});

it('knows what each scope of the app is for', () => {
  expect(Object.keys(SLACK_SCOPES).sort()).toEqual([...MANIFEST.scopes].sort());
});
