/** Reads which workspaces a root module has. */
import type { StackTool } from './stack-tool.ts';

/** Asking the backend takes seconds; a backend that does not answer must not hold the stack for long. */
const LIMITS = { limitMs: 5 * 60_000, graceMs: 10_000 };
const NO_STATE = /No state file was found|No state found/i;

/** The workspaces in the output of `workspace list`: one a line, the chosen one with a star. */
export function workspacesIn(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s+|\s+$/g, ''))
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name));
}

/**
 * The workspaces that exist, sorted. `default` always exists; where there are others it counts only if its state holds
 * something. Rejects with a RunnerError. The tool must be initialised, in the workspace `default`.
 */
export async function existingWorkspaces(tool: StackTool, signal: AbortSignal): Promise<readonly string[]> {
  const run = (args: readonly string[], fine: readonly number[]): Promise<Buffer> =>
    tool.run('init', args, { ...LIMITS, signal, fine });
  const names = workspacesIn((await run(['workspace', 'list'], [0])).toString('utf8'));
  if (names.length < 2 || !names.includes('default')) return names.toSorted();
  const held = (await run(['state', 'list'], [0, 1])).toString('utf8').trim();
  const isEmpty = held === '' || NO_STATE.test(held);
  return names.filter((name) => name !== 'default' || !isEmpty).toSorted();
}
