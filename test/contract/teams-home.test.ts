/** A person's home as a message in Teams, and m0's greeting after the installation. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { STACK } from '../support/core.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';
import type { TeamsMessage } from '../support/teams-connector.ts';
import { DANA, EVE, GROUP, GUEST, KIM, OPS, readable, TeamsCore, titlesOf } from '../support/teams-core.ts';

const SSH = sshFinding();
const SOON = 15_000;

let teams: TeamsCore;

beforeEach(async () => {
  teams = await TeamsCore.open();
});
afterEach(async () => {
  await teams.close();
});

const direct = (person: string): readonly TeamsMessage[] =>
  teams.connector.in(teams.connector.chat(person)).filter((m) => m.card !== null);
const greetings = (person: string): readonly TeamsMessage[] =>
  direct(person).filter((m) => readable(m).includes('I am m0'));
const greeted = (person: string, times = 1): Promise<TeamsMessage> =>
  teams.connector.waitFor(() => {
    const all = greetings(person);
    return all.length === times ? all.at(-1) : null;
  }, SOON);

/** Sends the installation event of Teams, and resolves when m0 has finished with it. */
async function installed(person: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { connector } = teams;
  const chat = connector.chat(person);
  await connector.deliver(connector.activity(person, chat, { type: 'installationUpdate', ...change }));
  await settled(person);
}
/** Waits for the answer to a later command, so earlier work is finished. */
async function settled(person: string): Promise<void> {
  const before = direct(person).length;
  await teams.connector.as(person).say(teams.connector.chat(person), 'oncall');
  await vi.waitFor(() => {
    const answers = direct(person).slice(before).map(readable);
    expect(answers.some((text) => text.includes('On call'))).toBe(true);
  }, SOON);
}

test('a person who adds m0 is greeted with their home, with a button to review drift', async () => {
  await teams.alertDrift(SSH);
  await teams.connector.install(DANA);
  const hello = await greeted(DANA);
  expect(readable(hello)).toMatch(/@m0 home.*@m0 drift.*@m0 help/s);
  expect(readable(hello)).toMatch(/1 stack waits for you/);
  await teams.connector.as(DANA).click(hello, `Review ${STACK}`);
  await vi.waitFor(() => expect(readable(direct(DANA).at(-1) as TeamsMessage)).toContain(SSH.address), SOON);
  await teams.connector.install(EVE);
  const eves = await greeted(EVE);
  expect(readable(eves)).toMatch(/Nothing waits for you; 1 stack drifted/);
  expect(titlesOf(eves)).not.toContain(`Review ${STACK}`);
});

test('a stranger is told what they can do and who can add them, and nothing of the stacks', async () => {
  await teams.alertDrift(SSH);
  await teams.connector.install(GUEST);
  const hello = readable(await greeted(GUEST));
  expect(hello).toMatch(/@m0 home.*@m0 drift.*@m0 help/s);
  expect(hello).toContain('not under "people" in m0.yaml');
  expect(hello).toContain(`teams: ${GUEST}`);
  expect(hello).not.toContain(STACK);
  expect(hello).not.toContain('drifted');
});

test('nobody is greeted twice, by an upgrade, a replay or a restart, until they add m0 again', async () => {
  const { connector } = teams;
  const chat = connector.chat(DANA);
  const added = connector.activity(DANA, chat, { type: 'installationUpdate', action: 'add' });
  await connector.deliver(added);
  await greeted(DANA);
  await connector.deliver(added);
  await settled(DANA);
  await installed(DANA, { action: 'remove-upgrade' });
  await installed(DANA, { action: 'add-upgrade' });
  await installed(DANA, { action: 'add' });
  await teams.restart();
  await connector.deliver(added);
  await installed(DANA, { action: 'add' });
  expect(greetings(DANA)).toHaveLength(1);
  await installed(DANA, { action: 'remove' });
  await installed(DANA, { action: 'add' });
  await greeted(DANA, 2);
});

test('an upgrade greets nobody, nor does m0 added to a team or a group', async () => {
  const { connector } = teams;
  await installed(DANA, { action: 'add-upgrade' });
  for (const place of [OPS, GROUP]) {
    await connector.deliver(connector.activity(DANA, place, { type: 'installationUpdate', action: 'add' }));
  }
  await settled(DANA);
  await teams.bot.teams.stop();
  for (const person of [DANA, KIM]) {
    expect(teams.visibleTo(person).filter((text) => text.includes('I am m0'))).toEqual([]);
  }
});

test('a failed greeting is logged, and m0 works on', async () => {
  teams.connector.fault = (call) => (call.startsWith('POST') ? { status: 403, code: 'Forbidden' } : 'pass');
  await teams.connector.install(DANA);
  await vi.waitFor(() => expect(teams.logged.join('')).toContain('a Teams activity was not answered'), SOON);
  teams.connector.fault = () => 'pass';
  await settled(DANA);
});

test('a click on Refresh replaces the home by the current one', async () => {
  const { connector } = teams;
  const id = await teams.alertDrift(SSH, tagFinding());
  await connector.as(DANA).say(connector.chat(DANA), 'home');
  const card = await connector.waitFor(() => direct(DANA).find((m) => titlesOf(m).includes('Refresh')), SOON);
  expect(readable(card)).toContain('1 stack waits for you');
  await teams.core.say(`reject #${id} on purpose`);
  const messages = direct(DANA).length;
  const { card: now, bar } = await connector.as(DANA).click(card, 'Refresh');
  expect(bar).toBeNull();
  expect(JSON.stringify(now)).toContain('Nothing waits for you');
  expect(direct(DANA)).toHaveLength(messages);
});

test('in a channel the home and its refresh are private', async () => {
  const { connector } = teams;
  await teams.alertDrift(SSH);
  await connector.as(DANA).say(OPS, '@m0 home');
  const card = await connector.waitFor(
    () => connector.whispers(DANA).find((m) => readable(m).includes('waits for you')),
    SOON,
  );
  expect(teams.visibleTo(KIM).join('')).not.toContain('waits for you');
  const { card: now } = await connector.as(DANA).click(card, 'Refresh');
  expect(JSON.stringify(now)).toContain('1 stack waits for you');
  expect(teams.visibleTo(KIM).join('')).not.toContain('waits for you');
});
