/**
 * An upgrade of everything, one process at a time, to a version with one more migration: owner and standby, two workers, two
 * replicas of the bot. Meanwhile people type and click, and one long apply is under way from the first step to the last.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/model/run.ts';
import { makeNewerVersion } from '../support/newer-version.ts';
import { POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import type { OtherProcess, WorkerProcess } from '../support/process.ts';
import { type RoundsOfPauses, startRounds } from '../support/rounds-of-pauses.ts';
import { startWorkersWorld, type WorkersWorld } from '../support/workers-world.ts';
import { buttons, EVE, poll, words } from '../support/world.ts';

const STACKS = { long: undefined, held: undefined, between: undefined, quiet: undefined } as const;
/** How soon the next owner has the lease after the former one has ended, in ms: without its end it would take 30 s. */
const TAKEN_OVER_MS = 5_000;
/** Replicas, and one more while one of them is replaced. Slack allows an app ten. */
const MOST_SOCKETS = 3;
const NEWER =
  /^m0: .*the database was written by a newer version of m0: start that version, or restore a back-up from before the upgrade\n$/;

describe.skipIf(POSTGRES_MISSING !== null)('an upgrade, one process at a time', () => {
  let place: string;
  let next: string;
  let m0: WorkersWorld;
  let rounds: RoundsOfPauses;
  let long: Run;
  let between: Run;
  let oldStandby: OtherProcess;
  let newOwner: OtherProcess;
  let newStandby: OtherProcess;
  const old: Record<string, WorkerProcess> = {};
  const all: { readonly name: string; readonly output: () => string }[] = [];
  let mostSockets = 0;
  const watchSockets = setInterval(() => {
    mostSockets = Math.max(mostSockets, m0?.world.workspace.connections ?? 0);
  }, 20);

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'm0-rolling-'));
    next = join(place, 'next');
    makeNewerVersion(next);
    m0 = await startWorkersWorld(STACKS, [], 'scheduler', Object.keys(STACKS));
    for (const stack of Object.keys(STACKS)) await m0.open(stack);
    oldStandby = standby('old-standby');
    const started = await Promise.all([
      m0.owner.replica('old-1'),
      m0.owner.replica('old-2'),
      // Alone, so that it gets the long apply and the held plan.
      m0.owner.worker('busy', undefined),
    ]);
    for (const one of started) old[one.name] = track(one);
    for (const stack of Object.keys(STACKS)) await m0.newest(stack, 'clean');
    await m0.shut('long');
    await m0.hold('held');
    // All first: what the code of these stacks reads is not bounded, so each commit to the repository concerns all of them.
    for (const stack of ['long', 'between', 'held']) await m0.merge(stack, 'v2');
    long = await m0.ask('long');
    await m0.approve(long);
    await poll(async () => (await m0.tally('long')).at(-1) === 'began v2 busy' || undefined, 'the apply');
    between = await m0.ask('between');
    await m0.world.type(EVE, 'drift held');
    await poll(async () => (await m0.calls('held')).at(-1) === 'plan busy' || undefined, 'a held plan');
    old.idle = track(await m0.owner.worker('idle', undefined));
    rounds = startRounds(m0.world, 'quiet');
  });
  afterAll(async () => {
    clearInterval(watchSockets);
    await rounds?.stop();
    await m0?.close();
    rmSync(place, { recursive: true, force: true });
  });

  function track<T extends OtherProcess & { readonly name: string }>(one: T): T {
    all.push(one);
    return one;
  }
  /** Starts an m0 that waits for the owner. `root`: where its code is. */
  function standby(name: string, root?: string): OtherProcess {
    const change = { M0_WAIT_FOR_OWNER: '1', M0_DATA_DIR: join(place, `data-${name}`), WORKER_NAME: name };
    return track({ ...m0.owner.another(change, root), name });
  }
  const wrote = (one: OtherProcess, text: string): Promise<true> =>
    poll(async () => one.output().includes(text) || undefined, `a process to write "${text}"`);
  const waiting = (one: OtherProcess): Promise<true> => wrote(one, 'waiting for the m0 that owns');
  async function ended(one: OtherProcess | undefined): Promise<number | null | undefined> {
    one?.stop('SIGTERM');
    return one?.exit;
  }
  /** Call when the former owner has ended. Resolves with how long the lease was free until the next one had it, in ms. */
  async function takenOver(by: OtherProcess): Promise<number> {
    const free = Date.now();
    await wrote(by, 'm0 is at work');
    const { sql } = await postgresServer();
    const [owner] = await sql(m0.database, 'SELECT since FROM owner');
    return Number(owner?.since) - free;
  }
  async function columns(): Promise<number> {
    const { sql } = await postgresServer();
    return (
      await sql(
        m0.database,
        "SELECT 1 FROM information_schema.columns WHERE table_name = 'runs' AND column_name = 'of_the_next_version'",
      )
    ).length;
  }
  /** Rounds of commands and clicks that began after this call and are over. */
  async function someRounds(count = 2): Promise<void> {
    const from = rounds.done();
    await poll(async () => rounds.done() >= from + count + 1 || undefined, 'rounds of commands and clicks');
  }

  it('a worker of the next version that comes before its owner is refused, and changes nothing', async () => {
    const early = await m0.owner.worker('early', undefined, {}, next).catch((error: Error) => error.message);
    expect(early).toMatch(/start m0 serve of this version first, which migrates it/);
    expect(await columns()).toBe(0);
  });

  it('the next owner waits, migrates when the old one ends, and works within seconds', async () => {
    newOwner = standby('new-owner', next);
    await waiting(newOwner);
    await waiting(oldStandby);
    expect(await columns()).toBe(0);
    // Else it would be the owner in between.
    expect(await ended(oldStandby)).toBe(0);
    const end = m0.owner.terminate();
    await m0.approve(between);
    expect(await end).toBe(0);
    expect(await takenOver(newOwner)).toBeLessThan(TAKEN_OVER_MS);
    expect(await columns()).toBe(1);
  });

  it('old workers and replicas go on with the migrated database', async () => {
    // Clicked while the owner was changed.
    await m0.world.until(between.id, 'realigned');
    expect(await m0.tally('between')).toEqual([
      expect.stringMatching(/^began v2 (busy|idle)$/),
      expect.stringMatching(/^made v2 (busy|idle)$/),
    ]);
    await someRounds();
    for (const one of Object.values(old)) expect(one.output()).not.toContain('finishing');
  });

  it('an old owner, worker or replica that starts now is refused in one line', async () => {
    const late = [['serve', '--roles', 'scheduler'], ['serve', '--roles', 'bot'], ['worker']];
    for (const { code, output } of await Promise.all(late.map((typed) => m0.owner.command(typed)))) {
      expect(output).toMatch(NEWER);
      expect(code).toBe(1);
    }
  });

  it('a worker that gets SIGTERM puts its plan back into the queue and finishes its apply', async () => {
    track(await m0.owner.worker('new-a', undefined, {}, next));
    old.busy?.stop('SIGTERM');
    await poll(
      async () => (await m0.calls('held')).includes('stopped busy') || undefined,
      'the plan to stop',
    );
    await m0.letGo('held');
    const run = await m0.newest('held', 'awaiting_approval');
    expect((await m0.calls('held')).at(-1)).not.toMatch(/busy$/);
    expect((await m0.world.run(long.id)).state).toBe('applying');
    await m0.approve(run);
    await m0.world.until(run.id, 'realigned');
    track(await m0.owner.worker('new-b', undefined, {}, next));
    expect(await ended(old.idle)).toBe(0);
  });

  it('replicas are replaced one by one, and commands and clicks go on', async () => {
    for (const name of ['1', '2']) {
      track(await m0.owner.replica(`new-${name}`, next));
      expect(await ended(old[`old-${name}`])).toBe(0);
      await someRounds();
    }
    expect(m0.world.workspace.connections).toBe(2);
    expect(mostSockets).toBeLessThanOrEqual(MOST_SOCKETS);
  });

  it('the new standby takes over within seconds from the new owner', async () => {
    newStandby = standby('new-standby', next);
    await waiting(newStandby);
    expect(await ended(newOwner)).toBe(0);
    expect(await takenOver(newStandby)).toBeLessThan(TAKEN_OVER_MS);
  });

  it('the long apply, begun before the first step, ends once, and is verified and told', async () => {
    expect((await m0.world.run(long.id)).state).toBe('applying');
    await m0.open('long');
    expect(await old.busy?.exit).toBe(0);
    await m0.world.until(long.id, 'realigned');
    await m0.world.card(`run #${long.id} `, 'Dana', 'verified');
    expect(await m0.tally('long')).toEqual(['began v2 busy', 'made v2 busy']);
    expect((await m0.world.run(long.id)).applied).toHaveLength(1);
  });

  it('nothing was lost and nothing happened twice', async () => {
    await someRounds();
    const { typed, pauses, resumes, failed } = await rounds.stop();
    expect(typed).toBeGreaterThan(10);
    // Slack lost the connection before m0 acknowledged a command. Slack says so, and the person tries again.
    expect(failed).toBeLessThanOrEqual(2);
    const each = Array.from({ length: typed }, (_, i) => `round-${i}`);
    expect(pauses.toSorted()).toEqual(each.toSorted());
    expect(resumes.toSorted()).toEqual(each.toSorted());
    for (const { id, stack } of [long, between]) {
      const cards = m0.world.cards().filter((m) => m.metadata !== null && words(m).includes(`run #${id} `));
      expect(cards, stack).toHaveLength(1);
      expect(cards.flatMap(buttons).join(), stack).not.toContain('Approve');
    }
    expect(m0.world.cards().filter((card) => words(card).includes('could not be'))).toEqual([]);
  });

  it('the record is complete, and no process wrote an error', async () => {
    const verified = await m0.owner.command(['audit', 'verify'], next);
    expect(verified.output).toMatch(/whole from its start, each as it was written/);
    expect(verified.code).toBe(0);
    for (const { name, output } of all) {
      const errors = output()
        .split('\n')
        .filter((line) => /"level":"?(50|60|error|fatal)/.test(line));
      expect(errors, name).toEqual([]);
    }
  });
});
