/** Starts a child process (child.ts) and waits for its end. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Order } from './child.ts';

/** Node's compile cache, which halves the start time of the child. */
export const CACHE = resolve('node_modules/.cache/m0-crash');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** All output of the child. */
  readonly output: string;
}

export interface Started {
  readonly ended: Promise<Ended>;
  /** The output so far. */
  said(): string;
  /** Resolves once the output contains `text`; rejects if the child ends before. */
  says(text: string): Promise<void>;
  term(): void;
  /** Kills the child if it still runs. */
  kill(): void;
}

/** `file`: the bundled child. */
export function startChild(file: string, order: Order, logLevel: string): Started {
  const child = spawn(process.execPath, [file, JSON.stringify(order)], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: CACHE, M0_LOG_LEVEL: logLevel },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  const heard = (): void => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      heard();
    });
  }
  let isOver = false;
  const ended = new Promise<Ended>((done, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      isOver = true;
      done({ code, signal, output });
      heard();
    });
  });
  return {
    ended,
    said: () => output,
    says: (text) =>
      new Promise((done, reject) => {
        const listen = (): void => {
          if (output.includes(text)) done();
          else if (isOver) reject(new Error(`it ended without "${text}": ${output}`));
          else return void listeners.add(listen);
          listeners.delete(listen);
        };
        listen();
      }),
    term: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
  };
}
