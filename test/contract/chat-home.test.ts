import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { homeView } from '../../src/alerts/home.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import { homeCard } from '../../src/messages/home-card.ts';
import type { Stack } from '../../src/model/directory.ts';
import type { Message, View, Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { DANA, sshFinding } from '../support/runs.ts';
import { seenEvents } from '../support/seen-events.ts';
import { slackProxy } from '../support/slack-proxy.ts';
import { opsWorkspace, TOKENS, user } from '../support/slack-workspace.ts';

const SSH = sshFinding();
const SOON = 15_000;
const log = createLogger('silent');

let workspace: Workspace;
let core: Core;
let slack: Slack;
let published: () => number;
/** How far Slack's clock is ahead, in ms. */
let ahead: number;
const endings: (() => Promise<void>)[] = [];

async function open(stacks: readonly Stack[] = [stackWith()]): Promise<void> {
  core = await Core.open(stacks);
  await core.worker.start();
  const proxy = await slackProxy(workspace.apiUrl, () => 'pass');
  endings.push(() => proxy.close());
  published = () => proxy.calls.filter((method) => method === 'views.publish').length;
  slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', ...TOKENS, apiUrl: proxy.apiUrl, log },
    people: core.directory.people,
    clock: () => Date.now() + ahead,
  });
  const { store, directory, onCall } = core;
  const parts = { store, directory, onCall, lastTicks, clock: () => core.now };
  await slack.start(
    (incoming) => core.handler(incoming),
    async (actor) => homeCard(await homeView(parts, actor)),
  );
}

beforeEach(async () => {
  ahead = 0;
  const users = [user('U0DANA', 'dana'), user('U0EVE', 'eve'), user('U0GUEST', 'guest')];
  workspace = await opsWorkspace(users);
});
afterEach(async () => {
  await slack.stop();
  await core.checkInvariants();
  await core.close();
  for (const end of endings.splice(0)) await end();
  await workspace.close();
});

const wordsIn = (message: Message): string => JSON.stringify(message.blocks);
const wordsOf = (view: View | null | undefined): string => JSON.stringify(view?.blocks ?? []);
const home = (userId = 'U0DANA'): string => wordsOf(workspace.as(userId).home);
/** Waits until the Home tab contains the text. */
const showing = (words: string, userId = 'U0DANA'): Promise<View> =>
  workspace.waitFor(() => {
    const view = workspace.as(userId).home;
    return view !== null && wordsOf(view).includes(words) ? view : null;
  }, SOON);
async function opened(userId = 'U0DANA'): Promise<string> {
  const before = published();
  await workspace.as(userId).openHome();
  await vi.waitFor(() => expect(published()).toBeGreaterThan(before), SOON);
  await workspace.waitFor(() => workspace.as(userId).home, SOON);
  return home(userId);
}
const valuesIn = (words: string): readonly string[] =>
  [...words.matchAll(/"value":"([^"]+)"/g)].map((match) => match[1] ?? '');

async function drifts(name = STACK): Promise<number> {
  core.cloud.drift.set(name, [SSH]);
  return (await core.check('schedule', name)).id;
}

test('`/m0 home` shows the home privately, and Refresh updates it', async () => {
  await open();
  const [dana, eve] = [workspace.as('U0DANA'), workspace.as('U0EVE')];
  const newest = (words: string): Promise<Message> =>
    workspace.waitFor(
      () => dana.sees('ops').findLast((m) => m.visibleTo === 'U0DANA' && wordsIn(m).includes(words)),
      SOON,
    );
  await drifts();
  const { outcome } = await dana.slash('/m0', 'home', 'ops');
  expect(outcome).toBe('acked');
  const first = await newest('1 stack waits for you');
  expect(valuesIn(wordsIn(first))).toContain(`status stack:${STACK}`);
  core.cloud.drift.set(STACK, []);
  await core.check();
  await dana.click(first, 'Refresh');
  await newest('nothing has drifted');
  expect(eve.sees('ops').filter((m) => m.visibleTo !== null)).toEqual([]);
  expect(eve.sees('ops').map(wordsIn).join('')).not.toMatch(/waits for you/);
  expect(await opened()).not.toContain('Refresh');
});

describe('the Home tab', () => {
  test('pauses with a form and resumes with a button, for those who may', async () => {
    await open();
    await opened();
    const dana = workspace.as('U0DANA');
    await dana.click(await showing('Pause…'), 'Pause…');
    const form = await workspace.waitFor(
      () => dana.views.find((v) => wordsOf(v).includes('Emergency stop')),
      SOON,
    );
    await dana.submit(form.id, { target: 'env:prod', reason: 'the vendor works on it' });
    await vi.waitFor(
      async () =>
        expect(await core.store.pauses()).toMatchObject([{ target: 'env:prod', by: { person: 'dana' } }]),
      SOON,
    );
    await opened();
    await showing('the vendor works on it');
    await dana.click(await showing('Resume env:prod'), 'Resume env:prod', { confirm: true });
    await vi.waitFor(async () => expect(await core.store.pauses()).toEqual([]), SOON);
    expect(await opened('U0EVE')).not.toContain('Pause…');
  });

  test('lists what waits for you with a button to review it, and tells others what it waits for', async () => {
    await open();
    await drifts();
    const mine = await opened();
    expect(mine).toContain('1 stack waits for you');
    expect(valuesIn(mine)).toContain(`status stack:${STACK}`);
    const eves = await opened('U0EVE');
    expect(eves).toContain('Nothing waits for you; 1 stack drifted');
    expect(eves).toContain('waits for sre or the person on call (Dana)');
    expect(valuesIn(eves)).not.toContain(`status stack:${STACK}`);
    expect(await opened('U0GUEST')).toContain('m0 does not know you');
  });

  test('shows failing checks and who is on call, and says so if all is well', async () => {
    await open();
    // Nobody has checked anything yet, so nobody knows.
    expect(await opened()).toContain('Nothing waits for you; 1 never checked');
    await core.check();
    const well = await opened();
    expect(well).toContain('Nothing waits for you, and nothing has drifted');
    expect(well).toMatch(/primary.*Dana.*until/);
    core.cloud.next('plan', () => Promise.reject(new Error('AccessDenied')));
    await core.check();
    expect(await opened()).toContain('Can’t be checked (1)');
  });

  test('opens the card in a dialog by Review; after a decision there the home is updated', async () => {
    await open();
    const id = await drifts();
    await opened();
    const dana = workspace.as('U0DANA');
    await dana.click(dana.home as View, `Review ${STACK}`);
    const dialog = await workspace.waitFor(() => dana.views.at(-1), SOON);
    expect(wordsOf(dialog)).toContain(SSH.address);
    await dana.click(dialog, (e) => String(e.value).startsWith(`approve #${id}`), { confirm: true });
    await vi.waitFor(() => expect(core.cloud.applies).toHaveLength(1), SOON);
    await core.untilIdle();
    slack.refreshHomes();
    await showing('nothing has drifted');
  });

  test('lists your exemptions, and ends one by its button', async () => {
    await open();
    const id = await drifts();
    await core.say(`snooze #${id} ${SSH.address} 2h vendor needs it`);
    const words = await opened();
    expect(words).toContain('Left as it is by you (1)');
    expect(words).toContain('vendor needs it');
    expect(await opened('U0EVE')).not.toContain('Left as it is by you');
    const dana = workspace.as('U0DANA');
    await dana.click(dana.home as View, 'Unsnooze');
    const dialog = await workspace.waitFor(() => dana.views.at(-1), SOON);
    expect(wordsOf(dialog)).toContain(`No longer snoozed: ${SSH.address}`);
    await core.untilIdle();
    slack.refreshHomes();
    await showing('1 stack waits for you');
    expect(home()).not.toContain('Left as it is by you');
  });

  test('refuses a click without permission in a dialog', async () => {
    await open();
    const id = await drifts();
    await core.say(`snooze #${id} ${SSH.address} 2h vendor`, DANA);
    await opened();
    const old = structuredClone(workspace.as('U0DANA').home as View);
    await core.restart({ ...core.directory, groups: { sre: ['kim'] }, oncall: {} });
    await workspace.as('U0DANA').click(old, 'Unsnooze');
    const dialog = await workspace.waitFor(() => workspace.as('U0DANA').views.at(-1), SOON);
    expect(wordsOf(dialog)).toContain('Only sre');
    expect(await core.store.exemptions(STACK)).toHaveLength(1);
  });

  test('is updated while it is open, for at most an hour', async () => {
    await open();
    await opened('U0EVE');
    ahead = 60 * 60_000 + 1_000;
    await opened();
    const before = published();
    await drifts();
    slack.refreshHomes();
    slack.refreshHomes();
    await showing('1 stack waits for you');
    // Eve's home was opened first, so it was updated before Dana's.
    expect(home('U0EVE')).toContain('Nothing waits for you; 1 never checked');
    expect(published()).toBe(before + 1);
    expect(await opened('U0EVE')).toContain('1 stack drifted');
  });

  test('of a person with a hundred stacks stays within Slack’s limits', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `prod-${String(i).padStart(3, '0')}`);
    await open(names.map((name) => stackWith({ name })));
    for (const name of names) await drifts(name);
    const words = await opened();
    expect(words).toContain('100 stacks wait for you');
    expect(words).toContain('and 93 more: ');
    expect(workspace.as('U0DANA').home?.blocks.length).toBeLessThanOrEqual(100);
  });
});
