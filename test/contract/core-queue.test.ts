import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { Core, stackWith } from '../support/core.ts';
import { DANA } from '../support/runs.ts';

const NAMES = ['prod-a', 'prod-b', 'prod-c', 'prod-d', 'prod-e', 'prod-f', 'prod-g'];

describe('the order of the queue', () => {
  let core: Core;
  beforeEach(async () => {
    core = await Core.open(NAMES.map((name) => stackWith({ name })));
    await core.worker.start();
  });
  afterEach(() => core.close());

  const named = (name: string) => {
    const stack = core.directory.stacks.find((s) => s.name === name);
    if (!stack) throw new Error(`there is no ${name}`);
    return stack;
  };
  const planned = (): readonly string[] => core.cloud.plans.map((plan) => plan.stack);

  /** Makes every worker plan until the returned function is called; uses the first four stacks. */
  async function occupyWorkers(): Promise<() => void> {
    let go = (): void => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    // As many stacks as a Core plans at the same time.
    for (const name of NAMES.slice(0, 4)) {
      core.cloud.next('plan', () => gone);
      await core.worker.check(named(name), 'schedule', M0);
      await core.untilState('planning', name);
    }
    core.cloud.plans.length = 0;
    return () => go();
  }

  it('a command replaces the scheduled check of its stack, and waits behind no scheduled check', async () => {
    const go = await occupyWorkers();
    for (const name of ['prod-e', 'prod-f', 'prod-g']) await core.worker.check(named(name), 'schedule', M0);
    await core.worker.check(named('prod-g'), 'command', DANA);
    await core.untilIdle('prod-g');
    expect(planned()).toEqual(['prod-g']);
    go();
    await core.untilIdle();
    expect(planned()).toEqual(['prod-g', 'prod-e', 'prod-f']);
  });

  it.each(['by the same process', 'after a restart'])(
    'the stack with the oldest check comes first, %s',
    async (when) => {
      for (const name of ['prod-g', 'prod-e', 'prod-f']) {
        core.now += 1000;
        await core.check('push', name);
      }
      if (when === 'after a restart') await core.restart();
      core.now += 7_200_000;
      const go = await occupyWorkers();
      for (const name of ['prod-e', 'prod-f', 'prod-g']) await core.worker.check(named(name), 'schedule', M0);
      go();
      await core.untilIdle();
      expect(planned()).toEqual(['prod-g', 'prod-e', 'prod-f']);
    },
  );
});
