import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { execa } from 'execa';
import type { StackUser } from './stack-user.ts';

export interface ToolCall {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Whom it runs as; null or left out: as m0 itself does. */
  readonly user?: StackUser | null;
  readonly signal: AbortSignal;
  /** ms until the tool is asked to stop. */
  readonly limitMs: number;
  /** ms a tool that was asked to stop gets to save its state, before it is killed. */
  readonly graceMs: number;
  readonly output: ToolOutput;
  /**
   * Called with the number of the process before the tool begins in it, which waits for that. Where it rejects the
   * tool never begins, and `runTool` rejects with the same error.
   */
  readonly admit?: (pid: number) => Promise<void>;
}

/**
 * `answer`: stdout is read whole through a pipe; more than `bytes` of it stops the tool, because an answer cut
 * short must not be read. `log`: stdout and stderr go to files `NAME.out` and `NAME.err` in `dir`, their ends are
 * read afterwards, and then the files are deleted. A tool that changes things needs `log`: on a pipe it would
 * die of SIGPIPE in the middle of its work if this process died.
 */
export type ToolOutput =
  | { readonly as: 'answer'; readonly bytes: number }
  | { readonly as: 'log'; readonly dir: string; readonly name: string };

export interface ToolOutcome {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  /** The whole answer, or of a log the whole lines in its last 64 KiB. */
  readonly stdout: Buffer;
  /** Its last 64 KiB, or less. */
  readonly stderr: string;
  readonly stopped: 'aborted' | 'time' | 'output' | null;
}

const TAIL_BYTES = 64 * 1024;

/**
 * What the process does before it becomes the tool: it waits for a word on stdin. So its number can be recorded
 * before the tool begins, and where m0 dies or is refused meanwhile, stdin closes and no tool ever begins.
 */
export const LAUNCHER = 'read -r word && [ "$word" = begin ] || exit 125; exec "$@" </dev/null';
/** Names the launcher in its own errors: `m0: 1: exec: …: not found`. */
const LAUNCHER_NAME = 'm0';

interface Sink {
  /** What execa gives the child as its stdout or stderr. */
  readonly stdio: 'pipe' | Writable;
  readonly read: () => Promise<Buffer>;
  readonly close: () => Promise<void>;
  readonly add: (chunk: Uint8Array) => void;
}

/**
 * Runs a tool to its end; no shell sees its arguments. Stopping is SIGINT first, so that terraform saves its state, and
 * SIGKILL to it and its providers after the grace. Rejects only where the tool could not be started.
 */
export async function runTool(call: ToolCall): Promise<ToolOutcome> {
  call.signal.throwIfAborted();
  let tooMuch = (): void => {};
  const out =
    call.output.as === 'answer'
      ? pipeSink(call.output.bytes, () => tooMuch())
      : await fileSink(call.output.dir, `${call.output.name}.out`);
  const err =
    call.output.as === 'answer'
      ? pipeSink(TAIL_BYTES, () => {})
      : await fileSink(call.output.dir, `${call.output.name}.err`);
  try {
    const child = execa('/bin/sh', ['-c', LAUNCHER, LAUNCHER_NAME, call.binary, ...call.args], {
      cwd: call.cwd,
      env: call.env,
      extendEnv: false,
      ...(call.user == null ? {} : { uid: call.user.uid, gid: call.user.gid }),
      stdin: 'pipe',
      stdout: out.stdio,
      stderr: err.stdio,
      buffer: false,
      reject: false,
      encoding: 'buffer',
      // Its own process group: Ctrl-C on a terminal must not reach it besides our own SIGINT, because two of
      // them make terraform give up without saving; and its providers can be killed with it.
      detached: true,
      cleanup: false,
    });
    child.stdout?.on('data', out.add);
    child.stderr?.on('data', err.add);

    let stopped: ToolOutcome['stopped'] = null;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: NonNullable<ToolOutcome['stopped']>): void => {
      if (stopped !== null) return;
      stopped = why;
      child.kill('SIGINT');
      killer = setTimeout(() => killGroup(child.pid), call.graceMs);
    };
    tooMuch = () => stop('output');
    const onAbort = (): void => stop('aborted');
    call.signal.addEventListener('abort', onAbort, { once: true });
    if (call.signal.aborted) onAbort();
    let timer: NodeJS.Timeout | undefined;
    try {
      try {
        if (child.pid !== undefined) await call.admit?.(child.pid);
      } catch (error) {
        child.stdin.end();
        await child;
        throw error;
      }
      timer = setTimeout(() => stop('time'), call.limitMs);
      child.stdin.end('begin\n');
      const result = await child;
      const stderr = (await err.read()).toString('utf8');
      const refusal = startRefusal(result, stderr);
      if (refusal !== null) throw new Error(`${call.binary} did not start: ${refusal}`);
      return { exitCode: result.exitCode ?? null, stdout: await out.read(), stderr, stopped };
    } finally {
      clearTimeout(timer);
      clearTimeout(killer);
      call.signal.removeEventListener('abort', onAbort);
    }
  } finally {
    await out.close();
    await err.close();
  }
}

/** Why the process never became the tool; null where it did. */
function startRefusal(
  result: {
    readonly exitCode?: number | undefined;
    readonly signal?: string | undefined;
    readonly code?: string | undefined;
    readonly originalMessage?: string | undefined;
  },
  stderr: string,
): string | null {
  if (result.exitCode === undefined && result.signal === undefined)
    return result.code ?? result.originalMessage ?? '';
  // POSIX: a shell that can't run a command exits with 126 or 127.
  const isLauncherError = result.exitCode === 126 || result.exitCode === 127;
  return isLauncherError && stderr.startsWith(`${LAUNCHER_NAME}: `) ? stderr.trim() : null;
}

export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

async function fileSink(dir: string, name: string): Promise<Sink> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, name);
  // Open from here on, so that the child gets the file itself and not a pipe that we copy into it.
  const stream = (await open(path, 'w', 0o600)).createWriteStream();
  return {
    stdio: stream,
    add: () => {},
    read: () => tailOf(path),
    async close() {
      await new Promise<void>((resolve) => stream.destroy().once('close', () => resolve()));
      // A tool repeats secrets in its errors, so its own words are not left lying about.
      await rm(path, { force: true });
    },
  };
}

async function tailOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const tail = buffer.subarray(0, bytesRead);
    // A line that was cut could hold the rest of a secret, which nobody would recognise.
    return size > length ? tail.subarray(tail.indexOf('\n') + 1) : tail;
  } finally {
    await file.close();
  }
}

/** Keeps the last `limit` bytes; Calls `onMore` when there are more. */
function pipeSink(limit: number, onMore: () => void): Sink {
  let chunks: Buffer[] = [];
  let size = 0;
  return {
    stdio: 'pipe',
    add(chunk) {
      chunks.push(Buffer.from(chunk));
      size += chunk.length;
      if (size <= limit) return;
      onMore();
      if (size > 2 * limit) {
        chunks = [Buffer.concat(chunks).subarray(-limit)];
        size = limit;
      }
    },
    read: () => Promise.resolve(Buffer.concat(chunks).subarray(-limit)),
    close: () => Promise.resolve(),
  };
}
