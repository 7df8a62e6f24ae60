/** Plans and applies that take long: what cards and lists say meanwhile, and after a limit has stopped them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { M0 } from '../../src/model/run.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { sshFinding } from '../support/runs.ts';

const MINUTE = 60_000;
const SSH = sshFinding();
/** The card in the channel, and that of the person on call. */
const COPIES = 2;

let core: Core;
beforeEach(async () => {
  core = await Core.open();
  await core.worker.start();
});
afterEach(async () => {
  await core.close();
});

const card = (index = 0): string => textOf(core.chat.at('C0OPS', index).card);

/** The next plan or apply hangs until the returned function is called, with the error it ends with, if any. */
function hang(doing: 'plan' | 'apply'): { begun: Promise<void>; end(error?: Error): void } {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  core.cloud.next(doing, () => {
    begun.resolve();
    return ended.promise;
  });
  return {
    begun: begun.promise,
    end: (error) => (error === undefined ? ended.resolve() : ended.reject(error)),
  };
}

/** Lets the clock go on by a minute at a time; m0 does its periodic work in each. */
async function minutes(n: number): Promise<void> {
  for (let i = 0; i < n; i += 1) {
    core.now += MINUTE;
    await core.whileWorking();
  }
}

/** A card about drift that waits for a person. */
async function waitingCard(): Promise<number> {
  core.cloud.drift.set(STACK, [SSH]);
  const { id } = await core.check();
  await core.deliver();
  return id;
}

describe('an apply that takes long', () => {
  it('is told on its card with the limit, each minute anew, and no longer when it has ended', async () => {
    const run = await waitingCard();
    const apply = hang('apply');
    await core.say(`approve #${run}`);
    await apply.begun;
    await minutes(1);
    expect(card()).not.toContain('limit');
    await minutes(6);
    expect(card()).toContain('Applying for 7 min (limit 1 h)');
    const before = core.chat.updated;
    await core.whileWorking();
    await core.whileWorking();
    expect(core.chat.updated).toBe(before);
    await minutes(1);
    expect(card()).toContain('Applying for 8 min');
    expect(core.chat.updated).toBe(before + COPIES);
    apply.end();
    await core.untilIdle();
    await core.periodicWork();
    expect(card()).not.toContain('limit 1 h');
    expect(core.cloud.applies).toHaveLength(1);
    await core.checkInvariants();
  });

  it('has one update waiting after an outage of the chat, not one a minute', async () => {
    const run = await waitingCard();
    const apply = hang('apply');
    await core.say(`approve #${run}`);
    await apply.begun;
    core.chat.outage = new Error('no answer');
    await minutes(10);
    core.chat.outage = null;
    const before = core.chat.updated;
    core.now += 10 * MINUTE;
    await core.deliver();
    expect(core.chat.updated - before).toBe(COPIES);
    apply.end();
    await core.untilIdle();
  });

  it('is over its limit while the tool is being stopped, and never tried again', async () => {
    const run = await waitingCard();
    const apply = hang('apply');
    await core.say(`approve #${run}`);
    await apply.begun;
    await minutes(62);
    expect(card()).toContain('Applying for 62 min: past its limit of 1 h, it is being stopped');
    const advice =
      'it took longer than 1 h and was stopped. If it needs longer, raise limits.apply in m0.yaml';
    apply.end(
      new RunnerError('apply', `running terraform apply: ${advice}`, {
        stopped: 'time',
        mayHaveApplied: true,
      }),
    );
    await core.untilIdle();
    await core.periodicWork();
    expect((await core.run(run)).state).toBe('failed');
    expect(card()).toContain('raise limits.apply in m0.yaml');
    expect(card()).not.toContain('being stopped');
    // The plan after it asks a person.
    expect(card(1)).toContain('waits');
    await core.periodicWork();
    expect(core.cloud.applies).toHaveLength(1);
  });
});

describe('a check that takes long', () => {
  it('is told on the open card of its stack and by status, and no longer when it has ended', async () => {
    core.directory = {
      ...core.directory,
      stacks: [stackWith({ limits: { planMs: 20 * MINUTE, applyMs: 1 } })],
    };
    await core.restart();
    await waitingCard();
    const plan = hang('plan');
    await core.worker.check(core.stack, 'schedule', M0);
    await plan.begun;
    await minutes(12);
    const words = 'planning for 12 min (limit 20 min)';
    expect(card()).toContain(`A new check: ${words}`);
    expect(await core.sayText('status')).toContain(words);
    plan.end(new RunnerError('plan', 'running terraform plan: no way'));
    await core.untilIdle();
    await core.periodicWork();
    expect(card()).not.toContain(words);
    expect(await core.sayText('status')).not.toContain('planning for');
  });

  it('is no longer told after a crash', async () => {
    await waitingCard();
    const plan = hang('plan');
    await core.worker.check(core.stack, 'schedule', M0);
    await plan.begun;
    await minutes(5);
    expect(card()).toContain('planning for 5 min');
    // The plan that the next process makes tells nothing of the drift either.
    core.cloud.next('plan', () => {
      throw new RunnerError('plan', 'running terraform plan: no way');
    });
    await core.restart();
    await core.periodicWork();
    expect(card()).not.toContain('planning for');
    plan.end();
  });

  it('is told on the card of a failing check, which then says what to do', async () => {
    const failure = new RunnerError(
      'plan',
      'running terraform plan: it took longer than 15 min and was stopped. If it needs longer, raise limits.plan in m0.yaml',
      { stopped: 'time' },
    );
    core.cloud.next('plan', () => {
      throw failure;
    });
    await core.check();
    await core.deliver();
    expect(card()).toContain('raise limits.plan in m0.yaml');
    const plan = hang('plan');
    await core.worker.check(core.stack, 'schedule', M0);
    await plan.begun;
    await minutes(3);
    expect(card()).toContain('A new check: planning for 3 min (limit 15 min)');
    plan.end(failure);
    await core.untilIdle();
    await core.periodicWork();
    expect(card()).not.toContain('planning for');
  });
});
