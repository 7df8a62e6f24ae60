/**
 * Runs programs below another root, in name spaces of their own: what they mount and start ends with them. This is what a
 * container has, by `unshare`, `mount` and `chroot` of the machine; the network is the machine's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Capabilities that Docker gives to a container by default. */
export const DOCKER_CAPABILITIES: readonly string[] = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP'],
  ...['SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
];

export const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A file or folder of the machine that is seen below the root, as with `docker run --volume`. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly isFile?: boolean;
  readonly readOnly?: boolean;
}

/** Who a program runs as, where, and with which rights and variables. */
export interface Process {
  readonly uid: number;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly command: readonly string[];
}

export interface Space {
  readonly root: string;
  /**
   * An empty folder: the root then stays as it is, and what is written is kept in memory. Null: it is written to.
   */
  readonly scratch: string | null;
  readonly readOnly: boolean;
  readonly binds: readonly Bind[];
  /** Folders in memory, as with `--tmpfs`. */
  readonly inMemory: readonly string[];
}

/** One word of a shell script. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
/** One command of a shell script. */
export const line = (...words: string[]): string => words.map(quoted).join(' ');

/** The commands that make the mount below the root. */
export function bindLines(root: string, { from, to, isFile, readOnly }: Bind): readonly string[] {
  const target = join(root, to);
  return [
    line('mkdir', '-p', isFile === true ? join(target, '..') : target),
    ...(isFile === true ? [`[ -e ${quoted(target)} ] || ${line('touch', target)}`] : []),
    line('mount', '--bind', from, target),
    ...(readOnly === true ? [line('mount', '-o', 'remount,bind,ro', target)] : []),
  ];
}

function devices(root: string): readonly string[] {
  const dev = join(root, 'dev');
  return [
    line('mount', '-t', 'tmpfs', '-o', 'mode=0755,size=64k', 'tmpfs', dev),
    ...DEVICES.flatMap((name) => [
      line('touch', join(dev, name)),
      line('mount', '--bind', `/dev/${name}`, join(dev, name)),
    ]),
    line('ln', '-s', '/proc/self/fd', join(dev, 'fd')),
    ...['stdin', 'stdout', 'stderr'].map((name, at) =>
      line('ln', '-s', `/proc/self/fd/${at}`, join(dev, name)),
    ),
    line('mkdir', join(dev, 'shm')),
    line('mount', '-t', 'tmpfs', '-o', 'mode=1777,size=64m', 'tmpfs', join(dev, 'shm')),
  ];
}

/** The shell script that makes the space and becomes the program. */
function script(space: Space, process: Process): string {
  const { scratch } = space;
  const root = scratch === null ? space.root : join(scratch, 'root');
  const layers =
    scratch === null
      ? [line('mount', '--bind', root, root)]
      : [
          line('mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', scratch),
          line('mkdir', root, join(scratch, 'upper'), join(scratch, 'work')),
          line(
            ...['mount', '-t', 'overlay', '-o'],
            `lowerdir=${space.root},upperdir=${join(scratch, 'upper')},workdir=${join(scratch, 'work')}`,
            ...['overlay', root],
          ),
        ];
  return [
    'set -eu',
    ...layers,
    line('mount', '-t', 'proc', 'proc', join(root, 'proc')),
    ...bindLines(root, { from: '/sys', to: 'sys', readOnly: true }),
    ...devices(root),
    ...['hosts', 'resolv.conf'].flatMap((name) =>
      bindLines(root, { from: `/etc/${name}`, to: `etc/${name}`, isFile: true, readOnly: true }),
    ),
    ...space.inMemory.flatMap((path) => [
      line('mkdir', '-p', join(root, path)),
      line('mount', '-t', 'tmpfs', '-o', 'mode=1777,nosuid,nodev', 'tmpfs', join(root, path)),
    ]),
    ...space.binds.flatMap((bind) => bindLines(root, bind)),
    ...(space.readOnly ? [line('mount', '-o', 'remount,ro', root)] : []),
    `exec ${line('chroot', root, ...asProcess(process))}`,
  ].join('\n');
}

/** The words that start a program with its user and rights, by programs that every Debian has. */
function asProcess({ uid, capabilities, noNewPrivileges, env, cwd, command }: Process): readonly string[] {
  const variables = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  return [
    ...['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--inh-caps=-all'],
    `--bounding-set=${['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',')}`,
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
    ...['/usr/bin/env', '-i', `--chdir=${cwd}`, ...variables, ...command],
  ];
}

/**
 * Starts a program as process 1 of a new space. The returned process becomes `unshare`, which ends with the program's exit
 * code; ending it by force ends everything in the space.
 */
export function startIn(space: Space, process: Process): ChildProcess {
  const flags = ['--mount', '--pid', '--ipc', '--uts', '--propagation=private', '--kill-child'];
  // It must not outlive the tests, whatever ends them.
  const bound = ['--pdeathsig', 'KILL', 'unshare', ...flags];
  return spawn('setpriv', [...bound, 'sh', '-c', script(space, process)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The number of process 1 of a space, as the machine counts; null: it has not begun or has ended. */
export function firstProcess(unshare: ChildProcess): number | null {
  const { pid } = unshare;
  if (pid === undefined) return null;
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return child === undefined || child === '' ? null : Number(child);
  } catch {
    return null;
  }
}

/** Whether process 1 sees the space's root already: until then it is the machine's shell that makes the space. */
export function isInside(pid: number): boolean {
  const here = statSync('/');
  const there = statSync(`/proc/${pid}/root/`, { throwIfNoEntry: false });
  return there !== undefined && (there.dev !== here.dev || there.ino !== here.ino);
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program beside process 1 of a space, as `docker exec` does. */
export function execBeside(pid: number, process: Process): Promise<Ended> {
  const into = ['--target', String(pid), '--mount', '--pid', '--ipc', '--uts', '--root'];
  return ended(spawn('nsenter', [...into, ...asProcess(process)], { stdio: ['ignore', 'pipe', 'pipe'] }));
}

/** Resolves with the exit code, and with all that was written, when the process has ended. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('a process without output can not be read');
  const [code, out, err] = await Promise.all([
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit: number | null) => resolve(exit));
    }),
    text(stdout),
    text(stderr),
  ]);
  return { code, output: `${out}${err}` };
}

/** Runs a program in a space until it ends. Rejects with its output where it fails. */
export async function runIn(space: Space, process: Process, what: string): Promise<string> {
  const { code, output } = await ended(startIn(space, process));
  if (code !== 0) throw new Error(`${what}: ended with ${code}:\n${output.slice(-4_000)}`);
  return output;
}
