import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutboxDispatcher } from '../../src/alerts/outbox-dispatcher.ts';
import { withLogFields } from '../../src/base/log-context.ts';
import { ChatError } from '../../src/ports/chat.ts';
import { Core, EVE, STACK, stackWith } from '../support/core.ts';
import { DANA, sshFinding } from '../support/runs.ts';

const DATA = 'dev-data';

let core: Core;
beforeEach(async () => {
  core = await Core.open([stackWith(), stackWith({ name: DATA, environment: 'dev' })]);
  await core.worker.start();
});
afterEach(() => core.close());

type Line = Readonly<Record<string, unknown>>;
const lines = (): readonly Line[] => core.logLines.map((line) => JSON.parse(line) as Line);
/** The lines with this message, without the fields that every line has. */
const saying = (msg: string): readonly Line[] =>
  lines()
    .filter((l) => l.msg === msg)
    .map(({ level: _, time: _t, msg: _m, ...rest }) => rest);

/** Logs as code that knows nothing of runs: now, and again after some promises. */
function says(text: string): () => Promise<void> {
  return async () => {
    await sleep(1);
    core.log.debug(text);
  };
}

describe('each log line', () => {
  it('during work on a run has the run and its stack', async () => {
    core.cloud.next('plan', says('planning'));
    core.cloud.next('ask', says('asking'));
    core.cloud.next('plan', says('planning'));
    const [a, b] = await Promise.all([core.check(), core.check('push', DATA)]);
    const said = [...saying('planning')].sort((x, y) => Number(x.run) - Number(y.run));
    expect(said).toEqual([
      { run: a.id, stack: STACK },
      { run: b.id, stack: DATA },
    ]);
    expect(saying('asking')).toHaveLength(1);
    expect(saying('asking')[0]).toMatchObject({ run: expect.any(Number), stack: expect.any(String) });
  });

  it('of a run started by another run has only its own run', async () => {
    core.cloud.drift.set(STACK, [sshFinding()]);
    await core.check();
    core.cloud.next('plan', says('planning'));
    await core.say(`drift ${STACK}`, DANA).catch(() => {});
    await core.untilIdle();
    expect(saying('planning')).toEqual([{ run: 2, stack: STACK }]);
  });

  it('of background work has nothing of the work that started it', async () => {
    let breaks = false;
    core.storeFault = (method) => {
      if (!breaks || (method !== 'runs' && method !== 'dueOutbox')) return null;
      breaks = false;
      return new Error('the disk is full');
    };
    core.cloud.next('plan', () => {
      breaks = true;
    });
    await core.check();
    expect(saying('looking for work broke')).toEqual([{ err: expect.anything() }]);

    const { store, directory, log, chat } = core;
    const delivery = createOutboxDispatcher({
      ...{ store, directory, log, onCall: async () => ({}), clock: () => core.now },
      chats: new Map([['slack' as const, chat]]),
    });
    delivery.start();
    // Its first look.
    await sleep(10);
    breaks = true;
    withLogFields({ run: 9 }, () => delivery.wake());
    await sleep(10);
    await delivery.drain();
    expect(saying('looking at the outbox broke')).toEqual([{ err: expect.anything() }]);
  });

  it('during a command has the person and the command', async () => {
    core.cloud.next('bundles', says('looking'));
    await core.say(`policy ${STACK}`, EVE);
    expect(saying('looking')).toEqual([{ user: 'U0EVE', person: 'eve', command: 'policy' }]);
    core.storeFault = (method) => (method === 'exemptions' ? new Error('the disk is full') : null);
    await core.say(`baseline ${STACK}`, EVE);
    expect(saying('a command broke')).toMatchObject([{ user: 'U0EVE', person: 'eve', command: 'baseline' }]);
  });

  it('of a delivery has the alert, its run and its stack', async () => {
    core.cloud.drift.set(STACK, [sshFinding()]);
    const { id } = await core.check();
    core.chat.fail('post', 'C0OPS', { error: new ChatError('posting: no answer'), arrived: false });
    core.chat.fail('post', 'DU0DANA', {
      error: new ChatError('there is no such user', { permanent: true }),
      arrived: false,
    });
    await core.deliver();
    const about = { alert: 1, run: id, stack: STACK };
    expect(saying('a delivery has to wait')).toMatchObject([about]);
    expect(saying('a message can not be delivered and is given up')).toMatchObject([about]);
  });

  it('outside of work has none of these fields', async () => {
    await core.check();
    core.log.info('at rest');
    expect(saying('at rest')).toEqual([{}]);
  });
});
