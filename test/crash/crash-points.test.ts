/** Kills m0 before and after every effect of every story: nothing is lost, repeated or applied without a decision. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RUN_STATES } from '../../src/model/run.ts';
import { type Children, createChildren } from './children.ts';
import type { Crossed, Explored } from './explore.ts';
import { CUT_OFF, STORIES, storyOf } from './stories.ts';
import type { Story } from './story.ts';

// As many processes at a time as there are processors.
vi.setConfig({ maxConcurrency: 2 });

/** State transitions that no story reaches, and why. */
const NEVER: Readonly<Record<string, string>> = {
  'deciding→superseded': 'what has its plan is judged, and tells of it',
};
/** The least number of points; fewer would mean that some effects are no longer tested. */
const LEAST_POINTS = 1_400;

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

/** How many points changed the course of each story. */
const otherwise: string[] = [];

/** The folder that a real kill of the earlier story leaves, at the instant at which this story begins. */
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

/** Continues from every point of the story, in a separate process. */
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

describe('m0 killed at every point of the story', () => {
  it.concurrent.each([...STORIES, ...CUT_OFF].map((s) => [s.name, s] as const))('%s', async (_, story) => {
    expect(await explored(story)).toEqual([]);
  });
});

describe('the explored points', () => {
  it('are at least as many as before', () => {
    expect(crossed.length).toBeGreaterThanOrEqual(LEAST_POINTS);
  });

  it('change the course only of stories in which people act during m0’s work', () => {
    const meanwhile = STORIES.filter((s) =>
      s.steps.some((step) => step.during !== null && step.act.type === 'says'),
    );
    expect([...new Set(otherwise)].filter((name) => !meanwhile.some((s) => s.name === name))).toEqual([]);
    expect(otherwise.length).toBeLessThan(20);
  });

  it('lie before and after every state transition of a run', () => {
    const before = new Set(crossed.flatMap((c) => c.before));
    const after = new Set(crossed.flatMap((c) => c.after));
    const steps = Object.entries(RUN_STATES).flatMap(([from, tos]) => tos.map((to) => `${from}→${to}`));
    expect(steps.filter((s) => before.has(s) && after.has(s)).sort()).toEqual(
      steps.filter((s) => !(s in NEVER)).sort(),
    );
  });
});
