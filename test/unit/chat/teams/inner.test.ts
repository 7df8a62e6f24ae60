import { describe, expect, test } from 'vitest';
import { readActivity, readClick } from '../../../../src/chat/teams/activity.ts';
import { serviceAddress } from '../../../../src/chat/teams/identity.ts';
import { Notes } from '../../../../src/chat/teams/notes.ts';
import { RateLimiter } from '../../../../src/chat/teams/pace.ts';
import { isForM0, typedCommand } from '../../../../src/chat/teams/typed.ts';
import { memory } from '../../../support/teams-bot.ts';

const BOT = '28:bot';
function message(text: string, mentions: readonly (readonly [string, string, string])[] = []) {
  const activity = readActivity({
    type: 'message',
    id: '1',
    channelId: 'msteams',
    serviceUrl: 'https://smba.example/',
    from: { id: '29:x' },
    recipient: { id: BOT },
    conversation: { id: '19:a@thread.tacv2', conversationType: 'channel' },
    text,
    entities: [
      { type: 'clientInfo', locale: 'en' },
      ...mentions.map(([tag, id, name]) => ({ type: 'mention', text: tag, mentioned: { id, name } })),
    ],
  });
  if (activity === null) throw new Error('no activity');
  return activity;
}

describe('a typed command', () => {
  test.each([
    [
      'the bot under any name',
      '<at>Drift Bot</at>&nbsp;status prod',
      [['<at>Drift Bot</at>', BOT, 'x']],
      'status prod',
    ],
    ['the bot in the middle', 'please <at>m0</at> help', [['<at>m0</at>', BOT, 'm0']], 'please help'],
    [
      'others by name',
      '<at>m0</at> why <at>Kim</at>',
      [
        ['<at>m0</at>', BOT, 'm0'],
        ['<at>Kim</at>', '29:kim', 'Kim'],
      ],
      'why Kim',
    ],
    ['escapes, undone once', 'snooze #42 2h a &amp;lt; b', [], 'snooze #42 2h a &lt; b'],
    ['white space', ' drift \n\t prod ', [], 'drift prod'],
    ['the slash of a menu', '/status', [], 'status'],
    ['what only looks like a mention', '<at>m0</at> status', [], '<at>m0</at> status'],
  ] as const)('%s', (_what, text, mentions, command) => {
    expect(typedCommand(message(text, mentions))).toBe(command);
  });

  test('is for m0 where m0 is mentioned, by id and not by name', () => {
    expect(isForM0(message('<at>m0</at> status', [['<at>m0</at>', '29:somebody', 'm0']]))).toBe(false);
    expect(isForM0(message('<at>x</at> status', [['<at>x</at>', BOT, 'x']]))).toBe(true);
  });
});

describe('a click', () => {
  const value = (data: object, verb = 'm0') => ({ action: { type: 'Action.Execute', verb, data } });

  test('carries the answers of its own form only, trimmed', () => {
    const data = {
      command: 'snooze #42',
      form: 'f1',
      'f1.for': ' 3d ',
      'f0.for': '1h',
      'f1.reason': ' ',
      'f1.x': 7,
    };
    expect(readClick(value(data))).toEqual({
      verb: 'm0',
      command: 'snooze #42',
      answers: { for: '3d' },
      page: null,
      file: false,
    });
  });

  test.each([
    [{}],
    [{ command: '' }],
    [{ command: 'x'.repeat(2_001) }],
    [{ command: 'show #1', page: -1 }],
    [{ command: 'show #1', page: 1.5 }],
    [{ command: 'show #1', form: '__proto__' }],
  ])('%j is none', (data) => {
    expect(readClick(value(data))).toBeNull();
  });
});

test.each([
  ['https://smba.trafficmanager.net/emea/', true],
  ['http://127.0.0.1:56150/_connector', true],
  ['http://localhost:1/', true],
  ['http://smba.trafficmanager.net/', false],
  ['http://127.0.0.1.evil.example/', false],
  ['https://user:pw@smba.trafficmanager.net/', false],
  ['file:///etc/passwd', false],
  ['', false],
])('m0 calls %s: %s', (url, fine) => {
  expect(serviceAddress(url) !== null).toBe(fine);
});

test('the pace of a conversation keeps each of Teams’ rates, and conversations don’t slow each other', () => {
  let now = 0;
  const pace = new RateLimiter(() => now);
  for (let i = 0; i < 7; i += 1) expect(pace.take('a')).toBe(0);
  expect(pace.take('a')).toBe(1_000);
  expect(pace.take('b')).toBe(0);
  now = 1_000;
  expect(pace.take('a')).toBe(0);
  // Eight in two seconds.
  expect(pace.take('a')).toBe(1_000);
  const sent: number[] = [];
  for (now = 2_000; now < 60_000; now += 100) if (pace.take('a') === 0) sent.push(now);
  for (const at of sent)
    expect(sent.filter((t) => t > at - 30_000 && t <= at).length).toBeLessThanOrEqual(60);
});

describe('a conversation that asks for patience', () => {
  test('gets nothing before its time, whatever there is room for; others do', () => {
    let now = 0;
    const pace = new RateLimiter(() => now);
    pace.pause('a', 7_000);
    expect([pace.take('a'), pace.take('b')]).toEqual([7_000, 0]);
    now = 6_999;
    expect(pace.take('a')).toBe(1);
    now = 7_000;
    expect(pace.take('a')).toBe(0);
  });

  test('is not held up by a clock that is set back, nor is one that was full', () => {
    let now = 100_000_000;
    const pace = new RateLimiter(() => now);
    pace.pause('a', 7_000);
    for (let i = 0; i < 7; i += 1) pace.take('b');
    expect(pace.take('b')).toBeGreaterThan(0);
    now = 0;
    expect([pace.take('a'), pace.take('b')]).toEqual([0, 0]);
  });
});

describe('what is remembered', () => {
  test('is claimed once, also by many at a time and after a restart', async () => {
    const store = await memory();
    const notes = new Notes(store, 'file-answer', Date.now);
    const claims = await Promise.all(Array.from({ length: 20 }, () => notes.claim('k')));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await new Notes(store, 'file-answer', Date.now).claim('k')).toBe(false);
    expect(await new Notes(store, 'greeted', Date.now).claim('k')).toBe(true);
  });

  test('stays small, and the newest stays', async () => {
    const store = await memory();
    let now = 0;
    const notes = new Notes(store, 'posted', () => ++now);
    for (let i = 0; i < 6_000; i += 1) await notes.set(`k${i}`, `v${i}`);
    for (let i = 5_000; i < 6_000; i += 1) expect(await notes.get(`k${i}`)).toBe(`v${i}`);
    expect(await notes.get('k0')).toBeNull();
    expect(await notes.get(`k${6_000 - 4_097}`)).toBeNull();
  });
});
