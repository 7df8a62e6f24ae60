/** A child process with m0's core. Its only argument is an Order as JSON, which says what to do. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import { flushNothing } from '../support/no-flush.ts';
import { startChild } from './child-process.ts';
import { dieInCommits, KILLED } from './commits.ts';
import { onDiskWrite } from './disk-writes.ts';
import { explore, type Share } from './explore.ts';
import type { M0 } from './m0.ts';
import { play } from './play.ts';
import { DRAINING, FULL } from './player.ts';
import { createPoints, killThisProcess, type Mark } from './points.ts';
import { storyOf } from './stories.ts';

export type Instant = Pick<Mark, 'point' | 'name'>;

/** Plays a story in the folder of its world and writes its marks into the folder. */
export interface PlayOrder {
  readonly type: 'play';
  readonly dir: string;
  readonly story: string;
  /** `before`: only the story's preparation. */
  readonly part: 'before' | 'all';
  /** The instant at which the child kills itself. */
  readonly killAt: Instant | null;
  /** The error of the child's clock, in ms. */
  readonly offset?: number;
}

export type Order =
  | PlayOrder
  /** Kills itself in the middle of a commit in each folder; see commits.ts. */
  | { readonly type: 'die-in-commits'; readonly dirs: readonly string[] }
  /** Continues from points of a story (see explore.ts) and writes the results to `report`. */
  | {
      readonly type: 'explore';
      readonly story: string;
      readonly share: Share;
      /** The folder to start from; null: an empty one, in which the story's own `before` is played. */
      readonly start: string | null;
      /** An empty folder. */
      readonly dir: string;
      readonly report: string;
    };

/** While the file FULL exists, the database can't grow, as on a full disk. */
function heedFullDisk(dir: string): () => void {
  let heed = (): void => {};
  const { pragma } = Sqlite.prototype;
  Sqlite.prototype.pragma = function (source, options) {
    heed = () => {
      // SQLite never sets the limit below the current size.
      pragma.call(this, `max_page_count = ${existsSync(join(dir, FULL)) ? 1 : 1_000_000}`);
    };
    return pragma.call(this, source, options);
  };
  return () => heed();
}

async function playHere({ dir, story, part, killAt, offset }: PlayOrder): Promise<void> {
  const points = createPoints(({ point, name }) => {
    if (point !== killAt?.point || name !== killAt.name) return;
    writeFileSync(join(dir, KILLED), '');
    killThisProcess();
  });
  onDiskWrite(join(dir, 'm0.db'), points.written);
  let stopping = false;
  async function stop(m0: M0): Promise<void> {
    stopping = true;
    writeFileSync(join(dir, DRAINING), '');
    await m0.worker.drain();
    await m0.deliver();
    await m0.store.close();
    process.exit(0);
  }
  try {
    await play({
      ...{ dir, story: storyOf(story), part, points, offset },
      log: createLogger(process.env.M0_LOG_LEVEL ?? 'silent'),
      onCreated: (m0) => void process.once('SIGTERM', () => void stop(m0)),
      onWaited: heedFullDisk(dir),
    });
    writeFileSync(join(dir, 'marks.json'), JSON.stringify(points.marks));
  } catch (error) {
    // When m0 stops, it closes the store, so the player fails; that is expected.
    if (!stopping) throw error;
  }
}

flushNothing();
const order: Order = JSON.parse(process.argv[2] ?? '');
switch (order.type) {
  case 'play':
    await playHere(order);
    break;
  case 'die-in-commits':
    await dieInCommits(order.dirs);
    break;
  case 'explore': {
    const { story, start, dir, report, share } = order;
    const file = process.argv[1] ?? '';
    const killed = (dirs: readonly string[]): Promise<unknown> =>
      startChild(file, { type: 'die-in-commits', dirs }, 'silent').ended;
    writeFileSync(report, JSON.stringify(await explore(storyOf(story), start, dir, killed, share)));
    break;
  }
}
