/** Tells one process from all others that ever had its number, and whether it still runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  /** Name of the machine, for people. */
  readonly host: string;
  readonly pid: number;
  /**
   * `SPACE/START`. Two processes with the same SPACE can see each other's numbers (same boot of the same machine,
   * same PID namespace); START differs between two processes that had the same number one after the other.
   */
  readonly process: string;
}

/** `elsewhere`: on another machine, in another container, or before a restart, so nobody here can tell. */
export type ProcessState = 'running' | 'ended' | 'elsewhere';

let space: string | undefined;

function run(command: string, args: readonly string[]): string {
  // ps writes times in the language and time zone of the process that asks, and all must get the same answer.
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

/** Which set of process numbers this process lives in. */
function ownSpace(): string {
  space ??=
    process.platform === 'linux'
      ? `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${readlinkSync('/proc/self/ns/pid')}`
      : `${hostname()}:${run('sysctl', ['-n', 'kern.boottime'])}`;
  return space;
}

/** When the process started, in units of the operating system; null where it has ended. */
function startOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux') return run('ps', ['-o', 'lstart=', '-p', String(pid)]) || null;
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in the second field may hold anything; proc(5): field 3 is the state, field 22 the start time.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    // The process is gone, which is one of the two answers.
    return null;
  }
}

/** The identity of a running process of this machine. Throws where it has already ended. */
export function identityOf(pid: number): ProcessIdentity {
  const start = startOf(pid);
  if (start === null) throw new Error(`looking at process ${pid}: it has ended`);
  return { host: hostname(), pid, process: `${ownSpace()}/${start}` };
}

/** Whether the process of that identity still runs. A process that is stopped (SIGSTOP) runs. */
export function processState({ pid, process: name }: ProcessIdentity): ProcessState {
  const slash = name.lastIndexOf('/');
  if (name.slice(0, slash) !== ownSpace()) return 'elsewhere';
  return startOf(pid) === name.slice(slash + 1) ? 'running' : 'ended';
}

/** The words the process was started with; '' where it has ended. */
export function commandLineOf(pid: number): string {
  try {
    if (process.platform !== 'linux') return run('ps', ['-o', 'command=', '-p', String(pid)]);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    // It ended in the meantime.
    return '';
  }
}
