import { createHmac } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import {
  actions,
  boltApp,
  button,
  client,
  DANA,
  EVE,
  refusal,
  section,
  startTestWorkspace,
} from './support.ts';

let workspace: Workspace;
let now: number;
beforeEach(async () => {
  now = 1_800_000_000_000;
  workspace = await startTestWorkspace({ clock: () => now });
});
afterEach(() => workspace.close());

const MODAL = { type: 'modal', title: { type: 'plain_text', text: 'T' }, blocks: [section('a')] } as never;

describe('who may call', () => {
  it('refuses unknown tokens, the wrong kind of token, and unknown methods', async () => {
    const call = (token: string, method: string) => refusal(client(workspace, token).apiCall(method));
    expect((await call('xoxb-other', 'auth.test')).error).toBe('invalid_auth');
    expect((await call('xapp-test', 'auth.test')).error).toBe('not_allowed_token_type');
    expect((await call('xoxb-test', 'apps.connections.open')).error).toBe('not_allowed_token_type');
    expect((await call('xoxb-test', 'chat.yodel')).error).toBe('unknown_method');
    const bare = await fetch(`${workspace.apiUrl}auth.test`, { method: 'POST' });
    expect(await bare.json()).toEqual({ ok: false, error: 'not_authed' });
  });

  it('says who the app is', async () => {
    expect(await client(workspace).auth.test()).toMatchObject({
      user_id: 'U0M0',
      bot_id: 'B0M0',
      team_id: 'T0ACME',
    });
  });

  it('takes JSON bodies as well as forms', async () => {
    const response = await fetch(`${workspace.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: 'Bearer xoxb-test', 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ channel: 'C0OPS', text: 'hi', blocks: [section('hi')] }),
    });
    expect(await response.json()).toMatchObject({ ok: true, message: { text: 'hi' } });
  });

  it('turns away what comes from a web page or by another name', async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${workspace.apiUrl}api.test`, { method: 'POST', headers });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403);
    const status = await new Promise((resolve, reject) => {
      const asked = request(
        `${workspace.apiUrl}api.test`,
        { headers: { host: 'evil.example' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asked.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('opens a connection for a ticket only once', async () => {
    const { url } = await client(workspace, 'xapp-test').apps.connections.open();
    const open = () =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(String(url));
        socket.addEventListener('open', () => resolve(true));
        socket.addEventListener('error', () => resolve(false));
      });
    expect(await open()).toBe(true);
    expect(await open()).toBe(false);
  });
});

describe('messages', () => {
  it('refuses places the bot can’t post to', async () => {
    const post = (channel: string) => refusal(client(workspace).chat.postMessage({ channel, text: 'x' }));
    expect((await post('C0NONE')).error).toBe('channel_not_found');
    expect((await post('C0QUIET')).error).toBe('not_in_channel');
    await client(workspace).conversations.join({ channel: 'C0QUIET' });
    expect((await client(workspace).chat.postMessage({ channel: 'C0QUIET', text: 'x' })).ok).toBe(true);
  });

  it('edits and deletes only what the bot wrote', async () => {
    const api = client(workspace);
    const { ts: theirs } = await workspace.as(DANA).say('ops', 'mine');
    const update = (ts: string) => refusal(api.chat.update({ channel: 'C0OPS', ts, text: 'y' }));
    expect((await update(theirs)).error).toBe('cant_update_message');
    expect((await update('1.000000')).error).toBe('message_not_found');
    expect((await refusal(api.chat.delete({ channel: 'C0OPS', ts: theirs }))).error).toBe(
      'cant_delete_message',
    );
    const { message_ts } = await api.chat.postEphemeral({ channel: 'C0OPS', user: DANA, text: 'psst' });
    expect((await update(String(message_ts))).error).toBe('message_not_found');
    const { ts } = await api.chat.postMessage({ channel: 'C0OPS', text: 'x' });
    await api.chat.delete({ channel: 'C0OPS', ts: String(ts) });
    expect(workspace.channel('ops').messages.map((message) => message.text)).toEqual(['mine']);
  });

  it('keeps blocks and metadata that an update does not name, and drops empty ones', async () => {
    const api = client(workspace);
    const metadata = { event_type: 'card', event_payload: { key: 'k' } };
    const sent = { channel: 'C0OPS', text: 'a', blocks: [section('a')] as never, metadata };
    const { ts } = await api.chat.postMessage(sent);
    await api.chat.update({ channel: 'C0OPS', ts: String(ts), text: 'b' });
    expect(workspace.channel('ops').messages[0]).toMatchObject({
      text: 'b',
      blocks: [section('a')],
      metadata,
    });
    await api.chat.update({ channel: 'C0OPS', ts: String(ts), text: 'c', blocks: [] });
    expect(workspace.channel('ops').messages[0]).toMatchObject({ text: 'c', blocks: [], metadata });
  });

  it('lists history newest first, in pages, with metadata where asked, without replies', async () => {
    const api = client(workspace);
    const metadata = { event_type: 'card', event_payload: { key: 'k' } };
    const first = await api.chat.postMessage({ channel: 'C0OPS', text: '1', metadata });
    await api.chat.postMessage({ channel: 'C0OPS', text: '2' });
    await api.chat.postMessage({ channel: 'C0OPS', text: 'reply', thread_ts: String(first.ts) });
    const page = await api.conversations.history({ channel: 'C0OPS', limit: 1 });
    expect(page.messages?.map((message) => message.text)).toEqual(['2']);
    const cursor = String(page.response_metadata?.next_cursor);
    const rest = await api.conversations.history({ channel: 'C0OPS', cursor, include_all_metadata: true });
    expect(rest.messages).toMatchObject([{ text: '1', metadata, reply_count: 1 }]);
    const thread = await api.conversations.replies({ channel: 'C0OPS', ts: String(first.ts) });
    expect(thread.messages?.map((message) => message.text)).toEqual(['1', 'reply']);
  });

  it('refuses threads that are not there', async () => {
    const post = client(workspace).chat.postMessage({ channel: 'C0OPS', text: 'x', thread_ts: '1.000000' });
    expect((await refusal(post)).error).toBe('thread_not_found');
  });

  it('reaches people by direct message, and only those in the channel by ephemeral', async () => {
    const api = client(workspace);
    const { channel } = await api.conversations.open({ users: DANA });
    await api.chat.postMessage({ channel: String(channel?.id), text: 'you are on call' });
    expect(workspace.dm(DANA).messages.map((message) => message.text)).toEqual(['you are on call']);
    expect(() => workspace.as(EVE).sees(String(channel?.id))).toThrow('is in no channel');
    await api.conversations.join({ channel: 'C0QUIET' });
    const toEve = api.chat.postEphemeral({ channel: 'C0QUIET', user: EVE, text: 'x' });
    expect((await refusal(toEve)).error).toBe('user_not_in_channel');
  });

  it('takes one message a second and channel, and says how long to wait', async () => {
    const limited = await startTestWorkspace({ rateLimit: { perSecond: 1 }, clock: () => now });
    const post = (channel = 'C0OPS') =>
      fetch(`${limited.apiUrl}chat.postMessage`, {
        method: 'POST',
        headers: { authorization: 'Bearer xoxb-test' },
        body: new URLSearchParams({ channel, text: 'x' }),
      });
    expect((await post()).status).toBe(200);
    const second = await post();
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await second.json()).toEqual({ ok: false, error: 'ratelimited' });
    expect((await post(DANA)).status).toBe(200);
    now += 1000;
    expect((await post()).status).toBe(200);
    expect(limited.channel('ops').messages).toHaveLength(2);
    await limited.close();
  });
});

describe('people', () => {
  it('finds users and user groups', async () => {
    const api = client(workspace);
    expect(await api.users.lookupByEmail({ email: 'Dana@acme.dev' })).toMatchObject({ user: { id: DANA } });
    expect((await refusal(api.users.lookupByEmail({ email: 'no@acme.dev' }))).error).toBe('users_not_found');
    expect(await api.users.info({ user: EVE })).toMatchObject({ user: { real_name: 'Eve' } });
    expect((await refusal(api.users.info({ user: 'U0NOBODY' }))).error).toBe('user_not_found');
    expect(await api.usergroups.list({ include_users: true })).toMatchObject({
      usergroups: [{ id: 'S0SRE', handle: 'sre', users: [DANA] }],
    });
    expect(await api.usergroups.users.list({ usergroup: 'S0SRE' })).toMatchObject({ users: [DANA] });
    expect((await refusal(api.usergroups.users.list({ usergroup: 'S0NONE' }))).error).toBe('no_such_subteam');
  });
});

describe('what an interaction gives', () => {
  async function slashed(): Promise<{ trigger: string; url: string }> {
    const app = boltApp(workspace);
    let given = { trigger: '', url: '' };
    app.command('/m0', async ({ ack, command }) => {
      given = { trigger: command.trigger_id, url: command.response_url };
      await ack();
    });
    await app.start();
    await workspace.as(DANA).slash('/m0', '', 'ops');
    await app.stop();
    return given;
  }

  it('opens one view a trigger, within three seconds', async () => {
    const api = client(workspace);
    const open = (trigger_id: string) => api.views.open({ trigger_id, view: MODAL });
    const { trigger } = await slashed();
    expect((await refusal(open('1.2.made-up'))).error).toBe('invalid_trigger_id');
    const long = { ...(MODAL as object), title: { type: 'plain_text', text: 'x'.repeat(25) } } as never;
    const { error, messages } = await refusal(api.views.open({ trigger_id: trigger, view: long }));
    expect([error, messages.join()]).toEqual([
      'invalid_arguments',
      expect.stringContaining('/view/title/text'),
    ]);
    expect((await open(trigger)).ok).toBe(true);
    expect((await refusal(open(trigger))).error).toBe('exchanged_trigger_id');
    const late = await slashed();
    now += 3001;
    expect((await refusal(open(late.trigger))).error).toBe('expired_trigger_id');
  });

  it('refuses an update of a view that changed meanwhile', async () => {
    const api = client(workspace);
    const { trigger } = await slashed();
    const { view } = await api.views.open({ trigger_id: trigger, view: MODAL });
    const update = () =>
      api.views.update({ view_id: String(view?.id), hash: String(view?.hash), view: MODAL });
    expect((await update()).ok).toBe(true);
    expect((await refusal(update())).error).toBe('hash_conflict');
  });

  it('answers five times in thirty minutes to a response URL', async () => {
    const { url } = await slashed();
    const answer = async (text: string) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
      return [response.status, await response.text()];
    };
    for (let use = 1; use <= 5; use += 1) expect(await answer(`answer ${use}`)).toEqual([200, 'ok']);
    const [status, body] = await answer('one too many');
    expect([status, JSON.parse(String(body))]).toMatchObject([404, { error: 'used_url' }]);
    expect(workspace.as(DANA).sees('ops')).toHaveLength(5);
    const late = await slashed();
    now += 30 * 60_000 + 1;
    const response = await fetch(late.url, { method: 'POST', body: '{"text":"late"}' });
    expect(await response.json()).toMatchObject({ error: 'expired_url' });
  });
});

describe('keeping and delivering', () => {
  it('has everything back after a dump and a restore', async () => {
    const api = client(workspace);
    await api.chat.postMessage({
      channel: 'C0OPS',
      text: 'before',
      blocks: [actions(button('b', 'a'))] as never,
    });
    await api.chat.postMessage({ channel: DANA, text: 'direct' });
    const dumped = workspace.dump();
    const again = await startTestWorkspace({ state: dumped, clock: () => now });
    expect(again.dump()).toBe(dumped);
    expect(again.dm(DANA).messages.map((message) => message.text)).toEqual(['direct']);
    await client(again).chat.postMessage({ channel: 'C0OPS', text: 'after' });
    const [first, second] = again.channel('ops').messages;
    expect(Number(second?.ts)).toBeGreaterThan(Number(first?.ts));
    again.restore(dumped);
    expect(again.channel('ops').messages).toHaveLength(1);
    await again.close();
  });

  it('sends signed requests where it is told to, and shows what they answer', async () => {
    const seen: { headers: Record<string, unknown>; body: string }[] = [];
    const server = createServer((incoming, response) => {
      let body = '';
      incoming.on('data', (part) => {
        body += String(part);
      });
      incoming.on('end', () => {
        seen.push({ headers: incoming.headers, body });
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ text: 'over HTTP' }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
    const over = await startTestWorkspace({ deliver: { eventsUrl }, clock: () => now });
    const { ephemerals } = await over.as(DANA).slash('/m0', 'drift prod', 'ops');
    expect(ephemerals.map((message) => message.text)).toEqual(['over HTTP']);
    const [sent] = seen;
    const timestamp = String(sent?.headers['x-slack-request-timestamp']);
    const digest = createHmac('sha256', 'test-secret').update(`v0:${timestamp}:${sent?.body}`).digest('hex');
    expect(sent?.headers['x-slack-signature']).toBe(`v0=${digest}`);
    expect(new URLSearchParams(sent?.body).get('text')).toBe('drift prod');
    await over.close();
    server.close();
  });

  it('says what it waited for in vain', async () => {
    await workspace.as(DANA).say('ops', 'hello');
    const waiting = workspace.waitFor(() => workspace.channel('ops').messages[1], 20);
    await expect(waiting).rejects.toThrow('hello');
  });
});
