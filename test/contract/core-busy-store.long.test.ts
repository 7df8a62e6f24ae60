/** Another process locks the database for 8 s at each kind of step: nothing fails, nothing is lost, nothing is done twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { ChatPort } from '../../src/ports/chat.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { StoreError } from '../../src/ports/store-error.ts';
import { Core, STACK } from '../support/core.ts';
import { DANA, sshFinding } from '../support/runs.ts';

const LOCK_MS = 8_000;
const PATIENCE = 40_000;
const LOCKED = 'Nothing was stored or changed: another process has locked m0’s database';

/** Takes the write lock as another process would, and resolves at once. */
function lock(core: Core): void {
  const other = new Sqlite(core.file);
  other.exec('BEGIN IMMEDIATE');
  setTimeout(() => {
    other.exec('COMMIT');
    other.close();
  }, LOCK_MS);
}

/** Runs the test with a core in which one run waits for an approval, and checks that no run ever failed. */
async function withWaiting(test: (core: Core) => Promise<void>): Promise<void> {
  const core = await Core.open();
  try {
    core.cloud.drift.set(STACK, [sshFinding()]);
    await core.worker.start();
    await core.check();
    await core.deliver();
    await test(core);
    const actions = (await core.store.audit({})).map(({ action }) => action);
    expect(actions).not.toContain('fail');
    expect(actions).not.toContain('lost');
    await core.checkInvariants();
  } finally {
    await core.close();
  }
}

async function untilEnded(core: Core, id: number): Promise<string> {
  for (let i = 0; i < 300; i += 1) {
    const { state } = await core.run(id);
    if (state === 'realigned' || state === 'failed' || state === 'apply_unknown') return state;
    await sleep(100);
  }
  return (await core.run(id)).state;
}

async function untilDecided(core: Core, id: number): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    if (!['queued', 'planning', 'deciding'].includes((await core.run(id)).state)) return;
    await sleep(100);
  }
}

describe.concurrent('a database that is locked for 8 s', { timeout: PATIENCE }, () => {
  it('when somebody approves: a private sentence, and the next click counts', () =>
    withWaiting(async (core) => {
      lock(core);
      const begun = performance.now();
      const ticks: number[] = [];
      const timer = setInterval(() => ticks.push(performance.now()), 50);
      expect(await core.sayText('approve #1')).toContain(LOCKED);
      clearInterval(timer);
      expect(performance.now() - begun).toBeLessThan(7_000);
      // m0 does other work meanwhile.
      expect(ticks.length).toBeGreaterThan(10);
      expect((await core.run(1)).state).toBe('awaiting_approval');
      await sleep(LOCK_MS);
      expect(await core.sayText('approve #1')).toContain('Approved run #1');
      expect(await untilEnded(core, 1)).toBe('realigned');
    }));

  it.each(['reject #1', 'snooze #1 2h', 'snooze prod-network 2h', 'accept #1 fine', 'drift prod-network'])(
    'when somebody types %s: the same sentence, and nothing changes',
    (text) =>
      withWaiting(async (core) => {
        lock(core);
        expect(await core.sayText(text)).toContain(LOCKED);
        await sleep(LOCK_MS);
        expect((await core.store.runs({})).map(({ id, state }) => [id, state])).toEqual([
          [1, 'awaiting_approval'],
        ]);
        expect(await core.store.exemptions(STACK)).toEqual([]);
      }),
  );

  it('when a plan ends: it is stored afterwards, and not made again', () =>
    withWaiting(async (core) => {
      const before = core.cloud.plans.length;
      core.cloud.next('plan', () => lock(core));
      const { id } = await core.worker.check(core.stack, 'command', DANA);
      await untilDecided(core, id);
      expect((await core.run(id)).state).toBe('quiet');
      expect(core.cloud.plans.length).toBe(before + 1);
    }));

  it('when the policies have answered: the decision is stored afterwards', () =>
    withWaiting(async (core) => {
      const before = core.cloud.plans.length;
      core.cloud.next('ask', () => lock(core));
      const { id } = await core.worker.check(core.stack, 'command', DANA);
      await untilDecided(core, id);
      expect((await core.run(id)).state).toBe('quiet');
      expect(core.cloud.plans.length).toBe(before + 1);
    }));

  it('when the plan before the apply ends: the approved run is applied afterwards, once', () =>
    withWaiting(async (core) => {
      core.cloud.next('plan', () => lock(core));
      await core.say('approve #1');
      expect(await untilEnded(core, 1)).toBe('realigned');
      expect(core.cloud.applies).toHaveLength(1);
    }));

  it('when the apply ends: its end is stored afterwards, and it is not repeated', () =>
    withWaiting(async (core) => {
      core.cloud.next('apply', () => lock(core));
      await core.say('approve #1');
      await core.untilState('applying');
      // A restart of the worker's loop must not take the apply for one that was lost.
      await sleep(6_000);
      await core.say('status');
      expect((await core.run(1)).state).toBe('applying');
      expect(await untilEnded(core, 1)).toBe('realigned');
      expect(core.cloud.applies).toHaveLength(1);
    }));

  it('when the verifying plan ends: it is stored afterwards', () =>
    withWaiting(async (core) => {
      core.cloud.next('plan', () => {});
      core.cloud.next('plan', () => lock(core));
      await core.say('approve #1');
      expect(await untilEnded(core, 1)).toBe('realigned');
    }));

  it('when a message was posted: it is stored and delivered afterwards, and is in the chat once', () =>
    withWaiting(async (core) => {
      core.cloud.drift.set(STACK, [sshFinding('198.51.100.0/24')]);
      await core.check();
      let locked = 0;
      const { chat } = core;
      const locking = new Proxy(chat, {
        get(target, name) {
          const method = Reflect.get(target, name) as unknown;
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            const answer: unknown = await Reflect.apply(method, target, args);
            if (name === 'post' && locked === 0) {
              locked += 1;
              lock(core);
            }
            return answer;
          };
        },
      });
      core.chats.set('slack', locking as ChatPort);
      await core.deliver();
      await sleep(LOCK_MS);
      await core.deliver();
      expect(locked).toBe(1);
      expect(core.chat.in('C0OPS')).toHaveLength(2);
      expect(await core.store.dueOutbox(core.now, 10)).toEqual([]);
    }));
});

describe('an approved run', () => {
  it('whose tool could not be recorded never began: it is planned and applied afterwards', () =>
    withWaiting(async (core) => {
      core.cloud.next('apply', () => {
        const cause = new StoreError('recording that apply begins', { problem: 'busy' });
        throw new RunnerError('apply', 'running terraform apply: locked', { cause });
      });
      await core.say('approve #1');
      expect(await untilEnded(core, 1)).toBe('realigned');
      expect((await core.store.audit({ runId: 1 })).map(({ action }) => action)).toContain('postponed');
    }));

  it('is planned again where its plan is not fresh any more once the store answers', () =>
    withWaiting(async (core) => {
      core.cloud.next('plan', () => {
        core.storeFault = (method) => {
          if (method !== 'commit') return null;
          // Only this commit is refused: whatever m0 stores next is stored.
          core.storeFault = null;
          core.now += 120_000;
          return new StoreError('storing run.update', { problem: 'busy' });
        };
      });
      await core.say('approve #1');
      await sleep(1_500);
      expect((await core.run(1)).state).toBe('approved');
      expect(core.cloud.applies).toEqual([]);
      const plans = core.cloud.plans.length;
      // Ends the pause of the stack.
      await core.worker.check(core.stack, 'schedule', DANA);
      expect(await untilEnded(core, 1)).toBe('realigned');
      // One for the apply, one that verifies it, and at most the check.
      expect(core.cloud.plans.length).toBeGreaterThanOrEqual(plans + 2);
    }));
});
