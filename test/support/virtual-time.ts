/** A virtual clock with timers that advance only when a test says so: a simulated day takes seconds. */

class VirtualTimer {
  readonly at: number;
  readonly work: () => void;
  constructor(at: number, work: () => void) {
    this.at = at;
    this.work = work;
  }
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

/** Runs all pending promise callbacks and immediates. */
async function idle(): Promise<void> {
  // The second turn runs what an immediate of the first turn has scheduled.
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * When no work is left, the clock jumps to the next timer. This suits code that waits
 * only for timers and for promises that depend on them; the caller must await work that waits for a disk or
 * a socket.
 */
export class VirtualTime {
  #now: number;
  /** Sorted by time, then by the order in which they were set. */
  readonly #timers: VirtualTimer[] = [];

  /** `begin`: ms since epoch. */
  constructor(begin: number) {
    this.#now = begin;
  }

  get now(): number {
    return this.#now;
  }

  /** Calls `work` at that time, or at once if that time has passed. */
  at(time: number, work: () => void): VirtualTimer {
    const timer = new VirtualTimer(Math.max(time, this.#now), work);
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.at ?? 0) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return timer;
  }

  #forget(timer: VirtualTimer): void {
    const index = this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Resolves when `ms` have passed; rejects with the signal's reason when it aborts before. */
  pass(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const abort = (): void => {
        this.#forget(timer);
        reject(signal.reason);
      };
      const timer = this.at(this.#now + ms, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** Replaces the global timers; the returned function restores them. */
  install(): () => void {
    const own = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
    const set = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): VirtualTimer =>
      this.at(this.#now + Math.max(0, ms), () => work(...args));
    const clear = (timer: unknown): void => {
      if (timer instanceof VirtualTimer) this.#forget(timer);
      else own.clearTimeout(timer as NodeJS.Timeout | undefined);
    };
    globalThis.setTimeout = set as unknown as typeof setTimeout;
    globalThis.clearTimeout = clear as typeof clearTimeout;
    return () => Object.assign(globalThis, own);
  }

  #step(until: number): boolean {
    const [next] = this.#timers;
    if (next === undefined || next.at > until) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, next.at);
    next.work();
    return true;
  }

  /** Advances time until `until`, ms since epoch. */
  async goOn(until: number): Promise<void> {
    do await idle();
    while (this.#step(until));
    this.#now = Math.max(this.#now, until);
  }

  /** Advances time until the promise settles. Rejects if no timer is left before that. */
  async through<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    work.then(mark, mark);
    await idle();
    while (!settled) {
      if (!this.#step(Number.POSITIVE_INFINITY)) throw new Error('nothing is left that time could bring on');
      await idle();
    }
    return work;
  }
}
