/** m0 is killed, as `kill -9` does, around every effect of every story: nothing is lost, doubled or undecided. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUN_STATES } from '../../src/model/run.ts';
import { type Children, createChildren, each } from './children.ts';
import { judge, type Outcome, type Verdict } from './judge.ts';
import type { Mark } from './points.ts';
import { CUT_OFF, STORIES, storyOf } from './stories.ts';
import type { Story } from './story.ts';

/** How many processes run at once. */
const WIDTH = 2;

/** Steps of the table that nothing takes, and why. */
const NEVER: Readonly<Record<string, string>> = {
  'deciding→superseded': 'what has its plan is judged, and tells of it',
};

let children: Children;
beforeAll(async () => {
  children = await createChildren();
});
afterAll(async () => {
  await children.remove();
  const points = crossed.length;
  const stories = STORIES.length + CUT_OFF.length;
  process.stdout.write(
    `crash: ${points} points in ${stories} stories, ${otherwise.length} of which change the story\n`,
  );
});

const crossed: { readonly before: readonly string[]; readonly after: readonly string[] }[] = [];

/** Stories by the points after which they were another one. */
const otherwise: string[] = [];

/** The folder in which the story begins. */
async function begin(story: Story): Promise<string> {
  if (story.cutOff === undefined) {
    const dir = await children.folder(null);
    await children.complete({ dir, story: story.name, part: 'before', killAt: null });
    return dir;
  }
  const earlier = storyOf(story.cutOff.story);
  const { at } = story.cutOff;
  const from = await begin(earlier);
  const probe = await children.folder(from);
  const marks = await children.complete({ dir: probe, story: earlier.name, part: 'all', killAt: null });
  const cut = marks.find((m) => m.name.includes(at));
  if (!cut) throw new Error(`"${earlier.name}" never comes to "${at}"`);
  await killed(from, earlier, cut.point);
  return from;
}

async function killed(dir: string, story: Story, killAt: number): Promise<string> {
  const { signal, output } = await children.run({ dir, story: story.name, part: 'all', killAt });
  if (signal !== 'SIGKILL') throw new Error(`it was not killed at ${killAt}: ${output}`);
  return readFile(join(dir, 'killed'), 'utf8');
}

/**
 * What differs from how the story ends without a kill. Where a kill made m0 meet what happens meanwhile at another
 * time, or made somebody's word come too late, the story is another one, and only what always holds is asked of it.
 */
function differences(story: Story, is: Verdict, was: Verdict): readonly string[] {
  if (is.obeyed.join() !== was.obeyed.join()) {
    otherwise.push(story.name);
    return [];
  }
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

async function endOf(dir: string, story: Story): Promise<readonly Mark[]> {
  return children.complete({ dir, story: story.name, part: 'all', killAt: null });
}

async function enumerate(story: Story): Promise<readonly string[]> {
  const start = await begin(story);
  const whole = await children.folder(start);
  const marks = await endOf(whole, story);
  const wanted = await judge(whole, story);
  const problems = wanted.problems.map((p) => `without a kill: ${p}`);
  const points = [...new Set(marks.map((m) => m.point))];
  await each(points, WIDTH, async (point) => {
    const dir = await children.folder(start);
    const at = marks.filter((m) => m.point === point).map((m) => m.name);
    const say = (problem: string): void => void problems.push(`killed ${at.join(' / ')}: ${problem}`);
    try {
      const name = await killed(dir, story, point);
      if (name !== at[0]) say(`it was killed ${name}`);
      await endOf(dir, story);
      const verdict = await judge(dir, story);
      for (const problem of [...verdict.problems, ...differences(story, verdict, wanted)]) say(problem);
      await children.forget(dir);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    const here = marks.filter((m) => m.point === point);
    crossed.push({
      before: here.filter((m) => m.side === 'before').flatMap((m) => m.moves),
      after: here.filter((m) => m.side === 'after').flatMap((m) => m.moves),
    });
  });
  return problems;
}

describe('killed at every point', () => {
  it.each([...STORIES, ...CUT_OFF].map((s) => [s.name, s] as const))('%s', async (_, story) => {
    expect(await enumerate(story)).toEqual([]);
  });

  it('which only makes another story of one in which people act meanwhile', () => {
    const meanwhile = STORIES.filter((s) =>
      s.steps.some((step) => step.during !== null && step.act.type === 'says'),
    );
    expect([...new Set(otherwise)].filter((name) => !meanwhile.some((s) => s.name === name))).toEqual([]);
    expect(otherwise.length).toBeLessThan(20);
  });

  it('which are on both sides of every step a run can take', () => {
    const before = new Set(crossed.flatMap((c) => c.before));
    const after = new Set(crossed.flatMap((c) => c.after));
    const steps = Object.entries(RUN_STATES).flatMap(([from, tos]) => tos.map((to) => `${from}→${to}`));
    expect(steps.filter((s) => before.has(s) && after.has(s)).sort()).toEqual(
      steps.filter((s) => !(s in NEVER)).sort(),
    );
  });
});
