/** The answer of `drift` never stays at "checking now", whatever becomes of its checks, its chat or m0. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Card } from '../../src/messages/card.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { RunnerError } from '../../src/ports/runner-error.ts';
import { Core, STACK, stackWith } from '../support/core.ts';
import { textOf } from '../support/fake-chat.ts';
import { DANA, KIM, sshFinding } from '../support/runs.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const C0OPS = { platform: 'slack', channel: 'C0OPS' } as const;

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith(), stackWith({ name: 'prod-db' })]);
  await core.worker.start();
});
afterEach(async () => {
  await core.close();
});

/** Types `drift …` and posts the answer, as a chat adapter does. */
async function ask(text: string, { lost = false } = {}): Promise<{ readonly first: Card; now(): Card }> {
  const reply = await core.handler({ text, actor: DANA, place: C0OPS, answers: null, from: null });
  if (reply.type !== 'public') throw new Error(`answered with ${reply.type}`);
  const at = await core.chat.post(C0OPS, reply.card, `answer ${text} ${core.chat.messages.length}`);
  // Lost: the chat has posted it, and m0 does not hear of it.
  if (!lost) await reply.posted?.(at);
  const now = (): Card => {
    const message = core.chat.messages.find((m) => m.id === at.messageId);
    if (message === undefined) throw new Error('the answer is gone');
    return message.card;
  };
  return { first: reply.card, now };
}

/** The next plan hangs until the returned function is called. */
function hang(): { begun: Promise<void>; end(error?: Error): void } {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  core.cloud.next('plan', () => {
    begun.resolve();
    return ended.promise;
  });
  return {
    begun: begun.promise,
    end: (error) => (error === undefined ? ended.resolve() : ended.reject(error)),
  };
}

const waits = async (ms: number): Promise<void> => {
  core.now += ms;
  await core.whileWorking();
};

describe('the answer of drift', () => {
  it('says that it is checking only once it is followed, and the result when the checks have ended', async () => {
    const plan = hang();
    const answer = await ask(`drift ${STACK}`);
    expect(textOf(answer.first)).not.toContain('checking now');
    expect(textOf(answer.first)).toContain('A new check was asked for');
    await plan.begun;
    await core.deliver();
    expect(answer.now().headline).toMatch(/, checking now$/);
    core.cloud.drift.set(STACK, [sshFinding()]);
    plan.end();
    await core.untilIdle();
    await core.deliver();
    expect(answer.now().headline).toMatch(/^prod-network: 1 open, 1 waits for a person/);
    expect(textOf(answer.now())).not.toContain('checking now');
    // Nothing is left that would update it again.
    const { updated } = core.chat;
    core.now += HOUR;
    await core.periodicWork();
    await core.restart();
    await core.periodicWork();
    expect(core.chat.updated).toBe(updated);
  });

  it('waits for the newer run that took over', async () => {
    const scheduled = hang();
    await core.worker.check(core.stack, 'schedule', KIM);
    await scheduled.begun;
    const newer = hang();
    const answer = await ask(`drift ${STACK}`);
    scheduled.end();
    await newer.begun;
    // Somebody cancels nothing, but a push queues one more after it.
    await core.deliver();
    expect(answer.now().headline).toMatch(/checking now$/);
    newer.end();
    await core.untilIdle();
    await core.deliver();
    expect(answer.now().headline).toMatch(/^prod-network: aligned/);
    expect(textOf(answer.now())).not.toContain('checking now');
  });

  it.each(['superseded', 'canceled'] as const)('is told when its run is %s', async (how) => {
    const plan = hang();
    const answer = await ask(`drift ${STACK}`);
    await plan.begun;
    await core.deliver();
    const [run] = await core.store.runs({ stack: STACK, states: ['planning'] });
    const id = run?.id ?? 0;
    if (how === 'canceled') await core.say(`cancel #${id}`);
    else {
      const next = hang();
      const newer = await core.worker.check(core.stack, 'push', KIM);
      await core.worker.submit(id, () => ({ type: 'supersede', by: newer.id }));
      plan.end();
      await next.begun;
      await core.whileWorking();
      expect(answer.now().headline).toMatch(/checking now$/);
      next.end();
    }
    plan.end();
    await core.untilIdle();
    await core.deliver();
    expect(textOf(answer.now())).not.toContain('checking now');
  });

  it('ends after a restart, and when the check fails', async () => {
    const plan = hang();
    const answer = await ask(`drift ${STACK}`);
    await plan.begun;
    await core.deliver();
    expect(answer.now().headline).toMatch(/checking now$/);
    core.cloud.next('plan', () => {
      throw new RunnerError('plan', 'running terraform plan: no way');
    });
    await core.restart();
    await core.periodicWork();
    expect(answer.now().headline).toContain('the check fails');
    expect(textOf(answer.now())).not.toContain('checking now');
    plan.end();
  });

  it('ends also if the process dies right after the last check', async () => {
    const plan = hang();
    const answer = await ask(`drift ${STACK}`);
    await plan.begun;
    await core.deliver();
    // From now on the outbox gets nothing: as if m0 were killed before it could look.
    core.chat.outage = new Error('no answer');
    plan.end();
    await core.untilIdle();
    await core.deliver();
    core.chat.outage = null;
    core.now += 10 * MINUTE;
    await core.restart();
    await core.periodicWork();
    expect(textOf(answer.now())).not.toContain('checking now');
  });

  it('promises nothing if the chat lost the answer to the post', async () => {
    const answer = await ask(`drift ${STACK}`, { lost: true });
    await core.untilIdle();
    await core.periodicWork();
    expect(textOf(answer.now())).not.toContain('checking now');
    expect(textOf(answer.now())).toContain('A new check was asked for');
  });

  it('says for how long a tool has been working, and follows a check longer than any limit', async () => {
    const plan = hang();
    const answer = await ask('drift prod');
    await plan.begun;
    for (let i = 0; i < 12; i += 1) await waits(MINUTE);
    expect(textOf(answer.now())).toContain('planning for 12 min (limit 15 min)');
    await waits(2 * HOUR);
    expect(answer.now().headline).toMatch(/checking now$/);
    plan.end();
    await core.untilIdle();
    await core.deliver();
    expect(textOf(answer.now())).not.toContain('checking now');
    expect(textOf(answer.now())).not.toContain('planning for');
  });

  it('says so when it is given up', async () => {
    const plan = hang();
    const answer = await ask(`drift ${STACK}`);
    await plan.begun;
    await core.deliver();
    await waits(25 * HOUR);
    expect(textOf(answer.now())).not.toContain(', checking now');
    expect(textOf(answer.now())).toContain('have taken too long');
    plan.end();
    await core.untilIdle();
  });

  it('is left alone once its message was deleted', async () => {
    const plan = hang();
    await ask(`drift ${STACK}`);
    await plan.begun;
    await core.deliver();
    const gone = new ChatError('updating a message: the message was deleted', { permanent: true });
    core.chat.fail('update', 'C0OPS', { error: gone, arrived: false });
    plan.end();
    await core.untilIdle();
    await core.deliver();
    expect(await core.store.value('followed-answers')).toBe('[]');
    expect(await core.store.dueOutbox(core.now + HOUR, 10)).toEqual([]);
  });
});

describe('many answers that wait for many checks', () => {
  it('a step of a run reads nothing of the runs that nobody waits for with it', async () => {
    const many = Array.from({ length: 40 }, (_, i) => stackWith({ name: `many-${i}` }));
    await core.restart({ ...core.directory, stacks: [...core.directory.stacks, ...many] });
    const plans = Array.from({ length: 6 }, hang);
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    for (let i = 0; i < 4; i += 1) answers.push(await ask('drift many-*'));
    await plans[0]?.begun;
    await core.deliver();
    const reads = new Map<string, number>();
    core.storeFault = (method) => {
      reads.set(method, (reads.get(method) ?? 0) + 1);
      return null;
    };
    const [first] = await core.store.runs({ states: ['planning'] });
    const { stack: name, id } = first ?? { stack: '', id: 0 };
    reads.clear();
    await core.worker.submit(id, () => ({ type: 'cancel', by: KIM, reason: null }));
    await expect.poll(() => core.store.run(id).then((run) => run?.state)).toBe('canceled');
    core.storeFault = null;
    expect(name).toMatch(/^many-/);
    // Each of the four answers waits for 40 runs.
    expect(reads.get('run') ?? 0).toBeLessThan(20);
    expect(reads.get('overview') ?? 0).toBe(0);
    for (const plan of plans) plan.end();
    await core.untilIdle();
    await core.deliver();
    for (const answer of answers) expect(answer.now().headline).not.toContain('checking now');
  });
});
