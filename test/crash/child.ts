/** The process that is killed: m0's core on the files of one folder, and a story told to it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { createLogger } from '../../src/base/log.ts';
import { createM0, type M0 } from './m0.ts';
import { createPoints } from './points.ts';
import { storyOf } from './stories.ts';
import { createTeller, DRAINING, FULL } from './tell.ts';
import { World } from './world.ts';

/** What the parent wants of a child, as JSON in its only argument. */
export interface Order {
  readonly dir: string;
  readonly story: string;
  /** `before`: up to where the story begins. */
  readonly part: 'before' | 'all';
  readonly killAt: number | null;
  /** By how much its clock goes wrong, in ms. */
  readonly offset?: number;
}

const { dir, story: name, part, killAt, offset }: Order = JSON.parse(process.argv[2] ?? '');
const story = storyOf(name);
const world = new World(dir, offset);
const points = createPoints(dir, killAt);

/** While the file FULL is there the database gets no page more, as on a disk that is full. */
let heedFullDisk = (): void => {};
const { pragma } = Sqlite.prototype;
Sqlite.prototype.pragma = function (source, options) {
  heedFullDisk = () => {
    // SQLite never goes below what it has already.
    pragma.call(this, `max_page_count = ${existsSync(join(dir, FULL)) ? 1 : 1_000_000}`);
  };
  return pragma.call(this, source, options);
};

let m0: M0 | undefined;
let stopping = false;
async function stop(): Promise<void> {
  stopping = true;
  writeFileSync(join(dir, DRAINING), '');
  await m0?.worker.drain();
  await m0?.deliver();
  await m0?.store.close();
  process.exit(0);
}

const teller = createTeller(story, dir, world, () => m0 as M0);
m0 = await createM0({
  ...{ dir, world, points, directory: story.directory },
  log: createLogger(process.env.M0_LOG_LEVEL ?? 'silent'),
  async meanwhile(doing, moves) {
    await teller.meanwhile(doing, moves);
    heedFullDisk();
  },
});
process.once('SIGTERM', () => void stop());
try {
  await teller.tell(part === 'before' ? story.before.length : Number.POSITIVE_INFINITY);
  if (story.cutOff === undefined) points.stop();
  if (part === 'all') await teller.close();
  await m0.worker.drain();
  await m0.store.close();
  writeFileSync(join(dir, 'marks.json'), JSON.stringify(points.marks));
} catch (error) {
  // Who waits for m0 to rest waits in vain for one that is ended.
  if (!stopping) throw error;
}
