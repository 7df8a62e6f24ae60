/** Which requests m0 trusts in Teams, and to which servers it sends its token. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { soon } from '../support/chat-drivers.ts';
import { driftMixed } from '../support/sample-cards.ts';
import { DANA } from '../support/teams-bot.ts';
import { CONNECTOR_TOKEN, startConnector, TENANT } from '../support/teams-connector.ts';
import { OPS, startTeamsFixture, type TeamsFixture } from '../support/teams-fixture.ts';

let fixture: TeamsFixture;
beforeEach(async () => {
  fixture = await startTeamsFixture();
});
afterEach(() => fixture.close());

const said = (change: object = {}) =>
  fixture.connector.activity(DANA, fixture.connector.chat(DANA), {
    type: 'message',
    text: 'status',
    ...change,
  });

describe('the service URL', () => {
  test('of the token may differ in case and in its closing slash', async () => {
    const { connector } = fixture;
    const claim = connector.serviceUrl.replace(/\/$/, '').replace('/emea', '/EMEA');
    const authorization = `Bearer ${connector.token({ serviceurl: claim })}`;
    expect((await connector.deliver(said(), authorization)).status).toBe(200);
    await soon(() => fixture.heard.length === 1);
  });

  test('must be whole: one with a query or a fragment is refused', async () => {
    const { connector } = fixture;
    for (const end of ['?x=', '#x']) {
      const serviceUrl = `${connector.serviceUrl}${end}`;
      const authorization = `Bearer ${connector.token({ serviceurl: serviceUrl })}`;
      expect((await connector.deliver(said({ serviceUrl }), authorization)).status).toBe(403);
    }
  });

  test.each([
    'https://evil.example/',
    'https://smba.trafficmanager.net.evil.example/',
    'https://evil.trafficmanager.net/',
    'https://directline.botframework.com/',
    'http://smba.trafficmanager.net/emea/',
    'http://127.0.0.1/',
  ])('%s is none of Teams’: nothing is heard from it, and no token sent to it', async (serviceUrl) => {
    const { teams } = await fixture.start({ connector: undefined });
    const { connector, store } = fixture;
    expect((await connector.deliver(said({ serviceUrl }))).status).toBe(403);
    const stored = { serviceUrl, botId: '28:m0', tenantId: TENANT, kind: 'channel', gone: false } as const;
    await store.setTeamsConversation({ id: OPS, ...stored });
    await expect(teams.post({ platform: 'teams', channel: OPS }, driftMixed, 'k')).rejects.toMatchObject({
      permanent: true,
      message: expect.stringContaining("none of Teams'"),
    });
  });

  test.each([
    'https://smba.trafficmanager.net/emea/',
    `https://smba.trafficmanager.net/amer/${TENANT}/`,
    'https://smba.infra.gcc.teams.microsoft.com/teams/',
  ])('%s is one of Teams’: there the token decides', async (serviceUrl) => {
    await fixture.start({ connector: undefined });
    const authorization = `Bearer ${fixture.connector.token({ aud: 'another-app' })}`;
    expect((await fixture.connector.deliver(said({ serviceUrl }), authorization)).status).toBe(401);
  });
});

test("without Microsoft's keys every request is refused, and none hangs", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const openIdMetadata = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
  await fixture.start({ connector: { openIdMetadata, accessToken: CONNECTOR_TOKEN }, timeoutMs: 50 });
  try {
    expect((await fixture.connector.deliver(said())).status).toBe(401);
    expect(fixture.heard).toEqual([]);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test('a Bot Connector with new keys is believed where another one was before', async () => {
  expect((await fixture.connector.deliver(said())).status).toBe(200);
  const port = Number(new URL(fixture.connector.url).port);
  await fixture.connector.close();
  const connector = await startConnector({
    teams: { sre: [OPS] },
    people: [{ aadObjectId: DANA, name: 'dana' }],
    port,
  });
  try {
    const { openIdMetadata } = connector;
    const bot = await fixture.start({ connector: { openIdMetadata, accessToken: CONNECTOR_TOKEN } });
    connector.connect(bot.url);
    expect((await connector.deliver(said())).status).toBe(200);
  } finally {
    await connector.close();
  }
});

test('an app id in upper case matches tokens in lower case', async () => {
  const aud = 'abcdefab-1111-4111-8111-abcdefabcdef';
  const { openIdMetadata } = fixture.connector;
  await fixture.start({
    appId: aud.toUpperCase(),
    connector: { openIdMetadata, accessToken: CONNECTOR_TOKEN },
  });
  const authorization = `Bearer ${fixture.connector.token({ aud })}`;
  expect((await fixture.connector.deliver(said(), authorization)).status).toBe(200);
});

describe('without an app id', () => {
  test.each([
    ['x-forwarded-for', '203.0.113.7'],
    ['forwarded', 'for=203.0.113.7'],
    ['via', '1.1 proxy'],
    ['x-real-ip', '203.0.113.7'],
    ['x-forwarded-host', 'm0.example'],
  ])('a request forwarded by a proxy (%s) does not count as local', async (name, value) => {
    const { url } = await fixture.start({ appId: null, insecureLoopback: true });
    const send = (headers: Record<string, string>) =>
      fetch(`${url}/api/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(said()),
      });
    expect((await send({ [name]: value })).status).toBe(403);
    expect(fixture.heard).toEqual([]);
    expect((await send({})).status).toBe(200);
  });
});
