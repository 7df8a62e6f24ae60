/** A container of an image: its root with a writable layer in memory, processes of its own, and what is mounted into it. */
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Image } from './build.ts';
import {
  type Bind,
  DOCKER_CAPABILITIES,
  type Ended,
  execBeside,
  firstProcess,
  isInside,
  type Process,
  startIn,
} from './namespace.ts';

/** As the options of `docker run`. */
export interface RunOptions {
  /** A number; default: the image's user. */
  readonly uid?: number;
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly readOnly?: boolean;
  readonly binds?: readonly Bind[];
  readonly inMemory?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}

export interface Container {
  /** What it has written so far. */
  output(): string;
  /** The exit code; null: a signal ended it. */
  readonly exit: Promise<number | null>;
  readonly hasEnded: boolean;
  /** Runs a program beside process 1, with its user, rights and variables. */
  exec(...command: readonly string[]): Promise<Ended>;
  /** The exit code of the image's HEALTHCHECK; null: it took too long. */
  health(): Promise<number | null>;
  /** SIGTERM to process 1. Resolves with the exit code and the time until then. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  /** Ends everything in it by force. */
  kill(): Promise<void>;
}

/** The home folder of a user by the image's /etc/passwd, as Docker sets HOME. */
function homeOf({ root }: Image, uid: number): string {
  const lines = readFileSync(join(root, 'etc/passwd'), 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find((row) => row[2] === String(uid))?.[5] ?? '/';
}

let count = 0;

/** Starts a container; `dir` is a folder for its layer. */
export function startContainer(image: Image, dir: string, options: RunOptions = {}): Container {
  const scratch = join(dir, `container-${++count}`);
  mkdirSync(scratch, { recursive: true });
  const uid = options.uid ?? Number(image.user);
  const binds = options.binds ?? [];
  // A volume that nothing is mounted on is a new one of the container's own, which its layer is as well.
  const process: Process = {
    uid,
    capabilities: options.capabilities ?? DOCKER_CAPABILITIES,
    noNewPrivileges: options.noNewPrivileges ?? false,
    env: { HOME: homeOf(image, uid), ...image.env, ...options.env },
    cwd: image.cwd,
    command: [...image.entrypoint, ...(options.command ?? image.command)],
  };
  const space = { root: image.root, scratch, readOnly: options.readOnly ?? false, binds };
  const unshare = startIn({ ...space, inMemory: options.inMemory ?? [] }, process);
  let output = '';
  for (const stream of [unshare.stdout, unshare.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let hasEnded = false;
  const exit = once(unshare, 'close').then(() => {
    hasEnded = true;
    return unshare.exitCode;
  });
  const ready = (): number | null => {
    const pid = firstProcess(unshare);
    return pid !== null && isInside(pid) ? pid : null;
  };
  /** Process 1, when it has entered the image's root. */
  async function first(): Promise<number> {
    while (!hasEnded && ready() === null) await sleep(20);
    const pid = ready();
    if (pid === null) throw new Error(`the container is not running: ${output.slice(-2_000)}`);
    return pid;
  }
  return {
    output: () => output,
    exit,
    get hasEnded() {
      return hasEnded;
    },
    exec: async (...command) => execBeside(await first(), { ...process, command }),
    async health() {
      const check = image.healthcheck;
      if (check === null) throw new Error('the image has no HEALTHCHECK');
      const asked = execBeside(await first(), { ...process, command: check.command });
      return Promise.race([asked.then(({ code }) => code), sleep(check.timeoutMs, null, { ref: false })]);
    },
    async stop() {
      const pid = await first();
      const from = performance.now();
      globalThis.process.kill(pid, 'SIGTERM');
      return { code: await exit, ms: performance.now() - from };
    },
    async kill() {
      unshare.kill('SIGKILL');
      await exit;
    },
  };
}
