/** Turns the roots into few entries of `discover`, and into stacks where no entry can say it. Pure. */
import type { Folder } from '../discovery/folder.ts';
import { looksLikeRoot } from '../discovery/folder.ts';
import { fillName, matchGlob } from '../discovery/path-glob.ts';
import { globCovers } from '../text/glob.ts';
import { holdsEnvironments } from './environments.ts';
import { ENVIRONMENT, type InitRoot, NO_ENVIRONMENT } from './roots.ts';

/** What an override sets for the stacks that it matches. */
export interface EntryOverride {
  readonly match: string;
  readonly tool?: InitRoot['tool'];
  readonly version?: string;
  readonly varFiles?: readonly string[];
}

/** An entry of `discover` without its repository. */
export interface Entry {
  readonly roots: readonly string[];
  readonly exclude: readonly string[];
  readonly name: string;
  readonly environment: string;
  readonly workspaces: readonly string[] | null;
  readonly varFiles: readonly string[];
  readonly tool: InitRoot['tool'];
  readonly version: string | null;
  readonly overrides: readonly EntryOverride[];
  /** What it is meant to take. */
  readonly takes: readonly InitRoot[];
}

/** A stack that is written out. */
export interface ListedStack {
  readonly name: string;
  readonly environment: string;
  readonly path: string;
  readonly workspace: string;
  readonly varFiles: readonly string[];
  readonly tool: InitRoot['tool'];
  readonly runs: InitRoot['runs'];
  readonly version: string | null;
}

/** More prefixes than this become one glob with a wildcard. */
const MOST_PREFIXES = 4;
/** More folders than this are not excluded or listed one by one. */
const MOST_LISTED = 8;

const segmentsOf = (path: string): readonly string[] => (path === '' ? [] : path.split('/'));

export function environmentOf(root: InitRoot): string {
  return root.at === null ? NO_ENVIRONMENT : (segmentsOf(root.path)[root.at] ?? NO_ENVIRONMENT);
}

/** The value that most of the items have. */
function commonest<T>(items: readonly T[]): T | undefined {
  const groups = [...Map.groupBy(items, (item) => JSON.stringify(item)).values()];
  return groups.sort((a, b) => b.length - a.length)[0]?.[0];
}

/** Equal parts stay, others become `*`. */
function pattern(paths: readonly (readonly string[])[]): readonly string[] {
  const [first = []] = paths;
  return first.map((part, i) => (paths.every((path) => path[i] === part) ? part : '*'));
}

/**
 * The template of the names: the environment, then the other parts in their order. Parts without a wildcard count only
 * after the environment, because those before it hold everything.
 */
function nameOf(parts: readonly string[], environmentAt: number | null): string {
  const words = parts.flatMap((part, i) => {
    if (i === environmentAt) return [];
    if (part.includes('*')) return [`{${wildcardAt(parts, i)}}`];
    return environmentAt !== null && i > environmentAt ? [part] : [];
  });
  const environment = environmentAt === null ? [] : [`{${wildcardAt(parts, environmentAt)}}`];
  const all = [...environment, ...words];
  return all.length === 0 ? '{path}' : all.join('-');
}

/** The number of the wildcard at that part of the glob. */
function wildcardAt(parts: readonly string[], index: number): number {
  return parts.slice(0, index + 1).filter((part) => part.includes('*')).length;
}

function fill(text: string, by: string): string {
  return text.replaceAll(ENVIRONMENT, by);
}

/** Roots that name no version get that of the others only where they are fewer than this share. */
const FEW = 0.1;

/** The version that most of the roots with that tool name; null where too many name none. */
function commonVersion(all: readonly Pick<InitRoot, 'tool' | 'version'>[], tool: string): string | null {
  const without = all.filter((one) => one.version === null);
  // An entry's version can be replaced by an override, and not be taken away.
  if (without.length > all.length * FEW || without.some((one) => one.tool !== tool)) return null;
  return commonest(all.flatMap((one) => (one.tool === tool ? (one.version ?? []) : []))) ?? null;
}

/** Adds what most of the roots have, and overrides for the others. */
function withSettings(
  base: Pick<Entry, 'roots' | 'exclude' | 'name' | 'environment'>,
  takes: readonly InitRoot[],
): Entry {
  const [first] = takes;
  const workspaces = first?.workspaces ?? null;
  const placeholder = workspaces === null ? base.environment : '{workspace}';
  const settingsOf = (root: InitRoot) => ({
    tool: root.tool,
    version: root.version,
    varFiles: root.varFiles.map((file) => fill(file, placeholder)),
  });
  const all = takes.map(settingsOf);
  const tool = commonest(all.map((one) => one.tool)) ?? 'terraform';
  const version = commonVersion(all, tool);
  const varFiles = commonest(all.map((one) => one.varFiles)) ?? [];
  const nameFor = (root: InitRoot): string => {
    const parts = base.roots.flatMap((glob) => matchGlob(glob, root.path) ?? [])[0]?.parts ?? [];
    return fillName(base.name, { parts, path: root.path, workspace: 'default' });
  };
  const different = takes.flatMap((root) => {
    const own = settingsOf(root);
    const change = {
      ...(own.tool === tool ? {} : { tool: own.tool }),
      ...(own.version === version || own.version === null ? {} : { version: own.version }),
      ...(JSON.stringify(own.varFiles) === JSON.stringify(varFiles) ? {} : { varFiles: own.varFiles }),
    };
    return Object.keys(change).length === 0 ? [] : [{ root, name: nameFor(root), change }];
  });
  const overrides = [...Map.groupBy(different, (one) => JSON.stringify(one.change)).values()].flatMap(
    (same): readonly EntryOverride[] => {
      const [{ change }] = same as [(typeof different)[number], ...typeof different];
      const names = new Set(same.map((one) => one.name));
      return matchesFor(names, takes.map(nameFor)).map((match) => ({ match, ...change }));
    },
  );
  return { ...base, workspaces, varFiles, tool, version, overrides, takes };
}

/** Globs that match exactly these of all names: `prod-*` or `*-data-*` where one does, else the names. */
function matchesFor(names: ReadonlySet<string>, all: readonly string[]): readonly string[] {
  let left = [...names];
  const globs: string[] = [];
  const globsOf = [
    (name: string) => `${name.split('-')[0] ?? ''}-*`,
    (name: string) => `*-${name.split('-')[1] ?? ''}-*`,
  ];
  for (const globOf of globsOf) {
    for (const glob of new Set(left.map(globOf))) {
      const matched = all.filter((name) => globCovers(glob, name));
      const isExact = matched.length > 1 && matched.every((name) => names.has(name));
      if (!isExact || !left.some((name) => matched.includes(name))) continue;
      globs.push(glob);
      left = left.filter((name) => !matched.includes(name));
    }
  }
  return [...globs, ...left];
}

interface Question {
  readonly folders: readonly Folder[];
  readonly all: readonly InitRoot[];
}

/** Folders that the glob would take besides the roots. */
function extrasOf(glob: string, roots: readonly InitRoot[], { folders }: Question): readonly string[] {
  const wanted = new Set(roots.map((root) => root.path));
  const deep = glob.split('/').includes('**');
  return folders
    .filter((folder) => folder.code && matchGlob(glob, folder.path) !== null)
    .filter((folder) => !wanted.has(folder.path) && (!deep || looksLikeRoot(folder)))
    .map(({ path }) => path);
}

/** Entries for roots whose environment is at the same part of their paths, and whose state is in the code. */
function deepEntries(at: number, roots: readonly InitRoot[], question: Question): readonly Entry[] {
  // Where the environment is the last part, the one before it says what it is an environment of: `services/api/prod`.
  const isLast = roots.some((root) => {
    const segments = segmentsOf(root.path);
    return segments.length === at + 1 && at > 0 && !holdsEnvironments(segments[at - 1] ?? '');
  });
  const before = (root: InitRoot): readonly string[] => segmentsOf(root.path).slice(0, at);
  const prefixes = Map.groupBy(roots, (root) =>
    before(root)
      .slice(0, isLast ? -1 : undefined)
      .join('/'),
  );
  const groups = prefixes.size <= MOST_PREFIXES ? [...prefixes.values()] : [roots];
  return groups.flatMap((group): readonly Entry[] => {
    const prefix = pattern(group.map(before)).map((part, i) => (isLast && i === at - 1 ? '*' : part));
    const whole = [...prefix, '*', '**'];
    const others = question.all.filter(
      (root) =>
        // Entries with a larger index come first, and take their roots before this one.
        root.hasState &&
        root.workspaces === null &&
        (root.at ?? -1) <= at &&
        matchGlob(whole.join('/'), root.path) !== null &&
        !group.includes(root),
    );
    if (others.length === 0) {
      const number = wildcardAt(whole, at);
      const glob = whole.join('/');
      const base = { roots: [glob], exclude: [], name: nameOf(whole, at), environment: `{${number}}` };
      return [withSettings(base, group)];
    }
    // Something else is beside the environments, so that they are named.
    return [...Map.groupBy(group, environmentOf)].map(([environment, same]) => {
      const parts = [...prefix, environment, '**'];
      const name = `${environment}-${nameOf(parts, null)}`;
      return withSettings({ roots: [parts.join('/')], exclude: [], name, environment }, same);
    });
  });
}

/** Entries for roots that only their contents tell: globs of one depth, without `**`. */
function flatEntries(roots: readonly InitRoot[], question: Question): readonly Entry[] {
  const shapes = Map.groupBy(roots, ({ path, at }) =>
    JSON.stringify([segmentsOf(path).length, at, segmentsOf(path).slice(0, at ?? 1)]),
  );
  return [...shapes.values()].map((group) => {
    const [{ at }] = group as [InitRoot, ...InitRoot[]];
    const parts = pattern(group.map((root) => segmentsOf(root.path))).map((part, i) =>
      group.length > 1 && i === at ? '*' : part,
    );
    const glob = parts.join('/');
    const extras = glob === '' ? [] : extrasOf(glob, group, question);
    if (glob !== '' && group.length > 1 && extras.length <= Math.min(MOST_LISTED, group.length)) {
      const number = at === null ? null : wildcardAt(parts, at);
      const environment = number === null ? NO_ENVIRONMENT : `{${number}}`;
      const base = { roots: [glob], exclude: extras, name: nameOf(parts, at), environment };
      return withSettings(base, group);
    }
    const paths = group.map((root) => root.path);
    const environments = new Set(group.map(environmentOf));
    const environment = environments.size === 1 ? ([...environments][0] ?? NO_ENVIRONMENT) : NO_ENVIRONMENT;
    return withSettings({ roots: paths, exclude: [], name: '{path}', environment }, group);
  });
}

/** An entry for roots that have the same workspaces. */
function workspaceEntries(roots: readonly InitRoot[], question: Question): readonly Entry[] {
  const same = Map.groupBy(roots, ({ workspaces, at, varFiles }) =>
    JSON.stringify([workspaces, at === null, varFiles]),
  );
  return [...same.values()].map((group) => {
    const depths = new Set(group.map((root) => segmentsOf(root.path).length));
    const glob = pattern(group.map((root) => segmentsOf(root.path))).join('/');
    const one = depths.size === 1 && group.length > 1 && extrasOf(glob, group, question).length === 0;
    const hasEnvironment = group.every((root) => root.at !== null);
    const [first] = group;
    const isOne = new Set(group.map(environmentOf)).size === 1;
    const environment = hasEnvironment && isOne && first ? environmentOf(first) : '{workspace}';
    return withSettings(
      {
        roots: one ? [glob] : group.map((root) => root.path),
        exclude: [],
        name: one ? `{workspace}-${nameOf(glob.split('/'), null)}` : '{workspace}-{path}',
        environment,
      },
      group,
    );
  });
}

/** Entries that together take the roots. The first one that takes a folder counts. */
export function entriesFor(roots: readonly InitRoot[], folders: readonly Folder[]): readonly Entry[] {
  const question: Question = { folders, all: roots };
  const many = roots.filter((root) => root.workspaces !== null);
  const single = roots.filter((root) => root.workspaces === null);
  const inCode = single.filter((root) => root.hasState);
  const byIndex = [...Map.groupBy(inCode, (root) => root.at)].sort(
    // The more parts before the environment, the more special; those without one take the rest.
    ([a], [b]) => (b ?? -1) - (a ?? -1),
  );
  const deep = byIndex.flatMap(([at, group]): readonly Entry[] => {
    if (at !== null) return deepEntries(at, group, question);
    const base = { roots: ['**'], exclude: [], name: '{path}', environment: NO_ENVIRONMENT };
    return [withSettings(base, group)];
  });
  const flat = flatEntries(
    single.filter((root) => !root.hasState),
    question,
  );
  return [...workspaceEntries(many, question), ...flat, ...deep];
}

/** A name that m0.yaml takes. */
function safeName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/-{2,}/g, '-')
    .replace(/^[-._]+|-+$/g, '')
    .slice(0, 100);
  return name === '' ? NO_ENVIRONMENT : name;
}

/** The root as stacks that are written out, with names that no other of `taken` has. Adds its names to `taken`. */
export function listedStacks(root: InitRoot, taken: Set<string>): readonly ListedStack[] {
  const segments = segmentsOf(root.path);
  const shown = (parts: readonly string[]): readonly string[] =>
    parts.filter((part) => part !== '.terragrunt-stack');
  const before = shown(segments.slice(0, root.at ?? 0));
  const after = shown(segments.slice(root.at === null ? 0 : root.at + 1));
  return (root.workspaces ?? ['default']).map((workspace) => {
    const own = environmentOf(root);
    const environment = safeName(root.at === null && workspace !== 'default' ? workspace : own);
    const last = workspace === 'default' || workspace === environment ? [] : [workspace];
    const short = [environment, ...(after.length === 0 ? before.slice(-1) : after), ...last];
    const long = safeName([environment, ...before, ...after, ...last].join('-'));
    let name = taken.has(safeName(short.join('-'))) ? long : safeName(short.join('-'));
    for (let n = 2; taken.has(name); n += 1) name = `${long.slice(0, 95)}-${n}`;
    taken.add(name);
    return {
      ...{ name, environment, path: root.path, workspace },
      varFiles: root.varFiles.map((file) => fill(file, root.workspaces === null ? own : workspace)),
      ...{ tool: root.tool, runs: root.runs, version: root.version },
    };
  });
}
