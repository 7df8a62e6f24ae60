/** A restore with both chats: cards tell what the back-up knows, new drift is posted, and numbers since then are refused. */

import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Run } from '../../src/model/run.ts';
import { textOfCard } from '../support/teams-connector.ts';
import { OPS, KIM as TEAMS_KIM, TeamsWorld } from '../support/teams-world.ts';
import { buttons, DANA, poll, type World, words } from '../support/world.ts';

let teams: TeamsWorld;
let world: World;
beforeAll(async () => {
  teams = await TeamsWorld.start({ cloud: 'plain' });
  ({ world } = teams);
  await teams.join();
});
afterAll(() => teams?.close());

/** Runs a command of m0's command line on the world's database. */
async function m0(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [resolve('src/main.ts'), ...args], {
    env: { M0_DATABASE_URL: `file:${join(world.dir, 'data', 'm0.db')}`, M0_CWD: world.dir },
    reject: false,
  });
  return { code: exitCode ?? -1, said: `${stdout}\n${stderr}` };
}

const slackCards = () => world.cards();
const teamsCards = () => teams.connector.in(OPS);

it('restores a back-up while both chats hold cards of the time after it', async () => {
  await world.cloud.console.run('open-ssh');
  const first = await world.check();
  expect(first.state).toBe('awaiting_approval');
  const [slackFirst, teamsFirst] = [
    await world.card('terraform_data.web'),
    await teams.card(OPS, 'terraform_data.web'),
  ];
  expect((await m0('backup', 'backup.db')).code).toBe(0);

  // What the back-up does not know: a decision, more drift, and a run with a card.
  await world.type(DANA, `reject #${first.id} vendor is on it`);
  await poll(
    async () => (words(slackNow(slackFirst.ts)).includes('rejected') ? true : undefined),
    'the reject',
  );
  await world.cloud.console.run('remove-tags');
  const later: Run = await world.check();
  expect(later.id).toBeGreaterThan(first.id);
  const slackLater = await world.card('terraform_data.logs');
  const teamsLater = await teams.card(OPS, 'terraform_data.logs');
  expect((await m0('restore', 'backup.db')).said).toMatch(/has used this database since .*: stop it first/);

  const before = [slackCards().length, teamsCards().length];
  const textBefore = [words(slackLater), textOfCard(teamsLater.card)];
  await teams.restart(async () => {
    const { code, said } = await m0('restore', 'backup.db');
    expect(code, said).toBe(0);
    expect(said).toContain('The former database is');
    // The policies healed the tags before; they are gone again.
    await world.cloud.console.run('remove-tags');
  });

  // New drift is in both chats, under a number that was never given out.
  const fresh = await poll(async () =>
    (await world.runs()).find((run) => run.state === 'awaiting_approval' && run.id > 10_000),
  );
  await poll(async () =>
    slackCards().length > (before[0] ?? 0) && teamsCards().length > (before[1] ?? 0) ? true : undefined,
  );
  expect(words(await world.card('terraform_data.logs', `#${fresh.id}`))).toContain('terraform_data.web');
  expect(textOfCard((await teams.card(OPS, 'terraform_data.logs', `#${fresh.id}`)).card)).toContain(
    'terraform_data.web',
  );

  // The card of the back-up was brought up to date in place; those of the time after it are as they were.
  expect(words(slackNow(slackFirst.ts))).not.toContain('rejected');
  expect(textOfCard(teamsNow(teamsFirst.id))).not.toContain('rejected');
  expect(words(slackNow(slackLater.ts))).toBe(textBefore[0]);
  expect(textOfCard(teamsNow(teamsLater.id))).toBe(textBefore[1]);

  // A number of that time is refused, typed or clicked, in both chats.
  const refused = `Run #${later.id} is from before the restore of`;
  await world.type(DANA, `approve #${later.id}`);
  await world.whisper(DANA, refused, 'look at the newest card');
  const dana = world.workspace.as(DANA);
  await dana.click(slackNow(slackLater.ts), buttons(slackLater)[0] ?? '', { confirm: true });
  await poll(async () => (whispers(refused) === 2 ? true : undefined), 'the answer to the click');
  await teams.connector.as(TEAMS_KIM).say(OPS, `@m0 approve #${later.id}`);
  await poll(async () => {
    const answers = teams.connector.whispers(TEAMS_KIM);
    return answers.some(({ card }) => textOfCard(card).includes(refused)) ? true : undefined;
  }, 'the answer in Teams');

  // The newest card works.
  await dana.click(
    await world.card('terraform_data.logs', `#${fresh.id}`),
    buttons(await world.card(`#${fresh.id}`))[0] ?? '',
    { confirm: true },
  );
  await world.until(fresh.id, 'realigned');
  expect((await m0('audit', 'verify')).code).toBe(0);
});

function slackNow(ts: string) {
  const found = slackCards().find((message) => message.ts === ts);
  if (found === undefined) throw new Error(`#ops has no message ${ts}`);
  return found;
}

function teamsNow(id: string) {
  const found = teamsCards().find((message) => message.id === id);
  if (found === undefined) throw new Error(`the channel has no message ${id}`);
  return found.card;
}

const whispers = (text: string): number =>
  world.workspace
    .as(DANA)
    .sees('ops')
    .filter((message) => message.visibleTo === DANA && words(message).includes(text)).length;
