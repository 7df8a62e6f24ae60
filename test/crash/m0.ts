/** Connects m0's real core and store to a `World` that outlives the process, with marks around every effect. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ViewParts } from '../../src/alerts/drift-view.ts';
import type { EscalationParts } from '../../src/alerts/escalation.ts';
import type { PolicyWatch } from '../../src/alerts/policy-watch.ts';
import type { Logger } from '../../src/base/log.ts';
import { createCore } from '../../src/core.ts';
import type { Directory } from '../../src/model/directory.ts';
import type { RunState } from '../../src/model/run.ts';
import type { CommandHandler } from '../../src/ports/chat.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { createChat, createPolicies, createRunner } from './adapters.ts';
import { movesOf, type Points, pointedChat, pointedPolicies, pointedRunner, pointedStore } from './points.ts';
import { CHANNELS } from './story.ts';
import type { Doing, World } from './world.ts';

const BUSY: readonly RunState[] = ['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'];

/** SQLite's busy timeout, in ms. */
const BUSY_MS = 300;
/** Long enough for a temporary failure of the store. */
const PATIENCE_MS = 30_000;
/** How long m0 pauses a stack after the store failed. */
const STACK_RESTS_MS = 500;

export interface M0 {
  /** The store as the core uses it: every write is a point. */
  readonly store: AuditedStore;
  readonly worker: Worker;
  readonly handler: CommandHandler;
  readonly policyWatch: PolicyWatch;
  readonly view: ViewParts;
  /** Parts of the escalation, which handles unanswered runs. */
  readonly asking: EscalationParts;
  /** Tries to deliver each message that is due, once. */
  deliver(): Promise<void>;
  /** Resolves when no run is being worked on and all due messages are delivered. */
  rest(): Promise<void>;
}

export interface M0Parts {
  readonly dir: string;
  readonly world: World;
  readonly points: Points;
  readonly directory: Directory;
  readonly log: Logger;
  /** Runs while m0 waits for an answer or, for `commit`, before it stores these state transitions. */
  readonly meanwhile: (doing: Doing, moves: readonly string[]) => Promise<void>;
}

export async function createM0(parts: M0Parts): Promise<M0> {
  const { dir, world, points, directory, log, meanwhile } = parts;
  const { clock } = world;
  const memory = await openStore({ url: `file:${join(dir, 'm0.db')}`, log, busyTimeoutMs: BUSY_MS });
  const store = pointedStore(
    {
      ...memory,
      async commit(changes) {
        await meanwhile('commit', movesOf(changes));
        return memory.commit(changes);
      },
    },
    points,
  );
  const adapters = {
    world,
    async meanwhile(doing: Doing) {
      // Tools are slow, so due messages are delivered before the tool ends.
      if (doing === 'plan' || doing === 'apply') await deliver();
      await meanwhile(doing, []);
    },
    halfway: points.within,
    async stored(stack: string, state: RunState) {
      const [run] = await memory.runs({ stack, states: [state] });
      return run && { id: run.id, scope: run.scope.map((s) => s.address) };
    },
  };
  const runner = pointedRunner(createRunner(adapters), points, (artifact) => world.plans.has(artifact));
  const policies = pointedPolicies(createPolicies(adapters), points);
  const chat = pointedChat(createChat(world, CHANNELS), points);
  const core = createCore({
    key: 'test-key',
    ...{ store, runner, policies, directory, clock, log, concurrency: 2, stackPauseMs: STACK_RESTS_MS },
    chats: new Map([['slack' as const, chat]]),
    usergroup: (id) => chat.usergroup(id),
  });
  const { onCall, worker, handler, policyWatch, view } = core;
  const deliver = (): Promise<void> => core.dispatcher.deliver();

  return {
    ...{ store, worker, handler, policyWatch, view, deliver },
    asking: { store, worker, directory, rotas: onCall.rotasNow, clock, log },
    async rest() {
      const until = performance.now() + PATIENCE_MS;
      while (performance.now() < until) {
        const paused = (await memory.pauses()).length > 0;
        const runs = (await memory.runs({ states: BUSY })).filter(
          (run) =>
            run.state !== 'approved' ||
            !((paused && run.plan === null) || (run.lock != null && run.lock.retryAt > clock())),
        );
        // The last step may still be cleaning up.
        await sleep(1);
        if (runs.length === 0) return deliver();
      }
      const runs = await memory.runs({ states: BUSY });
      throw new Error(`never rests: ${runs.map((r) => `#${r.id} ${r.state}`).join(', ')}`);
    },
  };
}
