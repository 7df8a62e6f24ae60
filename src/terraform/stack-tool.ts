import type { Logger } from '../log.ts';
import type { Stack } from '../runs/ports.ts';
import { RunnerError, type RunnerPhase } from '../runs/runner-error.ts';
import { childEnvironment } from './child-environment.ts';
import { condenseErrors, heldLock } from './tool-errors.ts';
import { runTool, type ToolCall } from './tool-process.ts';

/** Where the tools are. `cliConfig`: a CLI configuration that names a provider mirror, or null. */
export interface ToolPaths {
  readonly terraform: string | null;
  readonly tofu: string | null;
  readonly cliConfig: string | null;
}

/** Takes secrets out of a text that is about to leave the runner. */
export type Scrubber = (text: string) => string;

/** One stack's terraform or tofu, in its directory and with its environment. */
export interface StackTool {
  /** `terraform 1.11.4`, as it says itself. */
  readonly version: string;
  readonly name: 'terraform' | 'tofu';
  /**
   * Runs a subcommand and answers its stdout. Any exit code that is not in `fine` rejects with a RunnerError
   * `running terraform plan: <its own words>`, scrubbed.
   */
  run(
    phase: RunnerPhase,
    args: readonly string[],
    options: Pick<ToolCall, 'signal' | 'limitMs' | 'graceMs' | 'stdout'> & {
      readonly fine?: readonly number[];
    },
  ): Promise<Buffer>;
}

export interface StackToolOptions {
  readonly tools: ToolPaths;
  /** m0's environment, of which tools see what `baseEnvironment` lets through. */
  readonly base: Readonly<Record<string, string | undefined>>;
  readonly pluginCache: string;
  readonly log: Logger;
}

/** Asks the tool for its version once in the life of this process, and checks what the stack says of it. */
export function createStackTools(options: StackToolOptions) {
  const versions = new Map<string, Promise<string>>();

  return async function stackTool(
    stack: Stack,
    place: { readonly cwd: string; readonly dataDir: string; readonly signal: AbortSignal },
    scrub: Scrubber,
  ): Promise<StackTool> {
    const binary = options.tools[stack.tool];
    if (binary === null) throw new RunnerError('init', `looking for ${stack.tool}: it is not installed`);
    const env = environmentOf(stack, place.dataDir);

    let version = versions.get(binary);
    if (version === undefined) {
      version = askVersion(binary, place.cwd, env);
      versions.set(binary, version);
      version.catch(() => versions.delete(binary));
    }
    const number = await version;
    if (
      stack.toolVersion !== null &&
      number !== stack.toolVersion &&
      !number.startsWith(`${stack.toolVersion}.`)
    ) {
      throw new RunnerError('init', `looking for ${stack.tool} ${stack.toolVersion}: installed is ${number}`);
    }

    return {
      version: `${stack.tool} ${number}`,
      name: stack.tool,
      async run(phase, args, call) {
        const doing = `running ${stack.tool} ${phase}`;
        const began = Date.now();
        const outcome = await runTool({ ...call, binary, args, cwd: place.cwd, env }).catch(
          (cause: unknown) => {
            if (call.signal.aborted)
              throw new RunnerError(phase, `${doing}: stopped before it began`, { stopped: 'aborted' });
            throw new RunnerError(
              phase,
              scrub(`${doing}: ${cause instanceof Error ? cause.message : String(cause)}`),
            );
          },
        );
        options.log.debug(
          { stack: stack.name, phase, exitCode: outcome.exitCode, ms: Date.now() - began },
          doing,
        );
        const mayHaveApplied = phase === 'apply';
        if (outcome.stopped !== null) {
          const why = {
            aborted: 'it was stopped',
            time: `it took longer than ${Math.round(call.limitMs / 60_000)} minutes and was stopped`,
            output: 'its answer was too large to read',
          }[outcome.stopped];
          throw new RunnerError(phase, `${doing}: ${why}`, { stopped: outcome.stopped, mayHaveApplied });
        }
        if (outcome.exitCode !== null && (call.fine ?? [0]).includes(outcome.exitCode)) return outcome.stdout;
        const locked = heldLock(outcome.stderr);
        if (locked !== null) {
          throw new RunnerError(phase, scrub(`${doing}: the state is locked by ${locked.who}`), { locked });
        }
        const text = outcome.exitCode === null ? 'it was killed' : condenseErrors(outcome.stderr);
        throw new RunnerError(phase, scrub(`${doing}: ${text}`), { mayHaveApplied });
      },
    };
  };

  function environmentOf(stack: Stack, dataDir: string): Record<string, string> {
    try {
      return childEnvironment({
        base: options.base,
        stackEnv: stack.env,
        cliConfig: options.tools.cliConfig,
        pluginCache: options.pluginCache,
        dataDir,
        workspace: stack.workspace,
      });
    } catch (cause) {
      throw new RunnerError(
        'init',
        `preparing the environment: ${cause instanceof Error ? cause.message : ''}`,
      );
    }
  }
}

async function askVersion(
  binary: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const outcome = await runTool({
    binary,
    args: ['version', '-json'],
    cwd,
    env,
    // Not the caller's signal: the answer is shared by all stacks.
    signal: new AbortController().signal,
    limitMs: 60_000,
    graceMs: 5_000,
    stdout: { keep: 'whole', bytes: 1024 * 1024 },
  });
  const answer = /"terraform_version":\s*"([^"]+)"/.exec(outcome.stdout.toString('utf8'))?.[1];
  if (answer === undefined)
    throw new RunnerError('init', `asking ${binary} for its version: ${condenseErrors(outcome.stderr)}`);
  return answer;
}
