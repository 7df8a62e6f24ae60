/** Replicas of the bot take the commands in Slack; the owner of the database only posts, and a worker does the work. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POSTGRES_MISSING } from '../support/postgres-server.ts';
import type { WorkerProcess } from '../support/process.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { buttons, EVE, poll, words } from '../support/world.ts';

describe.skipIf(POSTGRES_MISSING !== null)('replicas of the bot', () => {
  let m0: WorkersWorld;
  let first: WorkerProcess;
  let second: WorkerProcess;

  beforeAll(async () => {
    m0 = await startWorkersWorld({ jobs: undefined }, [], 'scheduler');
    await m0.open('jobs');
    [first, second] = await Promise.all([
      m0.owner.replica('first'),
      m0.owner.replica('second'),
      m0.owner.worker('the-worker', undefined),
    ]);
    await m0.newest('jobs', 'realigned');
  });
  afterAll(() => m0?.close());

  const sockets = (count: number): Promise<true> =>
    poll(async () => m0.world.workspace.connections === count || undefined, `${count} connections to Slack`);
  /** The newest public answer to `drift`, which is no alert's card. */
  const answer = () => m0.world.cards().findLast((m) => m.metadata === null && words(m).includes('jobs'));

  it('both are connected, and the owner is not', async () => {
    await sockets(2);
    const { ok, problems } = (await (await fetch(`${m0.world.service.url}/readyz`)).json()) as {
      ok: boolean;
      problems: readonly object[];
    };
    expect({ ok, problems }).toEqual({ ok: true, problems: [] });
  });

  it('an answer of either is kept up to date by the owner until its check has ended', async () => {
    for (const _ of ['one replica', 'the other']) {
      const before = answer()?.ts;
      await m0.world.type(EVE, 'drift jobs');
      const told = await poll(async () => {
        const shown = answer();
        const isOver = shown !== undefined && !/checking|asked for/.test(words(shown));
        return isOver && shown.ts !== before ? shown : undefined;
      }, 'the answer to say how the check ended');
      expect(words(told)).toContain('aligned');
    }
  });

  it('what is approved at a replica is applied by the worker once, and the card of the owner says so', async () => {
    await m0.merge('jobs', 'v2');
    const run = await m0.ask('jobs');
    await m0.approve(run);
    await m0.world.until(run.id, 'realigned');
    const card = await m0.world.card(`run #${run.id}`, 'Dana', 'verified');
    expect(buttons(card).join()).not.toContain('Approve');
    expect((await m0.tally('jobs')).slice(2)).toEqual(['began v2 the-worker', 'made v2 the-worker']);
  });

  it('while the owner is gone an approval is taken in; the next owner has it applied', async () => {
    await m0.merge('jobs', 'v3');
    const run = await m0.ask('jobs');
    await m0.owner.kill();
    await m0.approve(run);
    await poll(async () => {
      const { approvals } = await m0.world.run(run.id);
      return approvals.length === 1 || undefined;
    }, 'the approval to be stored');
    await m0.world.restart();
    await m0.world.until(run.id, 'realigned');
    await m0.world.card(`run #${run.id}`, 'Dana', 'verified');
    expect((await m0.tally('jobs')).slice(4)).toEqual(['began v3 the-worker', 'made v3 the-worker']);
    expect(await m0.audit()).toMatchObject({ ok: true });
  });

  it('after one is killed the other one goes on', async () => {
    await first.kill();
    await sockets(1);
    await m0.world.type(EVE, 'status jobs');
    await m0.world.whisper(EVE, 'jobs', 'aligned');
    second.stop('SIGTERM');
    expect(await second.exit).toBe(0);
  });
});
