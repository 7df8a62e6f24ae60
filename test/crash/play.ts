/** One life of m0, from its start through a story to its end. What it is made of is its own and ends with it. */
import type { Logger } from '../../src/base/log.ts';
import { createM0, type M0 } from './m0.ts';
import { createPlayer } from './player.ts';
import type { Points } from './points.ts';
import type { Story } from './story.ts';
import { World } from './world.ts';

export interface PlayParts {
  readonly dir: string;
  readonly story: Story;
  /** `before`: up to where the story begins. */
  readonly part: 'before' | 'all';
  readonly points: Points;
  readonly log: Logger;
  /** By how much its clock goes wrong, in ms. */
  readonly offset?: number | undefined;
  /** Called with m0 before it starts. */
  readonly onCreated?: (m0: M0) => void;
  /** Called each time m0 has waited for an answer, or is about to store something. */
  readonly onWaited?: () => void;
}

/** Rejects where m0, or the story, does not come to its end; either way nothing of m0 is left at work. */
export async function play(parts: PlayParts): Promise<void> {
  const { dir, story, part, points, log, offset } = parts;
  const world = new World(dir, offset);
  const player = createPlayer(story, dir, world, () => m0);
  const m0 = await createM0({
    ...{ dir, world, points, directory: story.directory, log },
    async meanwhile(doing, moves) {
      await player.meanwhile(doing, moves);
      parts.onWaited?.();
    },
  });
  parts.onCreated?.(m0);
  try {
    await player.play(part === 'before' ? story.before.length : Number.POSITIVE_INFINITY);
    if (story.cutOff === undefined) points.stop();
    if (part === 'all') await player.close();
  } finally {
    await m0.worker.drain();
    await m0.store.close();
  }
}
