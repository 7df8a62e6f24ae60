/** One process owns a database. Others are refused, or take over if the owner has stopped, was killed or is frozen. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { OwnedError } from '../../src/ports/owner.ts';
import type { ToolProcesses } from '../../src/ports/tool-processes.ts';
import type { OwnerOptions } from '../../src/store/lease.ts';
import { openStore } from '../../src/store/open.ts';
import type { AuditedStore } from '../../src/store/sqlite.ts';
import { createLeftTools } from '../../src/terraform/left-tools.ts';
import type { OwnerOrder } from '../support/owner-process.ts';

const OWNER = fileURLToPath(new URL('../support/owner-process.ts', import.meta.url));
/** Ten heartbeats: a machine that is busy with other tests must not lose all of them. */
const LEASE_MS = 4_000;
const SOON = { timeout: 15_000, interval: 20 };
const log = createLogger('silent');

let dir: string;
let url: string;
const children: ChildProcess[] = [];
const stores: AuditedStore[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'm0-owner-'));
  url = `file:${join(dir, 'm0.db')}`;
});
afterEach(async () => {
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
    const { default: Sqlite } = await import('better-sqlite3');
    const raw = new Sqlite(join(dir, 'm0.db'));
    raw.exec('UPDATE owner SET fence = fence + 1');
    raw.close();
    await expect(first.toolProcesses?.begin(tool)).rejects.toThrow('another m0 has taken over');
  });
});
