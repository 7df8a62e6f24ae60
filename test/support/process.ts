/** Runs m0 as a separate process that tests can kill with SIGKILL. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { createLogger } from '../../src/base/log.ts';
import type { Variables } from '../../src/config/environment.ts';
import type { Tools } from '../../src/setup/tools.ts';
import { openStore } from '../../src/store/open.ts';
import { poll, type Started } from './world.ts';

const run = promisify(execFile);

/** m0 in a separate process, and the processes that it leaves behind when it is killed. */
export interface M0Process {
  /** All output of the processes, newest last. */
  readonly logs: string[];
  /** Starts m0; to be passed to `startWorld` as its `start`. */
  start(variables: Variables, tools: Tools): Promise<Started>;
  /** Starts another m0 on the same database and data folder, with changed variables; does not wait for it. */
  another(change?: Variables): OtherProcess;
  /** Sends SIGSTOP to the running process. */
  freeze(): void;
  /** Sends SIGCONT; resolves with the exit code of the process. */
  thaw(): Promise<number | null>;
  /** Sends SIGKILL and waits until m0 has ended. Processes that m0 started keep running. */
  kill(): Promise<void>;
  /** Pids of processes that a killed m0 started and that still run. */
  orphans(): Promise<readonly number[]>;
  /** Resolves when all of those have ended on their own. */
  orphansEnded(): Promise<void>;
  /** Kills the remaining processes by their process groups. */
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

interface Listed {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The start time, which tells a process from a later one with the same pid. */
  readonly began: string;
}

async function processes(): Promise<readonly Listed[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart=']);
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

/** Runs `src/main.ts serve` as `npm start` does after the set-up. */
export function m0Process(): M0Process {
  const logs: string[] = [];
  let child: ChildProcess | null = null;
  let environment: Variables = {};
  const left: Listed[] = [];

  function ended(one: ChildProcess): Promise<void> {
    if (one.exitCode !== null || one.signalCode !== null) return Promise.resolve();
    return new Promise((wake) => one.once('exit', () => wake()));
  }

  async function orphans(): Promise<readonly Listed[]> {
    const all = await processes();
    return left.filter((o) => all.some((p) => p.pid === o.pid && p.began === o.began));
  }

  function serve(env: Variables): ChildProcess {
    return spawn(process.execPath, [resolve('src/main.ts'), 'serve'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  function exitOf(one: ChildProcess): Promise<number | null> {
    return ended(one).then(() => one.exitCode);
  }

  return {
    logs,
    another(change = {}) {
      const other = serve({ ...environment, ...change });
      let text = '';
      for (const stream of [other.stdout, other.stderr])
        stream?.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
      return { output: () => text, exit: exitOf(other), stop: (signal) => void other.kill(signal) };
    },
    freeze() {
      child?.kill('SIGSTOP');
    },
    async thaw() {
      if (child === null) throw new Error('thawing m0: it is not running');
      child.kill('SIGCONT');
      return exitOf(child);
    },
    async start(variables, tools) {
      environment = {
        ...variables,
        M0_LOG_LEVEL: 'debug',
        M0_OPA: tools.opa,
        ...(tools.terraform === null ? {} : { M0_TERRAFORM: tools.terraform }),
        TF_CLI_CONFIG_FILE: tools.terraformCliConfig,
      };
      const mine = serve(environment);
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
    async kill() {
      const victim = child;
      if (!victim?.pid) throw new Error('killing m0: it is not running');
      const before = descendants(victim.pid, await processes());
      victim.kill('SIGKILL');
      await ended(victim);
      left.push(...before);
    },
    orphans: async () => (await orphans()).map((o) => o.pid),
    async orphansEnded() {
      await poll(async () => (await orphans()).length === 0 || undefined, 'what was left running to end');
    },
    async cleanUp() {
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
