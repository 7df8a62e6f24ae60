/** An index of who waits for which run. A step of a run costs time in proportion to those who wait for that run. */

/** Which answers wait for which runs, in this process's memory. Answers are known by their keys, runs by their numbers. */
export class WaitingForRuns {
  readonly #runsOf = new Map<string, Set<number>>();
  readonly #answersOf = new Map<number, Set<string>>();

  /** The answer waits for these runs, and for those that it waited for before. */
  add(answer: string, runs: Iterable<number>): void {
    const waitsFor = this.#runsOf.get(answer) ?? new Set();
    this.#runsOf.set(answer, waitsFor);
    for (const run of runs) {
      waitsFor.add(run);
      const waiting = this.#answersOf.get(run) ?? new Set();
      waiting.add(answer);
      this.#answersOf.set(run, waiting);
    }
  }

  /** True if the answer was added and not removed. */
  has(answer: string): boolean {
    return this.#runsOf.has(answer);
  }

  /** The runs that the answer still waits for. */
  runsOf(answer: string): ReadonlySet<number> {
    return this.#runsOf.get(answer) ?? NONE;
  }

  /** The answers that wait for the run. */
  answersOf(run: number): ReadonlySet<string> {
    return this.#answersOf.get(run) ?? NOBODY;
  }

  /** All runs that an answer waits for. */
  runs(): readonly number[] {
    return [...this.#answersOf.keys()];
  }

  /** Nothing waits for the run any more. Returns the answers that waited for it. */
  end(run: number): readonly string[] {
    const waiting = [...this.answersOf(run)];
    for (const answer of waiting) this.#runsOf.get(answer)?.delete(run);
    this.#answersOf.delete(run);
    return waiting;
  }

  /** Whoever waits for the run waits for the other one instead. */
  replace(run: number, by: number): void {
    for (const answer of this.end(run)) this.add(answer, [by]);
  }

  /** The answer waits for nothing, and is not known any more. */
  remove(answer: string): void {
    for (const run of this.runsOf(answer)) {
      const waiting = this.#answersOf.get(run);
      waiting?.delete(answer);
      if (waiting?.size === 0) this.#answersOf.delete(run);
    }
    this.#runsOf.delete(answer);
  }
}

const NONE: ReadonlySet<number> = new Set();
const NOBODY: ReadonlySet<string> = new Set();
