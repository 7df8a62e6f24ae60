import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRetention } from '../../src/store/retention.ts';
import { Core, STACK } from '../support/core.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const DAY = 86_400_000;
const TAG = tagFinding();
const SSH = sshFinding();

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  expect(await core.store.verifyAudit()).toMatchObject({ ok: true });
  await core.close();
});

function days(count: number): void {
  core.now += count * DAY;
}

async function prune(): Promise<void> {
  const { store, log } = core;
  const retention = startRetention({ store, log, clock: () => core.now });
  await retention.deleteOld();
  await retention.stop();
}

function rows(table: string): number {
  const client = new Sqlite(core.file, { readonly: true });
  try {
    return (client.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  } finally {
    client.close();
  }
}

/** Runs `count` checks that find nothing. */
async function calm(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await core.check();
}

it('runs are deleted after 400 days with cards and exemptions; the audit record and the newest stay', async () => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.deliver();
  await core.say(`snooze #${id} 2h`);
  core.cloud.drift.set(STACK, []);
  await calm(24);
  await core.deliver();
  const lines = rows('audit');
  days(399);
  await prune();
  expect(await core.store.run(id)).toBeDefined();
  days(2);
  await prune();
  expect(await core.store.run(id)).toBeUndefined();
  expect(await core.store.runs({})).toHaveLength(20);
  for (const table of ['alerts', 'messages', 'exemptions', 'outbox']) expect(rows(table), table).toBe(0);
  expect(rows('audit')).toBe(lines);
  expect(await core.store.audit({ runId: id })).not.toEqual([]);
  expect(await core.sayText(`why #${id}`)).toContain(`no run #${id}`);
  // Run numbers are never reused.
  expect((await core.check()).id).toBe(26);
});

it('what ended on its way into the code goes with the runs; what is still on its way stays, with its run', async () => {
  core.cloud.drift.set(STACK, [SSH, TAG]);
  const { id } = await core.check();
  for (const { address } of [SSH, TAG]) {
    core.cloud.driftAt.set(`${core.forge.commit(1)} ${STACK}`, [TAG]);
    core.cloud.driftAt.set(`${core.forge.commit(2)} ${STACK}`, [SSH]);
    await core.say(`codify #${id} ${address}`);
    await core.codify();
  }
  expect((await core.store.codifications({})).map(({ state }) => state)).toEqual(['open', 'open']);
  const [, first] = core.forge.hosted;
  if (first) first.state = { state: 'closed', by: 'Kim' };
  core.now += 60_000;
  await core.codify();
  core.cloud.drift.set(STACK, [SSH]);
  await calm(24);
  await core.deliver();
  days(399);
  await prune();
  expect(rows('codifications')).toBe(2);
  days(2);
  await prune();
  expect((await core.store.codifications({})).map(({ address }) => address)).toEqual([SSH.address]);
  expect(await core.store.run(id)).toBeDefined();
});

it('runs that are open, wait or have an exemption stay at any age', async () => {
  core.cloud.drift.set(STACK, [SSH, TAG]);
  const { id } = await core.check();
  await core.say(`accept #${id} ${TAG.address} nobody owns it`);
  await calm(25);
  await core.deliver();
  days(1000);
  await prune();
  expect((await core.run(id)).state).toBe('awaiting_approval');
  expect(await core.store.exemptions(STACK)).toHaveLength(1);
  // Asked once: the keys of an open alert stay taken.
  expect(rows('outbox')).toBeGreaterThan(0);
  await core.say(`approve #${id}`);
  await core.untilIdle();
  expect((await core.run(id)).state).toBe('realigned');
});

it('a decided run stays while its card is open', async () => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.say(`reject #${id}`);
  await calm(25);
  await core.deliver();
  days(1000);
  await prune();
  expect((await core.run(id)).state).toBe('rejected');
  // Still answered: nobody is asked about it again.
  expect((await core.check()).state).toBe('quiet');
});

it('an accept outlives the card on which it was made', async () => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.say(`accept #${id} nobody owns it`);
  await core.deliver();
  await calm(25);
  days(1000);
  await prune();
  expect(await core.store.exemptions(STACK)).toHaveLength(1);
  expect((await core.check()).state).toBe('quiet');
});

it('messages that are due are never deleted, delivered ones after 30 days', async () => {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.say(`reject #${id}`);
  core.cloud.drift.set(STACK, []);
  await calm(25);
  days(1000);
  await prune();
  const due = rows('outbox');
  expect(due).toBeGreaterThan(0);
  expect(await core.store.run(id)).toBeDefined();
  await core.deliver();
  expect(core.chat.in('C0OPS')).toHaveLength(1);
  days(29);
  await prune();
  expect(rows('outbox')).toBe(due);
  days(2);
  await prune();
  expect(rows('outbox')).toBe(0);
});

it('heals are deleted after 400 days', async () => {
  core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
  core.cloud.drift.set(STACK, [TAG]);
  await core.check();
  days(399);
  await prune();
  expect(rows('heals')).toBe(1);
  days(2);
  await prune();
  expect(rows('heals')).toBe(0);
});

describe('clean checks that say nothing new', () => {
  it('become one row a day; their numbers stay taken, and are explained', async () => {
    await calm(30);
    const lines = rows('audit');
    days(8);
    await prune();
    expect(await core.store.runs({})).toHaveLength(20);
    expect(rows('folded_checks')).toBe(1);
    expect(rows('audit')).toBe(lines);
    expect(await core.store.run(3)).toBeUndefined();
    const said = await core.sayText('show #3');
    expect(said).toContain(`Run #3 was one of 10 clean checks of ${STACK}`);
    expect(said).toContain('its details are folded');
    expect(await core.sayText('show #4711')).toContain('There is no run #4711.');
    expect(await core.sayText(`history ${STACK}`)).toContain('10 checks that found nothing new');
    expect(await core.store.oldestRunAt()).toBe(core.now - 8 * DAY);
    // Numbers are never given out again.
    expect((await core.check()).id).toBe(31);
    await calm(20);
    days(8);
    await prune();
    const [folded] = await core.store.foldedChecks([STACK]);
    expect(folded?.checks).toBe(31);
    expect(rows('folded_checks')).toBe(2);
  });

  it('stay for a week, and so does what somebody may still look at', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    const drifted = await core.check();
    await core.deliver();
    await core.say(`snooze #${drifted.id} 2h`);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    const healed = await core.check();
    core.cloud.drift.set(STACK, []);
    await calm(30);
    days(6);
    await prune();
    expect(await core.store.foldedChecks([STACK])).toEqual([]);
    days(2);
    await prune();
    expect((await core.store.foldedChecks([STACK]))[0]?.checks).toBeGreaterThan(0);
    expect(await core.store.run(drifted.id)).toBeDefined();
    expect((await core.run(healed.id)).applied).toHaveLength(healed.applied.length);
  });

  it('are deleted with the runs of their time', async () => {
    await calm(30);
    days(8);
    await prune();
    days(400);
    await prune();
    expect(rows('folded_checks')).toBe(0);
    expect(await core.sayText('why #3')).toContain('There is no run #3.');
  });
});
