/** A PostgreSQL server that is not there: what m0 says, and that it may be tried again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import { freePort } from '../support/free-port.ts';

it.each([
  ['a port', async () => `postgres://postgres@127.0.0.1:${await freePort()}/m0`],
  ['a socket file', async (folder: string) => `postgres://postgres@/m0?host=${folder}`],
])('at %s where nobody listens', async (_, urlOf) => {
  const folder = mkdtempSync(join(tmpdir(), 'm0-no-server-'));
  const opened = openStore({ url: await urlOf(folder), log: createLogger('silent') });
  await expect(opened).rejects.toMatchObject({
    message: expect.stringContaining('the database server cannot be reached: check that it runs'),
    problem: 'busy',
  });
  rmSync(folder, { recursive: true });
});
