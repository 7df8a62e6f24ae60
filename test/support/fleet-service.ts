/** Starts m0's core for the fleet simulation as `serve` does: worker, schedules, dispatcher and periodic work. */
import { type DigestPlan, sendDigest } from '../../src/alerts/digest.ts';
import { createLogger } from '../../src/base/log.ts';
import { createCore } from '../../src/core.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Directory, Place } from '../../src/model/directory.ts';
import type { ChatPort, CommandHandler } from '../../src/ports/chat.ts';
import { checkOnSchedule } from '../../src/runs/scheduled-check.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import { jitterOf } from '../../src/schedule/jitter.ts';
import { startSchedule } from '../../src/schedule/schedule.ts';
import type { AuditedStore } from '../../src/store/audited-store.ts';
import { openStore } from '../../src/store/open.ts';
import { FakeChat, type FakeMessage } from './fake-chat.ts';
import type { FleetCloud } from './fleet-cloud.ts';

/** How the ids of answers to commands begin. */
export const ANSWER = 'answer-';

/** A chat that also stores the time of each new message and counts updates. */
export class CountedChat extends FakeChat {
  readonly posts: { readonly at: number; readonly message: FakeMessage }[] = [];
  readonly updates = new Map<string, number>();
  readonly #clock: () => number;

  constructor(channels: readonly string[], clock: () => number) {
    super(channels);
    this.#clock = clock;
  }

  override async post(
    place: Place,
    card: Card,
    key: string,
  ): Promise<{ channel: string; messageId: string }> {
    const before = this.messages.length;
    const posted = await super.post(place, card, key);
    const message = this.messages.at(-1);
    if (message && this.messages.length > before) this.posts.push({ at: this.#clock(), message });
    return posted;
  }

  override async update(channel: string, messageId: string, card: Card): Promise<void> {
    // An answer to a command is no message of this chat; only its updates are counted.
    if (!messageId.startsWith(ANSWER)) await super.update(channel, messageId, card);
    this.updates.set(channel, (this.updates.get(channel) ?? 0) + 1);
  }
}

export interface FleetServiceOptions {
  /** The path of the database file. */
  readonly file: string;
  readonly directory: Directory;
  readonly digests: readonly (DigestPlan & { readonly schedule: readonly string[] })[];
  readonly cloud: FleetCloud;
  readonly chat: ChatPort;
  readonly clock: () => number;
  readonly concurrency: number;
}

/** A running m0. */
export interface FleetService {
  readonly store: AuditedStore;
  readonly worker: Worker;
  readonly handler: CommandHandler;
  /** Stops m0 as SIGTERM does. */
  close(): Promise<void>;
}

export async function startFleetService(options: FleetServiceOptions): Promise<FleetService> {
  const { directory, cloud, chat, clock, concurrency } = options;
  const log = createLogger('silent');
  const store = await openStore({ url: `file:${options.file}`, log });
  const { worker, handler, dispatcher, view } = createCore({
    key: 'test-key',
    ...{ store, runner: cloud, policies: cloud, directory, clock, log, concurrency },
    chats: new Map([['slack' as const, chat]]),
    usergroup: (id) => chat.usergroup(id),
  });
  dispatcher.start();
  await worker.start();

  const { lastTick, setLastTick } = store;
  const stacks = new Map(directory.stacks.map((stack) => [stack.name, stack]));
  const schedule = await startSchedule({
    ...{ stacks: directory.stacks, now: clock, lastTick, setLastTick, log },
    jitterOf: jitterOf(directory.stacks),
    onTick: async (name) => {
      const stack = stacks.get(name);
      if (stack) await checkOnSchedule({ store, worker, clock }, stack);
    },
  });
  const named = options.digests.map((digest, i) => ({ ...digest, name: `digest ${i}` }));
  const digests = await startSchedule({
    ...{ stacks: named, now: clock, lastTick, setLastTick, log },
    onTick: async (name) => {
      const digest = named.find((d) => d.name === name);
      if (digest === undefined) return;
      await sendDigest(view, digest, name);
      dispatcher.wake();
    },
  });

  return {
    store,
    worker,
    handler,
    async close() {
      digests.stop();
      schedule.stop();
      await worker.drain();
      await dispatcher.drain();
      await store.close();
    },
  };
}
