/** Real Terraform: a state that is lost, a workspace that does not exist, and a check block that fails. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitAs, KIM } from '../../src/sandbox/cloud/sample-git.ts';
import { SAMPLE } from '../../src/sandbox/cloud/sample-infra.ts';
import { buttons, DANA, startWorld, type World, words } from '../support/world.ts';

const EMPTY = 'the state is empty, though m0 has seen 3 resources: wrong workspace, backend or key?';

let world: World;
let workspace = 'default';
beforeAll(async () => {
  world = await startWorld({
    cloud: 'plain',
    config: (yaml) =>
      yaml.replace('    environment: prod\n', `    environment: prod\n    workspace: ${workspace}\n`),
  });
});
afterAll(() => world?.close());

const stateFile = () => join(world.dir, 'sandbox/state/network.tfstate');
const openKinds = async () => (await world.service.store.alerts({ state: 'open' })).map((a) => a.kind).sort();
const lose = () => rename(stateFile(), `${stateFile()}.away`);
const giveBack = () => rename(`${stateFile()}.away`, stateFile());

it('tells of a lost state without an approve button, and ends it when the state is back', async () => {
  expect(await world.check()).toMatchObject({ state: 'clean', resourcesInState: 3 });
  await lose();
  expect((await world.check()).state).toBe('state_empty');
  const card = await world.card(EMPTY, 'Nothing will be applied');
  expect(buttons(card)).toEqual(['Check again', 'Accept the empty state…']);
  expect(words(card)).not.toContain('not applied for');
  await giveBack();
  expect((await world.check()).state).toBe('clean');
  await world.card('the state is back: 3 resources');
  expect(await openKinds()).toEqual([]);
});

it('tells the same of a workspace that does not exist', async () => {
  workspace = 'prod-eu';
  await world.restart();
  expect((await world.check()).state).toBe('state_empty');
  await world.card(EMPTY, 'prod-eu');
  workspace = 'default';
  await world.restart();
  expect((await world.check()).state).toBe('clean');
  expect(await openKinds()).toEqual([]);
});

it('tells of a check block that fails, and the stack is not aligned until it passes', async () => {
  const merge = (condition: string) =>
    commitAs(world.cloud.repos.infra, process.env, {
      ...{ author: KIM, at: Date.now(), message: 'Check what is let in' },
      files: {
        [`${SAMPLE.stackPath}/checks.tf`]: `check "lets_in" {
  assert {
    condition     = ${condition}
    error_message = "the web lets in too much"
  }
}
`,
      },
    });
  await merge('terraform_data.web.output.lets_in == "nothing"');
  expect(await world.check()).toMatchObject({ state: 'quiet', checks: [{ address: 'check.lets_in' }] });
  await world.card('check.lets_in fails: the web lets in too much');
  expect(await openKinds()).toEqual(['conditions']);
  await merge('terraform_data.web.output.lets_in != "nothing"');
  expect((await world.check()).state).toBe('clean');
  expect(await openKinds()).toEqual([]);
});

it('asks about the creates once a person has accepted that the state is empty', async () => {
  await lose();
  const lost = await world.check();
  expect(lost.state).toBe('state_empty');
  await world.type(DANA, `/m0 accept #${lost.id} it was moved to another account`);
  const card = await world.card('terraform_data.web', 'waits');
  expect(buttons(card)[0]).toContain('Approve');
  expect(await openKinds()).toEqual(['drift']);
  await rm(`${stateFile()}.away`);
});
