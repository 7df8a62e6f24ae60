/**
 * The story of a hotfix, with the whole m0: SSH is opened by hand, the card says who did it, a person puts it into the
 * code, the pull request is merged, the next check is clean, and the cloud is as the hand left it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GitHost } from '../../src/sandbox/forge/git-host.ts';
import { buttons, DANA, EVE, startWorld, type World, words } from '../support/world.ts';

const WEB = 'aws_security_group.web';
const INGRESS = 'Security group web, lets in';
const SSH = '22/tcp from 203.0.113.7/32';
const FILE = 'envs/prod/network/security_groups.tf';
const BUTTON = 'Put into the code…';
/** Longer than m0 waits before it asks the host again about an open pull request. */
const NEXT_QUESTION_MS = 61_000;

let world: World;
let host: GitHost;
beforeAll(async () => {
  world = await startWorld({ gitHost: true, wrapTerraform: tellingItsEnvironment });
  if (world.gitHost === null) throw new Error('there is no Git host');
  host = world.gitHost;
}, 240_000);
afterAll(() => world?.close(), 60_000);

/** A Terraform that appends its environment to a file before it runs. */
function tellingItsEnvironment(terraform: string, dir: string): string {
  const file = join(dir, 'telling-terraform');
  writeFileSync(file, `#!/bin/sh\nenv >> '${join(dir, 'environments')}'\nexec '${terraform}' "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: world.cloud.repos.infra, encoding: 'utf8' }).trim();

/** Clicks Merge on the pull request's page. */
async function mergeOnPage(number: number): Promise<void> {
  const response = await fetch(`${host.url}/acme/infra/pull/${number}`, {
    method: 'POST',
    headers: { origin: host.url },
    body: new URLSearchParams({ as: 'kim', act: 'merge' }),
    redirect: 'manual',
  });
  if (response.status !== 303) throw new Error(`merging on the page: ${response.status}`);
}

it('SSH opened by hand goes into the code, and the cloud is not touched', async () => {
  const base = git('rev-parse', 'main');
  const code = git('show', `main:${FILE}`);
  await world.cloud.console.run('open-ssh');
  const run = await world.check();
  expect(run.state).toBe('awaiting_approval');
  const card = await world.card('By Eve (SSO, console)', 'AuthorizeSecurityGroupIngress', SSH);
  expect(buttons(card)).toContain(BUTTON);

  // Eve, who did it, may not.
  await world.workspace.as(EVE).click(card, BUTTON, { confirm: true });
  await world.whisper(EVE, 'prod-network');
  expect(await world.service.store.codifications({})).toEqual([]);

  const question = await world.workspace.as(DANA).click(card, BUTTON);
  expect(JSON.stringify(question)).toContain('Changes nothing in the cloud');
  expect(await world.service.store.codifications({})).toEqual([]);
  await world.workspace.as(DANA).click(card, BUTTON, { confirm: true });
  const open = await world.card('#1', 'is open', 'proven: with it, a plan changes nothing');
  expect(open.ts).toBe(card.ts);
  expect(buttons(open)).not.toContain(BUTTON);

  const [pull, ...others] = await host.pulls.list();
  expect(others).toEqual([]);
  expect(pull).toMatchObject({ number: 1, state: 'open', base: 'main', baseSha: base, reviewers: ['kim'] });
  expect(pull?.title).toMatch(/^prod-network: .*security_groups\.tf/);
  for (const said of [
    'Dana asked',
    String.raw`By Eve \(SSO, console\)`,
    'AuthorizeSecurityGroupIngress',
    'Merging this changes nothing',
  ]) {
    expect(pull?.body).toContain(said);
  }
  expect(git('rev-parse', 'main')).toBe(base);
  const [head = '', name = ''] = [pull?.headSha, pull?.head];
  expect(git('rev-parse', name)).toBe(head);
  expect(git('diff', '--name-only', base, head)).toBe(FILE);
  const diff = git('diff', '--unified=0', base, head).split('\n').slice(4);
  expect(diff.filter((line) => line.startsWith('-'))).toEqual([]);
  expect(diff.filter((line) => line.startsWith('+')).join('\n')).toContain('203.0.113.7/32');
  expect(git('show', `${head}:${FILE}`).length).toBeGreaterThan(code.length);

  // While it is open: no second alert, and nothing reverts it.
  const second = await world.check();
  expect(second.state).toBe('quiet');
  expect(world.cards().filter((each) => words(each).includes(WEB))).toHaveLength(1);
  expect(await world.fact(INGRESS)).toContain(SSH);
  expect((await host.pulls.get(1)).state).toBe('open');

  await mergeOnPage(1);
  world.pass(NEXT_QUESTION_MS);
  const done = await world.card('in the code since', '#1', 'next check clean');
  expect(done.ts).toBe(card.ts);
  expect(buttons(done)).toEqual(['Full diff']);
  expect(words(done)).toContain('merged by kim');
  const [clean] = await world.runs();
  expect(clean).toMatchObject({ state: 'clean', trigger: 'push' });
  expect(clean?.findings.filter((each) => each.actionable)).toEqual([]);
  expect(clean?.code?.commit).toBe(git('rev-parse', 'main'));
  expect(await world.service.store.exemptions('prod-network')).toEqual([]);

  expect(await world.fact(INGRESS)).toContain(SSH);
  expect((await world.runs()).flatMap((each) => each.applied)).toEqual([]);
  expect((await world.check()).state).toBe('clean');
  expect(world.cards().filter((each) => words(each).includes(WEB))).toHaveLength(1);

  // The token that may write is in m0 alone.
  const environments = readFileSync(join(world.dir, 'environments'), 'utf8');
  expect(environments).toContain('AWS_ENDPOINT_URL=');
  const posted = JSON.stringify(world.workspace.channel('ops').messages);
  const stored = JSON.stringify(await world.service.store.codifications({}));
  for (const text of [environments, posted, stored, world.logs.join('\n'), JSON.stringify(pull)]) {
    expect(text).not.toContain(host.token);
  }
}, 400_000);
