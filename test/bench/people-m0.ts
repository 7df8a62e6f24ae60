/**
 * m0's core with its real store and its real Slack adapter, as a process of its own beside the local workspace: only
 * the tool is a fake, whose plans take PLAN_MS. Started by people.ts, which talks to it over IPC; argv[2] is an Order.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { createSlack } from '../../src/chat/slack/slack.ts';
import { createCore } from '../../src/core.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { M0 } from '../../src/model/run.ts';
import { lastTicks } from '../../src/schedule/last-ticks.ts';
import { openStore } from '../../src/store/open.ts';
import { directory, stack } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { sshFinding } from '../support/runs.ts';
import type { Answer, Order, Question } from './people.ts';

const order = JSON.parse(process.argv[2] ?? '') as Order;
const log = createLogger('silent');
const clock = Date.now;

let plans = 0;
const cloud = new FleetCloud({
  clock,
  onWork: () => {
    plans += 1;
  },
  pass: (_, __, signal) => sleep(order.planMs, undefined, { signal }),
});
const stacks = Array.from({ length: order.stacks }, (_, i) =>
  stack({
    ...{ name: `prod-${i}`, schedule: [], environment: `env-${i % 8}` },
    policies: [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' }],
  }),
);
// Some of a fleet always waits for somebody.
for (const [i, { name }] of stacks.entries()) if (i % 20 === 0) cloud.drift.set(name, [sshFinding()]);

const store = await openStore({ url: `file:${order.file}`, log });
const of = directory({ stacks });
const slack = await createSlack({
  ...{ mode: 'socket', appToken: order.appToken, botToken: order.botToken, apiUrl: order.apiUrl },
  ...{ log, people: of.people, clock, events: store },
});
const metrics = createMetrics({
  ...{ store, directory: of, clock, lastTicks, log },
  chats: () => [{ platform: 'slack', ok: true }],
  build: { version: 'bench' },
});
const core = createCore({
  key: 'test-key',
  ...{
    store,
    runner: cloud,
    policies: cloud,
    directory: of,
    clock,
    log,
    concurrency: 2,
    meter: metrics.meter,
  },
  chats: new Map([['slack' as const, slack]]),
  usergroup: (id) => slack.usergroup(id),
  onChange: () => slack.refreshHomes(),
});
core.dispatcher.start();
await slack.start(core.handler);
await core.worker.start();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 100).unref();
setInterval(() => void core.checkWaiting(), 15_000).unref();

async function answerTo(question: Question): Promise<Answer> {
  switch (question) {
    case 'check all':
      await core.worker.checkAll(stacks, 'schedule', M0);
      break;
    case 'begin':
      delay.reset();
      plans = 0;
      peak = 0;
      break;
    case 'end':
      await core.worker.drain();
      await slack.stop();
      await core.dispatcher.drain();
      await store.close();
      break;
    case 'look':
      break;
  }
  const waiting = question === 'end' ? 0 : (await store.overview([], clock())).working.length;
  const cpu = process.cpuUsage();
  return {
    plans,
    waiting,
    cpuMs: (cpu.user + cpu.system) / 1_000,
    delayMs: { p50: delay.percentile(50) / 1e6, p999: delay.percentile(99.9) / 1e6, most: delay.max / 1e6 },
    rss: process.memoryUsage.rss(),
    peak,
  };
}

process.on('message', (question: Question) => {
  void answerTo(question).then((answer) => {
    process.send?.(answer);
    if (question === 'end') process.disconnect();
  });
});
process.send?.('ready');
