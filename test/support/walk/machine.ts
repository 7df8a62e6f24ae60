/**
 * A fresh Debian with a real systemd, in name spaces of its own: what it starts and mounts ends with it. The network is this
 * machine's, so what listens on loopback here is reached from there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { debian, imageMissing, madeOnce } from '../image/base-images.ts';
import {
  type Bind,
  bindLines,
  DEVICES,
  DOCKER_CAPABILITIES,
  type Ended,
  ended,
  firstProcess,
  line,
  PATH,
  quoted,
  runIn,
} from '../image/namespace.ts';
import { poll } from '../world.ts';

/** What every Debian has that people install, beyond the smallest one. */
const DISTRIBUTION = 'apt-get update && apt-get install -y --no-install-recommends systemd systemd-sysv';

/** What a machine has of its own. */
const NAME_SPACES = [
  '--mount',
  '--pid',
  '--cgroup',
  '--ipc',
  '--uts',
  '--propagation=private',
  '--kill-child',
];

/** How a machine begins. */
export interface MachineOptions {
  /** The root of its file system, which stays as it is. */
  readonly root: string;
  /** An empty folder for what is written. */
  readonly dir: string;
  readonly binds: readonly Bind[];
  /** Variables that every terminal and every service has. */
  readonly env: Readonly<Record<string, string>>;
  /** Path on the machine -> content. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Machine {
  /** Starts a program as root beside systemd, in /root. Its standard streams are pipes. */
  start(...command: readonly string[]): ChildProcess;
  /** Runs one until it ends. Rejects with its output where it fails. */
  run(...command: readonly string[]): Promise<string>;
  /** Ends everything on it by force. */
  kill(): Promise<void>;
}

/**
 * The root of a Debian on which the script has run, made once for each script and kept. Nothing may be written to it. Rejects
 * with the script's output where it fails.
 */
export function rootAfter(
  suite: string,
  code: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const whole = `${DISTRIBUTION}\n${code}`;
  const key = createHash('sha256').update(whole).digest('hex').slice(0, 12);
  return madeOnce(`walk-${suite}-${key}`, async (half) => {
    await execa('cp', ['-a', '--reflink=auto', await debian(suite), half]);
    await runIn(
      { root: half, scratch: null, readOnly: false, binds: [], inMemory: [] },
      {
        ...{ uid: 0, capabilities: DOCKER_CAPABILITIES, noNewPrivileges: false, cwd: '/root' },
        env: { HOME: '/root', DEBIAN_FRONTEND: 'noninteractive', ...env },
        command: ['/bin/bash', '-e', '-c', whole],
      },
      code,
    );
    await execa('sh', ['-c', 'rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/*', '_', half]);
  });
}

/** Why no such machine can be booted here; null: it can. */
export async function machineMissing(): Promise<string | null> {
  const missing = await imageMissing();
  if (missing !== null) return missing;
  const probe =
    'mount -t tmpfs tmpfs /mnt && mkdir /mnt/c && mount -t cgroup2 cgroup2 /mnt/c && mkdir /mnt/c/m0-probe && rmdir /mnt/c/m0-probe';
  const made = await execa('unshare', [...NAME_SPACES, '--fork', 'sh', '-c', probe], { reject: false });
  return made.failed ? `this machine allows no control groups of one's own: ${made.stderr}` : null;
}

/** The shell script that makes the machine and becomes its systemd. */
function script({ root, dir, binds }: MachineOptions): string {
  const [upper, work, at] = [join(dir, 'upper'), join(dir, 'work'), join(dir, 'root')];
  const dev = join(at, 'dev');
  return [
    'set -eu',
    line('mkdir', '-p', upper, work, at),
    line('mount', '-t', 'overlay', '-o', `lowerdir=${root},upperdir=${upper},workdir=${work}`, 'overlay', at),
    line('mount', '-t', 'proc', 'proc', join(at, 'proc')),
    line('mount', '--bind', '/sys', join(at, 'sys')),
    line('mount', '-t', 'cgroup2', 'cgroup2', join(at, 'sys/fs/cgroup')),
    line('mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', join(at, 'run')),
    line('mount', '-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', dev),
    // Real devices rather than mounts of them: systemd makes copies of these for services with PrivateDevices.
    ...DEVICES.map((name) => line('cp', '-a', `/dev/${name}`, join(dev, name))),
    line('ln', '-s', '/proc/self/fd', join(dev, 'fd')),
    line('mkdir', join(dev, 'shm'), join(dev, 'pts')),
    line('mount', '-t', 'devpts', '-o', 'newinstance,ptmxmode=0666,mode=0620', 'devpts', join(dev, 'pts')),
    line('ln', '-s', 'pts/ptmx', join(dev, 'ptmx')),
    ...['hosts', 'resolv.conf'].flatMap((name) =>
      bindLines(at, { from: `/etc/${name}`, to: `etc/${name}`, isFile: true, readOnly: true }),
    ),
    ...binds.flatMap((bind) => bindLines(at, bind)),
    // Not chroot, in which systemd can not give services name spaces of their own.
    `cd ${quoted(at)} && mkdir -p .old && pivot_root . .old && umount -l /.old && rmdir /.old`,
    // Copied inside, so that folders that exist keep their modes.
    'cp -r /given/. / && rm -r /given',
    `exec ${line('env', '-i', `PATH=${PATH}`, 'container=m0-walk', '/lib/systemd/systemd', '--system')}`,
  ].join('\n');
}

/** As a line of systemd's configuration. */
const assigned = ([name, value]: readonly [string, string]): string => `"${name}=${value}"`;

/** Starts the machine. Resolves when its systemd answers. */
export async function bootMachine(options: MachineOptions): Promise<Machine> {
  const { env, files } = options;
  const given = {
    'etc/systemd/system.conf.d/given.conf': `[Manager]\nDefaultEnvironment=${Object.entries(env).map(assigned).join(' ')}\n`,
    ...files,
  };
  for (const [path, text] of Object.entries(given)) {
    const file = join(options.dir, 'upper/given', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  // It ends when the tests end, also if they are killed.
  const bound = ['--pdeathsig', 'KILL', 'unshare', ...NAME_SPACES];
  const unshare = spawn('setpriv', [...bound, 'sh', '-c', script(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = ended(unshare);
  let hasEnded = false;
  void end.finally(() => {
    hasEnded = true;
  });
  const variables = { HOME: '/root', USER: 'root', LANG: 'C.UTF-8', TERM: 'dumb', PATH, ...env };
  function start(...command: readonly string[]): ChildProcess {
    const into = ['--target', String(firstProcess(unshare)), '--mount', '--pid', '--ipc', '--uts', '--root'];
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    return spawn('nsenter', [...into, '/usr/bin/env', '-i', '--chdir=/root', ...words, ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
  async function ask(...command: readonly string[]): Promise<Ended> {
    const child = start(...command);
    child.stdin?.end();
    return ended(child);
  }
  const machine: Machine = {
    start,
    async run(...command) {
      const { code, output } = await ask(...command);
      if (code !== 0) throw new Error(`${command.join(' ')}: ended with ${code}:\n${output.slice(-4_000)}`);
      return output;
    },
    async kill() {
      unshare.kill('SIGKILL');
      await end;
    },
  };
  try {
    await poll(async () => {
      if (hasEnded) throw new Error(`the machine ended at once: ${(await end).output}`);
      if (firstProcess(unshare) === null) return undefined;
      const { output } = await ask('/usr/bin/systemctl', 'is-system-running');
      return /^(running|degraded)$/m.test(output) || undefined;
    }, 'systemd to answer');
  } catch (error) {
    await machine.kill();
    throw error;
  }
  return machine;
}
