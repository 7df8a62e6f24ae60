/** Starts a tool process, limits it, and reads its output. */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { execa } from 'execa';
import type { StackUser } from './stack-user.ts';

export interface ToolCall {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The complete environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The user it runs as; null or left out: m0's own. */
  readonly user?: StackUser | null;
  readonly signal: AbortSignal;
  /** ms after which the tool is asked to stop. */
  readonly limitMs: number;
  /** ms between the request to stop and killing the tool, in which it can save its state. */
  readonly graceMs: number;
  readonly output: ToolOutput;
  /**
   * Called with the process id before the tool begins; the process waits for it. Where it rejects, the tool
   * never begins, and `runTool` rejects with the same error.
   */
  readonly admit?: (pid: number) => Promise<void>;
}

/**
 * `answer`: stdout is read completely through a pipe; more than `bytes` stops the tool, because a cut answer
 * must not be used. `log`: stdout and stderr go to the files `NAME.out` and `NAME.err` in `dir`; their ends
 * are read afterwards, and then the files are deleted. A tool that changes things needs `log`: with a pipe,
 * SIGPIPE would end it in the middle of its work if this process died.
 */
export type ToolOutput =
  | { readonly as: 'answer'; readonly bytes: number }
  | { readonly as: 'log'; readonly dir: string; readonly name: string };

export interface ToolOutcome {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  /** The whole answer, or of a log the complete lines in its last 64 KiB. */
  readonly stdout: Buffer;
  /** Its last 64 KiB, or less. */
  readonly stderr: string;
  readonly stopped: 'aborted' | 'time' | 'output' | null;
}

const TAIL_BYTES = 64 * 1024;

/**
 * What the process does before it becomes the tool: it waits for a line on stdin. So its process id can be
 * recorded before the tool begins. If m0 dies or is refused meanwhile, stdin closes and the tool never
 * begins.
 */
export const LAUNCHER = 'read -r word && [ "$word" = begin ] || exit 125; exec "$@" </dev/null';
/** The launcher's name in its own errors: `m0: 1: exec: …: not found`. */
const LAUNCHER_NAME = 'm0';

interface Sink {
  /** The child's stdout or stderr, for execa. */
  readonly stdio: 'pipe' | Writable;
  readonly read: () => Promise<Buffer>;
  readonly close: () => Promise<void>;
  readonly add: (chunk: Uint8Array) => void;
}

/**
 * Runs a tool to its end; no shell interprets its arguments. Stopping sends SIGINT first, so that terraform
 * saves its state, and after the grace time SIGKILL to the tool and its providers. Rejects only where the
 * tool could not be started.
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
      // Its own process group: a Ctrl-C on a terminal must not reach it in addition to m0's SIGINT, because
      // after two of them terraform stops without saving. It also allows killing the providers with it.
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
  // POSIX: a shell that cannot run a command exits with 126 or 127.
  const isLauncherError = result.exitCode === 126 || result.exitCode === 127;
  return isLauncherError && stderr.startsWith(`${LAUNCHER_NAME}: `) ? stderr.trim() : null;
}

export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

async function fileSink(dir: string, name: string): Promise<Sink> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, name);
  // A new file, also where an earlier m0 left one: that m0 may be frozen, and deletes its file when it wakes up.
  await rm(path, { force: true });
  const file = await open(path, 'wx+', 0o600);
  // Opened here, so that the child writes to the file itself and not to a pipe that m0 copies.
  const stream = file.createWriteStream();
  return {
    stdio: stream,
    add: () => {},
    read: () => tailOf(file),
    async close() {
      await new Promise<void>((resolve) => stream.destroy().once('close', () => resolve()));
      // A tool prints secrets in its errors, so its output is deleted.
      await rm(path, { force: true });
    },
  };
}

/** Reads the end of the file itself, whatever has become of its name. */
async function tailOf(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const length = Math.min(size, TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const tail = buffer.subarray(0, bytesRead);
  // A cut line may hold a part of a secret, which would not be recognised.
  return size > length ? tail.subarray(tail.indexOf('\n') + 1) : tail;
}

/** Keeps the last `limit` bytes; calls `onMore` when there are more. */
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
