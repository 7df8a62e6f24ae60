/** The whole m0 with policies and code in private repositories, whose token is later revoked. */
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { SandboxCloud } from '../../src/sandbox/cloud/sandbox-cloud.ts';
import { everythingIn } from '../support/git-access.ts';
import { type GitOverHttp, serveGitOverHttp } from '../support/git-over-http.ts';
import { startWorld, type World } from '../support/world.ts';

const TOKENS = { policies: 'tok-policies-77af31', infra: 'tok-infra-c04e52' };
const account = (token: string): string => `x-access-token:${token}`;

const servers: Partial<Record<keyof typeof TOKENS, GitOverHttp>> = {};
let world: World;

/** Puts each repository on a separate server, so each token can be revoked separately. */
async function prepare({ repos }: SandboxCloud): Promise<void> {
  for (const name of ['policies', 'infra'] as const) {
    servers[name] = await serveGitOverHttp(dirname(repos[name]), account(TOKENS[name]));
  }
}

function config(yaml: string, { repos }: SandboxCloud): string {
  const address = (name: keyof typeof TOKENS): string =>
    `${servers[name]?.url}/${repos[name].slice(dirname(repos[name]).length + 1)}/.git`;
  const raw = parse(
    yaml.replaceAll(repos.policies, address('policies')).replaceAll(repos.infra, address('infra')),
  ) as object;
  const credentials = [
    { for: servers.policies?.url, token: '${env:POLICIES_TOKEN}' },
    { for: servers.infra?.url, token: '${env:INFRA_TOKEN}' },
  ];
  return stringify({ ...raw, credentials });
}

beforeAll(async () => {
  const variables = { POLICIES_TOKEN: TOKENS.policies, INFRA_TOKEN: TOKENS.infra };
  world = await startWorld({ cloud: 'plain', prepare, config, variables });
});
afterAll(async () => {
  await world?.close();
  for (const server of Object.values(servers)) await server.close();
});

describe('private repositories', () => {
  it('are read: what their policy allows is reverted automatically', async () => {
    await world.cloud.console.run('remove-tags');
    expect((await world.check()).state).toBe('realigned');
    expect(await world.fact('terraform_data.logs, tags')).toBe('CostCenter=4711, Owner=platform');
  });

  it('with policies that m0 can no longer read leave the decision to a person', async () => {
    if (servers.policies) servers.policies.account = account('another');
    // A restarted m0 fetches at once.
    await world.restart();
    await world.cloud.console.run('remove-tags');
    const run = await world.check();
    expect(run.state).toBe('awaiting_approval');
    expect(await world.fact('terraform_data.logs, tags')).not.toContain('Owner=platform');
    await world.card(`run #${run.id}`, 'the server refuses the token of credentials[0]');
  });

  it('with code that m0 can no longer read fail the check with a reason', async () => {
    if (servers.infra) servers.infra.account = account('another');
    expect((await world.check()).state).toBe('failed');
    await world.card('running git fetch', 'the server refuses the token of credentials[1]', 'renew it');
  });

  it('have tokens that appear in no file, log or message', async () => {
    const files = everythingIn(join(world.dir, 'data'));
    expect(files).toContain('running git fetch');
    for (const text of [world.workspace.dump(), world.logs.join('\n'), files]) {
      for (const token of Object.values(TOKENS)) {
        expect(text).not.toContain(token);
        expect(text).not.toContain(Buffer.from(account(token)).toString('base64'));
      }
    }
  });
});
