/** Workers are killed and frozen, the owner is killed, and the database restarts: each apply has one effect. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import type { WorkerProcess } from '../support/process.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { poll } from '../support/world.ts';

const STACKS = { killed: 'alpha', confirm: 'alpha', frozen: 'beta', own: undefined } as const;
const TOKENS = { TOKEN_ALPHA: 'token-alpha', TOKEN_BETA: 'token-beta' };
/**
 * How long the work of a worker that is gone waits at most, in ms: 10 s without a heartbeat, of which one was just sent, 5 s
 * until the owner looks, 2 s until it gives the work again; the rest is for a busy machine.
 */
const GIVEN_AWAY_MS = 40_000;
/** What a worker writes once it notices that another one has its stack. */
const NOTICED = /step refused|was given to another worker|gave no sign of life/;

describe.skipIf(POSTGRES_MISSING !== null)('what is left of a worker', () => {
  let m0: WorkersWorld;
  let first: WorkerProcess;
  let second: WorkerProcess;
  let third: WorkerProcess;

  beforeAll(async () => {
    m0 = await startWorkersWorld(STACKS);
    await m0.open('confirm');
    first = await m0.owner.worker('the-first', 'alpha', TOKENS);
  });
  afterAll(() => m0?.close());

  /** Waits until the last line of what the applies of the stack have done is that one. */
  function done(stack: string, line: string): Promise<true> {
    return poll(async () => (await m0.tally(stack)).at(-1) === line || undefined, `${stack}: "${line}"`);
  }

  /** Waits until the worker has written that. */
  function wrote(worker: Pick<WorkerProcess, 'output'>, what: RegExp, from = 0): Promise<true> {
    return poll(async () => what.test(worker.output().slice(from)) || undefined, `a worker to write ${what}`);
  }

  /** Waits until the apply is given away; resolves with how long that took, in ms. */
  async function givenAway(run: number): Promise<number> {
    const since = performance.now();
    await m0.world.until(run, 'apply_unknown');
    return performance.now() - since;
  }

  it('killed in the middle of an apply: one effect, and the next one plans when Terraform has ended', async () => {
    await m0.newest('confirm', 'realigned');
    await done('killed', 'began v1 the-first');
    const { id } = await m0.newest('killed', 'applying');
    second = await m0.owner.worker('the-second', 'alpha', TOKENS);
    await first.kill();
    const took = await givenAway(id);
    expect(took).toBeLessThan(GIVEN_AWAY_MS);
    await m0.world.card(`m0 stopped while applying killed (run #${id})`, 'will not try again');
    expect(await m0.said(`m0 stopped while applying killed (run #${id})`)).toHaveLength(1);
    expect(await m0.owner.orphans()).not.toEqual([]);
    await wrote(second, /is still running: its stack waits for it/);
    expect(await m0.tally('killed')).toEqual(['began v1 the-first']);
    expect((await m0.calls('killed')).filter((call) => call === 'plan the-second')).toEqual([]);
    await m0.open('killed');
    await m0.newest('killed', 'clean', id);
    expect(await m0.tally('killed')).toEqual(['began v1 the-first', 'made v1 the-first']);
    expect(await m0.said(`m0 stopped while applying run #${id}. It will not try again`)).toHaveLength(1);
    expect(await m0.planFiles()).toEqual([]);
  });

  it('frozen while it confirms: another one applies, and the thawed one does and stores nothing', async () => {
    await m0.merge('confirm', 'v2');
    const run = await m0.ask('confirm');
    await m0.hold('confirm');
    const before = (await m0.calls('confirm')).length;
    await m0.approve(run);
    await poll(
      async () => (await m0.calls('confirm')).slice(before).includes('plan the-second') || undefined,
      'the plan of the approved run',
    );
    second.stop('SIGSTOP');
    await m0.letGo('confirm');
    const from = second.output().length;
    third = await m0.owner.worker('the-third', 'alpha,beta', TOKENS);
    await m0.world.until(run.id, 'realigned');
    second.stop('SIGCONT');
    await wrote(second, NOTICED, from);
    expect((await m0.tally('confirm')).slice(2)).toEqual(['began v2 the-third', 'made v2 the-third']);
    expect((await m0.world.run(run.id)).applied).toHaveLength(1);
    expect((await m0.calls('confirm')).filter((call) => call === 'apply the-second')).toEqual([]);
    expect(await m0.audit()).toMatchObject({ ok: true });
    await second.kill();
  });

  it('frozen in the middle of an apply: it is not applied again, and the thawed one stores nothing', async () => {
    await done('frozen', 'began v1 the-third');
    const { id } = await m0.newest('frozen', 'applying');
    third.stop('SIGSTOP');
    const from = third.output().length;
    const fourth = await m0.owner.worker('the-fourth', 'beta', TOKENS);
    expect(await givenAway(id)).toBeLessThan(GIVEN_AWAY_MS);
    await wrote(fourth, /is still running: its stack waits for it/);
    await m0.open('frozen');
    const { id: check } = await m0.newest('frozen', 'clean', id);
    third.stop('SIGCONT');
    await wrote(third, NOTICED, from);
    expect(await m0.tally('frozen')).toEqual(['began v1 the-third', 'made v1 the-third']);
    expect((await m0.runsOf('frozen')).map((run) => [run.id, run.state])).toEqual([
      [check, 'clean'],
      [id, 'apply_unknown'],
    ]);
    expect(await m0.audit()).toMatchObject({ ok: true });
    await fourth.kill();
    await third.kill();
  });

  it('an apply ends as ever while another process takes over from an owner that is killed', async () => {
    await m0.owner.worker('the-plain', undefined);
    await done('own', 'began v1 the-plain');
    const { id } = await m0.newest('own', 'applying');
    const next = m0.owner.another({ M0_WAIT_FOR_OWNER: '1' });
    await wrote(next, /waiting for the m0 that owns the database/);
    await m0.owner.kill();
    await wrote(next, /m0 is at work/);
    expect((await m0.world.run(id)).state).toBe('applying');
    await m0.open('own');
    await m0.world.until(id, 'realigned');
    expect(await m0.tally('own')).toEqual(['began v1 the-plain', 'made v1 the-plain']);
    expect((await m0.runsOf('own')).map((run) => run.state)).toEqual(['realigned']);
  });

  it('an apply ends and is verified although the database crashes and restarts meanwhile', async () => {
    await m0.shut('own');
    await m0.merge('own', 'v2');
    const run = await m0.ask('own');
    await m0.approve(run);
    await done('own', 'began v2 the-plain');
    await (await postgresServer()).restart('crash');
    await m0.open('own');
    await m0.world.until(run.id, 'realigned');
    const [applied] = (await m0.world.run(run.id)).applied.slice(-1);
    expect(applied).toMatchObject({ approvedBy: [{ person: 'dana' }], verifiedAt: expect.any(Number) });
    expect((await m0.tally('own')).slice(2)).toEqual(['began v2 the-plain', 'made v2 the-plain']);
    expect(await m0.audit()).toMatchObject({ ok: true });
    await poll(async () => (await m0.planFiles()).length === 0 || undefined, 'the plan files to be deleted');
  });
});
