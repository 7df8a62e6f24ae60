/** Runs the opa binary. */
import { execa } from 'execa';

/** The output of an `opa` command. opa prints errors to stdout as well as to stderr, so both are returned. */
export interface OpaResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `opa` binary. `run` rejects only where opa could not be run to its end; a refusal is an exit code. */
export interface Opa {
  /** First line of `opa version`; part of every cache key. */
  version(): Promise<string>;
  run(args: readonly string[], cwd: string): Promise<OpaResult>;
}

const MAX_OUTPUT = 64 * 1024 * 1024;

/** `path` is the binary, `timeLimitMs` the time limit of one command. Runs with an empty environment. */
export function createOpa(path: string, timeLimitMs: number): Opa {
  async function run(args: readonly string[], cwd: string): Promise<OpaResult> {
    // Policies and their tests come from outside, so they must not read m0's environment.
    const result = await execa(path, args, {
      cwd,
      env: {},
      extendEnv: false,
      reject: false,
      timeout: timeLimitMs,
      forceKillAfterDelay: 1000,
      maxBuffer: MAX_OUTPUT,
      stdin: 'ignore',
    });
    const doing = `running opa ${args[0] ?? ''}`;
    if (result.timedOut) throw new Error(`${doing}: took longer than ${timeLimitMs / 1000} s`);
    if (result.exitCode === undefined) throw new Error(`${doing}: ${result.shortMessage ?? 'was ended'}`);
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }

  let known: Promise<string> | undefined;
  return {
    run,
    version() {
      known ??= run(['version'], '/').then((r) => {
        const line = r.stdout.split('\n')[0] ?? '';
        if (r.exitCode !== 0 || line === '') throw new Error('running opa version: no answer');
        return line;
      });
      // A failed start must not be cached.
      known.catch(() => {
        known = undefined;
      });
      return known;
    },
  };
}
