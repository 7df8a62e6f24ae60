/** m0 is killed, as `kill -9` does, around every effect of every story: nothing is lost, doubled or undecided. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RUN_STATES } from '../../src/model/run.ts';
import { type Children, createChildren } from './children.ts';
import type { Crossed, Explored } from './explore.ts';
import { CUT_OFF, STORIES, storyOf } from './stories.ts';
import type { Story } from './story.ts';

// As many processes at once as there are processors to count on.
vi.setConfig({ maxConcurrency: 2 });

/** Steps of the table that nothing takes, and why. */
const NEVER: Readonly<Record<string, string>> = {
  'deciding→superseded': 'what has its plan is judged, and tells of it',
};
/** There were so many; fewer would mean that something is not tried any more. */
const LEAST_POINTS = 1_204;

let children: Children;
beforeAll(async () => {
  children = await createChildren();
});
afterAll(async () => {
  await children.remove();
  const stories = STORIES.length + CUT_OFF.length;
  process.stdout.write(
    `crash: ${crossed.length} points in ${stories} stories, ${otherwise.length} of which change the story\n`,
  );
});

const crossed: Crossed[] = [];

/** Stories by the points after which they were another one. */
const otherwise: string[] = [];

/** The folder that a real kill of the earlier story leaves, at the instant at which this one begins. */
async function cutOff({ story: name, at }: NonNullable<Story['cutOff']>): Promise<string> {
  const story = storyOf(name);
  const order = { type: 'play', story: name, part: 'all' } as const;
  const dir = await children.folder(null);
  await children.complete({ ...order, dir, part: 'before', killAt: null });
  const probe = await children.folder(dir);
  const marks = await children.complete({ ...order, dir: probe, killAt: null });
  const killAt = marks.find((m) => m.name.includes(at));
  if (!killAt) throw new Error(`"${story.name}" never comes to "${at}"`);
  const { signal, output } = await children.run({ ...order, dir, killAt });
  if (signal !== 'SIGKILL') throw new Error(`it was not killed ${killAt.name}: ${output}`);
  return dir;
}

/** Goes on from every point of the story, in a process of its own. */
async function explored(story: Story): Promise<readonly string[]> {
  const start = story.cutOff ? await cutOff(story.cutOff) : null;
  const dir = await children.folder(null);
  const report = join(await children.folder(null), 'report.json');
  const ended = await children.run({ type: 'explore', story: story.name, start, dir, report });
  if (ended.code !== 0) throw new Error(`it ended with ${ended.code ?? ended.signal}: ${ended.output}`);
  await children.forget(dir);
  const found = JSON.parse(await readFile(report, 'utf8')) as Explored;
  crossed.push(...found.crossed);
  for (let i = 0; i < found.otherwise; i += 1) otherwise.push(story.name);
  return found.problems;
}

describe('killed at every point', () => {
  it.concurrent.each([...STORIES, ...CUT_OFF].map((s) => [s.name, s] as const))('%s', async (_, story) => {
    expect(await explored(story)).toEqual([]);
  });
});

describe('the points', () => {
  it('are no fewer than they were', () => {
    expect(crossed.length).toBeGreaterThanOrEqual(LEAST_POINTS);
  });

  it('only make another story of one in which people act meanwhile', () => {
    const meanwhile = STORIES.filter((s) =>
      s.steps.some((step) => step.during !== null && step.act.type === 'says'),
    );
    expect([...new Set(otherwise)].filter((name) => !meanwhile.some((s) => s.name === name))).toEqual([]);
    expect(otherwise.length).toBeLessThan(20);
  });

  it('are on both sides of every step a run can take', () => {
    const before = new Set(crossed.flatMap((c) => c.before));
    const after = new Set(crossed.flatMap((c) => c.after));
    const steps = Object.entries(RUN_STATES).flatMap(([from, tos]) => tos.map((to) => `${from}→${to}`));
    expect(steps.filter((s) => before.has(s) && after.has(s)).sort()).toEqual(
      steps.filter((s) => !(s in NEVER)).sort(),
    );
  });
});
