/** Plans in HCP Terraform or Terraform Enterprise, which m0 only tells. */
import { isRecord } from '../base/is-record.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { createHcpApi, type ExecutionMode, type HcpApi, type HcpApiOptions } from './hcp-api.ts';
import type { HcpWorkspace } from './hcp-workspace.ts';

/** A workspace that plans and applies by itself. */
export interface RemoteWorkspace {
  readonly api: HcpApi;
  /** Why nothing of it may be applied by m0. */
  readonly tellOnly: string;
}

/**
 * The workspace if its runs are made there; null if the tool makes them here, as with any other backend. Rejects with a
 * RunnerError where the API does not tell.
 */
export async function remoteWorkspace(
  workspace: HcpWorkspace,
  options: HcpApiOptions,
  signal: AbortSignal,
): Promise<RemoteWorkspace | null> {
  const { host, organization, name, token } = workspace;
  if (token === null)
    throw new RunnerError(
      'init',
      `looking for a token for ${host}: there is none: set TF_TOKEN_${host.replaceAll('-', '__').replaceAll('.', '_')} in env of the stack`,
    );
  const api = createHcpApi({ ...workspace, token }, options);
  const mode = await api.executionMode(signal);
  return mode === 'local' ? null : { api, tellOnly: whyTellOnly(`${organization}/${name}`, mode) };
}

/**
 * Rejects with a RunnerError where the workspace does not exist: `init` would make it. Without a token `init` itself
 * says what is missing.
 */
export async function refuseNewWorkspace(
  workspace: HcpWorkspace,
  options: HcpApiOptions,
  signal: AbortSignal,
): Promise<void> {
  const { token } = workspace;
  if (token !== null) await createHcpApi({ ...workspace, token }, options).executionMode(signal);
}

/** m0's promise needs a saved plan that it holds itself; a workspace that runs by itself keeps its plans. */
function whyTellOnly(workspace: string, mode: Exclude<ExecutionMode, 'local'>): string {
  return `only told, never applied: the workspace ${workspace} runs by itself (execution mode ${mode}), so m0 can’t promise to apply exactly what was approved`;
}

/** The id of the run that the tool has started there. It prints the run's address before anything else. */
export function runIn(stdout: string): string {
  const id = /\/runs\/(run-[A-Za-z0-9]+)\b/.exec(stdout)?.[1];
  if (id !== undefined) return id;
  throw new RunnerError('plan', 'running a plan in HCP Terraform: the tool names no run');
}

/**
 * Why a plan file must not be applied that only points to a run there, as Terraform writes it for `-out`; null for the
 * plan files that m0 promises to apply.
 */
export function whyNoPlanFile(bytes: Uint8Array): string | null {
  // A plan file is a zip archive; what points to a run is a small JSON document.
  if (bytes[0] !== 0x7b || bytes.length > 4096) return null;
  const pointer: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!isRecord(pointer) || pointer.remote_plan_format === undefined) return null;
  return 'only told, never applied: HCP Terraform keeps the plan, so m0 can’t promise to apply exactly what was approved';
}
