/** Finds the units of Terragrunt in a repository. Pure. */
import { posix } from 'node:path';
import { type Block, nativeBlocks } from '../terraform/hcl-blocks.ts';

const UNIT = 'terragrunt.hcl';
const STACK = 'terragrunt.stack.hcl';
const GENERATED = '.terragrunt-stack';

export interface TerragruntUnits {
  /** Folders of units; those that a `terragrunt.stack.hcl` generates as well. */
  readonly folders: readonly string[];
  /** What could not be told, for people. */
  readonly notes: readonly string[];
}

const folderOf = (path: string): string => (posix.dirname(path) === '.' ? '' : posix.dirname(path));

function textOf(block: Block, name: string): string | null {
  const [only, ...more] = block.attributes.get(name) ?? [];
  if (only?.kind !== 'string' || more.length > 0) return null;
  const text = only.text.slice(1, -1);
  return /[\\"]|[$%]\{/.test(text) ? null : text;
}

function isTrue(block: Block, name: string): boolean {
  return block.attributes.get(name)?.[0]?.text === 'true';
}

/** True for a file that other units only include: it names no module, and its folder has no code. */
function isShared(folder: string, text: string, units: readonly string[], hasCode: boolean): boolean {
  if (hasCode) return false;
  const blocks = nativeBlocks(text) ?? [];
  const named = blocks.some((block) => block.type === 'terraform' && block.attributes.has('source'));
  const included = blocks.some((block) => block.type === 'include');
  const below = units.some((unit) => unit !== folder && (folder === '' || unit.startsWith(`${folder}/`)));
  return !named && !included && (below || units.length === 1);
}

/** The folders that a file of a stack generates units in. `files`: all files of Terragrunt, by their paths. */
function unitsOfStack(
  path: string,
  into: string,
  files: ReadonlyMap<string, string>,
  notes: string[],
  depth: number,
): readonly string[] {
  const blocks = nativeBlocks(files.get(path) ?? '');
  if (blocks === null || depth > 5) {
    notes.push(`${path}: it is not understood, so its units are not listed`);
    return [];
  }
  return blocks.flatMap((block): readonly string[] => {
    if (block.type !== 'unit' && block.type !== 'stack') return [];
    const at = textOf(block, 'path');
    if (at === null) {
      notes.push(`${path}: the path of ${block.type} "${block.labels[0] ?? ''}" is not written out`);
      return [];
    }
    const folder = posix.join(into, isTrue(block, 'no_dot_terragrunt_stack') ? '' : GENERATED, at);
    if (block.type === 'unit') return [folder];
    const source = textOf(block, 'source');
    const nested = source === null ? null : posix.join(folderOf(path), source, STACK);
    if (nested === null || !files.has(nested)) {
      notes.push(
        `${path}: the units of stack "${block.labels[0] ?? ''}" are in another place: list them yourself`,
      );
      return [];
    }
    return unitsOfStack(nested, folder, files, notes, depth + 1);
  });
}

/**
 * The units of the repository, sorted. `hasCode`: folders with `.tf` files. A unit or stack that another file has as its
 * `source` is a template and no unit of its own.
 */
export function terragruntUnits(
  files: ReadonlyMap<string, string>,
  hasCode: (folder: string) => boolean,
): TerragruntUnits {
  const notes: string[] = [];
  const paths = [...files.keys()];
  const templates = new Set(
    paths
      .filter((path) => posix.basename(path) === STACK)
      .flatMap((path) =>
        (nativeBlocks(files.get(path) ?? '') ?? []).flatMap((block) => {
          const source = textOf(block, 'source');
          return source === null ? [] : [posix.join(folderOf(path), source)];
        }),
      ),
  );
  const isTemplate = (folder: string): boolean =>
    [...templates].some((template) => folder === template || folder.startsWith(`${template}/`));
  const candidates = paths.filter((path) => posix.basename(path) === UNIT).map(folderOf);
  const plain = candidates.filter(
    (folder) =>
      !isTemplate(folder) &&
      !isShared(folder, files.get(posix.join(folder, UNIT)) ?? '', candidates, hasCode(folder)),
  );
  const generated = paths
    .filter((path) => posix.basename(path) === STACK && !isTemplate(folderOf(path)))
    .flatMap((path) => unitsOfStack(path, folderOf(path), files, notes, 0));
  return { folders: [...new Set([...plain, ...generated])].sort(), notes };
}
