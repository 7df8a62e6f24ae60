import { afterAll, beforeAll, expect, it } from 'vitest';
import { EVE, startWorld, type World, words } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, 240_000);
afterAll(() => world?.close(), 60_000);

it('SSH that is opened by hand is told with who did it, by way of the log of the local cloud', async () => {
  await world.cloud.console.run('open-ssh');
  const run = await world.check();
  const card = await world.card('By Eve (SSO, console)', 'AuthorizeSecurityGroupIngress');
  expect(words(card)).toContain('SSH (22) opened to 203.0.113.7');
  const [cause] = await world.service.store.causes('prod-network');
  expect(cause).toMatchObject({
    ...{ address: 'aws_security_group.web', run: run.id, status: 'found', problem: null },
    events: [
      { how: 'console', grade: 'event names the attribute', who: { name: 'eve@acme.dev', role: 'Engineer' } },
    ],
  });
  await world.type(EVE, `why #${run.id}`);
  expect(words(await world.whisper(EVE, 'waits for'))).toContain('By Eve (SSO, console)');
}, 240_000);
