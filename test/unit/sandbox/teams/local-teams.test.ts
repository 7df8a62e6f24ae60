/** The sandbox's Teams refuses what Teams refuses, so that what passes here may pass there. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../../src/sandbox/teams/model.ts';
import { TEAMS_RATES } from '../../../../src/sandbox/teams/rates.ts';
import { LocalTeams, type LocalTeamsOptions } from '../../../../src/sandbox/teams/teams.ts';

const URL_HERE = 'http://127.0.0.1:4000/teams';
const OPS = '19:ops@thread.tacv2';
const DANA = 'dana-id';
const EVE = 'eve-id';

let now = 0;
let teams: LocalTeams;

function local(change: Partial<LocalTeamsOptions> = {}): LocalTeams {
  return new LocalTeams({
    url: URL_HERE,
    appId: 'app',
    tenantId: 'tenant',
    botName: 'm0',
    accessToken: 'secret',
    teams: [{ id: 'sre', name: 'SRE', channels: [{ id: OPS, name: 'Ops' }] }],
    people: [
      { aadObjectId: DANA, name: 'Dana' },
      { aadObjectId: EVE, name: 'Eve' },
    ],
    clock: () => now,
    ...change,
  });
}

const line = { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'hello' }] };
const card = (body: readonly unknown[] = [line], version = '1.5') => ({
  type: 'AdaptiveCard',
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  version,
  body,
  msteams: { width: 'Full' },
});
const message = (content: unknown, more: Json = {}) => ({
  type: 'message',
  summary: 'hello',
  from: { id: '28:app' },
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }],
  ...more,
});

/** A call of the bot's; answers the status, and the code or the id. */
async function call(
  method: string,
  path: string,
  body: unknown = undefined,
  headers: Readonly<Record<string, string>> = { authorization: 'Bearer secret' },
): Promise<{ readonly status: number; readonly said: string; readonly after: string | null }> {
  const response = await teams.handle(
    new Request(`${URL_HERE}/emea/v3/${path}`, {
      method,
      headers: { host: '127.0.0.1:4000', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const answer = (await response.json().catch(() => ({}))) as { id?: string; error?: { code: string } };
  return {
    status: response.status,
    said: answer.error?.code ?? answer.id ?? '',
    after: response.headers.get('retry-after'),
  };
}

const post = (content: unknown, conversation = OPS, more: Json = {}) =>
  call('POST', `conversations/${encodeURIComponent(conversation)}/activities`, message(content, more));

beforeEach(() => {
  now = 1_800_000_000_000;
  teams = local();
  teams.organisation.inTeams.add('sre');
});

describe('the Bot Connector', () => {
  test('takes a card, shows it to everybody, and changes it in place', async () => {
    const { status, said } = await post(card());
    expect(status).toBe(201);
    now += 5;
    const changed = { ...card(), body: [line, line] };
    const at = `conversations/${encodeURIComponent(OPS)}/activities/${said}`;
    expect((await call('PUT', at, message(changed))).status).toBe(200);
    expect(teams.organisation.seenBy(EVE, OPS)).toMatchObject([{ id: said, card: changed, editedAt: now }]);
  });

  test.each([
    ['an unknown element', [{ type: 'CodeBlock', codeSnippet: 'x' }], '1.5', 400],
    ['another version', [line], '1.6', 400],
    [
      'more than 28 KB',
      [{ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'x'.repeat(28 * 1024) }] }],
      '1.5',
      400,
    ],
    [
      'text that would be parsed as Markdown',
      [{ type: 'TextBlock', text: '**x**', wrap: true, size: 'small', isSubtle: true }],
      '1.5',
      400,
    ],
    [
      'more than 100 KB altogether',
      [{ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: 'x'.repeat(101 * 1024) }] }],
      '1.5',
      413,
    ],
  ])('refuses %s', async (_, body, version, status) => {
    expect((await post(card(body, version))).status).toBe(status);
    expect(teams.organisation.messages).toEqual([]);
  });

  test('refuses a message without a card', async () => {
    const at = `conversations/${encodeURIComponent(OPS)}/activities`;
    expect(await call('POST', at, { type: 'message', from: { id: '28:app' }, text: 'hello' })).toMatchObject({
      said: 'BadSyntax',
    });
  });

  test('refuses whoever does not prove to be the bot, and web pages', async () => {
    const at = `conversations/${encodeURIComponent(OPS)}/activities`;
    expect((await call('POST', at, message(card()), {})).status).toBe(401);
    expect((await call('POST', at, message(card()), { authorization: 'Bearer other' })).status).toBe(401);
    const page = { authorization: 'Bearer secret', origin: 'https://evil.example' };
    expect((await call('POST', at, message(card()), page)).status).toBe(403);
    const rebound = { authorization: 'Bearer secret', host: 'evil.example' };
    expect((await call('POST', at, message(card()), rebound)).status).toBe(403);
  });

  test('knows only teams, threads and people that are there and have the app', async () => {
    expect((await post(card(), '19:other@thread.tacv2')).status).toBe(404);
    expect((await post(card(), `${OPS};messageid=1`)).status).toBe(404);
    const chat = { members: [{ id: DANA }], tenantId: 'tenant' };
    expect((await call('POST', 'conversations', { ...chat, members: [{ id: 'x' }] })).status).toBe(404);
    expect((await call('POST', 'conversations', { ...chat, tenantId: 'other' })).status).toBe(403);
    const { said } = await call('POST', 'conversations', chat);
    expect((await post(card(), said)).status).toBe(201);
    teams.organisation.installed.delete(DANA);
    expect((await post(card(), said)).said).toBe('BotNotInConversationRoster');
    teams.organisation.inTeams.clear();
    expect((await post(card())).said).toBe('BotNotInConversationRoster');
  });

  test('shows a targeted message to its recipient alone', async () => {
    const at = `conversations/${encodeURIComponent(OPS)}/activities?isTargetedActivity=true`;
    expect((await call('POST', at, message(card(), { recipient: { id: `29:${EVE}` } }))).status).toBe(201);
    expect(teams.organisation.seenBy(EVE, OPS)).toHaveLength(1);
    expect(teams.organisation.seenBy(DANA, OPS)).toEqual([]);
  });

  test('takes no more messages of a conversation than Teams does, and says when to come back', async () => {
    teams = local({ rates: TEAMS_RATES });
    teams.organisation.inTeams.add('sre');
    for (let i = 0; i < 7; i += 1) expect((await post(card())).status).toBe(201);
    expect(await post(card())).toMatchObject({ status: 429, after: '1' });
    now += 1_000;
    expect((await post(card())).status).toBe(201);
    expect((await post(card())).status).toBe(429);
    now += 1_000;
    expect((await post(card())).status).toBe(201);
  });
});

describe('people', () => {
  let heard: Json[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json);
      response.writeHead(200).end();
    });
  });
  beforeEach(async () => {
    heard = [];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    teams.bot.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('a message without a mention in a channel never reaches the bot; others do', async () => {
    await teams.as(DANA).say(OPS, 'who broke prod?');
    await teams.as(DANA).say(OPS, 'mail me at dana@m0.example');
    expect(heard).toEqual([]);
    await teams.as(DANA).say(OPS, '@m0 status <prod>');
    await teams.as(DANA).say(teams.organisation.chatOf(DANA), 'status');
    expect(heard).toMatchObject([
      { text: '<at>m0</at>&nbsp;status &lt;prod&gt;', from: { aadObjectId: DANA } },
      { text: 'status', conversation: { conversationType: 'personal' } },
    ]);
    expect(teams.organisation.seenBy(EVE, OPS)).toHaveLength(3);
  });

  test('what a slash command says nobody else sees', async () => {
    await teams.as(DANA).slash(OPS, 'why #1');
    expect(heard).toMatchObject([{ text: 'why #1', recipient: { isTargeted: true } }]);
    expect(teams.organisation.seenBy(DANA, OPS)).toMatchObject([{ summary: '/why #1' }]);
    expect(teams.organisation.seenBy(EVE, OPS)).toEqual([]);
  });

  test('without a bot a message stands, and its writer is told', async () => {
    teams.bot.connect(null);
    await expect(teams.as(DANA).say(OPS, '@m0 status')).rejects.toThrow('m0 is not connected to Teams');
    expect(teams.organisation.seenBy(EVE, OPS)).toHaveLength(1);
  });
});

test('what was said outlives a restart, and no id comes twice', async () => {
  const { said } = await post(card());
  now -= 60_000;
  teams = local({ state: teams.organisation.dump() });
  teams.organisation.inTeams.add('sre');
  expect(teams.organisation.seenBy(DANA, OPS)).toMatchObject([{ id: said }]);
  expect(Number((await post(card())).said)).toBeGreaterThan(Number(said));
});
