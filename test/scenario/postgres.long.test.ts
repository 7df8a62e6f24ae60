/** Owners of a memory on PostgreSQL are killed, the server crashes, connections are cut: nothing is lost, nothing twice. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import { aProxy, type CuttingProxy } from '../support/postgres-proxy.ts';
import { databaseFor, databaseIn, POSTGRES_MISSING, postgresServer } from '../support/postgres-server.ts';
import type { WriterOrder } from '../support/postgres-writer.ts';

const WRITER = fileURLToPath(new URL('../support/postgres-writer.ts', import.meta.url));
const LEASE_MS = 2_000;

describe.skipIf(POSTGRES_MISSING !== null)('a memory on PostgreSQL', () => {
  let dir: string;
  let url: string;
  let proxy: CuttingProxy;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'm0-postgres-'));
    await databaseIn(dir);
    proxy = await aProxy((await postgresServer()).dir);
    url = `postgres://postgres@127.0.0.1:${proxy.port}/${databaseFor(dir)}`;
    writeFileSync(join(dir, 'done'), '');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await proxy.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The numbers of the writes that were acknowledged, in their order. */
  const done = (): readonly string[] => readFileSync(join(dir, 'done'), 'utf8').split('\n').filter(Boolean);
  async function progress(): Promise<void> {
    const before = done().length;
    await expect.poll(() => done().length, { timeout: 60_000 }).toBeGreaterThan(before + 5);
  }
  function start(name: string): ChildProcess {
    const order: WriterOrder = { url, dir, name, leaseMs: LEASE_MS };
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', WRITER, JSON.stringify(order)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    children.push(child);
    return child;
  }

  it('keeps each acknowledged write once, through kills, crashes of the server and cuts', async () => {
    const server = await postgresServer();
    let owner = start('a');
    await progress();
    for (let round = 0; round < 3; round += 1) {
      proxy.cutAfter('COMMIT\0');
      await progress();
      proxy.cutBefore('COMMIT\0');
      await progress();
      proxy.cutAll();
      await progress();
      await server.restart(round % 2 === 0 ? 'crash' : 'fast');
      await progress();
      const successor = start(`b${round}`);
      await sleep(200);
      owner.kill(round === 1 ? 'SIGSTOP' : 'SIGKILL');
      await progress();
      if (round === 1) owner.kill('SIGCONT');
      owner = successor;
    }
    await progress();
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const store = await openStore({ url: await databaseIn(dir), log: createLogger('silent') });
    try {
      const stored = (await store.audit({})).map(({ detail }) => detail);
      expect(new Set(stored).size).toBe(stored.length);
      expect(done().filter((line) => !stored.includes(line))).toEqual([]);
      expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: stored.length });
      expect(proxy.cuts).toBe(6);
    } finally {
      await store.close();
    }
  }, 1_200_000);
});
