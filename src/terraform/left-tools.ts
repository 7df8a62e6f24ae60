/** Waits for tools that an earlier m0 started and that still run, before their stacks are used. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../base/log.ts';
import { commandLineOf, processState } from '../base/process-identity.ts';
import type { LeftTool, ToolProcesses } from '../ports/tool-processes.ts';
import { killGroup, LAUNCHER } from './tool-process.ts';

const LOOK_MS = 200;
/** How often the store is asked whether a tool on another machine has ended, in ms. */
const ASK_MS = 1_000;
/** How long a tool gets to stop, in ms: an apply has to save its state. */
const GRACE_MS = { apply: 5 * 60_000, other: 30_000 };

export interface LeftTools {
  /** Resolves once no tool of an earlier owner works on the stack. Rejects where the signal aborts. */
  ended(stack: string, signal: AbortSignal): Promise<void>;
  /** Resolves once no tool of an earlier owner works on any stack. */
  allEnded(signal: AbortSignal): Promise<void>;
}

/** True while the process waits for its start line and has not become a tool. */
function isLauncher(tool: LeftTool): boolean {
  return commandLineOf(tool.pid).includes(LAUNCHER);
}

/** When the tool's time is over, in ms since epoch: its whole time from now at most, however its owner's clock stood. */
function endOf({ begunAt, endsBy }: LeftTool): number {
  return Math.min(endsBy, Date.now() + endsBy - begunAt);
}

/** Resolves or rejects as the work does, and rejects earlier where the signal aborts; the work goes on. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<void>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It has ended already.
  }
}

export function createLeftTools(toolProcesses: ToolProcesses, log: Logger): LeftTools {
  /** One watch for each tool, by its id: two would interrupt it twice, and then terraform ends without saving. */
  const watches = new Map<number, Promise<void>>();

  /** Waits for a tool on this machine, with the time limit that its owner had set. */
  async function untilEnded(tool: LeftTool): Promise<void> {
    const { pid, stack, phase } = tool;
    const about = { pid, stack, phase };
    // Only an apply changes anything. A tool that has not begun, or only reads, is stopped.
    let stopAt = phase === 'apply' && !isLauncher(tool) ? endOf(tool) : 0;
    let killAt = Number.POSITIVE_INFINITY;
    log.warn(about, 'a tool that an earlier m0 started is still running: its stack waits for it');
    while (processState(tool) === 'running') {
      if (Date.now() >= stopAt) {
        stopAt = Number.POSITIVE_INFINITY;
        killAt = Date.now() + (phase === 'apply' ? GRACE_MS.apply : GRACE_MS.other);
        interrupt(pid);
      }
      if (Date.now() >= killAt) killGroup(pid);
      await sleep(LOOK_MS, undefined, { ref: false });
    }
    log.info(about, 'the tool that an earlier m0 started has ended');
  }

  /** False once the process that started the tool has told of its end: that process may be there again. */
  async function isRecorded({ id, stack }: LeftTool): Promise<boolean> {
    return (await toolProcesses.left(stack)).some((tool) => tool.id === id);
  }

  async function untilOver(tool: LeftTool): Promise<void> {
    const state = processState(tool);
    if (state === 'running') await untilEnded(tool);
    // A process on another machine cannot be seen. A plan changes nothing, and an apply has a time limit.
    if (state === 'elsewhere' && tool.phase === 'apply') {
      const { host, stack } = tool;
      const end = endOf(tool);
      const until = new Date(end).toISOString();
      if (end > Date.now())
        log.warn({ host, stack, until }, 'an apply may still run on another machine: its stack waits');
      while (Date.now() < end && (await isRecorded(tool))) await sleep(ASK_MS, undefined, { ref: false });
    }
    await toolProcesses.end(tool.id);
  }

  function watch(tool: LeftTool): Promise<void> {
    const known = watches.get(tool.id);
    if (known !== undefined) return known;
    const watching = untilOver(tool).finally(() => watches.delete(tool.id));
    watches.set(tool.id, watching);
    // Each caller may have given up by then.
    watching.catch(() => {});
    return watching;
  }

  async function over(stack: string | undefined, signal: AbortSignal): Promise<void> {
    for (const tool of await toolProcesses.left(stack)) await orAborted(watch(tool), signal);
  }

  return { ended: over, allEnded: (signal) => over(undefined, signal) };
}
