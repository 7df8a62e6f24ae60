/**
 * Goes on from every point of a story as a new process does after a kill there. The story is played once; at each
 * point the files are copied (copies.ts says why that is what a kill leaves), and from each copy a new m0, with a
 * store, a world and a clock of its own, goes on to the end. Points in the middle of a commit are left by a real
 * SIGKILL (commits.ts).
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

/** The folder that a point left. */
export interface Copy {
  readonly dir: string;
  readonly mark: Mark;
}

export interface Played {
  readonly marks: readonly Mark[];
  readonly copies: readonly Copy[];
  /** How many writes to the database had no point. */
  readonly unmarkedWrites: number;
  readonly verdict: Verdict;
}

/** Steps of runs that are stored right after a point, and right before it. */
export interface Crossed {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface Explored {
  readonly problems: readonly string[];
  /** One for each point that was judged. */
  readonly crossed: readonly Crossed[];
  /** How many points made it another story. */
  readonly otherwise: number;
}

/** Has the process killed that commits, in each of the folders, what `keepOpen` stored there. */
export type KillInCommits = (dirs: readonly string[]) => Promise<unknown>;

/** Each takes its time to be given up: after so many that never come to an end the rest is not tried. */
const MOST_STUCK = 3;

const log = createLogger('silent');
const unmarked = (): ReturnType<typeof createPoints> => createPoints(() => {});

/** What a new m0 makes of the folder, judged. */
export async function goOn(dir: string, story: Story): Promise<Verdict> {
  // No object is shared with another m0 of this process.
  await play({ ...{ dir, log }, story: structuredClone(story), part: 'all', points: unmarked() });
  return judge(dir, story);
}

/** Timers that an m0 which is closed left behind: they could act while another one is at work. */
async function timersLeft(): Promise<readonly string[]> {
  // A timer whose callback led here counts until the next turn of the event loop.
  await nextTurn();
  const timers = process.getActiveResourcesInfo().filter((what) => what === 'Timeout');
  return timers.map(() => 'm0 left a timer behind');
}

/** An empty folder in which the story has come to where it begins. */
export async function begin(story: Story, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await play({ ...{ dir, log }, story: structuredClone(story), part: 'before', points: unmarked() });
}

/**
 * Plays the story from a copy of the folder `start`, and copies the files at each mark that is wanted. `root`: where
 * the folders are made.
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
 * What differs from how the story ends without a kill; null where a kill made m0 meet what happens meanwhile at
 * another time, or made somebody's word come too late: then the story is another one, and only what always holds is
 * asked of it.
 */
function differences(story: Story, is: Verdict, was: Verdict): readonly string[] | null {
  if (is.obeyed.join() !== was.obeyed.join()) return null;
  const meanwhile = story.steps.some((s) => s.during !== null);
  const same = (outcome: Outcome): string => {
    const { drift, open, exemptions, digests, told, repeated } = outcome;
    // What an apply that was cut off left is told as it is by then, by a card of its own.
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

/** `start`: the folder in which the story begins; null where its own `before` leads there. `root`: an empty folder. */
export async function explore(
  story: Story,
  start: string | null,
  root: string,
  killInCommits: KillInCommits,
): Promise<Explored> {
  const from = start ?? join(root, 'start');
  if (start === null) await begin(story, from);
  const played = await playWithCopies(story, from, root, (mark) => mark.first, killInCommits);
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
