/** One process owns a database. Others are refused, or take over if the owner has stopped, was killed or is frozen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { createMirrors } from '../../src/git/mirrors.ts';
import type { CodeVersion } from '../../src/model/code-version.ts';
import { OwnedError } from '../../src/ports/owner.ts';
import type { ToolProcesses } from '../../src/ports/tool-processes.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { startHeartbeat } from '../../src/store/heartbeat.ts';
import { openForHeartbeats } from '../../src/store/heartbeat-connection.ts';
import type { OwnerOptions } from '../../src/store/lease.ts';
import { openStore } from '../../src/store/open.ts';
import { createLeftTools } from '../../src/terraform/left-tools.ts';
import { runTool, type ToolOutcome } from '../../src/terraform/tool-process.ts';
import { stack } from '../support/directory.ts';
import type { OwnerOrder } from '../support/owner-process.ts';
import { runnerIn } from '../support/runner.ts';

const OWNER = fileURLToPath(new URL('../support/owner-process.ts', import.meta.url));
/** Ten heartbeats: a machine that is busy with other tests must not lose all of them. */
const LEASE_MS = 4_000;
/** Long enough for a process to start beside many others. */
const SOON = { timeout: 60_000, interval: 20 };
const log = createLogger('silent');

let dir: string;
let url: string;
const children: ChildProcess[] = [];
const stores: AuditedStore[] = [];
const raws: Sqlite.Database[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'm0-owner-'));
  url = `file:${join(dir, 'm0.db')}`;
});
afterEach(async () => {
  for (const client of raws.splice(0)) client.close();
  for (const store of stores.splice(0)) await store.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const events = (): readonly string[] =>
  existsSync(join(dir, 'events')) ? readFileSync(join(dir, 'events'), 'utf8').trim().split('\n') : [];
const happens = (event: string): Promise<void> => vi.waitFor(() => expect(events()).toContain(event), SOON);

/** Starts another process that owns the database. */
async function owner(change: Partial<OwnerOrder> = {}): Promise<ChildProcess> {
  const order: OwnerOrder = {
    ...{ url, dir, leaseMs: LEASE_MS, script: null, phase: 'apply', freeze: 'never', blockMs: 0 },
    ...change,
  };
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', OWNER, JSON.stringify(order)],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  children.push(child);
  await happens('owner');
  return child;
}

async function take(change: Partial<OwnerOptions> = {}): Promise<AuditedStore> {
  const store = await openStore({
    ...{ url, log },
    owner: { wait: false, leaseMs: LEASE_MS, onLost: () => {}, ...change },
  });
  stores.push(store);
  return store;
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('while the owner lives', () => {
  it('a second process is refused with the owner and its start time', async () => {
    const since = Date.now();
    const child = await owner();
    const refused = await take().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OwnedError);
    const { message, owner: found } = refused as OwnedError;
    expect(message).toContain(`in use by m0 on ${hostname()} (process ${child.pid}) since 20`);
    expect(message).toContain('M0_WAIT_FOR_OWNER=1');
    expect(found).toMatchObject({ host: hostname(), pid: child.pid, fence: 1 });
    expect(found.since).toBeGreaterThanOrEqual(since);
    await happens('writes: ok');
    expect(events().join()).not.toContain('LeaseLost');
  });

  it('a busy event loop does not lose the lease', async () => {
    await owner({ blockMs: 2 * LEASE_MS });
    await expect(take()).rejects.toThrow(OwnedError);
    await happens('blocked');
    await happens('writes: ok');
    expect(events()).not.toContain('lost');
  });

  it('a process that waits names the owner, and takes over when the owner closes', async () => {
    const first = await take();
    const waitsFor: number[] = [];
    const second = take({ wait: true, onWaiting: ({ pid }) => void waitsFor.push(pid) });
    await vi.waitFor(() => expect(waitsFor).toEqual([process.pid]), SOON);
    stores.splice(stores.indexOf(first), 1);
    await first.close();
    expect((await second).toolProcesses?.fence).toBe(2);
  });

  it('a wait can be aborted', async () => {
    await owner();
    const stop = new AbortController();
    const waiting = take({ wait: true, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
  });
});

/** Another connection to the database, as another program has one. */
function raw(): Sqlite.Database {
  const client = new Sqlite(join(dir, 'm0.db'));
  raws.push(client);
  return client;
}
const TAKEN = `
  INSERT INTO owner (id, holder, host, pid, process, since, heartbeat_at, expires_at, fence)
  VALUES (1, 'other', 'other', 7, 'elsewhere/1', 0, 0, 9e15, 1)`;

describe('a candidate', () => {
  beforeEach(async () => {
    const store = await openStore({ url, log });
    await store.close();
  });

  it.each([
    ['has an owner, who is silent', TAKEN],
    ['never had an owner', 'SELECT 1'],
  ])(
    'answers signals and requests while another process holds the lock of a database that %s',
    async (_, sql) => {
      const other = raw();
      other.exec(sql);
      other.exec('BEGIN IMMEDIATE');
      const stop = new AbortController();
      const began = performance.now();
      setTimeout(() => stop.abort(), 300);
      await expect(take({ wait: true, signal: stop.signal })).rejects.toThrow('aborted');
      expect(performance.now() - began).toBeLessThan(2_000);
    },
  );

  it('that may not wait says so where the lock is never given back', async () => {
    const other = raw();
    other.exec('BEGIN IMMEDIATE');
    await expect(take({ leaseMs: 200 })).rejects.toThrow('is locked by another process: stop that process');
  });

  it('replaces a silent owner whose clock is ahead, also one who came while it waited', async () => {
    const other = raw();
    other.exec(TAKEN);
    const waiting = take({ wait: true, leaseMs: 1_500 });
    setTimeout(() => other.exec('UPDATE owner SET fence = 2'), 600);
    expect((await waiting).toolProcesses?.fence).toBe(3);
  });

  it('that was frozen itself does not take that for the silence of the owner', async () => {
    const other = raw();
    other.exec(TAKEN);
    const waiting = take({ wait: true, leaseMs: 700 });
    let heardAt = 0;
    setTimeout(() => {
      const until = performance.now() + 1_000;
      while (performance.now() < until);
      other.exec('UPDATE owner SET heartbeat_at = 1');
      heardAt = performance.now();
    }, 400);
    await waiting;
    expect(performance.now() - heardAt).toBeGreaterThan(600);
  });

  it('waits for the disk where it moves commits of others into the database', async () => {
    const client = openForHeartbeats(join(dir, 'm0.db'), 100);
    raws.push(client);
    // 0 (OFF) would let a power cut damage the database; 1 is NORMAL.
    expect(client.pragma('synchronous', { simple: true })).toBe(1);
  });
});

it('of two that bring an old database to the newest schema at once, neither fails', async () => {
  writeFileSync(
    join(dir, 'm0.db'),
    gunzipSync(readFileSync(new URL('./databases/0004.db.gz', import.meta.url))),
  );
  const other = new Worker(new URL('../support/slow-migration.ts', import.meta.url), {
    workerData: { file: join(dir, 'm0.db'), holdMs: 500 },
  });
  await once(other, 'message');
  const store = await take();
  expect(store.toolProcesses?.fence).toBe(1);
  await store.setValue('name', 'value');
});

describe('heartbeats', () => {
  it('end at once, although their thread has only begun to load', async () => {
    await (await openStore({ url, log })).close();
    // A thread that is ended while it loads the driver ends the whole process, sometimes.
    for (let n = 0; n < 20; n += 1) {
      await startHeartbeat({
        file: join(dir, 'm0.db'),
        fence: 1,
        leaseMs: LEASE_MS,
        log,
        onLost: () => {},
      }).stop();
    }
  });

  it('go on after their thread has failed', async () => {
    const file = join(dir, 'm0.db');
    // There is no such file yet, so the first thread fails.
    const heartbeat = startHeartbeat({ file, fence: 1, leaseMs: LEASE_MS, log, onLost: () => {} });
    try {
      await (await openStore({ url, log })).close();
      const raw = new Sqlite(file);
      raw.exec("INSERT INTO owner VALUES (1, 'me', 'here', 1, 'space/1', 0, 0, 0, 1)");
      const beatAt = (): unknown => raw.prepare('SELECT heartbeat_at FROM owner').pluck().get();
      await vi.waitFor(() => expect(beatAt()).toBeGreaterThan(0), SOON);
      raw.close();
    } finally {
      await heartbeat.stop();
    }
  });
});

describe('taking over', () => {
  it('from a process that was killed, at once', async () => {
    // With the lease of production, 30 s.
    await killed(await owner({ leaseMs: 30_000 }));
    const store = await take({ leaseMs: 30_000 });
    expect(store.toolProcesses?.fence).toBe(2);
    await store.setValue('name', 'value');
  });

  it('from a frozen process when its lease expires; after the thaw it stores nothing', async () => {
    const child = await owner();
    await happens('writes: ok');
    child.kill('SIGSTOP');
    const store = await take();
    expect(store.toolProcesses?.fence).toBe(2);
    await store.setValue('owner-test', 'the successor’s');
    const before = events().length;
    child.kill('SIGCONT');
    await happens('lost');
    await happens('writes: LeaseLost');
    // A write in progress at the freeze had to end before the successor could take the lease.
    expect(
      events()
        .slice(before)
        .filter((line) => line === 'writes: ok'),
    ).toEqual([]);
    expect(await store.value('owner-test')).toBe('the successor’s');
    expect(events().filter((line) => line === 'lost')).toHaveLength(1);
  });

  it('a database of an m0 without leases is taken like a new one', async () => {
    const old = await openStore({ url, log });
    await old.close();
    expect((await take()).toolProcesses?.fence).toBe(1);
  });
});

describe('a tool that outlives its owner', () => {
  const left = (store: AuditedStore) => createLeftTools(store.toolProcesses as ToolProcesses, log);
  const never = new AbortController().signal;
  const made = (): boolean => existsSync(join(dir, 'made'));

  it('is waited for if it is an apply, and not stopped', async () => {
    const child = await owner({ script: 'echo > began; sleep 2; echo > made' });
    await vi.waitFor(() => expect(existsSync(join(dir, 'began'))).toBe(true), SOON);
    await killed(child);
    const store = await take();
    expect(await store.toolProcesses?.left('jobs')).toMatchObject([{ phase: 'apply', stack: 'jobs' }]);
    await left(store).ended('another', never);
    expect(made()).toBe(false);
    await left(store).ended('jobs', never);
    expect(made()).toBe(true);
    expect(await store.toolProcesses?.left()).toEqual([]);
  });

  it('is stopped if it is a plan, which changes nothing', async () => {
    const child = await owner({ phase: 'plan', script: 'echo > began; exec sleep 600' });
    await vi.waitFor(() => expect(existsSync(join(dir, 'began'))).toBe(true), SOON);
    await killed(child);
    const store = await take();
    await left(store).ended('jobs', never);
    expect(await store.toolProcesses?.left()).toEqual([]);
  });

  it('is interrupted once, however many wait for it', async () => {
    // Terraform that is interrupted twice ends without saving its state.
    const script = `trap 'echo int >> interrupts' INT; echo > began; for i in $(seq 40); do sleep 0.05; done`;
    const child = await owner({ phase: 'plan', script });
    await vi.waitFor(() => expect(existsSync(join(dir, 'began'))).toBe(true), SOON);
    await killed(child);
    const tools = left(await take());
    const all = tools.allEnded(never);
    const interrupts = (): string => readFileSync(join(dir, 'interrupts'), 'utf8');
    await vi.waitFor(() => expect(interrupts()).toBe('int\n'), SOON);
    const givesUp = tools.ended('jobs', AbortSignal.timeout(50));
    await expect(givesUp).rejects.toThrow('timeout');
    await tools.ended('jobs', never);
    await all;
    expect(interrupts()).toBe('int\n');
  });

  it('that cannot be seen is waited for, no longer than it may take, whatever the clock showed', async () => {
    const store = await take();
    const begunAt = Date.now() + 24 * 60 * 60_000;
    raw()
      .prepare(`INSERT INTO tool_processes (fence, stack, phase, host, pid, process, begun_at, ends_by)
        VALUES (0, 'jobs', 'apply', 'other', 7, 'elsewhere/1', ?, ?)`)
      .run(begunAt, begunAt + 500);
    const began = performance.now();
    await left(store).ended('jobs', AbortSignal.timeout(5_000));
    expect(performance.now() - began).toBeGreaterThan(450);
    expect(await store.toolProcesses?.left()).toEqual([]);
  });

  it('keeps its own output, also where its owner is frozen and a successor runs the same', async () => {
    const run = (script: string): Promise<ToolOutcome> =>
      runTool({
        ...{ binary: '/bin/sh', args: ['-c', script], cwd: dir, env: { PATH: process.env.PATH ?? '' } },
        ...{ signal: never, limitMs: 60_000, graceMs: 1_000 },
        output: { as: 'log', dir, name: 'apply' },
      });
    const untilThere = (name: string): string => `while [ ! -e ${name} ]; do sleep 0.02; done`;
    const first = run(`echo first; echo > one; ${untilThere('end-one')}`);
    await vi.waitFor(() => expect(existsSync(join(dir, 'one'))).toBe(true), SOON);
    const second = run(`echo second; echo > two; ${untilThere('end-two')}`);
    await vi.waitFor(() => expect(existsSync(join(dir, 'two'))).toBe(true), SOON);
    writeFileSync(join(dir, 'end-one'), '');
    expect((await first).stdout.toString()).toBe('first\n');
    writeFileSync(join(dir, 'end-two'), '');
    expect((await second).stdout.toString()).toBe('second\n');
    expect(existsSync(join(dir, 'apply.out'))).toBe(false);
  });

  it('finds its work tree untouched by an owner that lost the lease while it fetched the code', async () => {
    const store = await take();
    const checkedOut: string[] = [];
    const runner = runnerIn(
      dir,
      { terraform: '/bin/false', tofu: null, cliConfig: '' },
      {
        toolProcesses: store.toolProcesses,
        mirrors: {
          ...createMirrors({ dir, log, base: {} }),
          async fetch() {
            raw().exec('UPDATE owner SET fence = fence + 1');
            return { commit: 'a'.repeat(40), message: '', author: '', at: 0 } as unknown as CodeVersion;
          },
          async inputs() {
            return { digest: '', source: '', whole: false, touched: null, authors: [] };
          },
          async checkout(_, commit) {
            checkedOut.push(commit);
          },
        },
      },
    );
    const plan = runner.plan(stack(), { only: null, signal: never });
    await expect(plan).rejects.toThrow('another m0 has taken over');
    expect(checkedOut).toEqual([]);
  });

  it('never starts if its owner was frozen between proof and start, not even after the thaw', async () => {
    const child = await owner({ script: 'echo > made', freeze: 'before the tool' });
    await happens('proven');
    const store = await take();
    await left(store).ended('jobs', never);
    child.kill('SIGCONT');
    await happens('tool: null');
    await happens('writes: LeaseLost');
    expect(made()).toBe(false);
  });

  it('never starts if its owner was killed between proof and start', async () => {
    const child = await owner({ script: 'echo > made', freeze: 'before the tool' });
    await happens('proven');
    await killed(child);
    await left(await take()).ended('jobs', never);
    expect(made()).toBe(false);
  });

  it('is not started by an owner that has lost the lease', async () => {
    const first = await take();
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    children.push(child);
    const tool = { stack: 'jobs', phase: 'apply', pid: Number(child.pid), endsBy: Date.now() } as const;
    const id = await first.toolProcesses?.begin(tool);
    expect(id).toBeGreaterThan(0);
    // Simulates another process that has taken over.
    raw().exec('UPDATE owner SET fence = fence + 1');
    await expect(first.toolProcesses?.begin(tool)).rejects.toThrow('another m0 has taken over');
  });
});
