/** What else can befall a process: it is asked to end, its memory is locked or full, its clock goes wrong. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import type { Run } from '../../src/model/run.ts';
import { openStore } from '../../src/store/open.ts';
import { poll } from '../support/world.ts';
import { type Children, createChildren, each, type Started } from './children.ts';
import { judge } from './judge.ts';
import { STOPPED, storyOf } from './stories.ts';
import type { Story } from './story.ts';
import { DRAINING, FULL, go, reached } from './tell.ts';
import { World } from './world.ts';

const HOUR = 3_600_000;

let children: Children;
beforeAll(async () => {
  children = await createChildren();
});
afterAll(() => children.remove());

async function begin(story: Story): Promise<string> {
  const dir = await children.folder(null);
  await children.complete({ dir, story: story.name, part: 'before', killAt: null });
  return dir;
}

/** The story up to where it waits. */
async function halfway(
  story: Story,
  at: 'apply' | 'plan',
): Promise<{ readonly dir: string; readonly child: Started }> {
  const dir = await begin(story);
  const child = children.start({ dir, story: story.name, part: 'all', killAt: null });
  await appears(dir, reached(at), child);
  return { dir, child };
}

function appears(dir: string, file: string, child: Started): Promise<true> {
  return poll(async () => existsSync(join(dir, file)) || undefined, `${file}: ${child.said()}`);
}

const says = (child: Started, text: string): Promise<true> =>
  poll(async () => child.said().includes(text) || undefined, `"${text}"`);

async function runs(dir: string): Promise<readonly Run[]> {
  const store = await openStore({ url: `file:${join(dir, 'm0.db')}`, log: createLogger('silent') });
  const found = await store.runs({});
  await store.close();
  return found;
}

async function goesOn(dir: string, story: Story): Promise<void> {
  writeFileSync(join(dir, go('next check')), '');
  await children.complete({ dir, story: story.name, part: 'all', killAt: null });
  expect((await judge(dir, story)).problems).toEqual([]);
}

describe('asked to end', () => {
  it('it finishes the apply that is under way and stores it', async () => {
    const { dir, child } = await halfway(STOPPED.applying, 'apply');
    child.term();
    await appears(dir, DRAINING, child);
    expect(new World(dir).applies).toMatchObject([{ ended: false }]);
    writeFileSync(join(dir, go('apply')), '');
    expect(await child.ended).toMatchObject({ code: 0, signal: null });
    expect(new World(dir).applies).toMatchObject([{ ended: true }]);
    expect((await runs(dir)).map((r) => r.state)).toEqual(['verifying']);
    await goesOn(dir, STOPPED.applying);
    expect((await runs(dir)).map((r) => r.state)).toEqual(['realigned']);
    expect(new World(dir).applies).toHaveLength(1);
  });

  it('it gives a plan that is under way back to the queue', async () => {
    const { dir, child } = await halfway(STOPPED.planning, 'plan');
    child.term();
    await appears(dir, DRAINING, child);
    writeFileSync(join(dir, go('plan')), '');
    expect(await child.ended).toMatchObject({ code: 0, signal: null });
    expect((await runs(dir)).map((r) => r.state)).toEqual(['queued']);
    await goesOn(dir, STOPPED.planning);
  });
});

describe('a memory that another process has locked', () => {
  function lock(dir: string): () => void {
    const other = new Sqlite(join(dir, 'm0.db'));
    other.exec('BEGIN IMMEDIATE');
    return () => {
      other.exec('ROLLBACK');
      other.close();
    };
  }

  it('at a start: it says so and ends; once it is free the next start goes on', async () => {
    const dir = await begin(STOPPED.planning);
    writeFileSync(join(dir, go('plan')), '');
    const free = lock(dir);
    const ended = await children.run({ dir, story: STOPPED.planning.name, part: 'all', killAt: null });
    free();
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('the database is locked by another process: stop that process');
    await goesOn(dir, STOPPED.planning);
  });

  it('as an apply ends: it is asked about, not applied again', async () => {
    const { dir, child } = await halfway(STOPPED.applying, 'apply');
    const free = lock(dir);
    writeFileSync(join(dir, go('apply')), '');
    await says(child, 'storing that a run broke, broke');
    expect(child.said()).toContain('the database is locked by another process');
    free();
    expect(await child.ended).toMatchObject({ code: 0 });
    expect(await judge(dir, STOPPED.applying)).toMatchObject({ problems: [], cutOff: [1] });
  });
});

describe('a disk that is full', () => {
  it('while a check is planned: it says so, and goes on by itself once there is room', async () => {
    const { dir, child } = await halfway(STOPPED.planning, 'plan');
    writeFileSync(join(dir, FULL), '');
    writeFileSync(join(dir, go('plan')), '');
    await says(child, 'the disk is full: free space on it, nothing was written');
    await appears(dir, reached('next check'), child);
    rmSync(join(dir, FULL));
    writeFileSync(join(dir, go('next check')), '');
    expect(await child.ended).toMatchObject({ code: 0 });
    const { problems, outcome } = await judge(dir, STOPPED.planning);
    expect(problems).toEqual([]);
    // What was found was too much to be stored; the next check finds it again.
    expect(outcome.told).toEqual([expect.stringMatching(/^failure/), expect.stringMatching(/^drift/)]);
    expect(outcome).toMatchObject({ open: [], drift: [] });
  });
});

describe('a clock that was set while m0 was away', () => {
  const story = storyOf('a tag goes back by policy, the rest when a person approves it');

  it.each([
    ['back', -5 * HOUR],
    ['forward', 5 * HOUR],
  ] as const)('%s by hours: nothing is lost, told twice or applied twice', async (_, offset) => {
    const start = await begin(story);
    const whole = await children.folder(start);
    const marks = await children.complete({ dir: whole, story: story.name, part: 'all', killAt: null });
    const last = marks.at(-1)?.point ?? 0;
    const some = Array.from({ length: last }, (_each, i) => i + 1).filter((point) => point % 5 === 1);
    const problems: string[] = [];
    await each(some, 2, async (killAt) => {
      const dir = await children.folder(start);
      const { signal } = await children.run({ dir, story: story.name, part: 'all', killAt });
      expect(signal).toBe('SIGKILL');
      await children.complete({ dir, story: story.name, part: 'all', killAt: null, offset });
      const verdict = await judge(dir, story);
      problems.push(...verdict.problems.map((p) => `killed at ${killAt}: ${p}`));
      if (verdict.outcome.drift.length > 0) problems.push(`killed at ${killAt}: it is not all put back`);
    });
    expect(problems).toEqual([]);
  });
});
