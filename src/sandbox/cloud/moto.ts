/** Runs moto, a local server with the API of AWS. */
import { access } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { baseEnvironment } from '../../base/base-environment.ts';
import type { Logger } from '../../base/log.ts';

/** A running local AWS that keeps its data in memory. */
export interface Moto {
  readonly url: string;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 90_000;
/** Ends when its stdin is closed, so that it stops even if m0 is killed. */
const LAUNCHER = `
import os, sys, threading
def watch():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

/**
 * Starts moto on loopback and waits until it answers. `port` 0, or one that is taken, means any free one.
 * Rejects with the last lines it wrote where it does not come up.
 */
export async function startMoto(options: {
  readonly motoServer: string;
  readonly port: number;
  readonly log: Logger;
  readonly base: Readonly<Record<string, string | undefined>>;
}): Promise<Moto> {
  const port = await freePort(options.port);
  const python = join(dirname(options.motoServer), 'python');
  const watched = await access(python).then(
    () => true,
    () => false,
  );
  const where = ['-H', HOST, '-p', String(port)];
  const [binary, args] = watched ? [python, ['-c', LAUNCHER, ...where]] : [options.motoServer, where];
  const child = execa(binary, args, {
    env: baseEnvironment(options.base),
    extendEnv: false,
    stdin: 'pipe',
    buffer: false,
    reject: false,
    // Out of reach of Ctrl-C on the terminal: what the cloud looks like is still read while m0 drains.
    detached: watched,
    forceKillAfterDelay: 3_000,
  });
  let said = '';
  const listen = (chunk: Buffer): void => {
    said = (said + chunk.toString('utf8')).slice(-2_000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  child.stdin.on('error', () => {});

  const url = `http://${HOST}:${port}`;
  let state: 'starting' | 'up' | 'closing' | 'gone' = 'starting';
  const ended = child.then(() => {
    if (state === 'up') options.log.error('the local AWS ended by itself');
    state = 'gone';
  });
  // Ends the wait below; a function, so that the compiler does not take the state for unchanging.
  const isGone = (): boolean => state === 'gone';

  async function close(): Promise<void> {
    state = 'closing';
    child.stdin.end();
    if (!watched) child.kill();
    const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
    await ended;
    clearTimeout(late);
  }

  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (isGone()) throw new Error(`starting the local AWS: it ended at once: ${said.trim()}`);
    if (performance.now() > giveUpAt) {
      await close();
      throw new Error(
        `starting the local AWS: no answer within ${START_TIMEOUT_MS / 1000} s: ${said.trim()}`,
      );
    }
    await sleep(150);
  }
  state = 'up';
  return { url, close };
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/moto-api/data.json`, { signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (wanted !== 0 && error.code === 'EADDRINUSE') resolve(freePort(0));
      else reject(error);
    });
    probe.listen(wanted, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : wanted));
    });
  });
}
