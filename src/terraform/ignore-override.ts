/**
 * Writes override files that join attributes to the `ignore_changes` of resources. In an override the list replaces
 * the code's own, so it is repeated. See "Override Files" in Terraform's documentation:
 * https://developer.hashicorp.com/terraform/language/files/override
 */
import { type ResourceBlock, resourceBlocks } from './hcl-blocks.ts';

/** The last of a module's override files by name, because of several the last one counts. */
export const OVERRIDE_FILE = 'zz_m0_ignored_override.tf.json';

/** A configuration file of a module, by its name without the directory. */
export interface ModuleFile {
  readonly name: string;
  readonly text: string;
}

/** An entry for the `ignore_changes` of a resource. */
export interface IgnoreEntry {
  readonly type: string;
  readonly name: string;
  readonly entry: string;
}

export interface IgnoreOverride<E> {
  /** The text of the override file; null where no entry can be written. */
  readonly text: string | null;
  /** The entry on each line of the text, from line 1 on. */
  readonly lines: ReadonlyMap<number, E>;
  /** The entries that can't be written, with the reasons. */
  readonly refused: ReadonlyMap<E, string>;
}

/** True for the files that the tool reads as a module's configuration. */
export function isConfiguration(name: string, tool: 'terraform' | 'tofu'): boolean {
  if (/^[.#]|~$/.test(name)) return false;
  return tool === 'tofu' ? /\.(tf|tofu)(\.json)?$/.test(name) : /\.tf(\.json)?$/.test(name);
}

/**
 * The override file of one module. `files` are all of its configuration files. An entry is refused where the code is
 * not understood for certain, because an override of a resource that does not exist is an error, and a list without
 * the code's own entries would drop them.
 */
export function ignoreOverride<E extends IgnoreEntry>(
  files: readonly ModuleFile[],
  tool: 'terraform' | 'tofu',
  entries: readonly E[],
): IgnoreOverride<E> {
  const refused = new Map<E, string>();
  const module = readModule(files, tool);
  const byBlock = new Map<string, E[]>();
  for (const entry of entries) {
    const key = `${entry.type}.${entry.name}`;
    const own = typeof module === 'string' ? module : ownEntries(module, entry);
    if (typeof own === 'string') refused.set(entry, own);
    else byBlock.set(key, [...(byBlock.get(key) ?? []), entry]);
  }
  if (byBlock.size === 0 || typeof module === 'string') return { text: null, lines: new Map(), refused };
  return { ...written(module, byBlock), refused };
}

interface Module {
  readonly primary: readonly ResourceBlock[];
  /** In the order in which they are merged. */
  readonly overrides: readonly ResourceBlock[];
}

/** The blocks of the module, or why they are not known. */
function readModule(files: readonly ModuleFile[], tool: 'terraform' | 'tofu'): Module | string {
  const names = new Set(files.map(({ name }) => name));
  const primary: ResourceBlock[] = [];
  const overrides: ResourceBlock[] = [];
  for (const { name, text } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // OpenTofu reads `main.tofu` in place of `main.tf`.
    const replaced = tool === 'tofu' && names.has(name.replace(/\.tf(\.json)?$/, '.tofu$1'));
    if (!isConfiguration(name, tool) || (replaced && /\.tf(\.json)?$/.test(name))) continue;
    const isOverride = /(^|_)override\.(tf|tofu)(\.json)?$/.test(name);
    if (isOverride && name >= OVERRIDE_FILE) return `the override file ${name} comes after one of m0`;
    const blocks = resourceBlocks(name, text);
    if (blocks === null) return `m0 does not understand ${name}`;
    (isOverride ? overrides : primary).push(...blocks);
  }
  return { primary, overrides };
}

/** The entries that the code has, or why they are not known. */
function ownEntries({ primary, overrides }: Module, at: IgnoreEntry): readonly string[] | string {
  const here = (block: ResourceBlock): boolean => block.type === at.type && block.name === at.name;
  const blocks = [...primary.filter(here), ...overrides.filter(here)];
  if (primary.filter(here).length !== 1) return `m0 does not find the block ${at.type}.${at.name}`;
  const lists = blocks.map((block) => block.ignoreChanges);
  if (lists.includes('all')) return 'its code has ignore_changes = all';
  // An empty list in an override changes nothing.
  const last = lists.findLast((list) => list === null || list.length > 0) ?? [];
  return last === 'all' || lists.includes(null) || last === null
    ? 'm0 does not understand its ignore_changes'
    : last;
}

/** One entry a line, so that the tool's errors tell which one they are about. */
function written<E extends IgnoreEntry>(
  module: Module,
  byBlock: ReadonlyMap<string, readonly E[]>,
): Omit<IgnoreOverride<E>, 'refused'> {
  const lines = new Map<number, E>();
  const out: string[] = ['{', '"resource": ['];
  let block = 0;
  for (const entries of byBlock.values()) {
    const [first] = entries;
    const own = first === undefined ? '' : ownEntries(module, first);
    if (first === undefined || typeof own === 'string') continue;
    block += 1;
    const head = `{${JSON.stringify(first.type)}: {${JSON.stringify(first.name)}: {"lifecycle": {"ignore_changes": [`;
    out.push(`${block === 1 ? '' : ','}${head}`);
    const added = new Map(entries.filter(({ entry }) => !own.includes(entry)).map((e) => [e.entry, e]));
    [...own, ...added.keys()].forEach((text, i) => {
      out.push(`${i === 0 ? '' : ','}${JSON.stringify(text)}`);
      const entry = added.get(text);
      if (entry !== undefined) lines.set(out.length, entry);
    });
    out.push(']}}}}');
  }
  out.push(']', '}', '');
  return { text: out.join('\n'), lines };
}
