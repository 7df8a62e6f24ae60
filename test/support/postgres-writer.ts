/** A child process that owns a memory and writes numbered lines until it is killed. argv[2] is a WriterOrder. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { M0 } from '../../src/model/run.ts';
import { LeaseLost } from '../../src/ports/owner.ts';
import { storeUnavailable } from '../../src/ports/store-error.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';

export interface WriterOrder {
  readonly url: string;
  /** A folder; the process appends each line that was acknowledged to the file `done` in it. */
  readonly dir: string;
  /** What its lines begin with. */
  readonly name: string;
  readonly leaseMs: number;
}

const order = JSON.parse(process.argv[2] ?? '') as WriterOrder;

async function open(): Promise<AuditedStore> {
  for (;;) {
    try {
      return await openStore({
        url: order.url,
        log: createLogger('silent'),
        owner: { wait: true, leaseMs: order.leaseMs, onLost: () => process.exit(3) },
      });
    } catch (error) {
      if (storeUnavailable(error) === null) throw error;
      await sleep(100);
    }
  }
}

const store = await open();
for (let n = 0; ; ) {
  const detail = `${order.name} ${n}`;
  const entry = {
    ...{
      at: Date.now(),
      actor: M0,
      action: 'start' as const,
      stack: 'all stacks',
      runId: null,
      fingerprint: null,
    },
    ...{ commit: null, place: null, bundles: null, scope: null, detail },
  };
  try {
    await store.commit([{ type: 'audit', entry }]);
    appendFileSync(`${order.dir}/done`, `${detail}\n`);
    n += 1;
  } catch (error) {
    if (error instanceof LeaseLost) process.exit(3);
    // Nothing was stored: the same line is written again.
    if (storeUnavailable(error) === null) throw error;
    await sleep(50);
  }
}
