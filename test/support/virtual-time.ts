/** A clock and timers that stand still until they are told to go on: a day passes in seconds. */

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

/** Lets everything run that waits for nothing but its turn. */
async function idle(): Promise<void> {
  // The second turn is for what the first one has set free by an immediate of its own.
  for (let turn = 0; turn < 2; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Time goes on only when nothing is left to do without it, and then at once to the next timer. Right for code whose
 * only waiting is for timers and for promises that hang on them; what waits for a disk or a socket must be awaited
 * from outside.
 */
export class VirtualTime {
  #now: number;
  /** By time, then in the order they were set. */
  readonly #timers: VirtualTimer[] = [];

  /** `begin`: ms since epoch. */
  constructor(begin: number) {
    this.#now = begin;
  }

  get now(): number {
    return this.#now;
  }

  /** Calls `work` at that time, or at once where it is over. */
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

  /** Puts its timers in the place of the process's own; the answer puts those back. */
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

  /** Lets time go on up to then. */
  async goOn(until: number): Promise<void> {
    do await idle();
    while (this.#step(until));
    this.#now = Math.max(this.#now, until);
  }

  /** Lets time go on until the promise is settled. Rejects where it never will be. */
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
