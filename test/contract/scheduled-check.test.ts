import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0, type Run } from '../../src/model/run.ts';
import { checkOnSchedule } from '../../src/runs/scheduled-check.ts';
import { Core, STACK } from '../support/core.ts';
import { tagFinding } from '../support/runs.ts';

const MINUTE = 60_000;
const TAG = tagFinding();

describe('checkOnSchedule', () => {
  let core: Core;
  beforeEach(async () => {
    core = await Core.open();
    await core.worker.start();
  });
  afterEach(() => core.close());

  async function tick(afterMs = MINUTE): Promise<void> {
    core.now += afterMs;
    const { store, worker } = core;
    await checkOnSchedule({ store, worker, clock: () => core.now }, core.stack);
  }

  /** Blocks the next plan or apply until the returned function is called. */
  function held(doing: 'plan' | 'apply'): () => void {
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    core.cloud.next(doing, () => gone);
    return () => go();
  }

  const runs = (): Promise<readonly Run[]> => core.store.runs({ stack: STACK });
  const skips = async (): Promise<readonly (string | null)[]> =>
    (await core.store.audit({ stack: STACK, limit: 500 }))
      .filter((entry) => entry.action === 'skipped')
      .map((entry) => entry.detail)
      .reverse();

  it('queues a check of an idle stack, and records no skipped check', async () => {
    await tick();
    await core.untilIdle();
    expect((await runs()).map((run) => [run.state, run.trigger])).toEqual([['clean', 'schedule']]);
    expect(await core.sayText(`status ${STACK}`)).not.toContain('skipped');
    expect(await skips()).toEqual([]);
  });

  it('skips while a check runs: one audit entry, counted in the status', async () => {
    const go = held('plan');
    await tick();
    await core.untilState('planning');
    await tick();
    expect(await core.sayText(`status ${STACK}`)).toContain(
      'last check skipped: run #1 was still checking it',
    );
    await tick();
    await tick();
    expect(await core.sayText(`status ${STACK}`)).toContain(', 3 times since ');
    expect(await skips()).toEqual(['scheduled check: run #1 was still checking it']);
    expect(await runs()).toHaveLength(1);
    expect(await core.sayText(`history ${STACK}`)).toContain('skipped');

    go();
    await core.untilIdle();
    await tick();
    await core.untilIdle();
    expect(await runs()).toHaveLength(2);
    expect(await core.sayText(`status ${STACK}`)).not.toContain('skipped');
    // After a completed check the same reason is recorded again.
    const again = held('plan');
    await tick();
    await core.untilState('planning');
    await tick();
    expect(await skips()).toHaveLength(2);
    again();
    await core.untilIdle();
  });

  it('skips during an apply and right after its verifying plan, with one audit entry each', async () => {
    core.cloud.drift.set(STACK, [TAG]);
    core.cloud.policies.set('tags-auto', [{ rule: 'allow', text: 'tags', address: TAG.address }]);
    const go = held('apply');
    await tick();
    const { id } = await core.untilState('applying');
    await tick();
    await tick();
    go();
    await core.untilIdle();
    expect((await core.run(id)).state).toBe('realigned');
    await tick(30_000);
    expect(await core.sayText(`status ${STACK}`)).toContain(
      `last check skipped: run #${id} had just put it back and checked all of it`,
    );
    expect(await skips()).toEqual([
      `scheduled check: run #${id} was putting it back`,
      `scheduled check: run #${id} had just put it back and checked all of it`,
    ]);
    await tick(30_000);
    await core.untilIdle();
    expect((await runs()).map((run) => run.state)).toEqual(['clean', 'realigned']);
  });

  it('keeps the skipped state over a restart, until a check is completed', async () => {
    const go = held('plan');
    await tick();
    await core.untilState('planning');
    await tick();
    go();
    await core.untilIdle();
    await core.restart();
    expect(await core.sayText(`status ${STACK}`)).toContain('last check skipped');
    core.now += 1;
    await core.worker.check(core.stack, 'command', M0);
    await core.untilIdle();
    expect(await core.sayText(`status ${STACK}`)).not.toContain('skipped');
  });
});
