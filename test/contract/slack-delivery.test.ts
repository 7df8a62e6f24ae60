/** Delivery of messages while Slack, a channel or the app has a problem, with the real Slack client and store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutboxDispatcher } from '../../src/alerts/outbox-dispatcher.ts';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import { createOnCall } from '../../src/people/on-call.ts';
import { type Message, startWorkspace, type Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { sshFinding } from '../support/runs.ts';
import { healed } from '../support/sample-cards.ts';
import { seenEvents } from '../support/seen-events.ts';
import { MANIFEST } from '../support/slack-app.ts';
import { words } from '../support/world.ts';

const SSH = sshFinding();
const OTHER = 'prod-data';
const SECOND = 1_000;
const MINUTE = 60_000;
const person = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });

let core: Core;
let workspace: Workspace;
let slack: Slack;
let logged: string[];

beforeEach(async () => {
  logged = [];
  const to = (channel: string) => ({ channels: [{ platform: 'slack' as const, channel }] });
  core = await Core.open([stackWith(to('C0OPS')), stackWith({ name: OTHER, ...to('C0DEV') })]);
  await core.worker.start();
  const everybody = ['U0DANA', 'U0KIM', 'U0M0'];
  workspace = await startWorkspace({
    port: 0,
    users: [person('U0DANA', 'dana'), person('U0KIM', 'kim')],
    channels: [
      { id: 'C0OPS', name: 'ops', members: everybody },
      { id: 'C0DEV', name: 'dev', members: everybody },
    ],
    ...{ botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 's', botToken: 'xoxb-1', appToken: 'xapp-1' },
    clock: () => core.now,
    scopes: MANIFEST.scopes,
    rateLimit: null,
  });
  slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', botToken: 'xoxb-1', appToken: 'xapp-1', apiUrl: workspace.apiUrl },
    log: createLogger('info', { write: (line) => void logged.push(line) }),
    people: core.directory.people,
    clock: () => core.now,
  });
  await slack.start(core.handler);
  core.cloud.drift.set(STACK, [SSH]);
  core.cloud.drift.set(OTHER, [SSH]);
});
afterEach(async () => {
  await slack.stop();
  await workspace.close();
  await core.checkInvariants();
  await core.close();
});

/** Tries to deliver each due message once. */
async function deliver(): Promise<void> {
  const { store, directory } = core;
  const clock = (): number => core.now;
  const log = createLogger('info', { write: (line) => void logged.push(line) });
  const onCall = createOnCall(directory, slack.usergroup, clock, () => {});
  await createOutboxDispatcher({
    store,
    directory,
    onCall,
    clock,
    chats: new Map([['slack', slack]]),
    log,
  }).deliver();
}

/** Advances the clock, delivering every second as the service does. */
async function pass(ms: number, step = SECOND): Promise<void> {
  for (const end = core.now + ms; core.now < end; ) {
    core.now += step;
    await deliver();
  }
}

const cards = (channel: string): readonly Message[] =>
  workspace.channel(channel).messages.filter((m) => m.threadTs === null && m.user === 'U0M0');
const replies = (channel: string): readonly string[] =>
  workspace
    .channel(channel)
    .messages.filter((m) => m.threadTs !== null)
    .map(words);
const refusedWith429 = (channel: string): number =>
  workspace.calls.filter((c) => c.channel === channel && c.outcome === 'ratelimited').length;
/** Asserts that no message is waiting. */
async function allTold(): Promise<void> {
  expect(await core.store.dueOutbox(core.now + 1e9, 50)).toEqual([]);
}

describe('a rate-limited channel', () => {
  it('gets no calls for as long as Slack asks; other channels do', async () => {
    workspace.limitMethod('chat.postMessage', 30, 'C0OPS');
    await core.check();
    await core.check('schedule', OTHER);
    await deliver();
    expect(cards('dev')).toHaveLength(1);
    await pass(29 * SECOND);
    expect(cards('ops')).toHaveLength(0);
    expect(refusedWith429('C0OPS')).toBe(1);
    await pass(3 * SECOND);
    expect(cards('ops')).toHaveLength(1);
    await allTold();
  });

  it('gets the newest state of a card and every line of its history, in order, once', async () => {
    const { id } = await core.check();
    await deliver();
    workspace.limitMethod('chat.update', 20);
    workspace.limitMethod('chat.postMessage', 20, 'C0OPS');
    core.cloud.next('plan', () => Promise.reject(new Error('running git fetch: no route')));
    await core.say(`approve #${id}`);
    await core.untilIdle();
    await pass(40 * SECOND);
    expect(cards('ops')).toHaveLength(2);
    const [first, second] = replies('ops').filter(
      (text) => text.includes('pproved') || text.includes('Not applied'),
    );
    expect(first).toContain('Dana approved run');
    expect(second).toContain('Not applied: running git fetch');
    expect(replies('ops').filter((text) => text.includes('Dana approved'))).toHaveLength(1);
    await allTold();
  });

  it('gets one message a second without more attempts', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await core.restart({
      ...core.directory,
      stacks: names.map((name) => stackWith({ name, channels: [{ platform: 'slack', channel: 'C0OPS' }] })),
    });
    for (const name of names) {
      core.cloud.drift.set(name, [SSH]);
      await core.check('schedule', name);
    }
    // Slack rate-limits the method again after each post.
    let seen = 0;
    const stop = workspace.onChange(() => {
      if (cards('ops').length === seen) return;
      seen = cards('ops').length;
      workspace.limitMethod('chat.postMessage', 1, 'C0OPS');
    });
    await pass(20 * SECOND);
    stop();
    // Three separate messages, and one fleet message for the others.
    expect(cards('ops')).toHaveLength(4);
    expect(refusedWith429('C0OPS')).toBeLessThan(2 * names.length);
    await allTold();
  });
});

describe('Slack away for an hour', () => {
  it('loses nothing; afterwards only the newest state is posted', async () => {
    const { id } = await core.check();
    await deliver();
    workspace.setDown(true);
    await core.say(`reject #${id} not now`);
    core.cloud.drift.set(STACK, []);
    await core.check();
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    await pass(60 * MINUTE, MINUTE);
    expect(cards('ops')).toHaveLength(1);
    const before = workspace.calls.length;
    workspace.setDown(false);
    await pass(10 * MINUTE, MINUTE);
    const open = (await core.alerts('open')).find((a) => a.subject === STACK);
    expect(words(cards('ops').at(-1) as Message)).toContain(`run #${open?.runId}`);
    expect(cards('ops')).toHaveLength(2);
    expect(words(cards('ops')[0] as Message)).toContain('rejected by Dana');
    expect(replies('ops').filter((text) => text.includes('rejected'))).toHaveLength(1);
    // Two cards, a DM and its copies, and history lines: far fewer calls than attempts in an hour.
    expect(workspace.calls.length - before).toBeLessThan(30);
    await allTold();
  });
});

describe('a channel in which m0 may not post', () => {
  it.each<[string, () => void, () => void, string]>([
    ['archived', () => workspace.archive('ops'), () => workspace.archive('ops', false), 'archived'],
    ['without m0', () => workspace.removeBot('ops'), () => workspace.inviteBot('ops'), '/invite'],
  ])(
    '%s is named in the health until it is fixed; then the message is posted',
    async (_, breaks, mends, named) => {
      breaks();
      await core.check();
      await deliver();
      expect(slack.healthy()).toMatchObject({ ok: true, problem: expect.stringContaining(named) });
      expect(slack.healthy().problem).toContain('C0OPS');
      expect(logged.join('')).toContain(named);
      mends();
      await pass(10 * MINUTE, MINUTE);
      expect(cards('ops')).toHaveLength(1);
      expect(slack.healthy()).toEqual({ ok: true, problem: null });
      await allTold();
    },
  );

  it('that is archived later keeps its card, and the health says that it is outdated', async () => {
    const { id } = await core.check();
    await deliver();
    workspace.archive('ops');
    await core.say(`reject #${id} not now`);
    await pass(10 * MINUTE, MINUTE);
    expect(slack.healthy().problem).toContain('archived');
    expect(words(cards('ops')[0] as Message)).not.toContain('rejected by Dana');
    // A delivery that cannot succeed is given up.
    await allTold();
  });
});

describe('an app that is uninstalled', () => {
  it('is named in the health; messages wait, and are posted after it is installed again', async () => {
    workspace.revokeToken();
    await core.check();
    await deliver();
    expect(slack.healthy()).toMatchObject({ ok: false, problem: expect.stringContaining('revoked') });
    await core.say('reject #1 not now');
    await pass(30 * MINUTE, MINUTE);
    workspace.reinstall();
    await pass(10 * MINUTE, MINUTE);
    expect(slack.healthy()).toEqual({ ok: true, problem: null });
    expect(words(cards('ops').at(-1) as Message)).toContain('rejected by Dana');
    await allTold();
  });

  it('or lacks a scope is named in the health with the scope', async () => {
    workspace.reinstall(MANIFEST.scopes.filter((scope) => scope !== 'im:write'));
    await core.check();
    await deliver();
    expect(cards('ops')).toHaveLength(1);
    expect(slack.healthy()).toMatchObject({ ok: false, problem: expect.stringContaining('im:write') });
    // Calls that work without the scope do not clear the problem.
    await slack.post({ platform: 'slack', channel: 'C0DEV' }, healed, 'k');
    expect(slack.healthy()).toMatchObject({ ok: false, problem: expect.stringContaining('im:write') });
    workspace.reinstall(MANIFEST.scopes);
    await pass(10 * MINUTE, MINUTE);
    expect(slack.healthy()).toEqual({ ok: true, problem: null });
    expect(workspace.dm('U0DANA').messages.length).toBeGreaterThan(0);
    await allTold();
  });
});
