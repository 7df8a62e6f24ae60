/** Registers the tests that kill m0 at points of every story; `crash-points.test.ts` and its long part share them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Children, createChildren } from './children.ts';
import type { Crossed, Explored } from './explore.ts';
import { CUT_OFF, STORIES, storyOf } from './stories.ts';
import type { Story } from './story.ts';

/** What the tests have found so far. */
export interface AtPoints {
  /** One entry for each point at which m0 was killed. */
  readonly crossed: readonly Crossed[];
  /** One entry for each point that changed the course of a story: the story's name. */
  readonly otherwise: readonly string[];
}

/** Registers one test for each story. `every`: m0 is killed at each such point: 1 means at all, 4 at every fourth. */
export function killAtPoints(every: number): AtPoints {
  // As many processes at a time as there are processors.
  vi.setConfig({ maxConcurrency: 2 });
  const stories = [...STORIES, ...CUT_OFF];
  const crossed: Crossed[] = [];
  const otherwise: string[] = [];
  let children: Children;

  beforeAll(async () => {
    children = await createChildren();
  });
  afterAll(async () => {
    await children.remove();
    process.stdout.write(
      `crash: ${crossed.length} points in ${stories.length} stories, ${otherwise.length} of which change the story\n`,
    );
  });

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

  /** Continues from the points of the story, in a separate process. */
  async function explored(story: Story, first: number): Promise<readonly string[]> {
    const start = story.cutOff ? await cutOff(story.cutOff) : null;
    const dir = await children.folder(null);
    const report = join(await children.folder(null), 'report.json');
    const share = { first, every };
    const order = { type: 'explore', story: story.name, start, dir, report, share } as const;
    const ended = await children.run(order);
    if (ended.code !== 0) throw new Error(`it ended with ${ended.code ?? ended.signal}: ${ended.output}`);
    await children.forget(dir);
    const found = JSON.parse(await readFile(report, 'utf8')) as Explored;
    crossed.push(...found.crossed);
    for (let i = 0; i < found.otherwise; i += 1) otherwise.push(story.name);
    return found.problems;
  }

  describe('m0 killed in the story', () => {
    // Stories begin alike: each leaves out other points.
    it.concurrent.each(stories.map((s, i) => [s.name, s, i % every] as const))(
      '%s',
      async (_, story, first) => {
        expect(await explored(story, first)).toEqual([]);
      },
    );
  });

  describe('the points', () => {
    it('change the course only of stories in which people act during m0’s work', () => {
      const meanwhile = STORIES.filter((s) =>
        s.steps.some((step) => step.during !== null && step.act.type === 'says'),
      );
      expect([...new Set(otherwise)].filter((name) => !meanwhile.some((s) => s.name === name))).toEqual([]);
      expect(otherwise.length).toBeLessThan(20);
    });
  });
  return { crossed, otherwise };
}
