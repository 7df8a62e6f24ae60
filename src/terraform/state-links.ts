/** Where a stack's state is, and which other states its code reads: the order between stacks follows from them. */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { isRecord } from '../base/is-record.ts';
import type { StackLinks } from '../model/order.ts';
import { backendIn } from './own-state.ts';
import { readWithoutLinks, type WorkTree } from './work-tree.ts';

/** The settings that say where a backend keeps a state; others, such as credentials, do not move it. */
const PLACE: Readonly<Record<string, readonly string[]>> = {
  s3: ['bucket', 'key', 'workspace_key_prefix'],
  gcs: ['bucket', 'prefix'],
  azurerm: ['storage_account_name', 'container_name', 'key'],
  http: ['address'],
  consul: ['address', 'path'],
  pg: ['conn_str', 'schema_name'],
  kubernetes: ['namespace', 'secret_suffix'],
  oss: ['bucket', 'prefix', 'key'],
  cos: ['bucket', 'prefix', 'key'],
  remote: ['hostname', 'organization', 'workspaces'],
};

const HCP_HOST = 'app.terraform.io';

/**
 * The links of a stack whose plan was just made. `document`: the plan. A remote state whose settings are known only
 * when the code is applied is left out.
 */
export async function stateLinks(
  { cwd, dataDir }: Pick<WorkTree, 'cwd' | 'dataDir'>,
  workspace: string,
  document: unknown,
): Promise<StackLinks> {
  const backend = backendIn(await readWithoutLinks(join(dataDir, 'terraform.tfstate')));
  const prior = field(field(document, 'prior_state'), 'values');
  const reads = remoteStates(field(prior, 'root_module')).flatMap(
    ({ type, config, workspace: of }) => placeOf(type, config, of, cwd) ?? [],
  );
  return {
    state: backend === null ? null : placeOf(backend.type, backend.config, workspace, cwd),
    reads: [...new Set(reads)].sort(),
  };
}

/** A hash of the place: an address may hold a secret. Null where the settings do not say it. */
export function placeOf(
  type: string,
  config: Readonly<Record<string, unknown>>,
  workspace: string,
  cwd: string,
): string | null {
  // Code with a `cloud` block is read by others as `remote`, and both may leave the usual host out.
  if (type === 'cloud') return placeOf('remote', config, workspace, cwd);
  if (type === 'remote' && !config.hostname)
    return placeOf(type, { ...config, hostname: HCP_HOST }, workspace, cwd);
  // With a path relative to each stack's own folder, two stacks never share a state.
  const path = typeof config.path === 'string' ? resolve(cwd, config.path) : null;
  const names = PLACE[type];
  if (type === 'local' ? path === null : names === undefined) return null;
  const values = type === 'local' ? [path] : (names ?? []).map((name) => withoutNulls(config[name]));
  if (values.every((value) => value === null)) return null;
  return createHash('sha256')
    .update(JSON.stringify([type, workspace, values]))
    .digest('hex');
}

interface RemoteState {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly workspace: string;
}

/** The remote states that a module and those in it read. */
function remoteStates(module: unknown): readonly RemoteState[] {
  const resources = field(module, 'resources');
  const children = field(module, 'child_modules');
  const own = (Array.isArray(resources) ? resources : []).flatMap(
    (resource: unknown): readonly RemoteState[] => {
      if (field(resource, 'mode') !== 'data' || field(resource, 'type') !== 'terraform_remote_state')
        return [];
      const values = field(resource, 'values');
      const [type, config, workspace] = ['backend', 'config', 'workspace'].map((name) => field(values, name));
      if (typeof type !== 'string' || !isRecord(config)) return [];
      return [{ type, config, workspace: typeof workspace === 'string' ? workspace : 'default' }];
    },
  );
  return [...own, ...(Array.isArray(children) ? children : []).flatMap(remoteStates)];
}

/** A setting as it counts: left out, null and empty are the same, also inside of it. */
function withoutNulls(value: unknown): unknown {
  if (value === undefined || value === '' || value === null) return null;
  if (Array.isArray(value)) return value.length === 1 ? withoutNulls(value[0]) : value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value)
    .map(([key, of]) => [key, withoutNulls(of)] as const)
    .filter(([, of]) => of !== null);
  return entries.length === 0 ? null : Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function field(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
