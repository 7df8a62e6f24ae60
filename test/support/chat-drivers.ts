/** One test driver interface over local Slack and local Teams, so one test suite can run against both. */
import { expect, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createSlack } from '../../src/chat/slack/slack.ts';
import type { Place } from '../../src/model/directory.ts';
import type { ChatPort, CommandHandler, Incoming, Reply } from '../../src/ports/chat.ts';
import type { Message } from '../../src/sandbox/workspace/model.ts';
import { startWorkspace } from '../../src/sandbox/workspace/workspace.ts';
import { directory } from './directory.ts';
import { seenEvents } from './seen-events.ts';
import { slackProxy } from './slack-proxy.ts';
import { DANA, GUEST, KIM, memory, startBot, teamsOptions } from './teams-bot.ts';
import { startConnector, type TeamsMessage, textOfCard } from './teams-connector.ts';

const SOON = 15_000;

/** A message as a person sees it. */
export interface Seen {
  readonly id: string;
  readonly text: string;
}

/** What happens once to an API call of m0: the post is lost, or the chat answers with a rate limit. */
export type CallFault = 'post lost' | 'busy';

export interface ChatDriver {
  readonly chat: ChatPort;
  readonly ops: Place & { readonly channel: string };
  /** A channel that exists but does not have m0 in it. */
  readonly elsewhere: Place;
  readonly dana: Place & { readonly user: string };
  readonly heard: readonly Incoming[];
  answer: (incoming: Incoming) => Reply | Promise<Reply>;
  /** Restarts m0 on the same store. */
  restart(): Promise<ChatPort>;
  /** Starts an m0 whose next post fails in this way. */
  withFault(mishap: CallFault): Promise<ChatPort>;
  /** Messages in ops outside threads; in Dana's chat with m0; in a thread. */
  inOps(): readonly Seen[];
  inChat(): readonly Seen[];
  inThread(id: string): readonly Seen[];
  /** Dana or a guest writes to m0. */
  says(who: 'dana' | 'guest', where: 'ops' | 'chat', text: string): Promise<void>;
  /** Dana clicks a button of the newest card in ops or in her chat. Returns the part of the answer that only she sees. */
  clicks(title: string, where?: 'ops' | 'chat'): Promise<string>;
  /** The chat's health problem; null for none. */
  problem(): string | null;
  /** Somebody deletes a message of ops. */
  deletes(id: string): Promise<void>;
  close(): Promise<void>;
}

const none: Reply = { type: 'none' };

/** Polls `look` until it finds something and returns that. Fails after 15 s. */
export function soon<T>(look: () => T | null | undefined | false): Promise<T> {
  return vi.waitFor(
    () => {
      const found = look();
      if (found === null || found === undefined || found === false) throw new Error(`in vain: ${look}`);
      return found;
    },
    { timeout: SOON, interval: 10 },
  );
}

async function slackDriver(): Promise<ChatDriver> {
  const user = (id: string, name: string) => ({ id, name, realName: name, email: `${name}@acme.dev` });
  const tokens = { botToken: 'xoxb-local-bot', appToken: 'xapp-local-app' };
  const workspace = await startWorkspace({
    port: 0,
    users: [user('U0DANA', 'dana'), user('U0KIM', 'kim'), user('U0GUEST', 'guest'), user('U0M0', 'm0')],
    channels: [
      { id: 'C0OPS', name: 'ops', members: ['U0DANA', 'U0KIM', 'U0GUEST', 'U0M0'] },
      { id: 'C0ELSE', name: 'elsewhere', members: ['U0DANA'] },
    ],
    usergroups: [],
    botUserId: 'U0M0',
    teamId: 'T0ACME',
    signingSecret: 'local-signing-secret',
    ...tokens,
    rateLimit: null,
  });
  const endings: (() => Promise<void>)[] = [];
  const heard: Incoming[] = [];
  const connect = (apiUrl: string) =>
    createSlack({
      events: seenEvents(),
      mode: 'socket',
      ...tokens,
      apiUrl,
      log: createLogger('silent'),
      people: directory().people,
      clock: Date.now,
    });
  const slack = await connect(workspace.apiUrl);
  const handler: CommandHandler = async (incoming) => {
    heard.push(incoming);
    return driver.answer(incoming);
  };
  await slack.start(handler);
  const ids = { dana: 'U0DANA', guest: 'U0GUEST' };
  const seen = ({ ts, text }: Message): Seen => ({ id: ts, text });
  const shown = (where: 'ops' | 'chat') =>
    where === 'ops' ? workspace.channel('ops').messages : workspace.dm('U0DANA').messages;

  const driver: ChatDriver = {
    chat: slack,
    ops: { platform: 'slack', channel: 'C0OPS' },
    elsewhere: { platform: 'slack', channel: 'C0ELSE' },
    dana: { platform: 'slack', user: 'U0DANA' },
    heard,
    answer: () => none,
    restart: () => connect(workspace.apiUrl),
    async withFault(mishap) {
      let times = 0;
      const proxy = await slackProxy(workspace.apiUrl, (method) => {
        if (method !== 'chat.postMessage' || times++ > 0) return 'pass';
        return mishap === 'busy' ? { answer: { ok: false, error: 'ratelimited' } } : 'lose-call';
      });
      endings.push(() => proxy.close());
      return connect(proxy.apiUrl);
    },
    inOps: () =>
      shown('ops')
        .filter((m) => m.visibleTo === null && m.threadTs === null)
        .map(seen),
    inChat: () => shown('chat').map(seen),
    inThread: (id) => workspace.channel('ops').replies(id).map(seen),
    problem: () => slack.healthy().problem,
    async deletes(id) {
      const headers = { authorization: `Bearer ${tokens.botToken}` };
      const body = new URLSearchParams({ channel: 'C0OPS', ts: id });
      const answer = await fetch(new URL('chat.delete', workspace.apiUrl), { method: 'POST', headers, body });
      expect(await answer.json()).toMatchObject({ ok: true });
    },
    async says(who, where, text) {
      if (where === 'ops') await workspace.as(ids[who]).say('ops', `@m0 ${text}`);
      else await workspace.as(ids[who]).say('@m0', text);
    },
    async clicks(title, where = 'ops') {
      const dana = workspace.as('U0DANA');
      const card = shown(where)
        .filter((m) => m.visibleTo === null)
        .at(-1);
      if (!card) throw new Error('there is no card');
      const before = dana.sees('ops').length;
      const asked = await dana.click(card, title);
      if (asked.outcome === 'needs_confirmation') await dana.click(card, title, { confirm: true });
      if (where === 'chat') return '';
      const own = await workspace
        .waitFor(
          () =>
            dana
              .sees('ops')
              .slice(before)
              .find((m) => m.visibleTo !== null),
          500,
        )
        .catch(() => null);
      return own?.text ?? '';
    },
    async close() {
      await slack.stop();
      for (const ending of endings) await ending();
      await workspace.close();
    },
  };
  return driver;
}

const OPS = '19:ops@thread.tacv2';

async function teamsDriver(): Promise<ChatDriver> {
  const connector = await startConnector({
    teams: { sre: [OPS], other: ['19:else@thread.tacv2'] },
    people: [
      { aadObjectId: DANA, name: 'dana' },
      { aadObjectId: KIM, name: 'kim' },
      { aadObjectId: GUEST, name: 'guest' },
    ],
  });
  const store = await memory();
  const heard: Incoming[] = [];
  const handler: CommandHandler = async (incoming) => {
    heard.push(incoming);
    return driver.answer(incoming);
  };
  const bot = await startBot(teamsOptions(connector, store, []), handler);
  connector.connect(bot.url);
  await connector.addToTeam('sre');
  await soon(() => connector.calls.includes('GET teams/sre/conversations'));
  const bots = [bot];
  const again = async () => {
    const next = await startBot(teamsOptions(connector, store, []), handler);
    bots.push(next);
    return next.teams;
  };
  const ids = { dana: DANA, guest: GUEST };
  const seen = ({ id, card, summary }: TeamsMessage): Seen => ({
    id,
    text: card === null ? summary : textOfCard(card),
  });

  const driver: ChatDriver = {
    chat: bot.teams,
    ops: { platform: 'teams', channel: OPS },
    elsewhere: { platform: 'teams', channel: '19:else@thread.tacv2' },
    dana: { platform: 'teams', user: DANA },
    heard,
    answer: () => none,
    restart: again,
    async withFault(mishap) {
      let times = 0;
      connector.fault = (call) => {
        if (!call.startsWith('POST conversations/19:') || times++ > 0) return 'pass';
        return mishap === 'busy' ? { status: 429, retryAfter: 1 } : 'lose-call';
      };
      return again();
    },
    inOps: () => connector.in(OPS).map(seen),
    inChat: () => connector.in(connector.chat(DANA)).map(seen),
    inThread: (id) => connector.replies(id).map(seen),
    problem: () => bot.teams.healthy().problem,
    async deletes(id) {
      const message = connector.in(OPS).find((m) => m.id === id);
      if (message === undefined) throw new Error(`there is no message ${id}`);
      connector.remove(message);
    },
    says: (who, where, text) =>
      where === 'ops'
        ? connector.as(ids[who]).say(OPS, `@m0 ${text}`)
        : connector.as(ids[who]).say(connector.chat(ids[who]), text),
    async clicks(title, where = 'ops') {
      const card = connector
        .in(where === 'ops' ? OPS : connector.chat(DANA))
        .findLast((m) => m.card !== null);
      if (!card) throw new Error('there is no card');
      // A button that asks for confirmation opens a dialog whose own button has another title.
      const inside = title === 'Revert the rule in the cloud' ? 'Revert' : title;
      return (await connector.as(DANA).click(card, inside)).bar ?? '';
    },
    async close() {
      for (const each of bots) await each.close();
      await store.close();
      await connector.close();
    },
  };
  return driver;
}

export const CHAT_DRIVERS: Readonly<Record<'Slack' | 'Teams', () => Promise<ChatDriver>>> = {
  Slack: slackDriver,
  Teams: teamsDriver,
};
