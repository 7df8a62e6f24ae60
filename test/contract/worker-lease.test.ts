/** The lease of a worker on PostgreSQL: it lasts as long as the process gives signs of life. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { NO_LABEL } from '../../src/model/worker-label.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { databaseIn, POSTGRES_MISSING } from '../support/postgres-server.ts';

/** Short, so that several heartbeats are needed within the test. */
const LEASE_MS = 3_000;

describe.skipIf(POSTGRES_MISSING !== null)('the lease of a worker', () => {
  let dir: string;
  const open: AuditedStore[] = [];
  const logs: string[] = [];
  const log = createLogger('warn', { write: (line) => void logs.push(line) });

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'm0-lease-'));
  });
  afterEach(async () => {
    for (const store of open.splice(0).reverse()) await store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is extended by its heartbeats, and ends with the process', async () => {
    const url = await databaseIn(dir);
    const owner = await openStore({ url, log, jobOf, owner: { wait: false, onLost: () => {} } });
    open.push(owner);
    const lost: string[] = [];
    const worker = await openStore({
      ...{ url, log, jobOf },
      worker: { labels: [NO_LABEL], leaseMs: LEASE_MS, onLost: () => void lost.push('lost') },
    });
    open.push(worker);
    const { shared } = owner;
    const [first] = (await shared?.workers()) ?? [];
    expect(first).toMatchObject({ pid: process.pid, labels: [NO_LABEL] });
    await expect
      .poll(async () => Date.now() - ((await shared?.workers())?.[0]?.since ?? Date.now()), {
        timeout: 30_000,
      })
      .toBeGreaterThan(2 * LEASE_MS);
    expect(await shared?.removeSilentWorkers()).toBe(0);
    // A write proves the lease.
    await worker.takeStack('prod-network');
    expect(lost).toEqual([]);
    expect(logs.filter((line) => line.includes('heartbeat'))).toEqual([]);
    open.pop();
    await worker.close();
    expect(await shared?.workers()).toEqual([]);
  });
});
