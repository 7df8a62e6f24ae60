import { describe, expect, test } from 'vitest';
import { placesOfPerson } from '../../../src/alerts/unreachable.ts';
import { createLogger } from '../../../src/base/log.ts';
import { openChats, refuseMissingChats, withinChats } from '../../../src/chat/chats.ts';
import { readEnvironment } from '../../../src/config/environment.ts';
import type { Config } from '../../../src/config/load.ts';
import { openStore } from '../../../src/store/open.ts';
import { directory, stack } from '../../support/directory.ts';

const TEAMS = { platform: 'teams', channel: '19:ops@thread.tacv2' } as const;
const people = directory().people.map((p) => ({ ...p, teams: `teams-${p.key}` }));

function config(chat: Config['chat'], change: Parameters<typeof directory>[0] = {}): Config {
  const retention = { runsMs: 1, checksMs: 1 };
  const of = directory({ people, ...change });
  return {
    path: 'm0.yaml',
    chat,
    directory: of,
    digests: [],
    credentials: [],
    writeCredentials: [],
    discover: [],
    channels: [],
    retention,
  };
}
const slack: Config['chat'] = { slack: { mode: 'socket', matchByEmail: false }, teams: null };
const teams: Config['chat'] = { slack: null, teams: {} };

describe('a start is refused', () => {
  test('with no chat at all', () => {
    expect(() => refuseMissingChats(config({ slack: null, teams: null }))).toThrow('names no chat');
  });

  test('with a channel of a chat that is not switched on', () => {
    expect(() => refuseMissingChats(config(teams))).toThrow(
      'slack:C0OPS is a channel, and chat.slack is not',
    );
    const there = { stacks: [stack({ channels: [TEAMS] })] };
    expect(() => refuseMissingChats(config(slack, there))).toThrow('chat.teams is not in m0.yaml');
    expect(() => refuseMissingChats(config(teams, there))).not.toThrow();
    const digests = [{ schedule: ['0 9 * * 1'], channels: [TEAMS], targets: ['prod'], timezone: 'UTC' }];
    expect(() => refuseMissingChats({ ...config(slack), digests })).toThrow('chat.teams is not in m0.yaml');
  });

  test('with a group of Slack’s on call and no Slack', () => {
    const oncall = { primary: { kind: 'slackUsergroup', id: 'S0SRE' } as const };
    const there = { stacks: [stack({ channels: [TEAMS] })], oncall };
    expect(() => refuseMissingChats(config(teams, there))).toThrow(
      'oncall.primary is a group of Slack’s'.replace('’', "'"),
    );
  });
});

describe('Teams is opened', () => {
  const open = async (variables: Record<string, string>, chat = teams) => {
    const log = createLogger('silent');
    const store = await openStore({ url: 'file::memory:', log });
    const there = config(chat, { stacks: [stack({ channels: [TEAMS] })] });
    try {
      const environment = readEnvironment(variables);
      return await openChats({ config: there, environment, store, log, clock: Date.now });
    } finally {
      await store.close();
    }
  };

  test('not without an app id, unless nobody else can reach this machine', async () => {
    await expect(open({})).rejects.toThrow('MICROSOFT_APP_ID is not set');
    await expect(open({ M0_TEAMS_INSECURE_LOOPBACK: '1', HOST: '0.0.0.0' })).rejects.toThrow('HOST must be');
    const { ports, routes } = await open({ M0_TEAMS_INSECURE_LOOPBACK: '1' });
    expect([...ports.keys()]).toEqual(['teams']);
    expect(routes.map((r) => r.path)).toEqual(['/api/messages']);
  });

  test('only where m0.yaml wants it', async () => {
    const tokens = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' };
    const { ports, routes } = await open(tokens, slack);
    expect([...ports.keys()]).toEqual(['slack']);
    expect(routes).toEqual([]);
  });

  test('and knows no group of Slack’s', async () => {
    const { usergroup } = await open({ M0_TEAMS_INSECURE_LOOPBACK: '1' });
    await expect(usergroup('S0SRE')).rejects.toMatchObject({ permanent: true });
  });
});

test('people are written to where m0 is, and are one person whichever chat that is', () => {
  const inTeams = { platform: 'teams', user: 'teams-dana' };
  const inSlack = { platform: 'slack', user: 'U0DANA' };
  expect(placesOfPerson(withinChats(config(teams)), 'dana')).toEqual([inTeams]);
  expect(placesOfPerson(withinChats(config(slack)), 'dana')).toEqual([inSlack]);
  const both = withinChats(config({ slack: { mode: 'socket', matchByEmail: false }, teams: {} }));
  expect(both.people.find((p) => p.key === 'dana')).toMatchObject({ slack: 'U0DANA', teams: 'teams-dana' });
});
