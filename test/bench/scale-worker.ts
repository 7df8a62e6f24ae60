/**
 * A worker beside the owner of the database, as a process of its own: all is real but the tool, whose plans only take their
 * time. Started by scale-workers.ts; argv[2] is a WorkerOrder. Ends with the channel to its parent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { NO_LABEL } from '../../src/model/worker-label.ts';
import { jobOf } from '../../src/runs/work-order.ts';
import { createWorkerBeside } from '../../src/runs/worker.ts';
import { openStore } from '../../src/store/open.ts';
import { directory } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { stacksOf, type WorkerAnswer, type WorkerOrder } from './scale-workers.ts';

const order = JSON.parse(process.argv[2] ?? '') as WorkerOrder;
const log = createLogger(order.logLevel);
const clock = Date.now;
let plans = 0;
const cloud = new FleetCloud({
  clock,
  onWork: () => {
    plans += 1;
  },
  pass: (_, __, signal) => sleep(order.planMs, undefined, { signal }),
});
const labels = [NO_LABEL];
const store = await openStore({
  ...{ url: order.url, log, jobOf },
  worker: {
    labels,
    onLost() {
      process.stderr.write('a worker has lost its lease\n');
      process.exit(1);
    },
  },
});
const { shared } = store;
if (shared === null) throw new Error('measuring workers: the database shares no work');
const worker = createWorkerBeside({
  ...{ store, shared, labels, clock, log, runner: cloud, policies: cloud },
  directory: directory({ stacks: stacksOf(order.stacks) }),
  onCall: async () => ({}),
  peopleToAsk: async () => [],
  concurrency: order.concurrency,
  onChange: () => {},
});
worker.start();

function answer(): WorkerAnswer {
  const cpu = process.cpuUsage();
  return { plans, cpuMs: (cpu.user + cpu.system) / 1_000 };
}

process.on('message', (question) => {
  if (question === 'look') process.send?.(answer());
  else {
    void worker
      .drain()
      .then(() => store.close())
      .then(() => process.disconnect());
  }
});
process.send?.('ready');
