/** Which workspace of HCP Terraform or Terraform Enterprise a stack uses, after its `init`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../base/is-record.ts';
import type { Stack } from '../model/directory.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { BACKEND_FILE, readWithoutLinks } from './work-tree.ts';

/** A workspace there, and the token that the stack's tool uses for it; null: there is none. */
export interface HcpWorkspace {
  readonly host: string;
  readonly organization: string;
  readonly name: string;
  readonly token: string | null;
}

/** Where Terraform looks if the code names no host. OpenTofu has no such place. */
const USUAL_HOST = 'app.terraform.io';

interface About {
  readonly stack: Pick<Stack, 'name' | 'workspace' | 'env'>;
  readonly cliConfig: string;
}

/** The block's arguments, as in `backend.config` of what `init` writes. */
type BackendConfig = Readonly<Record<string, unknown>>;

/**
 * The workspace of a stack with a `cloud` block or the backend `remote`; null for all others. Reads what `init` wrote to
 * `dataDir`, and `env` for what the code leaves out. Rejects with a RunnerError where it can't be told.
 */
export async function hcpWorkspace(
  options: About & { readonly dataDir: string },
): Promise<HcpWorkspace | null> {
  const config = backendConfig(await readWithoutLinks(join(options.dataDir, BACKEND_FILE)));
  return config === null ? null : workspaceOf(config, options);
}

/**
 * The same before `init`, from the code of the root module `cwd`; null also where the code does not write it out. An
 * `init` makes a workspace that does not exist.
 */
export async function workspaceInCode(
  options: About & { readonly cwd: string },
): Promise<HcpWorkspace | null> {
  const names = (await readdir(options.cwd)).filter((name) => /\.(tf|tofu)$/.test(name));
  for (const name of names) {
    const code = (await readWithoutLinks(join(options.cwd, name)))?.toString('utf8') ?? '';
    const block = blockIn(code, /^\s*(?:cloud|backend\s+"remote")\s*\{/m);
    if (block === null) continue;
    const selection = blockIn(block, /^\s*workspaces\s*(?:=\s*)?\{/m) ?? '';
    const rest = block.replace(selection, '');
    const texts = { hostname: textIn(rest, 'hostname'), organization: textIn(rest, 'organization') };
    const workspaces = { name: textIn(selection, 'name'), prefix: textIn(selection, 'prefix') };
    return workspaceOf({ ...texts, token: textIn(rest, 'token'), workspaces }, options).catch(() => null);
  }
  return null;
}

/** What stands in the braces of the first block whose head matches; null: there is none. */
function blockIn(code: string, head: RegExp): string | null {
  const match = head.exec(code);
  if (match === null) return null;
  const from = match.index + match[0].length;
  let depth = 1;
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1;
    if (code[at] === '}') depth -= 1;
    if (depth === 0) return code.slice(from, at);
  }
  return null;
}

/** A value that is written out on one line of its own, or alone in a block. */
function textIn(block: string, name: string): string | null {
  return new RegExp(`(?:^|[\\n\\s])${name}\\s*=\\s*"([^"$%\\\\]*)"`).exec(block)?.[1] ?? null;
}

async function workspaceOf(config: BackendConfig, options: About): Promise<HcpWorkspace> {
  const { stack } = options;
  const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
  const host = text(config.hostname) ?? stack.env.TF_CLOUD_HOSTNAME ?? USUAL_HOST;
  const organization = text(config.organization) ?? stack.env.TF_CLOUD_ORGANIZATION ?? null;
  const selection = Array.isArray(config.workspaces) ? config.workspaces[0] : config.workspaces;
  const workspaces: Readonly<Record<string, unknown>> = isRecord(selection) ? selection : {};
  const named = text(workspaces.name) ?? (stack.workspace === 'default' ? null : stack.workspace);
  const prefix = text(workspaces.prefix);
  const name = named !== null && prefix !== null ? `${prefix}${named}` : named;
  if (organization === null || name === null)
    throw new RunnerError(
      'init',
      `looking for the workspace of ${stack.name} on ${host}: ${organization === null ? 'the code names no organization: set TF_CLOUD_ORGANIZATION in env of the stack' : 'the code selects several: set workspace of the stack'}`,
    );
  const token = text(config.token) ?? (await tokenFor(host, stack.env, options.cliConfig));
  return { host, organization, name, token };
}

function backendConfig(file: Buffer | null): Readonly<Record<string, unknown>> | null {
  try {
    const state: unknown = JSON.parse(file?.toString('utf8') ?? '');
    const backend = isRecord(state) ? state.backend : null;
    if (!isRecord(backend) || (backend.type !== 'cloud' && backend.type !== 'remote')) return null;
    return isRecord(backend.config) ? backend.config : {};
  } catch {
    // Without such a file there is no backend, and one that is damaged fails the plan.
    return null;
  }
}

/**
 * The token of the host, in the order of https://developer.hashicorp.com/terraform/cli/config/config-file: the variable
 * `TF_TOKEN_…`, in which `_` stands for `.` and `__` for `-`, then a `credentials` block.
 */
async function tokenFor(
  host: string,
  env: Readonly<Record<string, string>>,
  cliConfig: string,
): Promise<string | null> {
  const names = [host.replaceAll('-', '__').replaceAll('.', '_'), host.replaceAll('.', '_')];
  for (const name of names) {
    const token = env[`TF_TOKEN_${name}`];
    if (token !== undefined && token !== '') return token;
  }
  const text = await readFile(cliConfig, 'utf8').catch(() => '');
  for (const [, named, body = ''] of text.matchAll(/^\s*credentials\s+"([^"]+)"\s*\{([^}]*)\}/gm)) {
    const token = /^\s*token\s*=\s*"([^"]+)"/m.exec(body)?.[1];
    if (named === host && token !== undefined) return token;
  }
  return null;
}
