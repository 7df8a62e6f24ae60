import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rota } from '../../src/model/rota.ts';
import { openPagerDuty } from '../../src/people/pagerduty/pagerduty.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { directory } from '../support/directory.ts';
import { textOf } from '../support/fake-chat.ts';
import { DANA_THERE, FakePagerDuty, KEY, KIM_THERE, SAM } from '../support/fake-pagerduty.ts';
import { DANA, KIM, sshFinding } from '../support/runs.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SSH = sshFinding();
const BY_ROTA = stackWith({ approvers: { from: ['oncall:primary'], need: 1, notTheAuthor: true } });
const iso = (at: number) => new Date(at).toISOString();

let core: Core;
let there: FakePagerDuty;

async function open(rota: Rota): Promise<void> {
  core = await Core.open([BY_ROTA], { oncall: { primary: rota } });
  const oncall = core.directory.oncall;
  const ask = openPagerDuty({ token: KEY, apiUrl: there.url }, oncall, () => core.now);
  if (ask) core.pagerduty = ask;
  await core.worker.start();
}
beforeEach(async () => {
  there = await FakePagerDuty.start();
  await open({ kind: 'pagerduty', schedule: 'PABC123' });
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
  await there.close();
});

async function waiting(): Promise<number> {
  core.cloud.drift.set(STACK, [SSH]);
  const run = await core.check();
  expect(run.state).toBe('awaiting_approval');
  await core.deliver();
  return run.id;
}
const applied = () => core.cloud.applies.map((a) => a.touched);

describe('on call by PagerDuty', () => {
  it('is asked by DM with the end of the shift, and may approve', async () => {
    there.puts('PABC123', DANA_THERE, iso(core.now + 2 * HOUR));
    const id = await waiting();
    const { card } = core.chat.at('DU0DANA', 0);
    expect(textOf(card)).toContain('You are on call (primary) until "');
    // A time span, which each reader sees on their own clock.
    expect(textOf(card)).toContain(`{"type":"time","at":${core.now + 2 * HOUR},`);
    await core.click(`approve #${id}`);
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('may not approve after the shift; the next person may', async () => {
    const over = core.now + 30_000;
    there.puts('PABC123', DANA_THERE, iso(over));
    there.shifts.push({ schedule: 'PABC123', user: KIM_THERE, start: iso(over), end: null });
    const id = await waiting();
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('Only the person on call (Dana)');
    core.now = over;
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('Only the person on call (Kim)');
    expect(applied()).toEqual([]);
    expect(await core.sayText(`approve #${id}`, KIM)).toContain('Approved');
    await core.untilIdle();
    expect(applied()).toEqual([[SSH.address]]);
  });

  it('is replaced by the person of an override', async () => {
    there.puts('PABC123', DANA_THERE, null);
    const id = await waiting();
    there.puts('PABC123', KIM_THERE, null);
    core.now += MINUTE;
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('Only the person on call (Kim)');
  });

  it('is nobody if PagerDuty cannot be reached: nobody may approve', async () => {
    there.puts('PABC123', DANA_THERE, null);
    const id = await waiting();
    there.breaks();
    core.now += 10 * MINUTE;
    for (const actor of [DANA, KIM, EVE]) {
      expect(await core.sayText(`approve #${id}`, actor)).toContain('nobody now');
    }
    expect(await core.sayText('oncall')).toContain("can't be reached");
    expect(applied()).toEqual([]);
  });

  it('must be listed under people; `oncall` names a person who is not', async () => {
    there.puts('PABC123', SAM, null);
    const id = await waiting();
    expect(await core.sayText(`approve #${id}`, EVE)).toContain('nobody now');
    expect(await core.sayText('oncall')).toContain(
      'PagerDuty says Sam Lee (PSAM1) is on call, who is not under people',
    );
    there.shifts.push({ schedule: 'PABC123', user: DANA_THERE, start: null, end: null });
    core.now += MINUTE;
    expect(await core.sayText('oncall')).toContain('On call: Dana (primary)');
    expect(await core.sayText('oncall')).toContain('Sam Lee');
    expect(await core.sayText(`approve #${id}`, DANA)).toContain('Approved');
    await core.untilIdle();
  });

  it('is matched by id, not by e-mail address', async () => {
    const [dana, kim, eve] = directory().people;
    if (!dana || !kim || !eve) throw new Error('there are three');
    await core.restart({ ...core.directory, people: [{ ...dana, pagerduty: 'PX1' }, kim, eve] });
    // Dana has the id PX1, so another id with her e-mail address is not Dana.
    there.puts('PABC123', DANA_THERE, null);
    expect(await core.sayText('oncall')).toContain('Dana Ray (PDANA1) is on call, who is not under people');
    there.puts('PABC123', { id: 'PX1', name: 'D', email: 'kim@acme.dev' }, null);
    core.now += MINUTE;
    const card = await core.sayText('oncall');
    expect(card).toContain('On call: Dana (primary)');
    expect(card).not.toContain('not under people');
  });
});

describe('`oncall`', () => {
  it('shows the end of a shift, and the problem of a rotation', async () => {
    await core.close();
    const from = core.now + HOUR;
    await open({ kind: 'rotation', people: ['dana', 'kim'], everyMs: HOUR, from });
    const before = await core.sayText('oncall');
    expect(before).toContain('nobody is on call yet: its first turn begins "');
    expect(before).toContain(`{"type":"time","at":${from},`);
    core.now = from;
    const card = await core.sayText('oncall');
    expect(card).toContain('On call: Dana (primary)');
    expect(card).toContain(JSON.stringify(from + HOUR));
  });

  it('reports a user group that could not be read', async () => {
    await core.close();
    await open({ kind: 'slackUsergroup', id: 'S0SRE' });
    expect(await core.sayText('oncall')).toContain('reading the members of S0SRE: no answer');
  });
});
