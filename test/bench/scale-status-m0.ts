/**
 * A replica of the bot, or with SQLite the whole core, as a process of its own that answers `/m0 status`. Started by
 * scale-status.ts; argv[2] is an Order. Prints an Answer.
 */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { createCore } from '../../src/core.ts';
import { createReplicaCore } from '../../src/replica-core.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { openStore } from '../../src/store/open.ts';
import { directory } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { DANA } from '../support/runs.ts';
import { fleetOf } from './scale-history.ts';
import type { Answer, Order } from './scale-status.ts';

const { url, stacks, target, commands, sampleEvery } = JSON.parse(process.argv[2] ?? '') as Order;
const log = createLogger('silent');
const isShared = url.startsWith('postgres');
const cloud = new FleetCloud({ clock: Date.now, onWork: () => {}, pass: async () => {} });
const store = await openStore({
  ...{ url, log },
  ...(isShared ? { jobOf, worker: { labels: [], onLost: () => process.exit(1) } } : {}),
});
const parts = {
  ...{ store, log, clock: Date.now, runner: cloud, policies: cloud, chats: new Map() },
  directory: directory({ stacks: fleetOf(stacks) }),
  usergroup: async () => [],
};
const core =
  store.shared === null
    ? createCore({ ...parts, key: 'bench', concurrency: 2 })
    : createReplicaCore({ ...parts, shared: store.shared });

const ms: number[] = [];
const heap: number[] = [];
for (let i = 0; i < commands; i += 1) {
  const begun = performance.now();
  const reply = await core.handler({
    ...{ text: `status ${target}`, actor: DANA, answers: null, from: null },
    place: { platform: 'slack', channel: 'C0OPS' },
  });
  ms.push(performance.now() - begun);
  if (reply.type !== 'pages') throw new Error(`measuring status: the answer is ${JSON.stringify(reply)}`);
  if (i % sampleEvery === sampleEvery - 1) {
    globalThis.gc?.();
    heap.push(process.memoryUsage().heapUsed);
  }
  await letOthersWork();
}
await store.close();
const answer: Answer = { ms, heap, rss: process.memoryUsage.rss() };
process.stdout.write(JSON.stringify(answer));
process.exit(0);
