/** Which tool and version the files of a repository ask for. */
import { posix } from 'node:path';

export interface WantedTool {
  readonly tool: 'terraform' | 'tofu';
  /** As `version` in m0.yaml has it: `1.11` or `1.11.4`; null: any. */
  readonly version: string | null;
}

/** The files of version managers, by their paths in the repository. */
export type VersionFiles = ReadonlyMap<string, string>;

export const VERSION_FILES = ['.terraform-version', '.opentofu-version', '.tool-versions'] as const;

const EXACT = /^v?(\d+\.\d+\.\d+)$/;

function exact(text: string): string | null {
  return EXACT.exec(text.trim())?.[1] ?? null;
}

/** The line of a tool in `.tool-versions`, which asdf and mise read. */
function toolVersion(text: string, name: string): string | null | undefined {
  const line = text.split('\n').find((one) => one.trim().split(/\s+/)[0] === name);
  return line === undefined ? undefined : exact(line.trim().split(/\s+/)[1] ?? '');
}

/** `= 1.9.8` and `~> 1.9.0` name a version or the start of one; ranges are left to the tool, which checks them itself. */
export function versionOfConstraint(constraint: string): string | null {
  const one = /^\s*(=|~>)?\s*v?(\d+\.\d+\.\d+)\s*$/.exec(constraint);
  if (one?.[2] === undefined) return null;
  return one[1] === '~>' ? one[2].split('.').slice(0, 2).join('.') : one[2];
}

function inFolder(folder: string, files: VersionFiles): WantedTool | null {
  const text = (name: string): string | undefined => files.get(posix.join(folder, name));
  const tofu = text('.opentofu-version');
  if (tofu !== undefined) return { tool: 'tofu', version: exact(tofu) };
  const terraform = text('.terraform-version');
  if (terraform !== undefined) return { tool: 'terraform', version: exact(terraform) };
  const tools = text('.tool-versions');
  if (tools === undefined) return null;
  const opentofu = toolVersion(tools, 'opentofu');
  if (opentofu !== undefined) return { tool: 'tofu', version: opentofu };
  const other = toolVersion(tools, 'terraform');
  return other === undefined ? null : { tool: 'terraform', version: other };
}

/**
 * What the folder's nearest version file says, in it or above it. `hints`: what its code says where no file does.
 */
export function wantedTool(
  folder: string,
  files: VersionFiles,
  hints: { readonly usesTofu: boolean; readonly requiredVersion: string | null },
): WantedTool {
  const asked = hints.requiredVersion === null ? null : versionOfConstraint(hints.requiredVersion);
  for (let at = folder; ; at = posix.dirname(at)) {
    const found = inFolder(at === '.' ? '' : at, files);
    if (found !== null) return { tool: found.tool, version: found.version ?? asked };
    if (at === '' || at === '.') break;
  }
  return { tool: hints.usesTofu ? 'tofu' : 'terraform', version: asked };
}
