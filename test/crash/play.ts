/** Starts one m0, plays a story with it and stops it. It shares no objects with any other m0. */
import type { Logger } from '../../src/base/log.ts';
import { createM0, type M0 } from './m0.ts';
import { createPlayer } from './player.ts';
import type { Points } from './points.ts';
import type { Story } from './story.ts';
import { World } from './world.ts';

export interface PlayParts {
  readonly dir: string;
  readonly story: Story;
  /** `before`: only the story's preparation. */
  readonly part: 'before' | 'all';
  readonly points: Points;
  readonly log: Logger;
  /** The error of m0's clock, in ms. */
  readonly offset?: number | undefined;
  /** Called with the new m0 before it starts. */
  readonly onCreated?: (m0: M0) => void;
  /** Called each time m0 has got an answer, or is about to store something. */
  readonly onWaited?: () => void;
}

/** Rejects if m0 or the story does not end. In any case m0 is fully stopped afterwards. */
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
