/** The first story in HTTP mode, in which Slack calls m0. The tests run in order on one cloud. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buttons, DANA, EVE, poll, startWorld, type World, words } from '../support/world.ts';

const TAGS = 'terraform_data.logs, tags';
const INGRESS = 'terraform_data.web, lets in';
const REVERT = 'Approve: apply the code';
const SSH = '22/tcp from 203.0.113.7/32';

let world: World;
beforeAll(async () => {
  world = await startWorld({ cloud: 'plain', slackMode: 'http' });
});
afterAll(() => world?.close());

it('Slack verifies the request URL, and m0 opens no connection', async () => {
  expect(await world.workspace.verifyRequestUrl()).toBeNull();
  expect(world.workspace.connections).toBe(0);
});

it('the tags are restored automatically, and the hotfix waits', async () => {
  await world.cloud.console.run('remove-tags');
  await world.cloud.console.run('open-ssh');
  const run = await world.check();
  expect(run.state).toBe('awaiting_approval');
  expect(await world.fact(TAGS)).toBe('CostCenter=4711, Owner=platform');
  expect(await world.fact(INGRESS)).toContain(SSH);
  expect(words(await world.card('terraform_data.web', 'verified'))).toContain(SSH);
});

it('a person who may not approve is refused privately', async () => {
  const card = await world.card('terraform_data.web');
  await world.workspace.as(EVE).click(card, REVERT, { confirm: true });
  expect(words(await world.whisper(EVE, 'Only'))).toContain('may approve prod-network');
  expect(await world.fact(INGRESS)).toContain(SSH);
});

it('m0 answers a mention in the thread', async () => {
  await world.workspace.as(DANA).say('ops', '@m0 why #1');
  expect(words(await world.whisper(DANA, 'network-human'))).toContain('#1');
});

it('after a snooze by dialog and its end, the hotfix waits again', async () => {
  const card = await world.card('terraform_data.web');
  await world.workspace.as(DANA).click(card, 'Snooze…');
  const view = await world.view(DANA);
  const closed = await world.workspace.as(DANA).submit(view.id, { for: '3d', reason: 'vendor needs SSH' });
  expect(closed.outcome).not.toBe('dispatch_failed');
  await world.until(1, 'quiet');
  await world.type(DANA, 'unsnooze #1');
});

it('after an approval by button, the hotfix is reverted and the verification is reported', async () => {
  const id = await poll(async () => {
    const [open] = await world.service.store.alerts({ subject: 'prod-network', state: 'open' });
    return open?.runId ?? undefined;
  });
  const dm = await world.dm(DANA, `run #${id}`, 'waits for you');
  await world.workspace.as(DANA).click(dm, REVERT, { confirm: true });
  const run = await world.until(id, 'realigned');
  expect(await world.fact(INGRESS)).not.toContain(SSH);
  expect(run.applied).toMatchObject([{ approvedBy: [{ person: 'dana', platform: 'slack' }] }]);
  expect(buttons(await world.card(`run #${id}`, 'Dana', 'verified'))).not.toContain(REVERT);
});

it('while m0 is down, Slack shows its user that a command failed; afterwards it works again', async () => {
  await world.service.close();
  const { outcome, ephemerals } = await world.workspace.as(EVE).slash('/m0', 'status', 'ops');
  expect(outcome).toBe('dispatch_failed');
  expect(ephemerals[0]?.text).toContain('/m0 failed');
  await world.restart();
  await world.type(EVE, 'status');
});
