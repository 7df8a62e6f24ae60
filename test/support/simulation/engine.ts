/**
 * Virtual time for several simulated processes in one Node process: a queue of events in the order of a virtual clock.
 * Each call of a port is a step: its request arrives after some time, and so does its answer. A seed decides the times, and
 * with them who runs next.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Random } from '../random.ts';

/** A simulated process of m0. */
export interface SimProcess {
  readonly name: string;
  /** How far its clock is from the true time, in ms. */
  readonly skewMs: number;
  /** False: it was killed. None of its steps is ever answered, and none of its timers fires. */
  isAlive: boolean;
  /** It does nothing before that time, in ms since epoch: it was stopped, or its machine hangs. */
  frozenUntil: number;
}

interface Event {
  at: number;
  readonly order: number;
  /** The process that does it; null: the world outside of m0. */
  readonly process: SimProcess | null;
  readonly label: string;
  readonly work: () => unknown;
  isCanceled: boolean;
}

/** How the answers of a port are delayed, in ms: the most of the usual time, and of the time of one in ten calls. */
export interface Latency {
  readonly usualMs: number;
  readonly slowMs: number;
}

const currentProcess = new AsyncLocalStorage<SimProcess | null>();
const timersPromises = createRequire(import.meta.url)('node:timers/promises') as {
  setTimeout: unknown;
  setImmediate: unknown;
};
const { nextTick } = process;

/** Resolves when no promise callback is left to run. No simulated code waits for a disk, a socket or a real timer. */
function settled(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

/** A timer that production code has set; it may be unreferenced and cleared like a real one. */
class VirtualTimer {
  event: Event | null = null;
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

export class Engine {
  readonly random: Random;
  /** The true time, in ms since epoch. */
  now: number;
  /** How many events have happened. */
  happened = 0;
  /** A digest of all events and their times: the same for two simulations that went the same way. */
  hash = 0x811c9dc5;
  /** What has happened, one line an event; null: not kept. */
  readonly trace: string[] | null;
  /** False: no step is slow, as when everything is well. */
  isSlow = true;
  readonly #heap: Event[] = [];
  readonly #begin: number;
  /** Each takes a timer's listener from its signal. Node keeps some signals, with all that they hold, while they have one. */
  readonly #listening = new Set<() => void>();
  #order = 0;

  constructor(random: Random, begin: number, trace: string[] | null) {
    this.random = random;
    this.now = begin;
    this.#begin = begin;
    this.trace = trace;
  }

  /** Adds a line to the trace and the hash. */
  note(text: string): void {
    let hash = this.hash ^ (this.now & 0xffffffff);
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    this.hash = hash >>> 0;
    this.trace?.push(`${((this.now - this.#begin) / 1000).toFixed(3).padStart(9)} ${text}`);
  }

  /** Does `work` after so many ms, for the process; never if that is killed before, and later if it is frozen then. */
  after(ms: number, process: SimProcess | null, label: string, work: () => unknown): Event {
    const event: Event = {
      ...{ at: this.now + Math.max(0, Math.round(ms)), order: this.#order, process, label, work },
      isCanceled: false,
    };
    this.#order += 1;
    this.#push(event);
    return event;
  }

  /** Runs `work` and all that follows from it as code of that process. */
  as<T>(process: SimProcess, work: () => T): T {
    return currentProcess.run(process, work);
  }

  delay({ usualMs, slowMs }: Latency): number {
    return this.isSlow && this.random.int(10) === 0 ? this.random.int(slowMs) : this.random.int(usualMs);
  }

  /**
   * A call of a port by a process. `call` is done at one moment; its answer comes later. `fault` may return an error with
   * which the request is refused instead, or that takes the place of the answer.
   */
  step<T>(
    process: SimProcess,
    label: string,
    latency: Latency,
    call: () => Promise<T>,
    fault?: (when: 'request' | 'answer') => Error | null,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const answer = (deliver: () => void, outcome: string): void => {
        this.after(this.delay(latency), process, `${label} ${outcome}`, deliver);
      };
      this.after(this.delay(latency), process, label, async () => {
        const refused = fault?.('request') ?? null;
        if (refused !== null) return answer(() => reject(refused), `refused: ${refused.message}`);
        try {
          const result = await call();
          const lost = fault?.('answer') ?? null;
          if (lost !== null) return answer(() => reject(lost), `answer lost: ${lost.message}`);
          answer(() => resolve(result), 'ok');
        } catch (error) {
          answer(() => reject(error), `failed: ${error instanceof Error ? error.message : String(error)}`);
        }
      });
    });
  }

  /** All clocks jump ahead, as when the machines were suspended. */
  jump(ms: number): void {
    this.now += ms;
    this.note(`time jumps ${ms} ms`);
  }

  /** Lets events happen until that time, or until `isDone`, which is asked before each. */
  async runUntil(time: number, isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      const next = this.#heap[0];
      if (isDone()) return;
      if (next === undefined || next.at > time) break;
      this.#pop();
      if (next.isCanceled || next.process?.isAlive === false) continue;
      if (next.process !== null && next.process.frozenUntil > Math.max(this.now, next.at)) {
        // It goes on with everything that waited, in the order of a queue that nobody knows.
        this.#push({ ...next, at: next.process.frozenUntil + this.random.int(5) });
        continue;
      }
      this.now = Math.max(this.now, next.at);
      this.happened += 1;
      this.note(`${next.process?.name ?? 'world'}: ${next.label}`);
      const doing = next.process === null ? next.work() : currentProcess.run(next.process, next.work);
      if (doing instanceof Promise) await doing;
      await settled();
    }
    this.now = Math.max(this.now, time);
  }

  /** Replaces the timers and clocks of this thread by virtual ones; the returned function restores them. */
  install(): () => void {
    const own = {
      ...{ setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout },
      ...{ setInterval: globalThis.setInterval, clearInterval: globalThis.clearInterval },
    };
    const ownPromises = { ...timersPromises };
    const ownNow = Date.now;
    const ownPerformanceNow = performance.now;
    const set = (isRepeated: boolean) => {
      return (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): VirtualTimer => {
        const timer = new VirtualTimer();
        const of = currentProcess.getStore() ?? null;
        const wait = (): void => {
          timer.event = this.after(ms, of, 'timer', () => {
            if (isRepeated) wait();
            work(...args);
          });
        };
        wait();
        return timer;
      };
    };
    const clear = (timer: unknown): void => {
      if (timer instanceof VirtualTimer && timer.event !== null) timer.event.isCanceled = true;
    };
    Object.assign(globalThis, {
      ...{ setTimeout: set(false), setInterval: set(true), clearTimeout: clear, clearInterval: clear },
    });
    Object.assign(timersPromises, {
      setTimeout: (ms = 0, value?: unknown, options: { signal?: AbortSignal } = {}) =>
        this.#pass(ms, value, options),
      setImmediate: (value?: unknown) => this.#pass(0, value, {}),
    });
    syncBuiltinESMExports();
    Date.now = () => this.now;
    performance.now = () => this.now - this.#begin;
    return () => {
      for (const forget of this.#listening) forget();
      Object.assign(globalThis, own);
      Object.assign(timersPromises, ownPromises);
      syncBuiltinESMExports();
      Date.now = ownNow;
      performance.now = ownPerformanceNow;
    };
  }

  /** As `setTimeout` of node:timers/promises. */
  #pass(ms: number, value: unknown, { signal }: { signal?: AbortSignal }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = (): void => {
        event.isCanceled = true;
        this.#listening.delete(forget);
        reject(signal?.reason);
      };
      const forget = (): void => {
        signal?.removeEventListener('abort', abort);
        this.#listening.delete(forget);
      };
      const event = this.after(ms, currentProcess.getStore() ?? null, 'timer', () => {
        forget();
        resolve(value);
      });
      if (signal === undefined) return;
      signal.addEventListener('abort', abort, { once: true });
      this.#listening.add(forget);
    });
  }

  #isBefore(a: Event, b: Event): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    heap.push(event);
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1] as Event, heap[child] as Event))
        child += 1;
      if (!this.#isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}
