import type { SkippedCheck } from '../model/skipped-check.ts';

/** The commit of a stack's code that was looked at last for pushes. */
export interface PushedHead {
  readonly head: string;
  /** Names the repository, ref and path that the commit is of. */
  readonly source: string;
}

/** What schedules and the watch for pushes remember over a restart. Times in ms since epoch. */
export interface ScheduleStore {
  /** When the schedule of that name ticked last; undefined: never. */
  lastTick(name: string): Promise<number | undefined>;
  setLastTick(name: string, at: number): Promise<void>;
  /** When the digest of that name was sent last, and how many stacks had open drift in it. */
  lastDigest(name: string): Promise<{ readonly at: number; readonly open: number } | undefined>;
  /** How the stack's last scheduled check was skipped; undefined where it was made, or another one was since. */
  skippedCheck(stack: string): Promise<SkippedCheck | undefined>;
  /** The same of all stacks that have one, by stack. */
  skippedChecks(): Promise<ReadonlyMap<string, SkippedCheck>>;
  removeSkippedCheck(stack: string): Promise<void>;
  pushedHead(stack: string): Promise<PushedHead | undefined>;
  setPushedHead(stack: string, head: PushedHead): Promise<void>;
}
