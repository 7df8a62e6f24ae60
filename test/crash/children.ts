/** Bundles the child (child.ts), runs it many times, and manages its folders. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Order, PlayOrder } from './child.ts';
import { CACHE, type Ended, type Started, startChild } from './child-process.ts';
import type { Mark } from './points.ts';

export interface Children {
  /** Runs a child to its end. */
  run(order: Order): Promise<Ended>;
  /** Starts a child that logs its errors. */
  start(order: Order): Started;
  /** Like `run`, for a story; rejects if the story does not end normally. */
  complete(order: PlayOrder): Promise<readonly Mark[]>;
  /** A new folder for a world: empty, or a copy of another one. */
  folder(copyOf: string | null): Promise<string>;
  forget(dir: string): Promise<void>;
  /** Kills the remaining children and deletes all folders. */
  remove(): Promise<void>;
}

/**
 * Bundles the child into one file, which starts five times faster than its many modules. Each module still finds the
 * files next to it, because it keeps its original path.
 */
async function bundle(file: string): Promise<void> {
  await build({
    ...{ entryPoints: [resolve('test/crash/child.ts')], outfile: file },
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node24', external: ['better-sqlite3'] },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [
      {
        name: 'where-it-was',
        setup({ onLoad }) {
          onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
            const url = JSON.stringify(pathToFileURL(path).href);
            const source = await readFile(path, 'utf8');
            return { loader: 'ts', contents: source.replaceAll('import.meta.url', url) };
          });
        },
      },
    ],
  });
}

export async function createChildren(): Promise<Children> {
  const root = await mkdtemp(join(tmpdir(), 'm0-crash-'));
  const file = join(CACHE, `child-${process.pid}.mjs`);
  await bundle(file);

  const alive = new Set<Started>();
  function start(order: Order, logLevel: string): Started {
    const child = startChild(file, order, logLevel);
    alive.add(child);
    const forget = (): void => void alive.delete(child);
    child.ended.then(forget, forget);
    return child;
  }
  const run = (order: Order): Promise<Ended> => start(order, 'silent').ended;

  return {
    run,
    start: (order) => start(order, 'error'),
    async complete(order) {
      const { code, signal, output } = await run(order);
      if (code !== 0) throw new Error(`"${order.story}" ended with ${code ?? signal}: ${output}`);
      return JSON.parse(await readFile(join(order.dir, 'marks.json'), 'utf8')) as readonly Mark[];
    },
    async folder(copyOf) {
      const dir = await mkdtemp(join(root, 'world-'));
      if (copyOf !== null) await cp(copyOf, dir, { recursive: true });
      return dir;
    },
    forget: (dir) => rm(dir, { recursive: true, force: true }),
    async remove() {
      // Children of a test that timed out.
      for (const child of alive) child.kill();
      await rm(root, { recursive: true, force: true });
      await rm(file, { force: true });
    },
  };
}

/** Runs the work for each item, `width` at a time. */
export async function each<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
