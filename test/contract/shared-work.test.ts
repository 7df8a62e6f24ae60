/** What several processes share that work on one PostgreSQL database: jobs, notices, the list of workers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { M0, type Trigger } from '../../src/model/run.ts';
import { NO_LABEL } from '../../src/model/worker-label.ts';
import { LeaseLost } from '../../src/ports/owner.ts';
import type { Consumer, SharedWork, StackJob, WorkReport } from '../../src/ports/shared-work.ts';
import type { Change } from '../../src/ports/store.ts';
import { newRun } from '../../src/runs/effects.ts';
import { jobOf, URGENT_PRIORITY } from '../../src/runs/work-order.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';

const log = createLogger('silent');
/** pg-boss gives a job away after 10 s without a heartbeat, and looks for such jobs every 5 s. */
const GIVEN_AWAY_MS = 60_000;

function check(name: string, worker?: string, trigger: Trigger = 'schedule'): Change {
  const stack = { name, environment: 'prod', ...(worker === undefined ? {} : { worker }) };
  return { type: 'run.insert', run: newRun(stack, trigger, M0, null, 1_000) };
}

describe.skipIf(POSTGRES_MISSING !== null)('work that processes share', () => {
  let place: string;
  let url: string;
  let owner: AuditedStore;
  const open: AuditedStore[] = [];
  const consumers: Consumer[] = [];

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-shared-'));
    url = await databaseIn(place);
    await (await postgresServer()).sql(databaseFor(place), 'DROP SCHEMA IF EXISTS m0_jobs CASCADE');
    owner = await openStore({ url, log, jobOf, owner: { wait: false, onLost() {} } });
    open.push(owner);
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
    for (const store of open.splice(0).reverse()) await store.close();
    rmSync(place, { recursive: true, force: true });
  });

  async function aWorker(labels: readonly string[] = [NO_LABEL], leaseMs = 30_000): Promise<AuditedStore> {
    const store = await openStore({ url, log, jobOf, worker: { labels, leaseMs, onLost() {} } });
    open.push(store);
    return store;
  }
  function sharedOf(store: AuditedStore): SharedWork {
    if (store.shared === null) throw new Error('the store shares no work');
    return store.shared;
  }
  /** Does jobs with the store; what it did is in `done`. Each job lasts until `go`. */
  function consume(
    store: AuditedStore,
    {
      labels = [NO_LABEL] as readonly string[],
      limits = new Map<string, number>(),
      concurrency = 1,
      go = Promise.resolve() as Promise<unknown>,
    } = {},
  ) {
    const done: string[] = [];
    const begun: string[] = [];
    const consumer = sharedOf(store).consume({
      ...{ labels, limits, concurrency, urgentFrom: URGENT_PRIORITY },
      async work(job) {
        begun.push(job.stack);
        await go;
        done.push(job.stack);
      },
    });
    consumers.push(consumer);
    return { done, begun, stop: () => consumer.stop() };
  }
  const jobs = async (): Promise<readonly string[]> =>
    [...(await sharedOf(owner).jobs())].flatMap(([stack, of]) => of.map(({ label }) => `${stack} ${label}`));

  it('adds a job with the commit that leaves work, and none with one that is refused', async () => {
    await owner.commit([check('a'), check('b', 'blue')]);
    expect((await jobs()).toSorted()).toEqual([`a ${NO_LABEL}`, 'b blue']);
    expect(await owner.commit([check('c'), { type: 'unless.taken', stack: 'c', fence: 7 }])).toMatchObject({
      ok: false,
    });
    expect((await jobs()).length).toBe(2);
  });

  it('gives each label to the workers that have it, and the most urgent first', async () => {
    await owner.commit([
      check('slow'),
      check('push', undefined, 'push'),
      check('asked', undefined, 'command'),
    ]);
    await owner.commit([check('other', 'blue')]);
    const plain = consume(await aWorker());
    const blue = consume(await aWorker(['blue']), { labels: ['blue'] });
    await expect.poll(() => [plain.done, blue.done]).toEqual([['asked', 'push', 'slow'], ['other']]);
    await expect.poll(jobs).toEqual([]);
  });

  it('makes a job that waits more urgent when somebody asks', async () => {
    await owner.commit([check('a')]);
    await sleep(2);
    await owner.commit([check('b')]);
    await owner.commit([check('b', undefined, 'command')]);
    const { done } = consume(await aWorker());
    await expect.poll(() => done).toEqual(['b', 'a']);
  });

  it('never does two jobs of a stack at the same time; what came meanwhile is done after', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const [one, two] = [await aWorker(), await aWorker()];
    const first = consume(one, { concurrency: 3, go });
    const second = consume(two, { concurrency: 3, go });
    const begun = (): readonly string[] => [...first.begun, ...second.begun];
    await owner.commit([check('a'), check('b')]);
    await expect.poll(() => begun().toSorted()).toEqual(['a', 'b']);
    await owner.commit([check('a', undefined, 'command'), check('c')]);
    await expect.poll(() => begun().toSorted()).toEqual(['a', 'b', 'c']);
    resolve();
    await expect.poll(() => begun().toSorted()).toEqual(['a', 'a', 'b', 'c']);
  });

  it('lets an urgent job begin although all slots are in use, and no other', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const { begun } = consume(await aWorker(), { go });
    await owner.commit([check('a')]);
    await expect.poll(() => begun).toEqual(['a']);
    await owner.commit([check('b'), check('urgent', undefined, 'command')]);
    await expect.poll(() => begun).toEqual(['a', 'urgent']);
    resolve();
    await expect.poll(() => begun).toEqual(['a', 'urgent', 'b']);
  });

  it('does no more jobs of a label than its limit, but for an urgent one, and goes on with other labels', async () => {
    const { promise: go, resolve } = Promise.withResolvers<void>();
    const labels = ['blue', 'red'];
    const which = { labels, limits: new Map([['blue', 1]]), concurrency: 5, go };
    const { begun } = consume(await aWorker(labels), which);
    await owner.commit([check('b1', 'blue')]);
    await expect.poll(() => begun).toEqual(['b1']);
    await owner.commit([check('b2', 'blue'), check('r1', 'red'), check('r2', 'red')]);
    await expect.poll(() => begun.toSorted()).toEqual(['b1', 'r1', 'r2']);
    await owner.commit([check('b3', 'blue', 'command'), check('b4', 'blue', 'command')]);
    await expect.poll(() => begun.length).toBe(4);
    await owner.commit([check('r3', 'red')]);
    await expect.poll(() => begun.at(-1)).toBe('r3');
    expect(begun.filter((stack) => stack.startsWith('b'))).toHaveLength(2);
    resolve();
    await expect.poll(() => begun.toSorted()).toEqual(['b1', 'b2', 'b3', 'b4', 'r1', 'r2', 'r3']);
  });

  it('forgets a job whose worker gives no sign of life, so that it can be given again', async () => {
    const worker = await aWorker();
    const { promise: go, resolve } = Promise.withResolvers<void>();
    consume(worker, { go });
    await owner.commit([check('a')]);
    await expect.poll(async () => (await sharedOf(owner).jobs()).get('a')?.[0]?.isBegun).toBe(true);
    // Its heartbeats end with its connections.
    await open.splice(open.indexOf(worker), 1)[0]?.close();
    const server = await postgresServer();
    await server.sql(
      databaseFor(place),
      "UPDATE m0_jobs.job SET heartbeat_on = now() - interval '1 minute' WHERE state = 'active'",
    );
    await expect.poll(jobs, { timeout: GIVEN_AWAY_MS }).toEqual([]);
    await sharedOf(owner).add([jobOf({ id: 1, stack: 'a', state: 'queued', trigger: 'schedule' })]);
    const next = consume(await aWorker());
    await expect.poll(() => next.done).toEqual(['a']);
    resolve();
  }, 120_000);

  it('tells other processes which runs were moved, at the commit and not before', async () => {
    const worker = await aWorker();
    const heard: (readonly number[] | null)[] = [];
    const own: (readonly number[] | null)[] = [];
    sharedOf(worker).onChange((runs) => heard.push(runs));
    sharedOf(owner).onChange((runs) => own.push(runs));
    await owner.commit([check('a'), { type: 'unless.taken', stack: 'c', fence: 7 }]);
    const stored = await owner.commit([check('a'), check('b')]);
    const inserted = stored.ok ? stored.insertedRuns : [];
    await expect.poll(() => heard.filter((runs) => runs !== null)).toEqual([inserted]);
    expect(own.filter((runs) => runs !== null)).toEqual([]);
  });

  it('reports to the other processes', async () => {
    const worker = await aWorker();
    const heard: WorkReport[] = [];
    let isConnected = false;
    sharedOf(owner).onReport((report) => heard.push(report));
    sharedOf(worker).onChange(() => {
      isConnected = true;
    });
    await owner.commit([check('a')]);
    await expect.poll(() => isConnected).toBe(true);
    const working = { doing: 'planning', since: 5, limitMs: 10 };
    sharedOf(worker).report({ type: 'working', stack: 'a', working });
    await expect.poll(() => heard).toEqual([{ type: 'working', stack: 'a', working }]);
  });

  it('lists the workers that live; one that was removed stores nothing more', async () => {
    const worker = await aWorker(['blue', 'green']);
    expect(await sharedOf(owner).workers()).toMatchObject([{ labels: ['blue', 'green'], pid: process.pid }]);
    expect(await sharedOf(owner).removeSilentWorkers()).toBe(0);
    await (await postgresServer()).sql(databaseFor(place), 'UPDATE workers SET expires_at = 0');
    expect(await sharedOf(owner).workers()).toEqual([]);
    expect(await sharedOf(owner).removeSilentWorkers()).toBe(1);
    await expect(worker.setValue('x', 'y')).rejects.toThrow(LeaseLost);
    await expect(
      worker.toolProcesses?.begin({ stack: 'a', phase: 'apply', pid: 1, endsBy: 1 }),
    ).rejects.toThrow(LeaseLost);
  });

  it('no tool begins for a stack that another process has taken, and tools of a dead worker count as left', async () => {
    const [one, two] = [await aWorker(), await aWorker()];
    const tool = { stack: 'a', phase: 'apply', pid: process.pid, endsBy: 1 } as const;
    await one.takeStack('a');
    await one.toolProcesses?.begin(tool);
    expect(await two.toolProcesses?.left()).toEqual([]);
    await two.takeStack('a');
    // Whoever takes the stack waits for the apply of the one before, although that process lives.
    expect(await two.toolProcesses?.left('a')).toMatchObject([{ phase: 'apply' }]);
    await expect(one.toolProcesses?.begin(tool)).rejects.toThrow('taken by another worker');
    await open.splice(open.indexOf(one), 1)[0]?.close();
    expect(await two.toolProcesses?.left('a')).toMatchObject([{ stack: 'a', phase: 'apply' }]);
    expect(await owner.toolProcesses?.left()).toHaveLength(1);
  });

  it('works for a user who may not change tables, once its owner has made them', async () => {
    const server = await postgresServer();
    const database = databaseFor(place);
    await server.sql(database, 'DROP ROLE IF EXISTS m0_app').catch(() => {});
    await server.sql(database, 'CREATE ROLE m0_app LOGIN').catch(() => {});
    for (const schema of ['public', 'm0_jobs']) {
      await server.sql(database, `GRANT USAGE ON SCHEMA ${schema} TO m0_app`);
      await server.sql(
        database,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO m0_app`,
      );
      await server.sql(database, `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO m0_app`);
    }
    const limited = url.replace(/postgres@|user=postgres/, (who) => who.replace('postgres', 'm0_app'));
    expect(limited).not.toBe(url);
    const worker = await openStore({ url: limited, log, jobOf, worker: { labels: ['new'], onLost() {} } });
    open.push(worker);
    await worker.commit([check('a', 'new')]);
    const { done } = consume(worker, { labels: ['new'] });
    await expect.poll(() => done).toEqual(['a']);
  });

  it('adds jobs by hand once, however often', async () => {
    const job: StackJob = { stack: 'a', run: 1, priority: 0, label: 'blue' };
    await sharedOf(owner).add([job, job, { ...job, priority: 30 }]);
    expect(await jobs()).toEqual(['a blue']);
  });
});
