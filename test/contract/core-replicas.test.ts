/** m0's core in several processes on one PostgreSQL database: an owner, replicas of the bot and workers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { type Core, createCore } from '../../src/core.ts';
import type { Stack } from '../../src/model/directory.ts';
import { type Actor, M0, type Run } from '../../src/model/run.ts';
import type { Incoming, Reply } from '../../src/ports/chat.ts';
import type { SharedWork } from '../../src/ports/shared-work.ts';
import { createReplicaCore, type ReplicaCore } from '../../src/replica-core.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { createWorkerBeside, type WorkerBeside } from '../../src/runs/worker.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { EVE, stackWith } from '../support/core.ts';
import { directory as aDirectory } from '../support/directory.ts';
import { FakeChat, textOf } from '../support/fake-chat.ts';
import { FakeCloud } from '../support/fake-cloud.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import { DANA, KIM, NOON, sshFinding, tagFinding } from '../support/runs.ts';

const NETWORK: Stack = stackWith({ approvers: { from: ['sre'], need: 2, notTheAuthor: false } });
const VPC: Stack = stackWith({ name: 'vpc', worker: 'private-vpc' });
const DIRECTORY = aDirectory({ stacks: [NETWORK, VPC] });
const PLACE = { platform: 'slack', channel: 'C0OPS' } as const;

describe.skipIf(POSTGRES_MISSING !== null)('a core in several processes', { timeout: 60_000 }, () => {
  let place: string;
  let url: string;
  let cloud: FakeCloud;
  let chat: FakeChat;
  let owner: Core;
  let store: AuditedStore;
  let replicas: readonly ReplicaCore[];
  const stores: AuditedStore[] = [];
  const workers: WorkerBeside[] = [];
  const log = createLogger('silent');
  const clock = (): number => NOON;

  async function open(worker: readonly string[] | null): Promise<AuditedStore> {
    const part =
      worker === null ? { owner: { wait: false, onLost() {} } } : { worker: { labels: worker, onLost() {} } };
    const opened = await openStore({ url, log, jobOf, ...part });
    stores.push(opened);
    return opened;
  }
  function sharedOf({ shared }: AuditedStore): SharedWork {
    if (shared === null) throw new Error('the store shares no work');
    return shared;
  }

  async function aReplica(): Promise<ReplicaCore> {
    const own = await open([]);
    const replica = createReplicaCore({
      ...{ store: own, shared: sharedOf(own), policies: cloud, directory: DIRECTORY, clock, log },
      chats: new Map([['slack', chat]]),
      usergroup: async () => [],
      pagerduty: undefined,
      runner: cloud,
    });
    await replica.start();
    return replica;
  }
  async function startOwner(): Promise<void> {
    owner = createCore({
      ...{ key: 'test-key', store, runner: cloud, policies: cloud, directory: DIRECTORY, clock, log },
      ...{ chats: new Map([['slack', chat]]), shared: sharedOf(store), labels: [], concurrency: 2 },
      usergroup: async () => [],
    });
    owner.dispatcher.start();
    await owner.worker.start();
  }
  /** Called when a worker is about to work; an answer forbids it. */
  let prepare: () => string | null = () => null;
  async function aWorker(...labels: readonly string[]): Promise<WorkerBeside> {
    const own = await open(labels);
    const worker = createWorkerBeside({
      ...{ store: own, shared: sharedOf(own), labels, runner: cloud, policies: cloud },
      ...{ directory: DIRECTORY, clock, log, concurrency: 2, onChange: () => {} },
      onCall: async () => ({}),
      peopleToAsk: async () => [],
      prepare: async () => prepare(),
    });
    worker.start();
    workers.push(worker);
    return worker;
  }

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-replicas-'));
    url = await databaseIn(place);
    await (await postgresServer()).sql(databaseFor(place), 'DROP SCHEMA IF EXISTS m0_jobs CASCADE');
    store = await open(null);
    cloud = new FakeCloud(() => store, clock);
    chat = new FakeChat(['C0OPS', 'C0DEV']);
    await startOwner();
    prepare = () => null;
    replicas = [await aReplica(), await aReplica()];
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.drain()));
    await owner.worker.drain();
    await owner.dispatcher.drain();
    for (const each of stores.splice(0).reverse()) await each.close();
    rmSync(place, { recursive: true, force: true });
  });

  function say(replica: ReplicaCore | undefined, text: string, actor: Actor = DANA): Promise<Reply> {
    const incoming: Incoming = { text, actor, place: PLACE, answers: null, from: null };
    if (replica === undefined) throw new Error('there is no such replica');
    return replica.handler(incoming);
  }
  async function approve(replica: ReplicaCore | undefined, id: number, actor: Actor): Promise<Reply> {
    const asked = await say(replica, `approve #${id}`, actor);
    const text = asked.type === 'private' ? JSON.stringify(asked.card) : '';
    const [confirmation] = /approve #\d+ [A-Za-z0-9]+/.exec(text) ?? [];
    return confirmation === undefined ? asked : say(replica, confirmation, actor);
  }
  const newest = async (stack: string): Promise<Run | undefined> =>
    (await store.runs({ stack, limit: 1 })).at(0);
  const until = (stack: string, state: Run['state']): Promise<void> =>
    expect.poll(async () => (await newest(stack))?.state, { timeout: 30_000 }).toBe(state);

  it('a command at a replica is checked by a worker, and the owner keeps its answer up to date', async () => {
    await aWorker('_none');
    const reply = await say(replicas[0], 'drift prod-network', EVE);
    if (reply.type !== 'public') throw new Error('the answer is not public');
    const { channel, id: messageId } = await post(reply.card);
    await reply.posted?.({ channel, messageId });
    await until('prod-network', 'clean');
    // Before the answer is posted, the stack is unknown.
    expect(textOf(reply.card)).toContain('never checked');
    await expect.poll(() => textOf(chat.messages[0]?.card ?? reply.card)).toContain('aligned');
    expect(await store.values('follow-answer ')).toEqual(new Map());
  });
  async function post(card: FakeChat['messages'][number]['card']) {
    await chat.post(PLACE, card, 'answer-1');
    const [message] = chat.messages;
    if (message === undefined) throw new Error('nothing was posted');
    return message;
  }

  it('two approvals at two replicas at the same moment both count, and it is applied once', async () => {
    cloud.drift.set('prod-network', [sshFinding()]);
    cloud.policies.set('tags-auto', [{ rule: 'pending', text: 'a person decides' }] as never);
    await aWorker('_none');
    await aWorker('_none');
    await owner.worker.check(NETWORK, 'schedule', M0);
    await until('prod-network', 'awaiting_approval');
    const { id = 0 } = (await newest('prod-network')) ?? {};
    await Promise.all([approve(replicas[0], id, DANA), approve(replicas[1], id, KIM)]);
    await until('prod-network', 'realigned');
    expect(
      (await newest('prod-network'))?.applied[0]?.approvedBy.map(({ person }) => person).toSorted(),
    ).toEqual(['dana', 'kim']);
    expect(cloud.applies).toHaveLength(1);
    await expect
      .poll(() =>
        chat
          .in('C0OPS')
          .map(({ card }) => textOf(card))
          .join(),
      )
      .toContain('verified');
    expect(await store.verifyAudit()).toMatchObject({ ok: true });
  });

  it('a worker whose m0.yaml is another one than the owner’s by the end of the plan does not apply', async () => {
    cloud.drift.set('vpc', [sshFinding()]);
    cloud.policies.set('tags-auto', [{ rule: 'pending', text: 'a person decides' }] as never);
    await aWorker('private-vpc');
    await owner.worker.check(VPC, 'schedule', M0);
    await until('vpc', 'awaiting_approval');
    const { id = 0 } = (await newest('vpc')) ?? {};
    const plansBefore = cloud.plans.length;
    // The owner takes another m0.yaml into use while the worker plans what was approved.
    prepare = () =>
      cloud.plans.length > plansBefore ? 'm0.yaml here is not the one that m0 serve uses' : null;
    await approve(replicas[0], id, DANA);
    await expect.poll(async () => (await store.run(id))?.moved ?? null, { timeout: 30_000 }).not.toBeNull();
    expect((await store.run(id))?.moved?.also.join()).toContain('not the one that m0 serve uses');
    expect([(await store.run(id))?.state, cloud.applies]).toEqual(['awaiting_approval', []]);
  });

  it('each stack is worked on by the workers with its label, and waits while there is none', async () => {
    cloud.drift.set('vpc', [tagFinding()]);
    await aWorker('_none');
    await owner.worker.checkAll([NETWORK, VPC], 'schedule', M0);
    await until('prod-network', 'clean');
    expect((await newest('vpc'))?.state).toBe('queued');
    await aWorker('private-vpc');
    await until('vpc', 'awaiting_approval');
  });

  it('gets work while the storage of plan files does not answer', async () => {
    await owner.worker.drain();
    await owner.dispatcher.drain();
    let isAsked = false;
    cloud.discardOfIdle = () => {
      isAsked = true;
      return new Promise(() => {});
    };
    await startOwner();
    await expect.poll(() => isAsked).toBe(true);
    await owner.worker.check(NETWORK, 'schedule', M0);
    // Only the owner's look finds that the check has no job.
    await (await postgresServer()).sql(databaseFor(place), 'DELETE FROM m0_jobs.job');
    await aWorker('_none');
    await until('prod-network', 'clean');
  });

  it('a stack with a label has no button that puts drift into the code, and the command is refused', async () => {
    cloud.drift.set('vpc', [sshFinding()]);
    await aWorker('private-vpc');
    await owner.worker.check(VPC, 'schedule', M0);
    await until('vpc', 'awaiting_approval');
    const { id } = (await newest('vpc')) ?? {};
    const reply = await say(replicas[0], `codify #${id}`);
    expect(reply.type === 'private' ? textOf(reply.card) : '').toContain(
      'workers with the label private-vpc',
    );
    await expect.poll(() => chat.in('C0OPS').length).toBeGreaterThan(0);
    expect(JSON.stringify(chat.in('C0OPS').map(({ card }) => card))).not.toContain('codify #');
  });

  it('a command by a person is not joined to a check on a worker that has begun: that one is aborted', async () => {
    const gate = Promise.withResolvers<void>();
    const aborted: number[] = [];
    const plan = cloud.plan.bind(cloud);
    let isFirst = true;
    cloud.plan = async (stack, options) => {
      if (!isFirst) return plan(stack, options);
      isFirst = false;
      options.signal.addEventListener('abort', () => aborted.push(performance.now()));
      await Promise.race([
        gate.promise,
        new Promise((_, reject) =>
          options.signal.addEventListener('abort', () => reject(new Error('aborted'))),
        ),
      ]);
      return plan(stack, options);
    };
    await aWorker('_none');
    await owner.worker.check(NETWORK, 'schedule', M0);
    await until('prod-network', 'planning');
    const askedAt = performance.now();
    await say(replicas[1], 'drift prod-network', EVE);
    await expect.poll(() => aborted.length, { timeout: 10_000 }).toBe(1);
    expect((aborted[0] ?? 0) - askedAt).toBeLessThan(5_000);
    await until('prod-network', 'clean');
    gate.resolve();
  });
});
