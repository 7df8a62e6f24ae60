/** Merged code that was not applied is reported without a command, also if m0 was down during the merge. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({
    cloud: 'plain',
    config: (yaml) => yaml.replace('push: off', 'push: { poll: 5s }'),
  });
});
afterAll(() => world?.close());

it('finds a merge without a command', async () => {
  const remembered = async (): Promise<string | undefined> =>
    (await world.service.store.pushedHead('prod-network'))?.head;
  await expect.poll(remembered, { timeout: 30_000 }).toBeDefined();
  await world.cloud.console.run('merge-code');
  await world.card('terraform_data.vpc', 'waits');
  const [run, ...older] = await world.runs();
  expect(run).toMatchObject({ trigger: 'push', state: 'awaiting_approval' });
  expect(run?.findings.find((f) => f.address === 'terraform_data.vpc')).toMatchObject({ origin: 'code' });
  expect(older).toEqual([]);
});
