/** Says where the state of a working copy is, for a plan in a copy of it. */
import { cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Block, nativeBlocks, stateBlock } from '../../terraform/hcl-blocks.ts';
import { backendIn } from '../../terraform/own-state.ts';

export interface OwnBackend {
  /** `s3`; `local`, also without a block; `cloud`. */
  readonly type: string;
  /** What the code in the copy is to have as its backend, besides its own file; null: its own says all. */
  readonly override: Readonly<Record<string, unknown>> | null;
  /** The workspace that is selected in the folder. */
  readonly workspace: string;
  /** True if the state is a file beside the code, which a plan of code from Git would not find. */
  readonly isLocal: boolean;
}

const CODE = /\.(tf|tofu)(\.json)?$/;
/** Settings that name a state, and not how to get there. Of a `cloud` block nothing can be set from outside. */
const NOT_OURS = new Set(['cloud', 'remote']);

/** The backend block in native syntax; null: there is none, or it is in JSON. */
function blockIn(texts: readonly string[]): Block | null {
  for (const text of texts) {
    const terraform = (nativeBlocks(text) ?? []).filter(({ type }) => type === 'terraform');
    const found = terraform.flatMap((block) => block.blocks).find(({ type }) => type === 'backend');
    if (found !== undefined) return found;
  }
  return null;
}

function literal(block: Block | null, name: string): string | null {
  const [only, ...more] = block?.attributes.get(name) ?? [];
  return only?.kind === 'string' && more.length === 0 ? only.text.slice(1, -1) : null;
}

async function textsIn(folder: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(folder)).filter((name) => CODE.test(name)).sort();
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const));
}

/**
 * Reads the code and what the last `init` in the folder has stored in `.terraform`: a backend whose settings were given
 * on the command line is known from there. A local state is copied to `into`, and the plan reads that copy.
 */
export async function ownBackend(
  folder: string,
  into: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<OwnBackend> {
  const texts = await textsIn(folder);
  const written = texts.map(([name, text]) => stateBlock(name, text)).find((block) => block != null);
  const saved = backendIn(await readFile(join(folder, '.terraform', 'terraform.tfstate')).catch(() => null));
  const selected = await readFile(join(folder, '.terraform', 'environment'), 'utf8').catch(() => '');
  const workspace = environment.TF_WORKSPACE?.trim() || selected.trim() || 'default';
  const type = written?.type ?? 'local';
  const block = blockIn(texts.map(([, text]) => text));
  const known = saved?.type === type ? saved.config : {};
  if (type === 'local') {
    const path = literal(block, 'path') ?? known.path;
    const dir = literal(block, 'workspace_dir') ?? known.workspace_dir;
    const override = await copyState(folder, into, workspace, {
      path: typeof path === 'string' ? path : 'terraform.tfstate',
      dir: typeof dir === 'string' ? dir : 'terraform.tfstate.d',
    });
    return { type, override: { local: override }, workspace, isLocal: true };
  }
  if (NOT_OURS.has(type)) return { type, override: null, workspace, isLocal: false };
  const set = Object.entries(known).filter(([, value]) => value !== null && !isEmpty(value));
  const isPartial =
    block !== null && set.some(([name]) => !block.attributes.has(name) && !hasInner(block, name));
  const override = isPartial ? { [type]: Object.fromEntries(set) } : null;
  return { type, override, workspace, isLocal: false };
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

const hasInner = (block: Block, name: string): boolean => block.blocks.some(({ type }) => type === name);

/** A plan writes no state. It gets a copy all the same, so that nothing can be written beside the code. */
async function copyState(
  folder: string,
  into: string,
  workspace: string,
  { path, dir }: { readonly path: string; readonly dir: string },
): Promise<Readonly<Record<string, unknown>>> {
  const states = join(into, 'workspaces');
  await mkdir(join(states, workspace), { recursive: true, mode: 0o700 });
  const copy = { path: join(into, 'terraform.tfstate'), workspace_dir: states };
  const [from, to] =
    workspace === 'default'
      ? [resolve(folder, path), copy.path]
      : [resolve(folder, dir, workspace, 'terraform.tfstate'), join(states, workspace, 'terraform.tfstate')];
  if (await stat(from).catch(() => null)) await cp(from, to);
  return copy;
}
