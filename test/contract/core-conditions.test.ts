/** Conditions of the code that fail: told on their own, keep a stack out of "aligned", and hold up no apply. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/drift/finding.ts';
import { Core, STACK } from '../support/core.ts';
import { buttonsOf, textOf } from '../support/fake-chat.ts';
import { startEndpoints } from '../support/http-endpoints.ts';
import { sshFinding, tagFinding } from '../support/runs.ts';

const TAG = tagFinding();
const SSH = sshFinding();

function failing(name: string, ...problems: readonly string[]): CheckResult {
  return { address: `check.${name}`, kind: 'check', status: 'fail', problems };
}
const HEALTH = failing('health', 'the endpoint answers 503');
const CERT = failing('certificate', 'it expires in 13 days');

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.checkInvariants();
  await core.close();
});
const ops = () => core.chat.in('C0OPS');
const headlines = () => ops().map((m) => m.card.headline);
const openKinds = async () => (await core.alerts('open')).map((a) => a.kind).sort();

async function checkWith(...checks: readonly CheckResult[]) {
  core.cloud.checks.set(STACK, checks);
  const run = await core.check();
  await core.deliver();
  return run;
}

describe('a condition of the code that fails', () => {
  it('without drift is told once, in a message that later checks update, and the run is not clean', async () => {
    expect((await checkWith(HEALTH)).state).toBe('quiet');
    await checkWith(HEALTH);
    expect(headlines()).toEqual(['prod-network: check.health fails: the endpoint answers 503']);
    expect(textOf(ops()[0]?.card ?? fail())).toContain('seen 2 times');
    expect(buttonsOf(ops()[0]?.card ?? fail()).map((b) => b.command)).toEqual(['drift prod-network']);
    expect(core.chat.in('DU0DANA')).toEqual([]);
  });

  it('ends when it passes, and then the stack is aligned', async () => {
    await checkWith(HEALTH);
    expect((await checkWith()).state).toBe('clean');
    expect(headlines()).toEqual(['prod-network: the checks of the code pass again (run #2)']);
    expect(await openKinds()).toEqual([]);
    expect(await core.sayText('status')).toContain('aligned');
  });

  it('is posted anew when others fail, and only updated when its message has another number', async () => {
    await checkWith(CERT);
    await checkWith({ ...CERT, problems: ['it expires in 12 days'] });
    expect(headlines()).toEqual(['prod-network: check.certificate fails: it expires in 12 days']);
    await checkWith(CERT, HEALTH);
    expect(headlines()).toEqual([
      'prod-network: superseded by run #3',
      'prod-network: 2 checks of the code fail: check.certificate, check.health',
    ]);
    expect(await openKinds()).toEqual(['conditions']);
  });

  it('stays open while only an apply can evaluate it, also if others pass', async () => {
    await checkWith(HEALTH);
    await checkWith({ ...HEALTH, status: 'unknown', problems: [] });
    expect(await openKinds()).toEqual(['conditions']);
    expect(headlines()).toEqual(['prod-network: check.health fails: the endpoint answers 503']);
    await checkWith({ ...CERT, status: 'unknown', problems: [] });
    expect(await openKinds()).toEqual([]);
  });

  it('that only an apply can evaluate has not failed', async () => {
    expect((await checkWith({ ...HEALTH, status: 'unknown', problems: [] })).state).toBe('clean');
    expect(ops()).toEqual([]);
  });

  it('that can not be evaluated is told as that', async () => {
    await checkWith({ ...HEALTH, status: 'error', problems: [] });
    expect(headlines()).toEqual(['prod-network: check.health fails: could not be evaluated']);
  });

  it('beside drift has its own message, and the card of the drift names it', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    expect((await checkWith(HEALTH)).state).toBe('awaiting_approval');
    expect(await openKinds()).toEqual(['conditions', 'drift']);
    const card = ops().find((m) => buttonsOf(m.card).some((b) => b.command.startsWith('approve')));
    expect(textOf(card?.card ?? fail())).toContain('check.health: the endpoint answers 503');
  });

  it('holds up no apply, neither by policy nor by people', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG, SSH]);
    const { id } = await checkWith(HEALTH);
    expect(core.cloud.applies).toHaveLength(1);
    await core.say(`approve #${id}`);
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
    expect(await openKinds()).toEqual(['conditions']);
  });

  it('that the apply has mended ends with the plan after it', async () => {
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'metadata only', address: TAG.address }]);
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.next('apply', () => void core.cloud.checks.delete(STACK));
    expect((await checkWith(HEALTH)).state).toBe('realigned');
    expect(await openKinds()).toEqual([]);
  });

  it('keeps the end of drift from saying that all is well', async () => {
    core.cloud.drift.set(STACK, [SSH]);
    await checkWith(HEALTH);
    core.cloud.drift.set(STACK, []);
    await checkWith(HEALTH);
    const drift = (await core.store.alerts({ kind: 'drift' }))[0];
    expect(drift?.outcome).toBe('the drift is gone, but 1 check of the code fails (run #2)');
  });

  it('is not forgotten while the state is empty', async () => {
    core.cloud.resources.set(STACK, 3);
    await checkWith(HEALTH);
    core.cloud.resources.set(STACK, 0);
    await checkWith();
    expect(await openKinds()).toEqual(['conditions', 'empty-state']);
  });
});

describe('what people read about it', () => {
  it('in status, why, history, the digest and home', async () => {
    const { id } = await checkWith(HEALTH);
    await checkWith(HEALTH);
    const words = '1 check of the code fails';
    expect(await core.sayText('status')).toContain('check.health fails: the endpoint answers 503');
    expect(await core.sayText(`why #${id}`)).toContain(`found no drift, but ${words}`);
    expect(await core.sayText(`why #${id}`)).toContain('check.health: the endpoint answers 503');
    const history = await core.sayText(`history ${STACK}`);
    expect(history.match(/found failing checks of the code of/g)).toHaveLength(1);
    expect(history).toContain('check.health: the endpoint answers 503');
    const digest = await core.sayText(`digest ${STACK}`);
    expect(digest).toContain('1 with failing checks of the code');
    expect(digest).toContain('0 of 1 aligned');
    expect(await core.sayText('home')).toContain(words);
    await checkWith();
    expect(await core.sayText(`history ${STACK}`)).toContain('the checks of the code pass again');
    expect(await core.sayText(`digest ${STACK}`)).toContain('all 1 stack aligned');
  });

  it('in the metrics, as for an empty state', async () => {
    await core.close();
    core = await Core.open();
    const endpoints = await startEndpoints(core);
    try {
      core.cloud.resources.set(STACK, 3);
      await checkWith(HEALTH);
      const seen = await endpoints.scrape();
      expect(seen.value('m0_stacks', { state: 'unmet' })).toBe(1);
      expect(seen.value('m0_stacks', { state: 'aligned' })).toBe(0);
      expect(seen.value('m0_alerts_open', { kind: 'conditions' })).toBe(1);
      core.cloud.resources.set(STACK, 0);
      await core.check();
      const then = await endpoints.scrape();
      expect(then.value('m0_stacks', { state: 'empty' })).toBe(1);
      expect(then.value('m0_alerts_open', { kind: 'empty-state' })).toBe(1);
    } finally {
      await endpoints.close();
    }
  });
});

function fail(): never {
  throw new Error('nothing was posted');
}
