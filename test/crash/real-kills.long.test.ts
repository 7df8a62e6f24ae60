/** Proves for each kind of effect that a copy of the files equals what a real `kill -9` at that instant leaves. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Children, createChildren } from './children.ts';
import { KILLED } from './commits.ts';
import { begin, goOn, type Played, playWithCopies } from './explore.ts';
import { judge } from './judge.ts';
import { storyOf } from './stories.ts';

vi.setConfig({ maxConcurrency: 2 });

/** By story: kinds of effects, with the prefix of the first mark's name. */
const KINDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'two tags go back by policy at once': {
    'before the code is looked up': 'before head',
    'after a plan': 'after plan of all',
    'after a plan file is deleted': 'after discard',
    'before the policies are asked': 'before asking the policies',
    'after the policies were asked': 'after asking the policies',
    'before an apply': 'before apply',
    'after an apply has begun': 'within apply of plan-1: it has begun',
    'within an apply': 'within apply of plan-1: one of 2',
    'after an apply': 'after apply',
    'before a commit': 'before commit [#1 applying→verifying',
    'in the middle of a commit': 'within commit [#1 applying→verifying',
    'as a commit reaches the disk': 'within a write',
    'after a commit': 'after commit [#1 applying→verifying',
    'after a post': 'after post',
    'after storing where a message is': 'after storing where',
    'after a delivery is stored as done': 'after delivery',
  },
  'a tag goes back by policy, the rest when a person approves it': {
    'in the middle of the commit of an approval':
      'within commit [if.exemptions, unless.paused, #1 awaiting_approval→approved',
    'after an update': 'after update',
    'after a reply': 'after reply',
  },
  'a policy goes stale, is seen, and is mended': {
    'after looking at the policies': 'after looking at the policies',
  },
  'who is on call can not be written to, which is told, and can be an hour later': {
    'after a refusal is stored': 'after refusal',
    'after a refusal is deleted': 'after no refusal',
  },
};

let children: Children;
type PlayedOnce = Played & {
  /** The folder to start from. */
  readonly start: string;
};
const played = new Map<string, PlayedOnce>();

async function playedOnce(name: string): Promise<PlayedOnce> {
  const story = storyOf(name);
  const wanted = new Set(Object.values(KINDS[name] ?? {}));
  const start = await children.folder(null);
  await begin(story, start);
  const root = await children.folder(null);
  const isWanted = (mark: { readonly name: string }): boolean => {
    const prefix = [...wanted].find((p) => mark.name.startsWith(p));
    return prefix !== undefined && wanted.delete(prefix);
  };
  const killInCommits = (dirs: readonly string[]) => children.run({ type: 'die-in-commits', dirs });
  return { start, ...(await playWithCopies(story, start, root, isWanted, killInCommits)) };
}

beforeAll(async () => {
  children = await createChildren();
  for (const name of Object.keys(KINDS)) played.set(name, await playedOnce(name));
});
afterAll(() => children.remove());

describe('a story continued from a copy ends like one continued after a real kill', () => {
  it.concurrent.each(
    Object.entries(KINDS).flatMap(([name, kinds]) =>
      Object.entries(kinds).map(([kind, prefix]) => [kind, name, prefix] as const),
    ),
  )('%s (%s)', async (_, name, prefix) => {
    const story = storyOf(name);
    const order = { type: 'play', story: name, part: 'all' } as const;
    const { start, copies } = played.get(name) ?? { start: null, copies: [] };
    const copy = copies.find((c) => c.mark.name.startsWith(prefix));
    if (!copy) throw new Error(`"${name}" never comes to "${prefix}"`);
    const dir = await children.folder(start);
    const { signal } = await children.run({ ...order, dir, killAt: copy.mark });
    expect(signal).toBe('SIGKILL');
    expect(existsSync(join(dir, KILLED))).toBe(true);
    await children.complete({ ...order, dir, killAt: null });
    expect(await goOn(copy.dir, story)).toEqual(await judge(dir, story));
  });
});
