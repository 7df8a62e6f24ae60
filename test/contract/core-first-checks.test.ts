import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Core, stackWith } from '../support/core.ts';
import { plainTextOf } from '../support/fake-chat.ts';
import { sshFinding } from '../support/runs.ts';

const NAMES = Array.from({ length: 40 }, (_, i) => `app-${String(i).padStart(2, '0')}`);
const stacks = NAMES.map((name) => stackWith({ name }));

let core: Core;
beforeEach(async () => {
  core = await Core.open(stacks);
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});

const texts = (channel = 'C0OPS'): readonly string[] =>
  core.chat
    .in(channel)
    .map(({ card }) => plainTextOf(card))
    .filter((text) => /never checked|First check/.test(text));

/** How many checks of each stack were ever queued. */
async function checksOf(names: readonly string[] = NAMES): Promise<readonly number[]> {
  return Promise.all(names.map(async (stack) => (await core.store.runs({ stack })).length));
}

/** m0 works until nothing is left to be checked. */
async function untilChecked(): Promise<void> {
  for (let i = 0; i < 100; i += 1) {
    core.now += 15_000;
    await core.firstChecks();
    await core.untilIdle();
    if ((await core.store.alerts({ kind: 'first-checks', state: 'open' })).length === 0) return;
  }
  throw new Error('the first checks never end');
}

describe('stacks that were never checked', () => {
  it('are checked after a start, a few at a time, and told in one message that is updated to its end', async () => {
    await core.restart();
    core.cloud.drift.set('app-07', [sshFinding()]);
    core.cloud.next('plan', () => {
      throw new Error('no credentials\nmore');
    });
    await core.firstChecks();
    expect(texts()).toEqual([expect.stringContaining('40 stacks were never checked; m0 checks them now')]);
    // Four workers: never more than sixteen wait, so that what somebody asks for or what is due finds its place.
    expect((await checksOf()).filter((n) => n > 0)).toHaveLength(16);
    await core.untilIdle();
    core.now += 60_000;
    await core.firstChecks();
    core.now += 15_000;
    await core.deliver();
    expect(texts()).toEqual([
      expect.stringMatching(/m0 checks them now, about [12] minutes? left\n\d\d of 40 checked: \d+ aligned/),
    ]);
    await untilChecked();
    await core.deliver();
    expect(texts()).toEqual([
      expect.stringContaining('First check of 40 stacks: 38 aligned, 1 with drift and 1 can’t be checked'),
    ]);
    expect(texts()[0]).toMatch(/app-\d\d {2}.*no credentials/);
    expect(await checksOf()).toEqual(NAMES.map(() => 1));
    const before = core.chat.in('C0OPS').length;
    await core.firstChecks();
    expect(core.chat.in('C0OPS')).toHaveLength(before);
  });

  it('a restart in the middle goes on: no stack is checked twice, and the message stays the same', async () => {
    await core.restart();
    await core.firstChecks();
    // m0 ends with some checks queued, and is away for an hour.
    await core.worker.drain();
    core.now += 3_600_000;
    await core.restart();
    expect((await checksOf()).filter((n) => n > 0)).toHaveLength(16);
    await core.firstChecks();
    await untilChecked();
    await core.deliver();
    expect(await checksOf()).toEqual(NAMES.map(() => 1));
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toContain('First check of 40 stacks: 40 aligned');
  });

  it('m0 ends right after it has said so: the next start checks them', async () => {
    await core.restart();
    core.storeFault = (method) => (method === 'overview' && !first() ? new Error('gone') : null);
    let calls = 0;
    const first = (): boolean => {
      calls += 1;
      return calls === 1;
    };
    await core.firstChecks();
    core.storeFault = null;
    expect((await checksOf()).every((n) => n === 0)).toBe(true);
    await core.worker.drain();
    await core.restart();
    await untilChecked();
    expect(await checksOf()).toEqual(NAMES.map(() => 1));
    expect(texts()).toHaveLength(1);
  });

  it('only those: what was checked, or canceled, is left to its schedule; new ones join the message', async () => {
    await core.restart();
    for (const name of NAMES.slice(1)) await core.check('schedule', name);
    await core.restart();
    await core.firstChecks();
    expect(texts()).toEqual([expect.stringContaining('1 stack was never checked; m0 checks it now')]);
    await core.untilIdle();
    expect(await checksOf()).toEqual(NAMES.map(() => 1));
    await core.restart({ ...core.directory, stacks: [...stacks, stackWith({ name: 'new' })] });
    await core.firstChecks();
    await untilChecked();
    await core.deliver();
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toContain('First check of 2 stacks: 2 aligned');
    expect(await checksOf(['new'])).toEqual([1]);
  });

  it('each channel is told about its own; nothing is told where all were checked', async () => {
    const other = stackWith({ name: 'dev-x', channels: [{ platform: 'slack', channel: 'C0DEV' }] });
    await core.restart({ ...core.directory, stacks: [...stacks.slice(0, 2), other] });
    await core.firstChecks();
    expect(texts('C0DEV')).toEqual([expect.stringContaining('1 stack was never checked')]);
    expect(texts('C0OPS')).toEqual([expect.stringContaining('2 stacks were never checked')]);
    await untilChecked();
    const said = core.chat.in('C0OPS').length;
    await core.restart();
    await core.firstChecks();
    expect(core.chat.in('C0OPS')).toHaveLength(said);
  });
});
