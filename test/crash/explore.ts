/**
 * Continues from points of a story as a new process would after a kill there. The story is played once; at each
 * point the files are copied (copies.ts explains why a copy equals what a kill leaves). From each copy a new m0, with a
 * store, a world and a clock of its own, plays to the end. For points in the middle of a commit the files come from
 * a real SIGKILL (commits.ts).
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.ts';
import { KILLED, keepOpen } from './commits.ts';
import { createCopier } from './copies.ts';
import { onDiskWrite } from './disk-writes.ts';
import { judge, type Outcome, type Verdict } from './judge.ts';
import { play } from './play.ts';
import { createPoints, type Mark } from './points.ts';
import type { Story } from './story.ts';

/** The folder with the files as of one point. */
export interface Copy {
  readonly dir: string;
  readonly mark: Mark;
}

export interface Played {
  readonly marks: readonly Mark[];
  readonly copies: readonly Copy[];
  /** The number of database writes without a point. */
  readonly unmarkedWrites: number;
  readonly verdict: Verdict;
}

/** State transitions stored right after a point, and right before it. */
export interface Crossed {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface Explored {
  readonly problems: readonly string[];
  /** One entry for each judged point. */
  readonly crossed: readonly Crossed[];
  /** The number of points that changed the course of the story. */
  readonly otherwise: number;
}

/** The points to continue from: the ones whose number is `first` more than a multiple of `every`. */
export interface Share {
  readonly first: number;
  readonly every: number;
}

/** Runs a process that is killed while it commits, in each folder, what `keepOpen` stored there. */
export type KillInCommits = (dirs: readonly string[]) => Promise<unknown>;

/** A stuck story takes long to time out; after this many the remaining points are skipped. */
const MOST_STUCK = 3;

const log = createLogger('silent');
const unmarked = (): ReturnType<typeof createPoints> => createPoints(() => {});

/** Plays the story to its end from this folder with a new m0, and judges the result. */
export async function goOn(dir: string, story: Story): Promise<Verdict> {
  // A copy of the story: m0 instances in this process share no objects.
  await play({ ...{ dir, log }, story: structuredClone(story), part: 'all', points: unmarked() });
  return judge(dir, story);
}

/** Timers that a closed m0 has left, which could fire while the next m0 runs. */
async function timersLeft(): Promise<readonly string[]> {
  // The timer whose callback is running now counts as active until the next turn of the event loop.
  await nextTurn();
  const timers = process.getActiveResourcesInfo().filter((what) => what === 'Timeout');
  return timers.map(() => 'm0 left a timer behind');
}

/** Plays the story's preparation in an empty folder. */
export async function begin(story: Story, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await play({ ...{ dir, log }, story: structuredClone(story), part: 'before', points: unmarked() });
}

/**
 * Plays the story from a copy of the folder `start`, and copies the files at each requested mark. `root`: where
 * the folders are created.
 */
export async function playWithCopies(
  story: Story,
  start: string,
  root: string,
  isWanted: (mark: Mark) => boolean,
  killInCommits: KillInCommits,
): Promise<Played> {
  const whole = join(root, 'whole');
  await cp(start, whole, { recursive: true });
  const copier = createCopier(whole);
  const copies: Copy[] = [];
  const inCommits: string[] = [];
  const points = createPoints((mark, open) => {
    if (!isWanted(mark)) return;
    const dir = join(root, `copy-${copies.length + 1}`);
    copier.copy(dir);
    copies.push({ dir, mark });
    if (open === null) return;
    keepOpen(dir, open);
    inCommits.push(dir);
  });
  const unwatch = onDiskWrite(join(whole, 'm0.db'), points.written);
  try {
    await play({ ...{ dir: whole, log }, story: structuredClone(story), part: 'all', points });
  } finally {
    unwatch();
    copier.close();
  }
  if (inCommits.length > 0) {
    const ended = await killInCommits(inCommits);
    const alive = inCommits.find((dir) => !existsSync(join(dir, KILLED)));
    if ((ended as { signal?: unknown }).signal !== 'SIGKILL' || alive !== undefined) {
      throw new Error(`it was not killed in the middle of a commit: ${JSON.stringify(ended)}`);
    }
  }
  const verdict = await judge(whole, story);
  return { marks: points.marks, copies, unmarkedWrites: points.unmarkedWrites(), verdict };
}

/**
 * The differences to the story's end without a kill. Null if the kill changed the course of the story, because an
 * event met m0 at another time or a person's command came too late: then only the general
 * invariants are checked.
 */
function differences(story: Story, is: Verdict, was: Verdict): readonly string[] | null {
  if (is.obeyed.join() !== was.obeyed.join()) return null;
  const meanwhile = story.steps.some((s) => s.during !== null);
  const same = (outcome: Outcome): string => {
    const { drift, open, exemptions, digests, told, repeated } = outcome;
    // An interrupted apply gets its own card, which shows the drift as it is at that time.
    const cut = is.cutOff.length > 0;
    const states = open.map((o) => o.state);
    return JSON.stringify({
      ...{ drift, exemptions, digests, open: cut ? states : open },
      ...(cut || meanwhile ? {} : { told, repeated }),
    });
  };
  const [isNow, before] = [same(is.outcome), same(was.outcome)];
  return isNow === before ? [] : [`it ends as ${isNow} in place of ${before}`];
}

/** `start`: the folder to start from; null: an empty one, in which `before` is played. `root`: an empty folder. */
export async function explore(
  story: Story,
  start: string | null,
  root: string,
  killInCommits: KillInCommits,
  { first, every }: Share,
): Promise<Explored> {
  const from = start ?? join(root, 'start');
  if (start === null) await begin(story, from);
  const isWanted = (mark: Mark): boolean => mark.first && mark.point % every === first;
  const played = await playWithCopies(story, from, root, isWanted, killInCommits);
  const problems = played.verdict.problems.map((p) => `without a kill: ${p}`);
  if (played.unmarkedWrites > 0)
    problems.push(`${played.unmarkedWrites} writes that are no point (points.ts)`);
  const crossed: Crossed[] = [];
  let otherwise = 0;
  let stuck = 0;
  for (const { dir, mark } of played.copies) {
    if (stuck === MOST_STUCK) {
      problems.push(`${played.copies.length - crossed.length} more points are not tried`);
      break;
    }
    const here = played.marks.filter((m) => m.point === mark.point);
    const say = (problem: string): void =>
      void problems.push(`killed ${here.map((m) => m.name).join(' / ')}: ${problem}`);
    try {
      const verdict = await goOn(dir, story);
      const changed = differences(story, verdict, played.verdict);
      if (changed === null) otherwise += 1;
      for (const problem of [...verdict.problems, ...(changed ?? []), ...(await timersLeft())]) say(problem);
      await rm(dir, { recursive: true });
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      stuck += 1;
    }
    crossed.push({
      before: here.filter((m) => m.side === 'before').flatMap((m) => m.moves),
      after: here.filter((m) => m.side === 'after').flatMap((m) => m.moves),
    });
  }
  return { problems, crossed, otherwise };
}
