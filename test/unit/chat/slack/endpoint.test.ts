import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../../src/base/log.ts';
import { createSlack, type Slack } from '../../../../src/chat/slack/slack.ts';
import type { Incoming, Reply } from '../../../../src/ports/chat.ts';
import type { ChatInbox } from '../../../../src/ports/chat-store.ts';
import { startWorkspace, type Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import { directory } from '../../../support/directory.ts';
import { seenEvents } from '../../../support/seen-events.ts';
import { type SlackForwarder, startSlackForwarder } from '../../../support/slack-forwarder.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const FORM = 'application/x-www-form-urlencoded';
const NOW = Date.parse('2026-03-02T12:00:00Z');

let forwarder: SlackForwarder;
let workspace: Workspace;
let slack: Slack;
let events: ChatInbox;
let now: number;
let heard: Incoming[];
let answer: () => Promise<Reply>;
let lines: string[];

beforeEach(async () => {
  now = NOW;
  heard = [];
  lines = [];
  answer = async () => ({ type: 'none' });
  forwarder = await startSlackForwarder();
  workspace = await startWorkspace({
    port: 0,
    users: [{ id: 'U0DANA', name: 'dana', realName: 'Dana', email: 'dana@acme.dev' }],
    channels: [{ id: 'C0OPS', name: 'ops', members: ['U0DANA', 'U0M0'] }],
    ...{ botUserId: 'U0M0', teamId: 'T0ACME', botToken: 'xoxb-1', appToken: 'xapp-1', signingSecret: SECRET },
    clock: () => now,
  });
  events = seenEvents();
  slack = await connect();
  forwarder.forwardTo(slack.endpoint);
});
afterEach(async () => {
  await slack.stop();
  await workspace.close();
  await forwarder.close();
});

/** m0's Slack side, as each new process has it. */
function connect(): Promise<Slack> {
  return createSlack({
    events,
    mode: 'http',
    ...{ signingSecret: SECRET, botToken: 'xoxb-1', apiUrl: workspace.apiUrl },
    log: createLogger('debug', { write: (line) => void lines.push(line) }),
    people: directory().people,
    clock: () => now,
  });
}

const start = () =>
  slack.start(async (incoming) => {
    heard.push(incoming);
    return answer();
  });

/** Signed by hand, so that these tests do not believe the code that they test. */
function signed(body: string, at = now, secret = SECRET): Record<string, string> {
  const stamp = String(Math.floor(at / 1000));
  const hmac = createHmac('sha256', secret).update(`v0:${stamp}:${body}`).digest('hex');
  return { 'x-slack-request-timestamp': stamp, 'x-slack-signature': `v0=${hmac}` };
}

async function post(
  body: string,
  headers: Record<string, string>,
  contentType: string | null = FORM,
): Promise<[number, string]> {
  const response = await fetch(forwarder.eventsUrl, {
    method: 'POST',
    body: new TextEncoder().encode(body),
    headers: { ...headers, ...(contentType === null ? {} : { 'content-type': contentType }) },
  });
  return [response.status, await response.text()];
}

/** A command as Slack writes it; each has a trigger of its own. */
const command = (text: string, trigger = '1.2.3') =>
  new URLSearchParams({
    ...{ command: '/m0', text, user_id: 'U0DANA', user_name: 'dana', team_id: 'T0ACME' },
    ...{ channel_id: 'C0OPS', channel_name: 'ops', trigger_id: trigger },
    response_url: `${workspace.url}/response/none`,
  }).toString();

const event = (eventId: string, text: string) =>
  JSON.stringify({
    ...{ type: 'event_callback', team_id: 'T0ACME', event_id: eventId },
    event: { type: 'app_mention', user: 'U0DANA', text, ts: '1.000001', channel: 'C0OPS' },
  });

describe('the signature', () => {
  beforeEach(start);

  it('is the one of Slack’s documentation', async () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack
    now = 1_531_420_618_000;
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&' +
      'channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&' +
      'response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F' +
      '96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    // Believed, though nothing here takes that command.
    expect((await post(body, headers))[0]).toBe(404);
    expect((await post(`${body}&`, headers))[0]).toBe(401);
  });

  it('lets a command in', async () => {
    const body = command('status');
    expect(await post(body, signed(body))).toEqual([200, '']);
    expect(heard).toMatchObject([{ text: 'status', actor: { person: 'dana' } }]);
  });

  it.each<[string, (body: string) => Record<string, string>]>([
    ['none', () => ({})],
    ['no timestamp', (body) => ({ 'x-slack-signature': signed(body)['x-slack-signature'] ?? '' })],
    [
      'a timestamp only',
      (body) => ({ 'x-slack-request-timestamp': signed(body)['x-slack-request-timestamp'] ?? '' }),
    ],
    ['that of another secret', (body) => signed(body, now, 'guess')],
    ['that of another body', (body) => signed(`${body}&`)],
    [
      'that of another time',
      (body) => ({ ...signed(body), 'x-slack-request-timestamp': String(NOW / 1000 - 1) }),
    ],
    [
      'another version',
      (body) => ({
        ...signed(body),
        'x-slack-signature': (signed(body)['x-slack-signature'] ?? '').replace('v0', 'v1'),
      }),
    ],
    [
      'the beginning of it',
      (body) => ({
        ...signed(body),
        'x-slack-signature': (signed(body)['x-slack-signature'] ?? '').slice(0, -2),
      }),
    ],
    ['an empty one', (body) => ({ ...signed(body), 'x-slack-signature': '' })],
    ['a timestamp that is no number', (body) => ({ ...signed(body), 'x-slack-request-timestamp': 'NaN' })],
    ['one made 301 s ago', (body) => signed(body, now - 301_000)],
    ['one made 301 s from now', (body) => signed(body, now + 301_000)],
  ])('refused: %s', async (_, headers) => {
    const body = command('approve #42');
    expect(await post(body, headers(body))).toEqual([401, 'refused\n']);
    expect(heard).toEqual([]);
  });

  it('that is five minutes old, or as much ahead, is believed', async () => {
    for (const [i, offset] of [-300_000, 300_000].entries()) {
      const body = command('status', `t${i}`);
      expect((await post(body, signed(body, now + offset)))[0]).toBe(200);
    }
    expect(heard).toHaveLength(2);
  });

  it('refused says why in the log once a minute, without what would have been right', async () => {
    const body = command('status');
    for (let i = 0; i < 20; i += 1) await post(body, signed(body, now, 'guess'));
    const told = lines.filter((line) => line.includes('refused'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('SLACK_SIGNING_SECRET');
    const { 'x-slack-signature': right = '-' } = signed(body);
    expect(lines.join('')).not.toContain(right.slice(3));
    expect(lines.join('')).not.toContain(SECRET);
    now += 60_000;
    await post(body, signed(body, now - 400_000));
    expect(lines.filter((line) => line.includes('refused')).at(-1)).toContain('clock');
  });
});

/** A button that is none of m0's. */
const STRANGE_CLICK = JSON.stringify({
  ...{ type: 'block_actions', team: { id: 'T0ACME' }, user: { id: 'U0DANA' }, container: {} },
  actions: [{ type: 'button', action_id: 'x', block_id: 'b' }],
});

describe('what is no payload', () => {
  beforeEach(start);

  it('over 4 MiB is refused, announced or not', async () => {
    const body = `payload=${'x'.repeat(4 * 1024 * 1024)}`;
    expect((await post(body, signed(body)))[0]).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 5; i += 1) controller.enqueue(new Uint8Array(1024 * 1024));
        controller.close();
      },
    });
    const request = { method: 'POST', body: stream, headers: signed(body), duplex: 'half' } as RequestInit;
    expect((await fetch(forwarder.eventsUrl, request)).status).toBe(413);
  });

  it.each<[number, string, string | null]>([
    [415, 'payload={}', 'text/plain'],
    [415, 'payload={}', null],
    [415, 'payload={}', 'multipart/form-data; boundary=x'],
    [400, '{"type":', 'application/json'],
    [400, '[]', 'application/json; charset=utf-8'],
    [400, 'null', 'application/json'],
    [400, 'payload=%7B', FORM],
    [400, 'payload=', FORM],
    [400, '{"type":"url_verification"}', 'application/json'],
    [404, '{"type":"something_new"}', 'application/json'],
    [404, `payload=${encodeURIComponent(STRANGE_CLICK)}`, FORM],
    [404, 'command=%2Fother&text=x&team_id=T0ACME&channel_id=C0OPS', FORM],
  ])('gets %d: %s as %s', async (status, body, contentType) => {
    expect((await post(body, signed(body), contentType))[0]).toBe(status);
    expect(heard).toEqual([]);
  });

  it('does not stop what comes after it', async () => {
    for (const body of ['{"event":null,"type":"event_callback"}', '{"event":{},"type":"event_callback"}']) {
      await post(body, signed(body), 'application/json');
    }
    const body = command('status');
    expect((await post(body, signed(body)))[0]).toBe(200);
    expect(heard).toHaveLength(1);
  });
});

describe('what Slack asks of a request URL', () => {
  it('is answered before anybody can be reached: the challenge comes back', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: '3eZbrw1a', token: 't' });
    expect(await post(body, signed(body), 'application/json')).toEqual([200, '{"challenge":"3eZbrw1a"}']);
    expect((await post(body, {}, 'application/json'))[0]).toBe(401);
  });

  it('an ssl_check is answered, unsigned as it may be, and does nothing', async () => {
    await start();
    expect(await post('ssl_check=1&token=t', {})).toEqual([200, '']);
    const body = 'ssl_check=1&token=t&command=%2Fm0&text=approve';
    expect(await post(body, signed(body))).toEqual([200, '']);
    expect((await post(`ssl_check=1&token=${'x'.repeat(2_000)}`, {}))[0]).toBe(401);
    expect(heard).toEqual([]);
  });

  it('that m0 is not there yet: a command is not acknowledged, and the same request is taken later', async () => {
    const body = command('status');
    expect((await post(body, signed(body)))[0]).toBe(503);
    await start();
    expect((await post(body, signed(body)))[0]).toBe(200);
    expect(heard).toHaveLength(1);
  });
});

describe('the same again', () => {
  beforeEach(start);

  it('with the same signature has one effect, and gets the same answer', async () => {
    const body = command('approve #42');
    const headers = signed(body);
    const first = await Promise.all([post(body, headers), post(body, headers)]);
    now += 299_000;
    expect([...first, await post(body, headers)]).toEqual(Array(3).fill([200, '']));
    expect(heard).toHaveLength(1);
    now += 2_000;
    expect((await post(body, headers))[0]).toBe(401);
  });

  it('signed ahead of this clock is still one effect for as long as it is believed', async () => {
    const body = command('approve #42');
    const headers = signed(body, now + 300_000);
    await post(body, headers);
    now += 599_000;
    expect((await post(body, headers))[0]).toBe(200);
    expect(heard).toHaveLength(1);
  });

  it('typed again is a command again', async () => {
    for (const trigger of ['1', '2']) {
      const body = command('status', trigger);
      await post(body, signed(body));
    }
    expect(heard).toHaveLength(2);
  });

  it('has one effect also where m0 was started anew in between', async () => {
    const typed = command('approve #42');
    const mentioned = event('Ev1', '<@U0M0> status');
    const headers = signed(typed);
    await post(typed, headers);
    await post(mentioned, signed(mentioned), 'application/json');
    await workspace.waitFor(() => true, 10);
    await slack.stop();
    slack = await connect();
    forwarder.forwardTo(slack.endpoint);
    await start();
    now += 1_000;
    const again = [
      await Promise.all([post(typed, headers), post(typed, headers)]),
      await post(mentioned, signed(mentioned), 'application/json'),
    ];
    expect(again.flat(2).filter((part) => typeof part === 'number')).toEqual([200, 200, 200]);
    const fresh = command('help', 'fresh');
    await post(fresh, signed(fresh));
    await workspace.waitFor(() => true, 10);
    expect(heard.map((h) => h.text).sort()).toEqual(['approve #42', 'help', 'status']);
  });

  it('is taken in again where it could not be remembered', async () => {
    const { isNewEvent } = events;
    let broken = true;
    Object.assign(events, {
      isNewEvent: (...about: Parameters<typeof isNewEvent>) =>
        broken ? Promise.reject(new Error('the disk is full')) : isNewEvent(...about),
    });
    const body = command('status');
    const headers = signed(body);
    expect((await post(body, headers))[0]).toBe(500);
    expect(heard).toHaveLength(0);
    broken = false;
    expect((await post(body, headers))[0]).toBe(200);
    expect(heard).toHaveLength(1);
  });

  it('as Slack’s own retry of an event has one effect, whatever the signature', async () => {
    const body = event('Ev1', '<@U0M0> status');
    for (const retry of [0, 1, 2, 3]) {
      now += 1_000;
      const more = { 'x-slack-retry-num': String(retry), 'x-slack-retry-reason': 'http_timeout' };
      const headers = { ...signed(body), ...(retry === 0 ? {} : more) };
      expect((await post(body, headers, 'application/json'))[0]).toBe(200);
    }
    const other = event('Ev2', '<@U0M0> help');
    await post(other, signed(other), 'application/json');
    await workspace.waitFor(() => true, 10);
    expect(heard.map((h) => h.text)).toEqual(['status', 'help']);
  });
});

it('is acknowledged at once where the answer takes long, and stopping waits for it', async () => {
  await start();
  const { promise, resolve } = Promise.withResolvers<Reply>();
  answer = () => promise;
  const body = command('status');
  expect((await post(body, signed(body)))[0]).toBe(200);
  let stopped = false;
  const stopping = slack.stop().then(() => {
    stopped = true;
  });
  const late = command('status', 'late');
  expect((await post(late, signed(late)))[0]).toBe(503);
  expect(stopped).toBe(false);
  resolve({ type: 'none' });
  await stopping;
});
