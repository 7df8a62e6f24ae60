/** The installed Terraform, OpenTofu and Terragrunt, and which of them a stack uses. */
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';

/** Paths of the tools; a `terragrunt` that is left out is none. `cliConfig` is the CLI configuration that says where providers come from. */
export interface ToolPaths {
  readonly terraform: string | null;
  readonly tofu: string | null;
  readonly terragrunt?: string | null;
  /**
   * All installed versions of each, newest first, for stacks that ask for one; left out: only those above.
   */
  readonly installed?: Readonly<Record<Stack['tool'], readonly ToolVersion[]>>;
  readonly cliConfig: string;
}

export interface ToolVersion {
  readonly path: string;
  readonly version: string;
}

/**
 * The path of the newest version that matches the stack's `version`; without one, of the standard tool. Throws a
 * RunnerError where it is not installed.
 */
export function binaryFor(stack: Stack, tools: ToolPaths): string {
  const usual = tools[stack.tool];
  const wanted = stack.toolVersion;
  const installed = tools.installed?.[stack.tool] ?? [];
  if (wanted !== null && installed.length > 0) {
    const found = installed.find(({ version }) => fits(version, wanted));
    if (found !== undefined) return found.path;
    throw notInstalled(
      stack,
      installed.map(({ version }) => version),
    );
  }
  if (usual === null) {
    const todo = `install it where m0 runs, or name one in M0_${stack.tool.toUpperCase()}`;
    throw new RunnerError('init', `looking for ${stack.tool}: it is not installed: ${todo}`);
  }
  return usual;
}

/** The path of Terragrunt. Throws a RunnerError where it is not installed. */
export function terragruntOf(tools: ToolPaths): string {
  const file = tools.terragrunt ?? null;
  if (file !== null) return file;
  throw new RunnerError(
    'init',
    'looking for terragrunt: 1.0 or later is not installed: start m0 with npm, which brings it, or name one in M0_TERRAGRUNT',
  );
}

/** True if the version is the wanted one, or begins with it. */
export function fits(version: string, wanted: string | null): boolean {
  return wanted === null || version === wanted || version.startsWith(`${wanted}.`);
}

/** The error for a stack that asks for another version than the installed ones. */
export function notInstalled(stack: Stack, installed: readonly string[]): RunnerError {
  const verb = installed.length === 1 ? 'is' : 'are';
  return new RunnerError(
    'init',
    `looking for ${stack.tool} ${stack.toolVersion}: installed ${verb} ${installed.join(', ')}`,
  );
}
