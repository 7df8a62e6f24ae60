/** Runs the opa binary, which reads files that anybody may have written, under limits of the operating system. */
import { Readable } from 'node:stream';
import { execa } from 'execa';

/** The output of an `opa` command. opa prints errors to stdout as well as to stderr, so both are returned. */
export interface OpaResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Limits of one `opa` command. */
export interface OpaLimits {
  /** Time limit in ms. The operating system also ends a command that uses twice as much processor time. */
  readonly timeMs: number;
  /** Memory limit in bytes. */
  readonly memoryBytes: number;
}

export interface OpaCommand {
  /** The folder in which opa runs. */
  readonly cwd: string;
  /** Text for its standard input, in pieces. */
  readonly input?: Iterable<string>;
  readonly signal?: AbortSignal;
}

/** The `opa` binary. */
export interface Opa {
  /** First line of `opa version`; part of every cache key. */
  version(): Promise<string>;
  /**
   * Rejects with an OpaLimitReached where the command needs more memory or time than it may have, and with another
   * error where opa could not be run to its end. A refusal is an exit code.
   */
  run(args: readonly string[], command: OpaCommand): Promise<OpaResult>;
}

/** A command that needed more than its limits. `of` says of what: the same files need as much memory each time. */
export class OpaLimitReached extends Error {
  override readonly name = 'OpaLimitReached';
  readonly of: 'memory' | 'processor' | 'time';

  constructor(of: OpaLimitReached['of'], message: string) {
    super(message);
    this.of = of;
  }
}

const MAX_OUTPUT = 64 * 1024 * 1024;
/**
 * Go reserves addresses at its start and uses little of them: opa 1.22 has 1,300,000 to 1,367,000 KiB of them (`VmSize`)
 * and 30 MiB of memory.
 */
const RESERVED_BYTES = 1536 * 1024 * 1024;
const OUT_OF_MEMORY =
  /out of memory|cannot allocate memory|failed to (?:reserve|allocate|create new OS thread)/;
/** `ulimit -v` does not exist on macOS, where Go's own limit has to do. */
const SHELL =
  process.platform === 'darwin'
    ? 'ulimit -t "$2"; shift 2; exec "$@"'
    : 'ulimit -v "$1" && ulimit -t "$2" && shift 2 && exec "$@"';

/** `path` is the binary; `limits` hold for each command. Runs with an empty environment. */
export function createOpa(path: string, limits: OpaLimits): Opa {
  const kibibytes = Math.ceil((RESERVED_BYTES + limits.memoryBytes) / 1024);
  const processorSeconds = Math.ceil((2 * limits.timeMs) / 1000);
  const inLimits = ['-c', SHELL, 'opa', String(kibibytes), String(processorSeconds), path];

  async function run(args: readonly string[], command: OpaCommand): Promise<OpaResult> {
    const result = await execa('/bin/sh', [...inLimits, ...args], {
      cwd: command.cwd,
      // Policies and their tests come from outside, so they must not read m0's environment. Go collects garbage less
      // often than it does by itself: a fifth less time for a plan of 5,000 changes, and the limit holds all the same.
      env: { GOMEMLIMIT: String(limits.memoryBytes), GOGC: '300' },
      extendEnv: false,
      reject: false,
      timeout: limits.timeMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT,
      ...(command.input === undefined
        ? { stdin: 'ignore' as const }
        : { input: Readable.from(command.input) }),
      ...(command.signal === undefined ? {} : { cancelSignal: command.signal }),
    });
    const doing = `running opa ${args[0] ?? ''}`;
    const { exitCode, stdout, stderr } = result;
    if (result.isCanceled) throw new Error('m0 is stopping');
    if (result.isMaxBuffer) {
      throw new Error(`${doing}: printed more than ${MAX_OUTPUT / 1024 / 1024} MiB`);
    }
    if (result.timedOut) {
      throw new OpaLimitReached('time', `${doing}: took longer than ${limits.timeMs / 1000} s`);
    }
    if (result.signal === 'SIGXCPU' || result.signal === 'SIGKILL') {
      const text = `${doing}: used more than ${processorSeconds} s of processor time`;
      throw new OpaLimitReached('processor', text);
    }
    if (exitCode !== 0 && OUT_OF_MEMORY.test(stderr)) {
      const text = `${doing}: ran out of memory, of which it may use ${limits.memoryBytes / 1024 / 1024} MiB`;
      throw new OpaLimitReached('memory', text);
    }
    // execa's own text would show the whole command.
    if (exitCode === undefined) throw new Error(`${doing}: ${result.originalMessage ?? 'was ended'}`);
    if (exitCode === 127) throw new Error(`${doing}: ${stderr.trim()}`);
    return { exitCode, stdout, stderr };
  }

  let known: Promise<string> | undefined;
  return {
    run,
    version() {
      known ??= run(['version'], { cwd: '/' }).then((r) => {
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
