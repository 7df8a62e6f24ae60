/** Delivery of messages while Teams has a problem or limits the rate, with the real adapter and store. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import { ChatError } from '../../src/ports/chat.ts';
import type { OutboxMessage } from '../../src/ports/outbox.ts';
import { StoreError } from '../../src/ports/store-error.ts';
import { STACK, stackWith } from '../support/core.ts';
import { sshFinding } from '../support/runs.ts';
import { elements, type Fault } from '../support/teams-connector.ts';
import { DANA, DEV, OPS, readable, TeamsCore, type TeamsCoreOptions } from '../support/teams-core.ts';

const SSH = sshFinding();
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Microsoft's documented limits for a bot in one conversation: the number of messages per ms. */
const TAKEN = [
  [7, SECOND],
  [8, 2 * SECOND],
  [60, 30 * SECOND],
  [1_800, HOUR],
] as const;

let teams: TeamsCore;
/** Writing calls with their times. */
let writes: { readonly at: number; readonly call: string }[];
let fault: (call: string) => Fault;

async function open(options: TeamsCoreOptions = {}, random = 0): Promise<void> {
  writes = [];
  fault = () => 'pass';
  teams = await TeamsCore.open({
    ...options,
    teams: (core) => ({ clock: () => core.now, random: () => random }),
  });
  teams.connector.fault = (call) => {
    if (!call.startsWith('GET')) writes.push({ at: teams.core.now, call });
    return fault(call);
  };
}
afterEach(() => teams.close());

/** The times of all write attempts in the conversation. */
const timesOf = (conversation: string): readonly number[] =>
  writes.filter((w) => w.call.includes(`conversations/${conversation}`)).map((w) => w.at);

function expectTaken(times: readonly number[]): void {
  for (const [messages, ms] of TAKEN) {
    const most = Math.max(...times.map((at) => times.filter((t) => t > at - ms && t <= at).length));
    expect(most, `in ${ms} ms`).toBeLessThanOrEqual(messages);
  }
}

const told = (headline: string): Card => ({ headline, tone: 'plain', blocks: [] });
async function toSay(channel: string, headlines: readonly string[]): Promise<void> {
  await teams.core.store.commit(
    headlines.map((headline) => ({
      type: 'outbox.add',
      key: `${channel}:${headline}`,
      delivery: {
        type: 'post',
        place: { platform: 'teams', channel },
        card: told(headline),
      } satisfies OutboxMessage,
      at: teams.core.now,
    })),
  );
}
const numbered = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => `n${i}.`);
const headlines = (channel: string): readonly string[] =>
  teams
    .cards(channel)
    .map(readable)
    .map((t) => t.trim());
async function allTold(): Promise<void> {
  expect(await teams.core.store.dueOutbox(teams.core.now + 1e9, 50)).toEqual([]);
}

describe('Teams’ rates', () => {
  test('are kept by many messages at once; each arrives once, and channels do not slow each other', async () => {
    await open();
    await toSay(OPS, numbered(100));
    await toSay(DEV, numbered(8));
    await teams.pass(5 * SECOND, 500);
    expect(headlines(DEV).toSorted()).toEqual(numbered(8).toSorted());
    await teams.pass(2 * MINUTE, 500);
    expect(headlines(OPS).toSorted()).toEqual(numbered(100).toSorted());
    expectTaken(timesOf(OPS));
    await allTold();
  });

  test('are kept for a whole hour, by updates, replies and answers together', async () => {
    await open();
    const { core, bot, connector } = teams;
    const { channel, messageId } = await bot.teams.post(
      { platform: 'teams', channel: OPS },
      told('first'),
      'k',
    );
    const end = core.now + HOUR + 10 * MINUTE;
    const ways = [
      () => bot.teams.update(channel, messageId, told('again')),
      (i: number) => bot.teams.reply(channel, messageId, `line ${i}`, `r${i}`),
      (i: number) => bot.teams.post({ platform: 'teams', channel: OPS }, told('more'), `p${i}`),
    ];
    let refused = 0;
    for (let i = 0; core.now < end; i += 1) {
      const wait = await ways[i % 40 < 38 ? 0 : (i % 40) - 37]?.(i)
        .then(() => 0)
        .catch((error: { retryAfterMs: number }) => error.retryAfterMs);
      if (wait === undefined) throw new Error('there is no such way');
      refused += wait === 0 ? 0 : 1;
      core.now += Math.max(wait, 50);
    }
    expect(timesOf(OPS).length).toBeGreaterThan(1_850);
    expectTaken(timesOf(OPS));
    // A refused call succeeds after the wait that the answer asks for.
    expect(refused).toBeLessThan(timesOf(OPS).length);
    expect(connector.in(OPS).length).toBeGreaterThan(30);
  });
});

describe.each([412, 429, 500, 502, 503, 504])('a channel that answers %i', (status) => {
  test.each<[string, number | undefined, number]>([
    ['for as long as it says', 7, 7 * SECOND],
    ['for two seconds where it says nothing', undefined, 2 * SECOND],
  ])('gets no calls %s, then one message', async (_what, retryAfter, wait) => {
    await open();
    const { core } = teams;
    let answers = 0;
    fault = (call) => {
      if (!call.startsWith(`POST conversations/${OPS}`) || answers++ > 0) return 'pass';
      return { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
    };
    await teams.alertDrift(SSH);
    const first = core.now;
    expect(teams.cards()).toHaveLength(0);
    await teams.pass(wait - 500, 500);
    expect(timesOf(OPS)).toEqual([first]);
    await teams.pass(MINUTE);
    expect(teams.cards()).toHaveLength(1);
    expect(readable(teams.newest())).toContain(SSH.address);
    expect(teams.bot.teams.healthy()).toEqual({ ok: true, problem: null });
    await allTold();
  });
});

test('of many m0s that are asked to wait as long not all come back at the same moment', async () => {
  const back: number[] = [];
  for (const random of [0, 0.5, 1]) {
    await open({}, random);
    const { core } = teams;
    let answers = 0;
    fault = (call) =>
      call.startsWith(`POST conversations/${OPS}`) && answers++ === 0
        ? { status: 429, retryAfter: 10 }
        : 'pass';
    await teams.alertDrift(SSH);
    const first = core.now;
    await teams.pass(MINUTE, 500);
    expect(teams.cards()).toHaveLength(1);
    back.push((timesOf(OPS)[1] ?? 0) - first);
    if (random < 1) await teams.close();
  }
  expect(back).toEqual([10 * SECOND, 12.5 * SECOND, 15 * SECOND]);
});

test.each([400, 402, 403, 404, 405, 409, 410, 413, 415, 422, 451])(
  'a message that is answered %i is not sent again, and its channel is named in the health',
  async (status) => {
    await open();
    fault = () => ({ status, code: 'Refused' });
    await toSay(OPS, ['once']);
    await teams.deliver();
    await teams.pass(HOUR, 5 * MINUTE);
    expect(timesOf(OPS)).toHaveLength(1);
    await allTold();
    const { ok, problem } = teams.bot.teams.healthy();
    expect([ok, problem?.includes(OPS), problem?.includes('Refused')]).toEqual([true, true, true]);
    fault = () => 'pass';
    await toSay(OPS, ['twice']);
    await teams.pass(MINUTE);
    expect(headlines(OPS)).toEqual(['twice']);
    expect(teams.bot.teams.healthy().problem).toBeNull();
  },
);

test.each([401, 408, 425])(
  '%i is no refusal of the message: it is sent once that is over',
  async (status) => {
    await open();
    fault = () => ({ status });
    await toSay(OPS, ['once']);
    await teams.deliver();
    fault = () => 'pass';
    await teams.pass(MINUTE);
    expect(headlines(OPS)).toEqual(['once']);
    await allTold();
  },
);

describe('Teams away for an hour', () => {
  test('loses nothing; afterwards only the newest state is posted', async () => {
    await open();
    const { core } = teams;
    const id = await teams.alertDrift(SSH);
    fault = () => 'lose-call';
    await core.say(`reject #${id} not now`);
    core.cloud.drift.set(STACK, []);
    await core.check();
    core.cloud.drift.set(STACK, [SSH]);
    await core.check();
    await teams.pass(HOUR, MINUTE);
    expect(teams.cards()).toHaveLength(1);
    const before = writes.length;
    fault = () => 'pass';
    await teams.pass(10 * MINUTE, MINUTE);
    expect(teams.cards()).toHaveLength(2);
    expect(readable(teams.newest())).toContain(`run #${await teams.runId()}`);
    const [old] = teams.cards();
    expect(old && readable(old)).toContain('rejected by Dana');
    const lines = teams.connector.replies(old?.id ?? '').map(readable);
    expect(lines.filter((text) => text.includes('rejected'))).toHaveLength(1);
    expect(writes.length - before).toBeLessThan(30);
    await allTold();
  });
});

describe('a person on call who can’t get DMs', () => {
  const calls = (channel = OPS) => {
    const under = teams.cards(channel).flatMap((m) => teams.connector.replies(m.id));
    return under.flatMap((m) => elements(m.card, 'mention').map((mention) => mention.mentioned));
  };

  test('is mentioned in the thread of the card once, also after a restart', async () => {
    await open();
    teams.connector.uninstall(DANA);
    await teams.alertDrift(SSH);
    expect(calls()).toEqual([{ id: DANA, name: 'Dana' }]);
    const [line] = teams.connector.replies(teams.newest().id).map(readable);
    expect(line).toMatch(/Dana: You are on call \(primary\).*add m0 for yourself in Teams/);
    await teams.pass(HOUR, 5 * MINUTE);
    await teams.restart();
    await teams.core.check();
    await teams.pass(HOUR, 5 * MINUTE);
    expect(calls()).toHaveLength(1);
  });

  test('is not mentioned if they got a DM', async () => {
    await open();
    await teams.alertDrift(SSH);
    await teams.pass(MINUTE);
    expect(calls()).toEqual([]);
    expect(teams.connector.in(teams.connector.chat(DANA))).toHaveLength(1);
  });

  test('is mentioned once in each channel, also if one mention is delayed', async () => {
    const channels = [OPS, DEV].map((channel) => ({ platform: 'teams' as const, channel }));
    await open({ stack: { channels } });
    teams.connector.uninstall(DANA);
    let held = 0;
    fault = (call) =>
      call.startsWith(`POST conversations/${DEV};messageid`) && held++ < 2 ? { status: 503 } : 'pass';
    await teams.alertDrift(SSH);
    expect([calls(OPS).length, calls(DEV).length]).toEqual([1, 0]);
    await teams.pass(HOUR, 30 * SECOND);
    expect([calls(OPS).length, calls(DEV).length]).toEqual([1, 1]);
    await allTold();
  });

  test('is mentioned in Teams only if the stack is also in Slack', async () => {
    const both = [
      { platform: 'slack' as const, channel: 'C0OPS' },
      { platform: 'teams' as const, channel: OPS },
    ];
    await open({ stacks: [stackWith({ channels: both })] });
    teams.connector.uninstall(DANA);
    await teams.alertDrift(SSH);
    expect(calls()).toHaveLength(1);
    expect(teams.core.chat.in('C0OPS')).toHaveLength(1);
    expect(teams.core.chat.at('C0OPS', 0).replies).toEqual([]);
  });

  test('is not mentioned in Slack channels, because Slack needs no installation', async () => {
    const both = [
      { platform: 'slack' as const, channel: 'C0OPS' },
      { platform: 'teams' as const, channel: OPS },
    ];
    await open({ stacks: [stackWith({ channels: both })] });
    const people = teams.core.directory.people.map((p) => ({ ...p, slack: `U0${p.key.toUpperCase()}` }));
    await teams.core.restart({ ...teams.core.directory, people });
    const gone = new ChatError('opening a chat with U0DANA: user_disabled', { permanent: true });
    teams.core.chat.fail('post', 'DU0DANA', { error: gone, arrived: false });
    await teams.alertDrift(SSH);
    await teams.pass(MINUTE);
    expect(calls()).toEqual([]);
    expect(teams.core.chat.at('C0OPS', 0).replies).toEqual([]);
  });
});

test('a message that was sent while the database was locked is not sent again', async () => {
  await open();
  await toSay(OPS, ['Digest of today']);
  teams.core.storeFault = (method) =>
    method === 'setTeamsNote' ? new StoreError('storing a note', { problem: 'busy' }) : null;
  await teams.deliver();
  expect(headlines(OPS)).toEqual(['Digest of today']);
  expect(await teams.core.store.dueOutbox(teams.core.now, 10)).toHaveLength(1);
  teams.core.storeFault = null;
  await teams.deliver();
  expect(headlines(OPS)).toEqual(['Digest of today']);
  expect(await teams.core.store.dueOutbox(teams.core.now, 10)).toEqual([]);
});
