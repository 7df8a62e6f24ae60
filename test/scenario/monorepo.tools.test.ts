/** A repository with other things beside the stack: their commits neither void an approval nor change the author. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Author,
  commitAs,
  DANA as DANA_WRITES,
  KIM as KIM_WRITES,
} from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { buttons, DANA, KIM, startWorld, type World, words } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ cloud: 'plain' });
  expect(await world.check()).toMatchObject({ state: 'clean' });
});
afterAll(() => world?.close());

const write = (author: Author, message: string, files: Readonly<Record<string, string>>): Promise<string> =>
  commitAs(world.cloud.repos.infra, process.env, { author, at: Date.now(), message, files });
const hostnames = (value: string) => ({
  [`${SAMPLE.stackPath}/vpc.tf`]: `resource "terraform_data" "vpc" {\n  input = { dns_hostnames = "${value}" }\n}\n`,
});

it('applies what Dana approved although a README was committed between the card and the click', async () => {
  const change = await write(KIM_WRITES, 'Turn on hostnames', hostnames('on'));
  const readme = await write(DANA_WRITES, 'Write a README', { 'README.md': 'first' });
  const run = await world.check();
  expect(run).toMatchObject({ state: 'awaiting_approval', code: { commit: readme } });
  const card = await world.card('terraform_data.vpc', 'waits');
  expect(words(card)).toContain('Turn on hostnames');
  expect(words(card)).toContain(change.slice(0, 7));
  expect(words(card)).not.toContain('README');

  await world.workspace.as(KIM).click(card, buttons(card)[0] ?? '', { confirm: true });
  expect(words(await world.whisper(KIM, 'notTheAuthor'))).toContain('You wrote some of the code');

  const later = await write(DANA_WRITES, 'Write more', {
    'README.md': 'second',
    'docs/x.tf': '# no code of the stack',
  });
  await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
  const done = await world.until(run.id, 'realigned');
  expect(done.applied).toMatchObject([
    { commits: { decided: readme, applied: later }, approvedBy: [{ name: 'Dana' }] },
  ]);
  const record = await world.service.store.audit({ runId: run.id });
  expect(record.find((entry) => entry.action === 'approve')?.commit).toBe(readme);
  expect(record.find((entry) => entry.action === 'confirmed')).toMatchObject({
    commit: later,
    detail: expect.stringContaining(`decided at ${readme}`),
  });
});

it('asks again if a commit changed the stack between the card and the click, and names it', async () => {
  await write(KIM_WRITES, 'Turn hostnames off', hostnames('off'));
  const run = await world.check();
  const card = await world.card('terraform_data.vpc', 'Turn hostnames off');
  await write(KIM_WRITES, 'Turn hostnames half off', hostnames('half'));
  await world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
  const again = await world.card('Turn hostnames half off', 'changed the code');
  expect(words(again)).toContain('not applied');
  expect(await world.run(run.id)).toMatchObject({ state: 'awaiting_approval', approvals: [], applied: [] });
});
