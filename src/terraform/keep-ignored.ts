/**
 * Plans so that an apply leaves ignored attributes as they are. A first plan shows which of them it would change; then
 * an override file joins exactly those to the `ignore_changes` of their resources, and the stack is planned again.
 *
 * Not with one plan and all rules: `ignore_changes` of an attribute that a type does not have is an error, rules have
 * wildcards where it has none, and a plan with it no longer tells that the code sets another value.
 */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorText } from '../base/error-text.ts';
import { isRecord } from '../base/is-record.ts';
import type { Logger } from '../base/log.ts';
import type { Analysis } from '../drift/finding.ts';
import type { Ignores } from '../drift/ignore.ts';
import { changesTheRest, type IgnoredChange, ignoredChanges, withIgnoredOf } from '../drift/ignored-plan.ts';
import { RunnerError } from '../ports/runner-error.ts';
import { ignoreOverride, isConfiguration, type ModuleFile, OVERRIDE_FILE } from './ignore-override.ts';
import {
  type EntryForm,
  type IgnoredPlace,
  ignoredPlace,
  ignoreEntry,
  isInside,
  type ModuleCall,
} from './ignored-places.ts';
import type { WorkTree } from './work-tree.ts';

/** Most plans with an override whose entries the tool refuses, one entry after the other. */
const MOST_REFUSALS = 4;

interface Parts<T> {
  readonly stack: string;
  readonly tool: 'terraform' | 'tofu';
  readonly tree: Pick<WorkTree, 'cwd' | 'root' | 'dataDir' | 'withFiles'>;
  readonly ignores: Ignores;
  readonly log: Logger;
  /** Makes the same plan again. */
  readonly again: () => Promise<T>;
}

/** How each change is written as an entry. */
type Forms = ReadonlyMap<IgnoredChange, EntryForm>;

/**
 * Resolves to `first` or to a plan that leaves ignored attributes as they are and changes the rest alike. Where some
 * can't be kept, their findings have `revertsIgnored`.
 */
export async function keepIgnored<T extends { readonly analysis: Analysis }>(
  first: T,
  parts: Parts<T>,
): Promise<T> {
  const changes = ignoredChanges(first.analysis, parts.ignores);
  if (changes.length === 0) return first;
  const calls = await moduleCalls(parts.tree);
  // A plan does not tell whether a step of a path is the key of a map; for most attributes it is.
  let forms: Forms = new Map(changes.map((change) => [change, 'key']));
  let best = first;
  let left = changes.length;
  for (;;) {
    const made = await planWith(forms, calls, parts);
    const alike = made !== null && changesTheRest(first.analysis, made.analysis, parts.ignores);
    const still = new Set(
      alike ? ignoredChanges(made.analysis, parts.ignores).map(keyOf) : changes.map(keyOf),
    );
    if (alike && still.size < left) {
      best = { ...made, analysis: withIgnoredOf(first.analysis, made.analysis) };
      left = still.size;
    }
    if (still.size === 0) return best;
    const next: Forms = new Map(
      [...forms].map(([change, form]) => [change, still.has(keyOf(change)) ? 'attribute' : form]),
    );
    if (!differ(forms, next)) return best;
    forms = next;
  }
}

function keyOf({ address, path }: IgnoredChange): string {
  return JSON.stringify([address, path]);
}

/** True if any change would be written in another way. */
function differ(before: Forms, after: Forms): boolean {
  return [...after].some(
    ([change, form]) =>
      ignoreEntry(change.path, form) !== ignoreEntry(change.path, before.get(change) ?? form),
  );
}

/** Plans with an override file in each module. Null where that is not possible; the log then tells why. */
async function planWith<T extends { readonly analysis: Analysis }>(
  forms: Forms,
  calls: readonly ModuleCall[],
  parts: Parts<T>,
): Promise<T | null> {
  const { log, stack, tree } = parts;
  const about = { ignores: parts.ignores, calls, cwd: tree.cwd };
  let places: IgnoredPlace[] = [];
  for (const [change, form] of forms) {
    const place = ignoredPlace(change, form, about);
    if (typeof place === 'string')
      log.info({ stack, ...change, why: place }, 'an ignored attribute is not kept');
    else places.push(place);
  }
  for (let refusals = 0; places.length > 0 && refusals <= MOST_REFUSALS; refusals += 1) {
    const overrides = await overridesOf(places, parts);
    const files = new Map(overrides.map(({ dir, text }) => [join(dir, OVERRIDE_FILE), text]));
    if (files.size === 0) return null;
    try {
      return await tree.withFiles(files, parts.again);
    } catch (error) {
      if (!(error instanceof RunnerError) || error.stopped !== null) throw error;
      const blamed = blamedPlaces(error.message, overrides, tree.cwd);
      log.warn({ stack, why: error.message }, 'a plan that keeps ignored attributes did not succeed');
      if (blamed.size === 0) return null;
      places = places.filter((place) => !blamed.has(place));
    }
  }
  return null;
}

interface ModuleOverride {
  readonly dir: string;
  readonly text: string;
  readonly lines: ReadonlyMap<number, IgnoredPlace>;
}

async function overridesOf(
  places: readonly IgnoredPlace[],
  { log, stack, tool, tree }: Pick<Parts<never>, 'log' | 'stack' | 'tool' | 'tree'>,
): Promise<readonly ModuleOverride[]> {
  const overrides: ModuleOverride[] = [];
  for (const dir of new Set(places.map((place) => place.dir))) {
    const files = await moduleFiles(dir, tree.root, tool);
    if (typeof files === 'string') {
      log.info({ stack, dir, why: files }, 'ignored attributes of a module are not kept');
      continue;
    }
    const here = places.filter((place) => place.dir === dir);
    const { text, lines, refused } = ignoreOverride(files, tool, here);
    for (const [{ type, name, entry }, why] of refused)
      log.info({ stack, type, name, entry, why }, 'an ignored attribute is not kept');
    if (text !== null) overrides.push({ dir, text, lines });
  }
  return overrides;
}

/** The configuration files of a module; or why m0 adds none to them. */
async function moduleFiles(
  dir: string,
  root: string,
  tool: 'terraform' | 'tofu',
): Promise<readonly ModuleFile[] | string> {
  try {
    // A symbolic link could lead out of the checkout.
    if (!isInside(await realpath(dir), root)) return 'its directory is outside of the repository';
    const names = (await readdir(dir)).filter((name) => isConfiguration(name, tool));
    if (names.some((name) => name.startsWith(OVERRIDE_FILE.replace(/\.tf\.json$/, '.'))))
      return `it has a file ${OVERRIDE_FILE} of its own`;
    return await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(dir, name), 'utf8') })),
    );
  } catch (error) {
    return errorText(error);
  }
}

/**
 * The module calls that the last `init` found, with the directories that symbolic links lead to; none where they can't
 * be read.
 */
export async function moduleCalls({
  cwd,
  dataDir,
}: Pick<WorkTree, 'cwd' | 'dataDir'>): Promise<readonly ModuleCall[]> {
  try {
    const list: unknown = JSON.parse(await readFile(join(dataDir, 'modules', 'modules.json'), 'utf8'));
    const modules = isRecord(list) && Array.isArray(list.Modules) ? list.Modules.filter(isRecord) : [];
    return await Promise.all(
      modules.map(async ({ Key, Source, Dir }) => ({
        key: String(Key),
        source: String(Source),
        dir: await realpath(resolve(cwd, String(Dir))),
      })),
    );
  } catch {
    // Code without modules has no such file.
    return [];
  }
}

/** The entries that the tool's errors are about. */
function blamedPlaces(
  message: string,
  overrides: readonly ModuleOverride[],
  cwd: string,
): ReadonlySet<IgnoredPlace> {
  const blamed = new Set<IgnoredPlace>();
  for (const [, where = '', line] of message.matchAll(BLAME)) {
    const override = overrides.find(({ dir }) => resolve(cwd, where) === dir);
    const place = override?.lines.get(Number(line));
    if (place !== undefined) blamed.add(place);
  }
  return blamed;
}

const BLAME = new RegExp(`\\bon ([^\\n]*?)${OVERRIDE_FILE.replaceAll('.', '\\.')} line (\\d+)`, 'g');
