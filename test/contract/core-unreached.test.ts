import { afterEach, describe, expect, it } from 'vitest';
import type { Directory, Stack } from '../../src/model/directory.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { DANA, KIM, NOON, sshFinding } from '../support/runs.ts';
import { startBot, DANA as TEAMS_DANA, teamsOptions } from '../support/teams-bot.ts';
import { startConnector, textOfCard } from '../support/teams-connector.ts';

const SSH = sshFinding();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEEK = 7 * 24 * HOUR;

const oncall: Directory['oncall'] = {
  primary: { kind: 'rotation', people: ['dana', 'kim'], everyMs: WEEK, from: NOON - HOUR },
  secondary: { kind: 'rotation', people: ['eve'], everyMs: WEEK, from: NOON - HOUR },
};

let core: Core;
async function open(change: Partial<Stack> = {}, more: Partial<Directory> = {}): Promise<void> {
  core = await Core.open([stackWith(change), stackWith({ ...change, name: 'prod-db' })], { oncall, ...more });
  await core.worker.start();
}
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const dms = (person: string) => core.chat.in(`DU0${person.toUpperCase()}`);
const nobody = () => core.chat.in('C0OPS').filter((m) => m.card.headline.includes('can be asked'));

/** Makes Slack refuse the next `times` messages to the person. */
function refuses(person: string, times: number): void {
  for (let i = 0; i < times; i += 1) {
    const error = new ChatError(`opening direct messages with ${person}: users_not_found`, {
      permanent: true,
    });
    core.chat.fail('post', `DU0${person.toUpperCase()}`, { error, arrived: false });
  }
}

async function waits(stack = STACK): Promise<number> {
  core.cloud.drift.set(stack, [SSH]);
  const { id } = await core.check('schedule', stack);
  await core.periodicWork();
  return id;
}

async function later(ms: number): Promise<void> {
  core.now += ms;
  await core.periodicWork();
}

/** The log lines about refused direct messages. */
const refusals = () => core.logLines.filter((line) => line.includes('is given up')).length;

describe('a direct message that is refused permanently', () => {
  it('is retried hourly while the run waits; after a success the alert about it ends', async () => {
    await open();
    refuses('dana', 2);
    await waits();
    await core.periodicWork();
    expect(nobody()).toHaveLength(1);
    for (let i = 0; i < 7; i += 1) await later(8 * MINUTE);
    expect(refusals()).toBe(1);
    await later(4 * MINUTE);
    expect(refusals()).toBe(2);
    await later(59 * MINUTE);
    expect(dms('dana')).toEqual([]);
    await later(MINUTE);
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
    expect(buttonsOf(dms('dana')[0]?.card as never).some((b) => b.command.startsWith('approve'))).toBe(true);
    expect(nobody()[0]?.card.tone).toBe('good');
    await later(5 * HOUR);
    expect(dms('dana')).toHaveLength(1);
  });

  it('is retried at once when the person writes to m0', async () => {
    await open();
    refuses('dana', 1);
    await waits();
    core.now += MINUTE;
    await core.handler({
      text: 'hello there',
      actor: DANA,
      place: { platform: 'slack', channel: 'D0DANA' },
      answers: null,
      from: null,
    });
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
  });

  it('is not retried after a message in a channel, which does not prove that DMs work', async () => {
    await open();
    refuses('dana', 1);
    await waits();
    core.now += MINUTE;
    await core.say('status');
    await core.periodicWork();
    expect(dms('dana')).toEqual([]);
  });

  it('is retried when another DM arrives', async () => {
    await open();
    refuses('dana', 1);
    await waits();
    core.now += MINUTE;
    await waits('prod-db');
    expect(dms('dana')).toHaveLength(1);
    await core.periodicWork();
    expect(dms('dana').map((m) => m.card.headline.includes(STACK))).toEqual([false, true]);
  });

  it('is retried when m0.yaml gets the person’s id', async () => {
    const people = directory().people.map((p) => (p.key === 'dana' ? { ...p, slack: null } : p));
    await open({}, { people });
    await waits();
    expect(nobody()).toHaveLength(1);
    await later(MINUTE);
    await core.restart({ ...core.directory, people: directory().people });
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
    expect(nobody()[0]?.card.tone).toBe('good');
  });

  it('is not retried after the decision or in quiet hours', async () => {
    const quietHours = { from: 22 * 60, to: 7 * 60, weekends: false, timezone: 'UTC' };
    await open({ quietHours });
    refuses('dana', 2);
    const id = await waits();
    await later(9.5 * HOUR);
    expect(refusals()).toBe(2);
    await later(9 * HOUR);
    expect(dms('dana')).toEqual([]);
    await core.say(`reject #${id} on Monday`, KIM);
    await later(5 * HOUR);
    expect(dms('dana')).toEqual([]);
  });

  it('is not retried for a person who has approved', async () => {
    await open({ approvers: { from: ['sre', 'oncall:primary'], need: 2, notTheAuthor: false } });
    refuses('dana', 1);
    const id = await waits();
    await core.say(`approve #${id}`, DANA);
    await later(2 * HOUR);
    expect(dms('dana')).toEqual([]);
  });

  it('is not retried for a person whose shift is over', async () => {
    await open();
    refuses('dana', 1);
    core.now += WEEK - 2 * HOUR;
    await waits();
    await later(2 * HOUR);
    expect(dms('kim')).toHaveLength(1);
    expect(dms('dana')).toEqual([]);
  });

  it('is retried for a person whom the escalation added', async () => {
    await open({ escalation: [{ afterMs: 30 * MINUTE, to: 'oncall:secondary', everyMs: null }] });
    await waits();
    refuses('eve', 1);
    await later(30 * MINUTE);
    expect(dms('eve')).toEqual([]);
    await later(HOUR);
    expect(textOf(dms('eve')[0]?.card as never)).toContain(
      'Nobody has decided for 1 h: you are on call (secondary)',
    );
  });

  it('is sent once if m0 dies right after it arrived, and still ends the alert', async () => {
    await open();
    refuses('dana', 1);
    await waits();
    await core.periodicWork();
    expect(nobody()).toHaveLength(1);
    core.now += HOUR;
    let posted = false;
    // The process dies after the message has arrived.
    core.storeFault = (method) => {
      const gone = posted;
      if (method === 'addMessage') posted = true;
      return gone ? new Error('the disk is full') : null;
    };
    await core.periodicWork().catch(() => {});
    core.storeFault = null;
    await core.restart();
    await later(MINUTE);
    await core.periodicWork();
    expect(dms('dana')).toHaveLength(1);
    expect(nobody()[0]?.card.tone).toBe('good');
  });
});

describe('in Teams', () => {
  const OPS = '19:ops@thread.tacv2';
  it('a person who installs m0 is asked at once, and was mentioned in the channel once before', async () => {
    const people = directory().people.map((p) =>
      p.key === 'dana' ? { ...p, slack: null, teams: TEAMS_DANA } : p,
    );
    await open({ channels: [{ platform: 'teams', channel: OPS }] }, { people });
    const connector = await startConnector({
      teams: { sre: [OPS] },
      people: [{ aadObjectId: TEAMS_DANA, name: 'Dana' }],
    });
    const logged: string[] = [];
    const options = teamsOptions(connector, core.store, logged, {
      onAddedForPerson: (person) => core.store.setReachable(person, core.now),
    });
    const bot = await startBot(options, core.handler);
    connector.connect(bot.url);
    core.chats.set('teams', bot.teams);
    try {
      connector.uninstall(TEAMS_DANA);
      await connector.addToTeam('sre');
      await connector.waitFor(() => connector.calls.some((c) => c.startsWith('GET teams')), 15_000);
      await waits();
      await core.periodicWork();
      const [root, alert] = connector.in(OPS);
      const called = () =>
        connector.replies(root?.id ?? '').filter((m) => textOfCard(m.card).includes('add m0 for yourself'));
      expect(textOfCard(alert?.card)).toContain('Nobody on call can be asked');
      await later(HOUR);
      await later(HOUR);
      expect(called()).toHaveLength(1);
      core.now += MINUTE;
      await connector.install(TEAMS_DANA);
      await core.periodicWork();
      expect(connector.in(connector.chat(TEAMS_DANA))).toHaveLength(1);
      await core.periodicWork();
      expect(textOfCard(connector.in(OPS)[1]?.card)).toContain('somebody can be asked again');
    } finally {
      await bot.close();
      await connector.close();
    }
  });
});
