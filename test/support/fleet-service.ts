/** m0 as it runs for a fleet: its real core and memory, wired as in serve.ts, on clouds and a chat that are not. */
import { createHandler } from '../../src/actions/handler.ts';
import { type DigestPlan, sendDigest } from '../../src/alerts/digest.ts';
import { createOutboxDispatcher } from '../../src/alerts/outbox-dispatcher.ts';
import { createPolicyWatch } from '../../src/alerts/policy-watch.ts';
import { createLogger } from '../../src/base/log.ts';
import type { Card } from '../../src/messages/card.ts';
import type { Directory, Place } from '../../src/model/directory.ts';
import { peopleToAsk } from '../../src/people/asking.ts';
import { createOnCall } from '../../src/people/on-call.ts';
import type { ChatPort, CommandHandler } from '../../src/ports/chat.ts';
import { checkOnSchedule } from '../../src/runs/scheduled-check.ts';
import { createWorker } from '../../src/runs/worker.ts';
import type { Worker } from '../../src/runs/worker-parts.ts';
import { jitterOf } from '../../src/schedule/jitter.ts';
import { startSchedule } from '../../src/schedule/schedule.ts';
import { openStore } from '../../src/store/open.ts';
import type { AuditedStore } from '../../src/store/sqlite.ts';
import { FakeChat, type FakeMessage } from './fake-chat.ts';
import type { FleetCloud } from './fleet-cloud.ts';

/** A chat that also remembers when each message came, and counts what is only changed. */
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
    await super.update(channel, messageId, card);
    this.updates.set(channel, (this.updates.get(channel) ?? 0) + 1);
  }
}

export interface FleetServiceOptions {
  /** File of its memory. */
  readonly file: string;
  readonly directory: Directory;
  readonly digests: readonly (DigestPlan & { readonly schedule: readonly string[] })[];
  readonly cloud: FleetCloud;
  readonly chat: ChatPort;
  readonly clock: () => number;
  readonly concurrency: number;
}

/** One process of m0, at work. */
export interface FleetService {
  readonly store: AuditedStore;
  readonly worker: Worker;
  readonly handler: CommandHandler;
  /** As on SIGTERM. */
  close(): Promise<void>;
}

export async function startFleetService(options: FleetServiceOptions): Promise<FleetService> {
  const { directory, cloud, chat, clock, concurrency } = options;
  const log = createLogger('silent');
  const store = await openStore({ url: `file:${options.file}`, log });
  const onCall = createOnCall(
    directory,
    (id) => chat.usergroup(id),
    clock,
    () => {},
  );
  const chats = new Map([['slack' as const, chat]]);
  const delivery = createOutboxDispatcher({ store, directory, onCall, clock, chats, log });
  const onChange = (): void => delivery.wake();
  const worker = createWorker({
    ...{ store, runner: cloud, policies: cloud, directory, clock, log, concurrency, onChange },
    askers: async (stack) => peopleToAsk(stack, await onCall.rotasNow(), clock()),
    onCall,
  });
  const policyWatch = createPolicyWatch({ store, policies: cloud, directory, clock, log, onChange });
  const handler = createHandler({
    ...{ store, worker, policies: cloud, policyWatch, directory, onCall, clock, log },
  });
  await worker.start();

  const lastTick = (name: string): Promise<string | undefined> => store.value(`tick:${name}`);
  const setLastTick = (name: string, at: string): Promise<void> => store.setValue(`tick:${name}`, at);
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
      await sendDigest({ store, directory, onCall, clock }, digest, name, `tick:${name}`);
      delivery.wake();
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
      await delivery.drain();
      await store.close();
    },
  };
}
