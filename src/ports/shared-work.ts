/**
 * What several processes share that work on one memory: the delivery of work to workers, and notices of what others have
 * stored. The runs in the store are the truth; a job only says that a stack has something to do.
 */
import type { Working } from '../model/working.ts';
import type { AnswerFacts, StepFacts } from './meter.ts';
import type { WorkerProcess } from './worker-processes.ts';

/** A stack that has something to do. */
export interface StackJob {
  readonly stack: string;
  /** The run that waits. The worker reads all waiting runs of the stack when it begins the job. */
  readonly run: number;
  /** Larger numbers come first, see work-order.ts. */
  readonly priority: number;
  /** The label of the workers that may do it. */
  readonly label: string;
}

/** A job that is not done yet. */
export interface OpenJob {
  readonly label: string;
  /** True: a worker is doing it. */
  readonly isBegun: boolean;
}

export interface ConsumeOptions {
  readonly labels: readonly string[];
  /** How many jobs of a label are done at the same time; one more, as of all. Left out: as many as of all. */
  readonly limits?: ReadonlyMap<string, number>;
  /** How many jobs are done at the same time. One more may begin if its priority is at least `urgentFrom`. */
  readonly concurrency: number;
  readonly urgentFrom: number;
  /** Does one job. `signal` aborts when the job was given to another worker. It should not reject. */
  readonly work: (job: Pick<StackJob, 'stack' | 'run' | 'label'>, signal: AbortSignal) => Promise<void>;
}

export interface Consumer {
  /** Takes no more jobs, and resolves when those that have begun are done. */
  stop(): Promise<void>;
}

/** What a worker tells the owner while it works: for metrics and cards, never for decisions. */
export type WorkReport =
  | { readonly type: 'step'; readonly before: StepFacts; readonly after: StepFacts }
  | { readonly type: 'policies'; readonly answers: readonly AnswerFacts[]; readonly ms: number }
  /** Null: no tool works on the stack any more. */
  | { readonly type: 'working'; readonly stack: string; readonly working: Working | null }
  /** A worker gave back the job of a stack, because it can't do it now. */
  | { readonly type: 'refused'; readonly stack: string; readonly label: string; readonly problem: string };

export interface SharedWork {
  /**
   * Adds jobs. A stack has at most one job that waits and one that is done; one that waits already gets the newer
   * priority. Rejects with a StoreError.
   */
  add(jobs: readonly StackJob[]): Promise<void>;
  /** The jobs that wait and those that are being done, by stack. Rejects with a StoreError. */
  jobs(): Promise<ReadonlyMap<string, readonly OpenJob[]>>;
  /** Does jobs until the consumer is stopped. Never two of one stack at the same time, in whichever process. */
  consume(options: ConsumeOptions): Consumer;
  /**
   * Calls `listener` with the runs that another process has inserted or moved; with null if notices may have been missed.
   * Returns how to stop that.
   */
  onChange(listener: (runs: readonly number[] | null) => void): () => void;
  /** Tells other processes. A report may get lost. Never throws. */
  report(report: WorkReport): void;
  /** Calls `listener` with the reports of other processes. Returns how to stop that. */
  onReport(listener: (report: WorkReport) => void): () => void;
  /** The workers that give signs of life. Rejects with a StoreError. */
  workers(): Promise<readonly WorkerProcess[]>;
  /** Removes workers that give none for too long: they can store nothing more. Resolves with how many these were. */
  removeSilentWorkers(): Promise<number>;
}
