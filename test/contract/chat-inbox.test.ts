/** What a chat was told is taken in is carried out, once, also if m0 ends or the connection drops right after. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack, type Slack } from '../../src/chat/slack/slack.ts';
import type { CommandHandler, Incoming, Reply } from '../../src/ports/chat.ts';
import type { ChatInbox } from '../../src/ports/chat-store.ts';
import { startWorkspace, type Workspace } from '../../src/sandbox/workspace/workspace.ts';
import { Core } from '../support/core.ts';
import { seenEvents } from '../support/seen-events.ts';
import { MANIFEST } from '../support/slack-app.ts';
import { TOKENS, user } from '../support/slack-workspace.ts';

const DANA = 'U0DANA';
const WAIT_MS = 5_000;

let workspace: Workspace;
let inbox: ChatInbox;
let heard: Incoming[];
const open: Slack[] = [];

beforeEach(async () => {
  heard = [];
  inbox = seenEvents();
  const users = [user(DANA, 'dana')];
  workspace = await startWorkspace({
    ...{ port: 0, users, botUserId: 'U0M0', teamId: 'T0ACME', signingSecret: 's', ...TOKENS },
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0M0', DANA] }],
    ...{ scopes: MANIFEST.scopes, rateLimit: null },
  });
});
afterEach(async () => {
  for (const slack of open.splice(0)) await slack.stop();
  await workspace.close();
});

const ANSWER: Reply = { type: 'private', card: { headline: 'Here you are', tone: 'plain', blocks: [] } };
const answers: CommandHandler = async (incoming) => {
  heard.push(incoming);
  return ANSWER;
};

/** Starts m0's Slack adapter on the inbox. */
async function start(handler: CommandHandler): Promise<Slack> {
  const slack = await createSlack({
    ...{ mode: 'socket', ...TOKENS, apiUrl: workspace.apiUrl, log: createLogger('silent') },
    ...{ people: [], clock: Date.now, events: inbox },
  });
  open.push(slack);
  await slack.start(handler);
  return slack;
}

/** A process that takes commands in and dies before it carries them out. */
async function diesWorking(): Promise<{ readonly begun: () => number; die(): void }> {
  let begun = 0;
  const never = Promise.withResolvers<Reply>();
  await start(() => {
    begun += 1;
    return never.promise;
  });
  // A dead process neither answers nor stores: what it works on hangs for ever.
  return { begun: () => begun, die: () => void open.splice(0) };
}

const left = async (): Promise<number> => (await inbox.leftIn('slack')).length;
const seen = (): string[] =>
  workspace
    .as(DANA)
    .sees('ops')
    .filter((m) => m.user === 'U0M0')
    .map((m) => m.text);

describe('a command of Slack that was acknowledged', () => {
  it.each([
    ['a slash command', () => workspace.as(DANA).slash('/m0', 'status prod', 'ops'), 'status prod'],
    ['a mention', () => workspace.as(DANA).say('ops', '@m0 drift prod'), 'drift prod'],
  ] as const)('is carried out by the next start, once: %s', async (_, send, text) => {
    const first = await diesWorking();
    await send();
    await expect.poll(first.begun).toBe(1);
    first.die();
    await start(answers);
    expect(heard.map((i) => i.text)).toEqual([text]);
    expect(heard[0]?.actor.userId).toBe(DANA);
    expect(heard[0]?.place).toEqual({ platform: 'slack', channel: 'C0OPS' });
    await expect.poll(seen, { timeout: WAIT_MS }).toContain('Here you are');
    await expect.poll(left).toBe(0);
    await start(answers);
    expect(heard).toHaveLength(1);
  });

  it('is kept before it is acknowledged, and no more once it is answered', async () => {
    let kept = -1;
    await start(async (incoming) => {
      kept = await left();
      return answers(incoming);
    });
    const { outcome } = await workspace.as(DANA).slash('/m0', 'status', 'ops');
    expect(outcome).toBe('acked');
    await expect.poll(seen, { timeout: WAIT_MS }).toContain('Here you are');
    expect(kept).toBe(1);
    await expect.poll(left).toBe(0);
  });

  it('is carried out although the connection drops right after', async () => {
    const go = Promise.withResolvers<void>();
    await start(async (incoming) => {
      await go.promise;
      return answers(incoming);
    });
    await workspace.as(DANA).slash('/m0', 'status', 'ops');
    workspace.refreshConnections();
    go.resolve();
    await expect.poll(seen, { timeout: WAIT_MS }).toContain('Here you are');
    expect(heard).toHaveLength(1);
  });

  it('that ends each start is given up, and its person is told', async () => {
    const now = Date.now();
    const memory = { command: 'status', channel: 'C0OPS', thread: null, card: null };
    const taken = { userId: DANA, memory, direct: false, typed: false, fromHomeTab: false, answers: null };
    await inbox.takeIn('slack', 'trigger:1', JSON.stringify(taken), now);
    for (let i = 0; i < 3; i += 1) expect(await left()).toBe(1);
    await start(answers);
    expect(heard).toEqual([]);
    await expect.poll(seen, { timeout: WAIT_MS }).toEqual([expect.stringContaining('gave it up')]);
    await expect.poll(left).toBe(0);
  });

  it('comes in its order, before anything new', async () => {
    const first = await diesWorking();
    await workspace.as(DANA).slash('/m0', 'resume prod', 'ops');
    await workspace.as(DANA).slash('/m0', 'pause prod because', 'ops');
    await expect.poll(first.begun).toBe(2);
    first.die();
    await start(answers);
    // All of it is carried out before m0 connects.
    expect(heard.map((i) => i.text)).toEqual(['resume prod', 'pause prod because']);
  });
});

it('a redelivered command has no second effect, and what was carried out is not kept', async () => {
  const core = await Core.open();
  try {
    const { store } = core;
    expect(await store.takeIn('slack', 'event:1', '{}', 1)).toBe(true);
    expect(await store.takeIn('slack', 'event:1', '{}', 2)).toBe(false);
    expect(await store.isNewEvent('slack', 'event:1', 2)).toBe(false);
    expect(await store.takeIn('teams', 'event:1', '{}', 2)).toBe(true);
    await store.carriedOut('slack', 'event:1');
    expect(await store.leftIn('slack')).toEqual([]);
    expect(await store.takeIn('slack', 'event:1', '{}', 3)).toBe(false);
    expect(await store.leftIn('teams')).toEqual([{ key: 'event:1', payload: '{}', attempts: 1 }]);
  } finally {
    await core.close();
  }
});
