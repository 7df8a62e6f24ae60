/** The whole m0 as a process, whose m0.yaml changes while it runs: as a file, on SIGHUP, and by a push. */
import { createHmac } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type M0Process, m0Process } from '../support/process.ts';
import { commit, makeRepo } from '../support/terraform-repo.ts';
import { EVE, startWorld, type World, words } from '../support/world.ts';

const SECRET = 'a secret of the Git server';
const SOON = { timeout: 60_000 };

interface Written {
  groups: Record<string, string[]>;
  stacks: Record<string, unknown>[];
}

/** The text with a change of what it says. */
function changed(text: string, change: (written: Written) => void): string {
  const written = parse(text) as Written;
  change(written);
  return stringify(written);
}

const addStack = (text: string, name: string): string =>
  changed(text, ({ stacks }) => void stacks.push({ ...stacks[0], name }));

let m0: M0Process;
let world: World;
let inGit: string | null = null;
const file = (): string => join(world.dir, 'm0.yaml');

beforeAll(async () => {
  m0 = m0Process();
  world = await startWorld({
    cloud: 'plain',
    variables: { M0_GIT_WEBHOOK_SECRET: SECRET },
    start: (variables, tools) =>
      m0.start(inGit === null ? variables : { ...variables, M0_CONFIG: inGit }, tools),
  });
}, 120_000);
afterAll(() => world?.close());

async function ready(): Promise<{
  problems: { part: string; problem: string }[];
  config: Record<string, string>;
}> {
  return (await fetch(`${world.service.url}/readyz`)).json() as ReturnType<typeof ready>;
}
async function metric(name: string): Promise<string | undefined> {
  const text = await (await fetch(`${world.service.url}/metrics`)).text();
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.split(' ')[1];
}
const refusals = (): number => world.cards().filter((m) => words(m).includes('is refused')).length;

it('takes a stack and an approver of a changed file', async () => {
  await world.cloud.console.run('open-ssh');
  const run = await world.check();
  expect(run.state).toBe('awaiting_approval');
  const first = await readFile(file(), 'utf8');
  const next = changed(addStack(first, 'prod-second'), ({ groups }) => void groups.sre?.push('eve'));
  await writeFile(file(), next);
  expect(words(await world.card('1 new stack watched'))).toContain('prod-second');
  await expect.poll(() => metric('m0_config_reload_success'), SOON).toBe('1');
  const [entry] = await world.service.store.audit({ stack: 'm0.yaml' });
  expect(entry).toMatchObject({ action: 'config-reloaded', fingerprint: (await ready()).config.sha256 });
  expect(entry?.detail).toContain('added: prod-second');
  // Eve may approve from now on.
  await world.approve(EVE, run.id);
  await world.until(run.id, 'realigned');
}, 180_000);

it('refuses a wrong file, once, and closes the message when it is right', async () => {
  const right = await readFile(file(), 'utf8');
  await writeFile(file(), right.replace('need: 1', 'need: 9'));
  await expect.poll(refusals, SOON).toBe(1);
  m0.hangUp();
  await expect.poll(() => metric('m0_config_reload_success'), SOON).toBe('0');
  expect((await ready()).problems.find(({ part }) => part === 'm0.yaml')?.problem).toContain(
    'needs 9 people',
  );
  expect(refusals()).toBe(1);
  await writeFile(file(), right);
  await world.card('it is in use as it is written');
  expect(refusals()).toBe(0);
  expect(await metric('m0_config_reload_success')).toBe('1');
}, 120_000);

it('reads the file anew on SIGHUP, also if it did not change', async () => {
  const entries = async (): Promise<number> => (await world.service.store.audit({ stack: 'm0.yaml' })).length;
  const before = await entries();
  m0.hangUp();
  await expect.poll(entries, SOON).toBe(before + 1);
});

it('takes what is pushed to the repository of m0.yaml', async () => {
  const text = await readFile(file(), 'utf8');
  const repo = makeRepo(join(world.dir, 'm0-config'), { 'm0.yaml': text });
  inGit = `git::file://${repo}//m0.yaml?ref=main`;
  await world.restart();
  const before = (await ready()).config;
  expect(before.commit).toMatch(/^[0-9a-f]{40}$/);
  const head = commit(repo, { 'm0.yaml': addStack(text, 'prod-third') }, 'A third stack');
  const body = JSON.stringify({ repository: { clone_url: `file://${repo}` } });
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const answer = await fetch(`${world.service.url}/git/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
    body,
  });
  expect(answer.status).toBe(202);
  expect(words(await world.card('1 new stack watched', 'prod-third'))).toContain('prod-third');
  expect((await ready()).config.commit?.trim()).toBe(head.trim());
}, 180_000);
