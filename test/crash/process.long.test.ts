/** Other troubles of a process: SIGTERM, a locked database, a full disk, a wrong clock. */
import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/base/log.ts';
import type { Run } from '../../src/model/run.ts';
import { openStore } from '../../src/store/open.ts';
import type { PlayOrder } from './child.ts';
import type { Started } from './child-process.ts';
import { type Children, createChildren, each } from './children.ts';
import { judge } from './judge.ts';
import { DRAINING, FULL, go, reached } from './player.ts';
import { STOPPED, storyOf } from './stories.ts';
import type { Story } from './story.ts';
import { World } from './world.ts';

const HOUR = 3_600_000;

let children: Children;
beforeAll(async () => {
  children = await createChildren();
});
afterAll(() => children.remove());

/** An order to play the whole story. */
function whole(dir: string, story: Story): PlayOrder {
  return { type: 'play', dir, story: story.name, part: 'all', killAt: null };
}

async function begin(story: Story): Promise<string> {
  const dir = await children.folder(null);
  await children.complete({ ...whole(dir, story), part: 'before' });
  return dir;
}

/** Plays the story up to where it waits. */
async function halfway(
  story: Story,
  at: 'apply' | 'plan',
): Promise<{ readonly dir: string; readonly child: Started }> {
  const dir = await begin(story);
  const child = children.start(whole(dir, story));
  await appears(dir, reached(at), child);
  return { dir, child };
}

/** Resolves once the file exists; rejects if the child ends before. */
async function appears(dir: string, file: string, child: Started): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = (): void => {
    if (existsSync(join(dir, file))) resolve();
  };
  const watcher = watch(dir, look).on('error', reject);
  look();
  void child.ended.then(({ output }) => {
    look();
    reject(new Error(`it ended without ${file}: ${output}`));
  }, reject);
  await promise.finally(() => watcher.close());
}

async function runs(dir: string): Promise<readonly Run[]> {
  const store = await openStore({ url: `file:${join(dir, 'm0.db')}`, log: createLogger('silent') });
  const found = await store.runs({});
  await store.close();
  return found;
}

async function goesOn(dir: string, story: Story): Promise<void> {
  writeFileSync(join(dir, go('next check')), '');
  await children.complete(whole(dir, story));
  expect((await judge(dir, story)).problems).toEqual([]);
}

describe('on SIGTERM', () => {
  it('m0 finishes the running apply and stores the result', async () => {
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

  it('m0 stops a running plan and queues the check again', async () => {
    const { dir, child } = await halfway(STOPPED.planning, 'plan');
    child.term();
    await appears(dir, DRAINING, child);
    writeFileSync(join(dir, go('plan')), '');
    expect(await child.ended).toMatchObject({ code: 0, signal: null });
    expect((await runs(dir)).map((r) => r.state)).toEqual(['queued']);
    await goesOn(dir, STOPPED.planning);
  });
});

describe('a database locked by another process', () => {
  function lock(dir: string): () => void {
    const other = new Sqlite(join(dir, 'm0.db'));
    other.exec('BEGIN IMMEDIATE');
    return () => {
      other.exec('ROLLBACK');
      other.close();
    };
  }

  it('at the start: m0 reports it and exits; after the release the next start works', async () => {
    const dir = await begin(STOPPED.planning);
    writeFileSync(join(dir, go('plan')), '');
    const free = lock(dir);
    const ended = await children.run(whole(dir, STOPPED.planning));
    free();
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('the database is locked by another process: stop that process');
    await goesOn(dir, STOPPED.planning);
  });

  it('at the end of an apply: its end is stored after the release, nothing is applied again', async () => {
    const { dir, child } = await halfway(STOPPED.applying, 'apply');
    const free = lock(dir);
    writeFileSync(join(dir, go('apply')), '');
    await child.says('a step waits to be stored');
    expect(child.said()).toContain('the database is locked by another process');
    free();
    expect(await child.ended).toMatchObject({ code: 0 });
    expect(await judge(dir, STOPPED.applying)).toMatchObject({ problems: [], cutOff: [] });
  });
});

describe('a full disk', () => {
  it('during a plan: m0 reports it, and continues without help once there is space', async () => {
    const { dir, child } = await halfway(STOPPED.planning, 'plan');
    writeFileSync(join(dir, FULL), '');
    writeFileSync(join(dir, go('plan')), '');
    await child.says('the disk is full: free space on it, nothing was written');
    await appears(dir, reached('next check'), child);
    rmSync(join(dir, FULL));
    writeFileSync(join(dir, go('next check')), '');
    expect(await child.ended).toMatchObject({ code: 0 });
    const { problems, outcome } = await judge(dir, STOPPED.planning);
    expect(problems).toEqual([]);
    // The findings were too large to store; the next check finds them again.
    expect(outcome.told).toEqual([expect.stringMatching(/^failure/), expect.stringMatching(/^drift/)]);
    expect(outcome).toMatchObject({ open: [], drift: [] });
  });
});

describe('a clock that was changed while m0 was down', () => {
  const story = storyOf('a tag goes back by policy, the rest when a person approves it');
  /** The folders that kills at every fifth point have left. */
  const left: { readonly dir: string; readonly at: string }[] = [];

  beforeAll(async () => {
    const start = await begin(story);
    const marks = await children.complete(whole(await children.folder(start), story));
    const some = marks.filter((mark) => mark.first && mark.point % 5 === 1);
    await each(some, 2, async (killAt) => {
      const dir = await children.folder(start);
      const { signal } = await children.run({ ...whole(dir, story), killAt });
      expect(signal).toBe('SIGKILL');
      left.push({ dir, at: killAt.name });
    });
    expect(left.length).toBeGreaterThan(10);
  });

  it.each([
    ['back', -5 * HOUR],
    ['forward', 5 * HOUR],
  ] as const)('%s by hours: nothing is lost, posted twice or applied twice', async (_, offset) => {
    const problems: string[] = [];
    await each(left, 2, async ({ dir: from, at }) => {
      const dir = await children.folder(from);
      await children.complete({ ...whole(dir, story), offset });
      const verdict = await judge(dir, story);
      problems.push(...verdict.problems.map((p) => `killed ${at}: ${p}`));
      if (verdict.outcome.drift.length > 0) problems.push(`killed ${at}: it is not all put back`);
    });
    expect(problems).toEqual([]);
  });
});
