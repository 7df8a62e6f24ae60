import { execa } from 'execa';

export interface ToolCall {
  readonly binary: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** ms until the tool is asked to stop. */
  readonly limitMs: number;
  /** ms a tool that was asked to stop gets to save its state, before it is killed. */
  readonly graceMs: number;
  /**
   * Most bytes of stdout. `whole`: more of it stops the tool (an answer cut short must not be read);
   * `tail`: only the last ones are kept.
   */
  readonly stdout: { readonly keep: 'whole' | 'tail'; readonly bytes: number };
}

export interface ToolOutcome {
  /** null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  /** The last 256 KiB. */
  readonly stderr: string;
  readonly stopped: 'aborted' | 'time' | 'output' | null;
}

const STDERR_BYTES = 256 * 1024;

/**
 * Runs a tool to its end, without a shell. Stopping is SIGINT first, so that terraform saves its state, and
 * SIGKILL to it and its providers after the grace. Rejects only where the tool could not be started.
 */
export async function runTool(call: ToolCall): Promise<ToolOutcome> {
  call.signal.throwIfAborted();
  const child = execa(call.binary, call.args, {
    cwd: call.cwd,
    env: call.env,
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    encoding: 'buffer',
    // Its own process group: Ctrl-C on a terminal must not reach it besides our own SIGINT, because two of
    // them make terraform give up without saving; and its providers can be killed with it.
    detached: true,
    cleanup: false,
  });

  let stopped: ToolOutcome['stopped'] = null;
  let killer: NodeJS.Timeout | undefined;
  const stop = (why: NonNullable<ToolOutcome['stopped']>): void => {
    if (stopped !== null) return;
    stopped = why;
    child.kill('SIGINT');
    killer = setTimeout(() => killGroup(child.pid), call.graceMs);
  };
  const onAbort = (): void => stop('aborted');
  call.signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop('time'), call.limitMs);

  const out = collector(call.stdout.bytes, () => {
    if (call.stdout.keep === 'whole') stop('output');
  });
  const err = collector(STDERR_BYTES, () => {});
  child.stdout.on('data', out.add);
  child.stderr.on('data', err.add);
  try {
    const result = await child;
    if (result.exitCode === undefined && result.signal === undefined) {
      throw new Error(
        `starting ${call.binary}: ${result.code ?? result.originalMessage ?? 'unknown reason'}`,
      );
    }
    return {
      exitCode: result.exitCode ?? null,
      stdout: out.bytes(),
      stderr: err.bytes().toString('utf8'),
      stopped,
    };
  } finally {
    clearTimeout(timer);
    clearTimeout(killer);
    call.signal.removeEventListener('abort', onAbort);
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

/** Keeps the last `limit` bytes (up to twice as many while collecting); `onMore` is told when there are more. */
function collector(
  limit: number,
  onMore: () => void,
): { readonly add: (chunk: Uint8Array) => void; readonly bytes: () => Buffer } {
  let chunks: Buffer[] = [];
  let size = 0;
  return {
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
    bytes: () => Buffer.concat(chunks).subarray(-limit),
  };
}
