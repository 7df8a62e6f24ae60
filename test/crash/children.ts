/** Starting the processes that are killed: cheap, and two at a time. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Order } from './child.ts';
import type { Mark } from './points.ts';

/** Node compiles modules that it has seen before in half the time. */
const CACHE = resolve('node_modules/.cache/m0-crash');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** All that it wrote. */
  readonly output: string;
}

export interface Started {
  readonly ended: Promise<Ended>;
  /** All that it wrote so far. */
  said(): string;
  term(): void;
}

export interface Children {
  /** Runs a child to its end. */
  run(order: Order): Promise<Ended>;
  /** Starts a child that says what goes wrong in it. */
  start(order: Order): Started;
  /** As `run`; rejects where it does not come to its end by itself. */
  complete(order: Order): Promise<readonly Mark[]>;
  /** A fresh folder for a world, with all that is in another one. */
  folder(copyOf: string | null): Promise<string>;
  forget(dir: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The child as one file, which starts five times faster than its many modules. Each still finds what lies beside it
 * by where it was.
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

  function start(order: Order, level: string): Started {
    const child = spawn(process.execPath, [file, JSON.stringify(order)], {
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: CACHE, M0_LOG_LEVEL: level },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<Ended>((done, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => done({ code, signal, output }));
    });
    return { ended, said: () => output, term: () => void child.kill('SIGTERM') };
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
      await rm(root, { recursive: true, force: true });
      await rm(file, { force: true });
    },
  };
}

/** Does the work on each, `width` at a time. */
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
