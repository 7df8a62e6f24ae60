/** Runs m0 as separate processes that tests can kill with SIGKILL. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createLogger } from '../../src/base/log.ts';
import type { Variables } from '../../src/config/environment.ts';
import type { Tools } from '../../src/setup/tools.ts';
import { openStore } from '../../src/store/open.ts';
import { poll, type Started } from './world.ts';

const execute = promisify(execFile);

/** m0 in a separate process, and the processes that it leaves behind when it is killed. */
export interface M0Process {
  /** All output of the processes, newest last. */
  readonly logs: string[];
  /** Starts m0; to be passed to `startWorld` as its `start`. `own`: variables that `worker` does not get. */
  start(variables: Variables, tools: Tools, own?: Variables): Promise<Started>;
  /**
   * Starts another m0 on the same database and data folder, with changed variables; does not wait for it. `root`: where the
   * code of another version is.
   */
  another(change?: Variables, root?: string): OtherProcess;
  /**
   * Starts a worker beside it, with a data folder of its own and without tokens of a chat, and waits until it is at work.
   * `labels` undefined: it takes the stacks without a label.
   */
  worker(name: string, labels: string | undefined, change?: Variables, root?: string): Promise<WorkerProcess>;
  /** Starts a replica of the bot beside it, with a data folder of its own, and waits until it takes commands. */
  replica(name: string, root?: string): Promise<WorkerProcess>;
  /** Runs a command of m0 with its variables, and resolves with the exit code and what it wrote. */
  command(words: readonly string[], root?: string): Promise<{ code: number | null; output: string }>;
  /** Sends SIGHUP to the running process, which reads m0.yaml anew. */
  hangUp(): void;
  /** Sends SIGSTOP to the running process. */
  freeze(): void;
  /** Sends SIGCONT; resolves with the exit code of the process. */
  thaw(): Promise<number | null>;
  /** Sends SIGKILL and waits until m0 has ended. Processes that m0 started keep running. */
  kill(): Promise<void>;
  /** Sends SIGTERM; resolves with the exit code when m0 has ended. */
  terminate(): Promise<number | null>;
  /** Pids of processes that a killed m0 started and that still run. */
  orphans(): Promise<readonly number[]>;
  /** Resolves when all of those have ended on their own. */
  orphansEnded(): Promise<void>;
  /** Kills what `another` and `worker` started and still runs, and the remaining processes by their process groups. */
  cleanUp(): Promise<void>;
}

/** A second m0 beside the first one. */
export interface OtherProcess {
  /** Everything it has written. */
  output(): string;
  /** Resolves to its exit code, null where a signal ended it. */
  readonly exit: Promise<number | null>;
  stop(signal: NodeJS.Signals): void;
}

/** A worker or a replica in a separate process. Its environment has its name in WORKER_NAME. */
export interface WorkerProcess extends OtherProcess {
  readonly name: string;
  readonly pid: number;
  /** Sends SIGKILL and waits until it has ended. Tools that it started keep running, see `orphans`. */
  kill(): Promise<void>;
}

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The start time, which tells a process from a later one with the same pid. */
  readonly began: string;
}

async function processes(): Promise<readonly Listed[]> {
  const { stdout } = await execute('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...began] = line.trim().split(/\s+/);
    if (!pid || state === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), began: began.join(' ') }];
  });
}

function descendants(of: number, all: readonly Listed[]): readonly Listed[] {
  const children = all.filter((p) => p.parent === of);
  return children.flatMap((child) => [child, ...descendants(child.pid, all)]);
}

/** The variables without what is no business of a worker. */
function withoutChats(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !/^(SLACK|MICROSOFT)_/.test(name)));
}

/** Runs `src/main.ts serve` as `npm start` does after the set-up, with these arguments. */
export function m0Process(args: readonly string[] = []): M0Process {
  const logs: string[] = [];
  let child: ChildProcess | null = null;
  const others: ChildProcess[] = [];
  let environment: Variables = {};
  let secrets: Variables = {};
  const left: Listed[] = [];

  function ended(one: ChildProcess): Promise<void> {
    if (one.exitCode !== null || one.signalCode !== null) return Promise.resolve();
    return new Promise((wake) => one.once('exit', () => wake()));
  }

  async function orphans(): Promise<readonly Listed[]> {
    const all = await processes();
    return left.filter((o) => all.some((p) => p.pid === o.pid && p.began === o.began));
  }

  function run(env: Variables, words: readonly string[], root = '.'): ChildProcess {
    return spawn(process.execPath, [resolve(root, 'src/main.ts'), ...words], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  const serve = (env: Variables, root?: string): ChildProcess => run(env, ['serve', ...args], root);

  function other(one: ChildProcess): OtherProcess {
    others.push(one);
    let text = '';
    for (const stream of [one.stdout, one.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    return { output: () => text, exit: exitOf(one), stop: (signal) => void one.kill(signal) };
  }

  async function killed(victim: ChildProcess | null): Promise<void> {
    if (!victim?.pid) throw new Error('killing m0: it is not running');
    const before = descendants(victim.pid, await processes());
    victim.kill('SIGKILL');
    await ended(victim);
    left.push(...before);
  }

  /** Waits until the process has said that it is at work. */
  async function beside(name: string, one: ChildProcess, said: string): Promise<WorkerProcess> {
    const process = other(one);
    await poll(async () => {
      if (one.exitCode !== null) throw new Error(`${name} ended at once: ${process.output()}`);
      return process.output().includes(said) || undefined;
    }, `${name} to be at work`);
    return { ...process, name, pid: Number(one.pid), kill: () => killed(one) };
  }

  function exitOf(one: ChildProcess): Promise<number | null> {
    return ended(one).then(() => one.exitCode);
  }

  return {
    logs,
    another: (change = {}, root) => other(serve({ ...environment, ...secrets, ...change }, root)),
    async worker(name, labels, change = {}, root) {
      const env = {
        ...withoutChats(environment),
        M0_DATA_DIR: join(String(environment.M0_DATA_DIR), '..', `data-${name}`),
        WORKER_NAME: name,
        ...change,
      };
      const words = labels === undefined ? ['worker'] : ['worker', '--labels', labels];
      return beside(name, run(env, words, root), 'the worker is at work');
    },
    replica(name, root) {
      const env = {
        ...environment,
        M0_DATA_DIR: join(String(environment.M0_DATA_DIR), '..', `data-${name}`),
        WORKER_NAME: name,
      };
      return beside(name, run(env, ['serve', '--roles', 'bot'], root), 'the replica is at work');
    },
    async command(words, root) {
      const one = other(run({ ...environment, ...secrets }, words, root));
      const code = await one.exit;
      return { code, output: one.output() };
    },
    hangUp() {
      child?.kill('SIGHUP');
    },
    freeze() {
      child?.kill('SIGSTOP');
    },
    async thaw() {
      if (child === null) throw new Error('thawing m0: it is not running');
      child.kill('SIGCONT');
      return exitOf(child);
    },
    async start(variables, tools, own = {}) {
      environment = {
        ...variables,
        M0_LOG_LEVEL: 'debug',
        M0_OPA: tools.opa,
        ...(tools.terraform === null ? {} : { M0_TERRAFORM: tools.terraform }),
        TF_CLI_CONFIG_FILE: tools.terraformCliConfig,
      };
      secrets = own;
      const mine = serve({ ...environment, ...secrets });
      child = mine;
      const from = logs.length;
      for (const stream of [mine.stdout, mine.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => void logs.push(text));
      }
      await poll(async () => {
        const said = logs.slice(from).join('');
        if (mine.exitCode !== null) throw new Error(`m0 ended at once: ${said}`);
        return said.includes('m0 is at work') || undefined;
      }, 'm0 to be at work');
      const url = /"url":"(http[^"]+)"/.exec(logs.slice(from).join(''))?.[1];
      const store = await openStore({
        url: String(variables.M0_DATABASE_URL),
        log: createLogger('silent'),
      });
      return {
        store,
        ...(url === undefined ? {} : { url }),
        async close() {
          await store.close();
          mine.kill('SIGTERM');
          await ended(mine);
        },
      };
    },
    kill: () => killed(child),
    async terminate() {
      if (child === null) throw new Error('ending m0: it is not running');
      child.kill('SIGTERM');
      return exitOf(child);
    },
    orphans: async () => (await orphans()).map((o) => o.pid),
    async orphansEnded() {
      await poll(async () => (await orphans()).length === 0 || undefined, 'what was left running to end');
    },
    async cleanUp() {
      for (const one of others.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
        await killed(one);
      for (const { pid, group } of await orphans()) {
        try {
          process.kill(pid === group ? -group : pid, 'SIGKILL');
        } catch {
          // The process ended meanwhile.
        }
      }
    },
  };
}
