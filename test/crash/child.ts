/** The process that is killed: m0's core on the files of one folder, and a story told to it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '../../src/log.ts';
import { createM0, type M0 } from './m0.ts';
import { createPoints } from './points.ts';
import { storyOf } from './stories.ts';
import { createTeller } from './tell.ts';
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
let m0: M0 | undefined;
const teller = createTeller(story, world, () => m0 as M0);
m0 = await createM0({
  ...{ dir, world, points, directory: story.directory },
  log: createLogger(process.env.M0_LOG_LEVEL ?? 'silent'),
  meanwhile: teller.meanwhile,
});
await teller.tell(part === 'before' ? story.before.length : Number.POSITIVE_INFINITY);
if (story.cutOff === undefined) points.stop();
if (part === 'all') await teller.close();
await m0.worker.drain();
await m0.store.close();
writeFileSync(join(dir, 'marks.json'), JSON.stringify(points.marks));
