/**
 * Simulates 10,000 runs of 100 stacks and prints, as JSON, the memory in use after each 1,000. The store,
 * worker, dispatcher and cards are real, and plans are parsed as the runner does; only tool and chat are fakes.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { analyzePlan } from '../../src/drift/analyze.ts';
import { readPlan } from '../../src/drift/read-plan.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Place, Stack } from '../../src/model/directory.ts';
import { M0, type Run, type RunState } from '../../src/model/run.ts';
import type { ChatPort } from '../../src/ports/chat.ts';
import type { PlanResult, Runner } from '../../src/ports/runner.ts';
import { directory, stack } from '../support/directory.ts';
import { FleetCloud } from '../support/fleet-cloud.ts';
import { type FleetService, startFleetService } from '../support/fleet-service.ts';
import { sshFinding } from '../support/runs.ts';
import { scratchInMemory } from '../support/scratch.ts';
import { writeBigPlan } from './big-plan.ts';
import type { Sample } from './memory.ts';

const RUNS = 10_000;
const EVERY = 1_000;
const STACKS = 100;
/** Resources of a plan, which is then about 110 KB of JSON. */
const RESOURCES = 20;
const SETTLED_MS = 60_000;
const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];
/** What the checks find, in turn: nothing, tags to revert, a rule that waits, the same, nothing, an unreadable state. */
const WEATHERS = ['clean', 'tags', 'rule', 'rule', 'clean', 'away'] as const;

/** The run once m0 has no more work on it. */
async function restOf({ store }: FleetService, id: number): Promise<Run> {
  const until = Date.now() + SETTLED_MS;
  for (;;) {
    const run = await store.run(id);
    if (run !== undefined && !BUSY.includes(run.state)) return run;
    if (Date.now() > until) throw new Error(`run #${id} never rests`);
    await sleep(1);
  }
}

/** A chat that stores nothing, because a real chat's messages are not in m0's process. */
class ForgetfulChat implements ChatPort {
  readonly platform = 'slack';
  #posted = 0;

  async post(place: Place, _card: Card, _key: string): Promise<{ channel: string; messageId: string }> {
    this.#posted += 1;
    return {
      channel: 'channel' in place ? place.channel : `D${place.user}`,
      messageId: `ts-${this.#posted}`,
    };
  }
  async find(): Promise<null> {
    return null;
  }
  async update(): Promise<void> {}
  async reply(): Promise<void> {}
  async linkTo(): Promise<string | null> {
    return null;
  }
  async usergroup(): Promise<readonly string[]> {
    return [];
  }
}

/** A cloud whose plans are JSON documents, parsed for each run. */
class DocumentCloud extends FleetCloud {
  readonly documents = new Map<string, Buffer>();

  override async plan(of: Stack, options: Parameters<Runner['plan']>[1]): Promise<PlanResult> {
    const result = await super.plan(of, options);
    const bytes = this.documents.get(of.name);
    if (bytes === undefined || result.analysis.findings.length > 0) return result;
    const document = readPlan(bytes, `the plan of ${of.name}`);
    const analysis = analyzePlan(document, { key: 'a key for the bench', secrets: [] });
    const touches = analysis.findings.map((f) => f.address);
    return { ...result, plan: { ...result.plan, touches }, analysis, document };
  }

  override async apply(
    ...[of, plan, signal]: Parameters<Runner['apply']>
  ): Promise<{ readonly log: string }> {
    const done = await super.apply(of, plan, signal);
    this.documents.set(of.name, plans.clean);
    return done;
  }
}

async function planOf(dir: string, drifted: number): Promise<Buffer> {
  const file = join(dir, `plan-${drifted}.json`);
  writeBigPlan(file, { changes: RESOURCES, drifted });
  return readFile(file);
}

async function sample(runs: number): Promise<Sample> {
  if (globalThis.gc === undefined) throw new Error('measuring memory: start node with --expose-gc');
  // Native memory is released one turn after its object was collected.
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { runs, heap: heapUsed + external, rss };
}

const dir = await scratchInMemory('m0-memory-');
const plans = { clean: await planOf(dir, 0), tags: await planOf(dir, 6) };
try {
  const stacks = Array.from({ length: STACKS }, (_, i) =>
    stack({
      ...{ name: `prod-${i}`, schedule: [] },
      policies: [{ name: 'tags-auto', git: '', ref: '', path: '', mode: 'decide' }],
    }),
  );
  const cloud = new DocumentCloud({
    clock: Date.now,
    onWork: () => {},
    // Waits briefly, as for a tool, so the event loop can do other work.
    pass: async (_what, _stack, signal) => {
      await turn();
      signal.throwIfAborted();
    },
  });
  const m0 = await startFleetService({
    ...{ file: join(dir, 'm0.db'), directory: directory({ stacks }), digests: [], cloud },
    ...{ chat: new ForgetfulChat(), clock: Date.now, concurrency: 4 },
  });
  const ends = new Map<string, number>();
  const samples: Sample[] = [];
  for (let done = 0; done < RUNS; done += STACKS) {
    const weather = WEATHERS[(done / STACKS) % WEATHERS.length] ?? 'clean';
    const runs = await Promise.all(
      stacks.map(async (of) => {
        cloud.documents.set(of.name, weather === 'tags' ? plans.tags : plans.clean);
        cloud.drift.set(of.name, weather === 'rule' ? [sshFinding()] : []);
        if (weather === 'away') cloud.unreadable.add(of.name);
        else cloud.unreadable.delete(of.name);
        return m0.worker.check(of, 'schedule', M0);
      }),
    );
    for (const run of runs) {
      const rested = await restOf(m0, run.id);
      ends.set(rested.state, (ends.get(rested.state) ?? 0) + 1);
    }
    if ((done + STACKS) % EVERY === 0) samples.push(await sample(done + STACKS));
  }
  for (const state of ['clean', 'realigned', 'awaiting_approval', 'quiet', 'failed']) {
    if (!ends.has(state)) throw new Error(`no run has ended ${state}: ${JSON.stringify([...ends])}`);
  }
  if (cloud.kept > 0) throw new Error(`${cloud.kept} plan files were left behind`);
  await m0.close();
  process.stdout.write(JSON.stringify(samples));
} finally {
  await rm(dir, { recursive: true, force: true });
}
