/**
 * The disk of the database's server becomes full while m0 runs: first the disk of the data, so that single statements fail,
 * then the disk of the write-ahead log, so that the server ends. Nothing is acknowledged that was not stored, nothing is
 * applied meanwhile, and m0 goes on by itself once there is space.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/model/run.ts';
import type { Message } from '../../src/sandbox/workspace/workspace.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import {
  fillDisk,
  freeDisk,
  SMALL_DISKS_MISSING,
  startOnSmallDisks,
  takeRoom,
} from '../support/small-disks.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { buttons, DANA, EVE, poll, words } from '../support/world.ts';

/** `quiet` is paused and resumed to fill what is left of the disk. */
const STACKS = { alpha: undefined, beta: undefined, long: undefined, quiet: undefined } as const;
const REFUSED = /Nothing was stored or changed/;
const UNCERTAIN = /can’t say whether all of it was stored/;
const ANSWERED = new RegExp(
  `Paused|Resumed|is paused already|is not paused|${REFUSED.source}|${UNCERTAIN.source}`,
);
/** Many commands fit into what is left. */
const MOST_COMMANDS = 2_000;

if (SMALL_DISKS_MISSING !== null) {
  describe.skip(`A full disk of the database: left out, because ${SMALL_DISKS_MISSING}`, () => {
    it('', () => {});
  });
}

describe.skipIf(SMALL_DISKS_MISSING !== null)('a full disk of the database', () => {
  let server: PostgresServer;
  let m0: WorkersWorld;
  let waiting: Run;
  /** The reasons of the pauses that m0 has confirmed, refused, and could not tell about. */
  const pauses = { stored: [] as string[], refused: [] as string[], uncertain: [] as string[] };

  beforeAll(async () => {
    server = await startOnSmallDisks();
    m0 = await startWorkersWorld(STACKS, [], 'bot,scheduler,worker', Object.keys(STACKS), { server });
    for (const stack of Object.keys(STACKS)) await m0.open(stack);
    for (const stack of Object.keys(STACKS)) await m0.newest(stack, 'clean');
  });
  afterAll(() => m0?.close());

  /** What only Dana sees in #ops, each message as its time and text. */
  const seen = (): readonly string[] =>
    m0.world.workspace
      .as(DANA)
      .sees('ops')
      .filter((m) => m.visibleTo === DANA)
      .map((m) => `${m.ts} ${words(m)}`);

  /** Acts and returns the text of the answer that only Dana sees. */
  async function told(act: () => Promise<{ readonly outcome: string }>): Promise<string> {
    const before = new Set(seen());
    expect((await act()).outcome).toBe('acked');
    return poll(async () => seen().find((text) => !before.has(text)), 'an answer for Dana', 60_000);
  }
  const typed = (text: string): Promise<string> =>
    told(() => m0.world.workspace.as(DANA).slash('/m0', text, 'ops'));
  const isRefused = (answer: string): boolean => REFUSED.test(answer) || UNCERTAIN.test(answer);

  /** Pauses a stack and resumes it. Resolves with the last answer. */
  async function pauseAndResume(): Promise<string> {
    const reason = `round-${Object.values(pauses).flat().length}`;
    const answer = await typed(`pause quiet ${reason} ${'because of the disk '.repeat(20)}`);
    expect(answer).toMatch(ANSWERED);
    if (REFUSED.test(answer)) pauses.refused.push(reason);
    else if (UNCERTAIN.test(answer)) pauses.uncertain.push(reason);
    else if (answer.includes('Paused')) pauses.stored.push(reason);
    if (isRefused(answer)) return answer;
    const resumed = await typed('resume quiet');
    expect(resumed).toMatch(ANSWERED);
    return resumed;
  }

  /** Pauses and resumes until m0 says that nothing can be stored. Resolves with that answer. */
  async function untilRefused(): Promise<string> {
    for (let i = 0; i < MOST_COMMANDS; i += 1) {
      const answer = await pauseAndResume();
      if (isRefused(answer)) return answer;
    }
    throw new Error('the disk did not become full');
  }

  async function ready(): Promise<{ readonly status: number; readonly store: string | null }> {
    const answer = await fetch(`${m0.world.service.url}/readyz`);
    const { problems } = (await answer.json()) as {
      problems: readonly { readonly part: string; readonly problem: string }[];
    };
    return { status: answer.status, store: problems.find((p) => p.part === 'store')?.problem ?? null };
  }
  const metrics = async (): Promise<string> => (await fetch(`${m0.world.service.url}/metrics`)).text();

  /** The card of the run in #ops that has buttons. */
  function cardOf(run: Run): Message {
    const card = m0.world
      .cards()
      .findLast(
        (m) => m.metadata !== null && words(m).includes(`· run #${run.id} `) && buttons(m).length > 0,
      );
    if (card === undefined) throw new Error(`run #${run.id} has no card with buttons`);
    return card;
  }
  const click = (run: Run): Promise<string> =>
    told(() => {
      const card = cardOf(run);
      return m0.world.workspace.as(DANA).click(card, buttons(card)[0] ?? '', { confirm: true });
    });

  /** Asserts that m0 lives, says what is wrong, and has stored and applied nothing. */
  async function nothingIsDone(problem: RegExp): Promise<void> {
    expect((await fetch(`${m0.world.service.url}/healthz`)).status).toBe(200);
    const { status, store } = await ready();
    expect([status, store]).toEqual([503, expect.stringMatching(problem)]);
    const text = await metrics();
    expect(text).toMatch(/^m0_store_up 0$/m);
    expect(text).toMatch(problem);
  }

  /** Waits until m0 says by itself that all is well. */
  async function isWell(): Promise<void> {
    await poll(
      async () => ((await ready()).status === 200 ? true : undefined),
      '/readyz to say that all is well',
    );
    expect(await ready()).toEqual({ status: 200, store: null });
    expect(await metrics()).toMatch(/^m0_store_up 1$/m);
  }

  /** Clicks, which was refused before, and asserts that it has one effect. */
  async function approvedOnce(run: Run, stack: string, version: string): Promise<void> {
    await m0.approve(run);
    await m0.world.until(run.id, 'realigned');
    await m0.world.card(`run #${run.id} `, 'Dana', 'verified');
    expect(await m0.tally(stack)).toEqual([`began ${version} the-owner`, `made ${version} the-owner`]);
    const yes = (await m0.world.service.store.audit({ runId: run.id })).filter((e) => e.action === 'approve');
    expect(yes).toHaveLength(1);
  }

  /** Asserts that the record has each pause that was confirmed, and none that was refused. */
  async function recordIsRight(): Promise<void> {
    const lines = await m0.world.service.store.audit({ stack: 'quiet', limit: 5_000 });
    const found = lines
      .filter((line) => line.action === 'pause')
      .map(({ detail }) => /round-\d+/.exec(detail ?? '')?.[0] ?? String(detail))
      .toReversed();
    expect(found.filter((reason) => !pauses.uncertain.includes(reason))).toEqual(pauses.stored);
    expect(await m0.audit()).toMatchObject({ ok: true });
  }

  describe('of the data', () => {
    let long: Run;
    let letGo: () => Promise<void>;

    it('a click and a command are told that nothing was stored, and nothing is applied', async () => {
      await m0.shut('long');
      // All first: a commit to the repository concerns all of these stacks.
      for (const stack of ['alpha', 'beta', 'long']) await m0.merge(stack, 'v2');
      long = await m0.ask('long');
      await m0.approve(long);
      await poll(async () => (await m0.tally('long')).length > 0 || undefined, 'the long apply to begin');
      waiting = await m0.ask('alpha');
      await m0.world.card(`· run #${waiting.id} `);
      // So that each table has a page, and small writes go on for a while.
      await pauseAndResume();
      fillDisk(server.folder('data'));
      letGo = await takeRoom(server.url(m0.database), 'runs', 'id');
      const full = /the disk of the database server is full: free space on it/;
      expect(await untilRefused()).toMatch(
        /Nothing was stored or changed: the disk of m0’s database is full/,
      );
      expect(await click(waiting)).toMatch(
        /Nothing was stored or changed: the disk of m0’s database is full/,
      );
      // Stored or not: it is looked for again below.
      await m0.world.type(EVE, 'drift beta');
      await nothingIsDone(full);
      expect(await m0.world.run(waiting.id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
      expect(await m0.tally('alpha')).toEqual([]);
    });

    it('an apply that ends meanwhile is not lost', async () => {
      await m0.open('long');
      await poll(async () => (await m0.tally('long')).length > 1 || undefined, 'the long apply to end');
      expect((await m0.world.run(long.id)).state).not.toBe('realigned');
    });

    it('with space again m0 goes on by itself, and the click repeated has one effect', async () => {
      freeDisk(server.folder('data'));
      await letGo();
      await isWell();
      await m0.world.until(long.id, 'realigned');
      expect(await m0.tally('long')).toEqual(['began v2 the-owner', 'made v2 the-owner']);
      await approvedOnce(waiting, 'alpha', 'v2');
      await recordIsRight();
    });

    it('drift that was looked for meanwhile is told, and once', async () => {
      await m0.world.type(EVE, 'drift beta');
      waiting = await m0.newest('beta', 'awaiting_approval');
      await m0.world.card(`· run #${waiting.id} `);
      expect(await m0.world.service.store.alerts({ subject: 'beta', kind: 'drift' })).toHaveLength(1);
    });
  });

  describe('of the write-ahead log', () => {
    it('the server ends; a click and a command are told that nothing was stored', async () => {
      fillDisk(server.folder('log'));
      await untilRefused();
      await poll(
        () =>
          server.sql('postgres', 'SELECT 1').then(
            () => undefined,
            () => true,
          ),
        'the server to end',
      );
      expect(await click(waiting)).toMatch(REFUSED);
      await nothingIsDone(/the database server cannot be reached|the disk of the database server is full/);
      expect(await m0.tally('beta')).toEqual([]);
    });

    it('with space again, and the server started, m0 goes on by itself', async () => {
      freeDisk(server.folder('log'));
      await server.restart('crash');
      await isWell();
      expect(await m0.world.run(waiting.id)).toMatchObject({ state: 'awaiting_approval', approvals: [] });
      await approvedOnce(waiting, 'beta', 'v2');
      await recordIsRight();
    });
  });

  it('no alert was lost or doubled', async () => {
    for (const stack of ['alpha', 'beta', 'long']) {
      await m0.merge(stack, 'v3');
      const run = await m0.ask(stack);
      await m0.world.card(`· run #${run.id} `);
      const { store } = m0.world.service;
      expect(await store.alerts({ subject: stack, state: 'open' })).toHaveLength(1);
      const roots = m0.world
        .cards()
        .filter((m) => words(m).includes(`· run #${run.id} `) && m.metadata !== null);
      expect(roots, stack).toHaveLength(1);
    }
    const posted = m0.world.workspace.channel('ops').messages.flatMap((m) => m.metadata ?? []);
    const keys = posted.map((metadata) => JSON.stringify(metadata));
    expect(keys.filter((key, i) => keys.indexOf(key) < i)).toEqual([]);
    await poll(async () => {
      const { outbox } = await m0.world.service.store.overview([], Date.now());
      return outbox.waiting === 0 || undefined;
    }, 'all messages to be delivered');
    // It is still the process of the start.
    expect(m0.owner.logs.join('').split('"m0 is at work"')).toHaveLength(2);
  });
});
