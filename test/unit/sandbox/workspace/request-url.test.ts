import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Workspace } from '../../../../src/sandbox/workspace/workspace.ts';
import { actions, button, client, DANA, startTestWorkspace } from './support.ts';

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let workspace: Workspace;
let server: Server;
let seen: Seen[];
/** What the app answers; null: nothing, ever. */
let answers: (attempt: number) => { status?: number; headers?: Record<string, string>; body?: string } | null;

beforeEach(async () => {
  seen = [];
  answers = () => ({});
  server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (part) => {
      body += String(part);
    });
    incoming.on('end', () => {
      seen.push({ headers: incoming.headers, body });
      const answer = answers(seen.length);
      if (answer) response.writeHead(answer.status ?? 200, answer.headers ?? {}).end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  workspace = await startTestWorkspace({ deliver: { eventsUrl, retryWaits: [0, 0, 0] } });
});
afterEach(async () => {
  await workspace.close();
  server.closeAllConnections();
  server.close();
});

const retries = () =>
  seen.map(({ headers }) => [headers['x-slack-retry-num'], headers['x-slack-retry-reason']]);

it('an event is tried four times, each saying why, under one event_id', async () => {
  answers = () => ({ status: 500 });
  await workspace.as(DANA).say('ops', '@m0 status');
  expect(retries()).toEqual([
    [undefined, undefined],
    ['1', 'http_error'],
    ['2', 'http_error'],
    ['3', 'http_error'],
  ]);
  expect(new Set(seen.map(({ body }) => JSON.parse(body).event_id)).size).toBe(1);
});

it('an event is not sent again once it is taken, nor where the app asks for no more', async () => {
  answers = (attempt) => (attempt === 1 ? { status: 503 } : {});
  await workspace.as(DANA).say('ops', '@m0 status');
  expect(seen).toHaveLength(2);
  seen = [];
  answers = () => ({ status: 503, headers: { 'x-slack-no-retry': '1' } });
  await workspace.as(DANA).say('ops', '@m0 status');
  expect(seen).toHaveLength(1);
});

it('a command is sent once, whatever becomes of it, and its person told', async () => {
  answers = () => ({ status: 401 });
  const { outcome, ephemerals } = await workspace.as(DANA).slash('/m0', 'status', 'ops');
  expect([outcome, seen.length]).toEqual(['dispatch_failed', 1]);
  expect(ephemerals.map((m) => m.text)).toEqual(['/m0 failed with the error "dispatch_failed"']);
});

it('what is not answered in 3 s failed with operation_timeout, and the person sees it', async () => {
  answers = () => null;
  const { outcome, ephemerals } = await workspace.as(DANA).slash('/m0', 'status', 'ops');
  expect([outcome, seen.length]).toEqual(['operation_timeout', 1]);
  expect(ephemerals.map((m) => m.text)).toEqual(['/m0 failed with the error "operation_timeout"']);
});

it('a click that fails is told', async () => {
  answers = () => ({ status: 500 });
  const block = actions(button('Snooze', 'snooze'));
  await client(workspace).chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: [block] as never });
  const [message] = workspace.channel('ops').messages;
  if (!message) throw new Error('nothing was posted');
  expect(await workspace.as(DANA).click(message, 'Snooze')).toEqual({ outcome: 'dispatch_failed' });
  expect(workspace.as(DANA).sees('ops').at(-1)?.text).toContain('did not react');
});

it.each([
  ['the challenge as text', (challenge: string) => ({ body: challenge }), null],
  ['the challenge as JSON', (challenge: string) => ({ body: JSON.stringify({ challenge }) }), null],
  ['something else', () => ({ body: 'ok' }), 'challenge'],
  ['a refusal', () => ({ status: 401 }), 'HTTP 401'],
])('a request URL that answers %s', async (_, answer, problem) => {
  answers = () => answer(JSON.parse(seen.at(-1)?.body ?? '{}').challenge);
  const told = await workspace.verifyRequestUrl();
  if (problem === null) expect(told).toBeNull();
  else expect(told).toContain(problem);
});
