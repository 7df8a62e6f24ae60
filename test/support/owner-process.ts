/** A child process that owns a database and runs one tool, until a test kills or freezes it. argv[2] is an OwnerOrder. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import type { ToolProcesses } from '../../src/ports/tool-processes.ts';
import { openStore } from '../../src/store/open.ts';
import { runTool } from '../../src/terraform/tool-process.ts';

export interface OwnerOrder {
  readonly url: string;
  readonly leaseMs: number;
  /** A folder; the process appends its events to the file `events` in it. */
  readonly dir: string;
  /** A shell script to run as the tool of the stack `jobs`; null: no tool. */
  readonly script: string | null;
  readonly phase: 'plan' | 'apply';
  /** Whether the process sends itself SIGSTOP after it has proven the lease and before the tool starts. */
  readonly freeze: 'never' | 'before the tool';
  /** How long to block the event loop, in ms. */
  readonly blockMs: number;
}

const order = JSON.parse(process.argv[2] ?? '') as OwnerOrder;
const tell = (event: string): void => appendFileSync(`${order.dir}/events`, `${event}\n`);

const store = await openStore({
  url: order.url,
  log: createLogger('silent'),
  owner: { wait: false, leaseMs: order.leaseMs, onLost: () => tell('lost') },
});
tell('owner');

const until = performance.now() + order.blockMs;
while (performance.now() < until);
if (order.blockMs > 0) tell('blocked');

if (order.script !== null) {
  const tools = store.toolProcesses as ToolProcesses;
  const admit = async (pid: number): Promise<void> => {
    await tools.begin({ stack: 'jobs', phase: order.phase, pid, endsBy: Date.now() + 60_000 });
    tell('proven');
    if (order.freeze === 'before the tool') process.kill(process.pid, 'SIGSTOP');
  };
  const outcome = await runTool({
    ...{
      binary: '/bin/sh',
      args: ['-c', order.script],
      cwd: order.dir,
      env: { PATH: process.env.PATH ?? '' },
    },
    ...{ signal: new AbortController().signal, limitMs: 60_000, graceMs: 1_000, admit },
    output: { as: 'log', dir: order.dir, name: 'tool' },
  });
  tell(`tool: ${outcome.exitCode}`);
}

// Writes until it is killed; each event says which writes succeeded.
for (;;) {
  await sleep(100);
  const results = await Promise.allSettled([
    store.setValue('owner-test', String(Date.now())),
    store.commit([]),
    store.outboxDone(1, Date.now()),
    store.probe(Date.now()),
    store.proveOwner(),
    ...(store.toolProcesses === null ? [] : [store.toolProcesses.end(999)]),
  ]);
  const names = results.map((r) => (r.status === 'fulfilled' ? 'ok' : (r.reason as Error).name));
  tell(`writes: ${[...new Set(names)].join(' ')}`);
}
