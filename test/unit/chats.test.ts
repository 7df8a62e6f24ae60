import { describe, expect, test } from 'vitest';
import { refuseMissingChats, withinChats } from '../../src/chats.ts';
import type { Config } from '../../src/config/load.ts';
import { placeOfPerson } from '../../src/runs/reach.ts';
import { directory, stack } from '../support/directory.ts';

const TEAMS = { platform: 'teams', channel: '19:ops@thread.tacv2' } as const;
const people = directory().people.map((p) => ({ ...p, teams: `teams-${p.key}` }));

function config(chat: Config['chat'], change: Parameters<typeof directory>[0] = {}): Config {
  return { path: 'm0.yaml', chat, directory: directory({ people, ...change }), digests: [], credentials: [] };
}
const slack: Config['chat'] = { slack: { mode: 'socket' }, teams: null };
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

test('people are written to where m0 is, and are one person whichever chat that is', () => {
  expect(placeOfPerson(withinChats(config(teams)), 'dana')).toEqual({
    platform: 'teams',
    user: 'teams-dana',
  });
  expect(placeOfPerson(withinChats(config(slack)), 'dana')).toEqual({ platform: 'slack', user: 'U0DANA' });
  const both = withinChats(config({ slack: { mode: 'socket' }, teams: {} }));
  expect(both.people.find((p) => p.key === 'dana')).toMatchObject({ slack: 'U0DANA', teams: 'teams-dana' });
});
