/**
 * The worker moves runs through their states. All state is in the store, so a crash of the worker loses only time. Either
 * it takes the runs from the store by itself, or, where several processes share the work, jobs tell it what to do.
 */

import type { Consumer } from '../ports/shared-work.ts';
import { followRestore } from './after-restore.ts';
import { createJobGiver } from './job-giver.ts';
import { type JobWorkerParts, startJobWorker } from './job-worker.ts';
import { createPump } from './pump.ts';
import { createRunWriter, type WriterParts } from './run-writer.ts';
import { createWalker } from './walk.ts';
import type { Worker, WorkerParts } from './worker-parts.ts';

/** Takes commands of people in a process that works on no stack: it stores them, and others do the work. */
export function createRequester(parts: WriterParts): Worker {
  const { check, checkAll, submit, write, order } = createRunWriter({
    ...parts,
    onWork: () => {},
    onAsked: () => {},
  });
  return {
    ...{ check, checkAll, submit, write },
    upstreamOf: order.upstreamOf,
    // The owner of the database ends what waits of stacks that are gone.
    async followDirectory() {},
    async start() {
      await order.heldBack([]);
    },
    async drain() {},
  };
}

/** A worker beside the owner of the database. */
export interface WorkerBeside {
  /** Does jobs until `drain`. */
  start(): void;
  /** Takes no new jobs, puts running plans back into the queue, and waits for running applies to end. */
  drain(): Promise<void>;
}

/** Creates a worker beside the owner of the database: it does jobs, and nothing else. */
export function createWorkerBeside(parts: JobWorkerParts): WorkerBeside {
  const stop = new AbortController();
  const writer = createRunWriter({ ...parts, onWork: () => {}, onAsked: () => {} });
  const walker = createWalker(parts, writer);
  let consumer: Consumer | null = null;
  return {
    start() {
      consumer ??= startJobWorker(parts, writer, walker, stop.signal);
    },
    async drain() {
      stop.abort();
      await consumer?.stop();
    },
  };
}

/** Creates the worker of the process that owns the database. It does nothing before `start`. */
export function createWorker(parts: WorkerParts): Worker {
  const { store, clock, directory, shared = null } = parts;
  const stop = new AbortController();
  const writer = createRunWriter({
    ...parts,
    onWork: () => feed.pump(),
    onAsked: (stacks) => feed.asked(stacks),
  });
  const walker = createWalker(parts, writer);
  const feed =
    shared === null
      ? createPump(parts, writer, walker, stop.signal)
      : createJobGiver({ ...parts, shared }, writer, walker, stop.signal);
  const { check, checkAll, submit, write } = writer;
  return {
    ...{ check, checkAll, submit, write },
    upstreamOf: writer.order.upstreamOf,
    async followDirectory() {
      await walker.endWorkOfRemovedStacks();
      writer.changed(null, true);
    },

    async start() {
      // Reads the order, so that the first round knows it.
      await writer.order.heldBack([]);
      // With workers, the job giver does that: a worker that works on goes on using its plan files.
      if (shared === null) await writer.discardLeftoverPlans();
      await followRestore({ store, directory, clock, step: writer.step });
      await feed.start();
    },

    async drain() {
      stop.abort();
      await feed.drain();
    },
  };
}
