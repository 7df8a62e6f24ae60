import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import type { CommandHandler, Incoming } from '../../src/ports/chat.ts';
import type { Person } from '../../src/sandbox/workspace/person.ts';
import type { Message, Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { sshFinding } from '../support/runs.ts';
import { seenEvents } from '../support/seen-events.ts';
import { type Fault, slackProxy } from '../support/slack-proxy.ts';
import { opsWorkspace, TOKENS, user } from '../support/slack-workspace.ts';

const SSH = sshFinding();
const SOON = 15_000;
const MEMBERS = [
  user('U0DANA', 'dana'),
  user('U0KIM', 'kim'),
  user('U0EVE', 'eve'),
  user('U1KIM', 'kim1', 'guest'),
  user('U2KIM', 'kim2', 'deactivated'),
  user('U3KIM', 'kim3', 'stranger'),
  user('U4KIM', 'kim4', 'unconfirmed'),
];
const log = createLogger('silent');

let workspace: Workspace;
let core: Core;
let slack: Slack;
/** How far Slack's clock is ahead, in ms. */
let ahead = 0;
const endings: (() => Promise<void>)[] = [];

/** Connects m0's Slack adapter to the core. */
async function connect(
  handler: CommandHandler,
  matchByEmail = false,
  apiUrl = workspace.apiUrl,
): Promise<void> {
  slack = await createSlack({
    events: seenEvents(),
    ...{ mode: 'socket', ...TOKENS, apiUrl, log, matchByEmail },
    people: core.directory.people,
    clock: () => Date.now() + ahead,
  });
  await slack.start(handler);
}

beforeEach(async () => {
  ahead = 0;
  workspace = await opsWorkspace(MEMBERS);
});
afterEach(async () => {
  await slack.stop();
  await core.checkInvariants();
  await core.close();
  for (const end of endings.splice(0)) await end();
  await workspace.close();
});

const dana = (): Person => workspace.as('U0DANA');
const kim = (): Person => workspace.as('U0KIM');
const ops = (): readonly Message[] => workspace.channel('ops').messages.filter((m) => m.threadTs === null);
const newest = (): Message => ops().at(-1) as Message;
const applied = (): number => core.cloud.applies.length;
const words = (message: Message | undefined): string => JSON.stringify(message?.blocks ?? []);
const whispers = (person: Person): readonly string[] =>
  person.sees('ops').flatMap((m) => (m.visibleTo === null ? [] : [m.text]));
const isApprove = (element: Readonly<Record<string, unknown>>): boolean =>
  String(element.value).startsWith('approve #');
const approve = (person: Person, card: Message) => person.click(card, isApprove, { confirm: true });

async function deliver(): Promise<void> {
  core.chats.set('slack', slack);
  await core.deliver();
}

/** Makes drift that waits for approval and is shown in #ops. */
async function waiting(change: Parameters<typeof stackWith>[0] = {}): Promise<number> {
  core = await Core.open([stackWith(change)]);
  await core.worker.start();
  await connect((incoming) => core.handler(incoming));
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await deliver();
  return id;
}

/** Resolves when the clicks are answered and all resulting messages are delivered. */
async function settled(): Promise<void> {
  await core.untilIdle();
  await deliver();
}

describe('clicks that race', () => {
  test('two people in the same second: one effect, and the second gets the status', async () => {
    const id = await waiting();
    const card = structuredClone(newest());
    await Promise.all([approve(dana(), card), approve(kim(), card)]);
    await vi.waitFor(() => expect([...whispers(dana()), ...whispers(kim())]).toHaveLength(1), SOON);
    await settled();
    expect(applied()).toBe(1);
    expect([...whispers(dana()), ...whispers(kim())]).toEqual([expect.stringMatching(/run #1 is/i)]);
    expect((await core.run(id)).applied.map((part) => part.approvedBy.length)).toEqual([1]);
    expect(words(newest())).toMatch(/approved by (Dana|Kim), verified/);
    expect(words(newest())).not.toContain('approve #');
  });

  test('the same button twice, and again after the end', async () => {
    await waiting();
    const card = structuredClone(newest());
    await Promise.all([approve(dana(), card), approve(dana(), card)]);
    await vi.waitFor(() => expect(whispers(dana())).toHaveLength(1), SOON);
    await settled();
    await approve(dana(), card);
    await vi.waitFor(() => expect(whispers(dana())).toHaveLength(2), SOON);
    expect(whispers(dana())[1]).toContain('is realigned');
    expect(applied()).toBe(1);
  });

  test('an approval and a rejection at once: the first one counts, and the card says so', async () => {
    const id = await waiting();
    const card = structuredClone(newest());
    await Promise.all([approve(dana(), card), kim().slash('/m0', `reject #${id} not now`, 'ops')]);
    await vi.waitFor(() => expect(whispers(dana()).length + whispers(kim()).length).toBeGreaterThan(0), SOON);
    await settled();
    const { state } = await core.run(id);
    expect([state, applied()]).toEqual(state === 'rejected' ? ['rejected', 0] : ['realigned', 1]);
    expect(words(newest())).toContain(state === 'rejected' ? 'rejected by' : 'approved by');
  });

  test('an old card: nothing is applied, and the sender gets a message', async () => {
    await waiting();
    const old = structuredClone(newest());
    core.cloud.drift.set(STACK, [sshFinding('0.0.0.0/0')]);
    await core.check();
    await deliver();
    expect(ops()).toHaveLength(2);
    await approve(dana(), old);
    await vi.waitFor(() => expect(whispers(dana())).toEqual([expect.stringContaining('superseded')]), SOON);
    await core.untilIdle();
    expect(applied()).toBe(0);
  });

  test('after a restart the card still works, once', async () => {
    await waiting();
    const card = structuredClone(newest());
    await slack.stop();
    await core.restart();
    await connect((incoming) => core.handler(incoming));
    await approve(dana(), card);
    await vi.waitFor(() => expect(applied()).toBe(1), SOON);
    await settled();
    await slack.stop();
    await core.restart();
    await connect((incoming) => core.handler(incoming));
    await approve(kim(), card);
    await vi.waitFor(() => expect(whispers(kim())).toEqual([expect.stringContaining('is realigned')]), SOON);
    expect(applied()).toBe(1);
    expect(words(newest())).toContain('approved by');
  });

  test('two required approvals: two clicks of one person count once', async () => {
    const id = await waiting({ approvers: { from: ['sre'], need: 2, notTheAuthor: false } });
    const card = structuredClone(newest());
    await Promise.all([approve(dana(), card), approve(dana(), card)]);
    await vi.waitFor(() => expect(whispers(dana())).toHaveLength(1), SOON);
    await settled();
    expect((await core.run(id)).approvals).toHaveLength(1);
    expect(applied()).toBe(0);
    expect(words(newest())).toContain('approve #');
    await approve(kim(), newest());
    await vi.waitFor(() => expect(applied()).toBe(1), SOON);
    await settled();
  });
});

describe('a person without permission', () => {
  test('is refused privately, and can ask the person on call by a button', async () => {
    const id = await waiting();
    const eve = workspace.as('U0EVE');
    await approve(eve, newest());
    const refusal = await workspace.waitFor(
      () => eve.sees('ops').find((m) => m.visibleTo !== null && words(m).includes('Ask Dana')),
      SOON,
    );
    expect(refusal.text).toContain('Only sre or the person on call (Dana) may approve prod-network.');
    await eve.click(refusal, 'Ask Dana');
    await vi.waitFor(() => expect(whispers(eve).join()).toContain('Asked Dana to decide'), SOON);
    await deliver();
    const said = workspace.dm('U0DANA').messages.map((m) => m.text);
    expect(said).toEqual([
      expect.any(String),
      `eve asks you to decide on ${STACK}, run #${id}`.replace('eve', 'Eve'),
    ]);
    expect(applied()).toBe(0);
    expect(whispers(dana())).toEqual([]);
  });
});

describe('matching people by e-mail', () => {
  let heard: Incoming[];
  /** A core in which Kim has no Slack id in m0.yaml, only an e-mail address. */
  async function withEmails(matchByEmail: boolean, fault: ((method: string) => Fault) | null = null) {
    heard = [];
    const people = directory().people.map((p) => (p.key === 'kim' ? { ...p, slack: null } : p));
    core = await Core.open([stackWith()], { people });
    const proxy = fault === null ? null : await slackProxy(workspace.apiUrl, fault);
    if (proxy) endings.push(() => proxy.close());
    await connect(
      async (incoming) => {
        heard.push(incoming);
        return { type: 'none' };
      },
      matchByEmail,
      proxy?.apiUrl,
    );
  }
  async function personOf(userId: string): Promise<string | null | undefined> {
    const before = heard.length;
    await workspace.as(userId).slash('/m0', 'status', 'ops');
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before), SOON);
    return heard.at(-1)?.actor.person;
  }

  test('recognises a member by the address that Slack has confirmed, and nobody else', async () => {
    await withEmails(true);
    expect(await personOf('U0KIM')).toBe('kim');
    for (const other of ['U1KIM', 'U2KIM', 'U3KIM', 'U4KIM']) expect(await personOf(other)).toBeNull();
  });

  test('recognises nobody unless m0.yaml enables it', async () => {
    await withEmails(false);
    expect(await personOf('U0KIM')).toBeNull();
    expect(await personOf('U0DANA')).toBe('dana');
  });

  test('prefers an id in m0.yaml: another account with the same address is not recognised', async () => {
    heard = [];
    const people = directory().people.map((p) => (p.key === 'kim' ? { ...p, slack: 'U9KIM' } : p));
    core = await Core.open([stackWith()], { people });
    await connect(async (incoming) => {
      heard.push(incoming);
      return { type: 'none' };
    }, true);
    expect(await personOf('U0KIM')).toBeNull();
  });

  test('does not recognise an address that two people share', async () => {
    heard = [];
    const people = directory().people.map((p) => ({ ...p, slack: null, email: 'kim@acme.dev' }));
    core = await Core.open([stackWith()], { people });
    await connect(async (incoming) => {
      heard.push(incoming);
      return { type: 'none' };
    }, true);
    expect(await personOf('U0KIM')).toBeNull();
  });

  test('recognises nobody while Slack is not reachable, and caches an answer for ten minutes', async () => {
    let away = true;
    let asked = 0;
    await withEmails(true, (method) => {
      if (method !== 'users.info') return 'pass';
      asked += 1;
      return away ? 'lose-call' : 'pass';
    });
    expect(await personOf('U0KIM')).toBeNull();
    away = false;
    expect(await personOf('U0KIM')).toBe('kim');
    const until = asked;
    away = true;
    ahead = 10 * 60_000 - 1_000;
    expect(await personOf('U0KIM')).toBe('kim');
    expect(asked).toBe(until);
    ahead = 10 * 60_000 + 60_000;
    expect(await personOf('U0KIM')).toBeNull();
  });
});
