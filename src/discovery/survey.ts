/** Puts together what m0 watches: the stacks of m0.yaml and those that its rules find. Pure. */
import { posix } from 'node:path';
import type { Stack } from '../model/directory.ts';
import type { LeftRoot, WatchedStack, Watching } from '../model/watching.ts';
import { findRoots, type TakenFolder } from './find-roots.ts';
import type { Folder, Snapshot } from './folder.ts';
import { type KnownStack, type NamingQuestion, nameRoots, type PlacedRoot } from './names.ts';
import { checkOrder } from './order.ts';
import { type Rule, rootOf } from './rule.ts';

export interface SurveyQuestion extends Pick<NamingQuestion, 'known' | 'gone' | 'movedTo'> {
  readonly rules: readonly Rule[];
  /** The stacks that m0.yaml writes out. */
  readonly written: readonly Stack[];
  /** The repositories as they were last read, by `sourceOf`. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
  /** The workspaces that exist in a root, for `workspaces: auto`; null: not known. */
  readonly workspacesOf: (
    source: string,
    path: string,
  ) => { readonly names: readonly string[]; readonly problem: string | null } | null;
  /** The same key for all ways to write one repository's address. */
  readonly keyOf: (address: string) => string;
  /** The address as people may see it. */
  readonly shown: (address: string) => string;
  /** Why a repository can't be read now, by its source. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export interface Survey {
  /** All stacks: those of m0.yaml, then those that were found, by their names. */
  readonly stacks: readonly Stack[];
  readonly watching: Watching;
  /** The found ones, to be stored. */
  readonly known: readonly KnownStack[];
  /** The path where each stack was before that moved, by its name. */
  readonly moved: ReadonlyMap<string, string>;
  /** The roots whose workspaces m0 lists, each with one of its stacks. */
  readonly auto: readonly { readonly source: string; readonly path: string; readonly stack: Stack }[];
}

/** Identifies the repository and the ref. Hashed nowhere and shown nowhere: it may hold a user's name. */
export function sourceOf({ git, ref }: Rule['source'], keyOf: SurveyQuestion['keyOf']): string {
  return JSON.stringify([keyOf(git), ref]);
}

/** Identifies the root and the workspace of the stack. Hashed nowhere and shown nowhere, as `sourceOf`. */
export function placeOf({ source, workspace }: Stack, keyOf: SurveyQuestion['keyOf']): string {
  return JSON.stringify([sourceOf(source, keyOf), posix.normalize(source.path || '.'), workspace]);
}

interface Candidate extends PlacedRoot {
  readonly rule: Rule;
  readonly glob: string;
  readonly folder: Folder;
}

function workspacesOf(taken: TakenFolder, source: string, question: SurveyQuestion): readonly string[] {
  const { workspaces } = taken.rule;
  if (workspaces === 'none') return ['default'];
  if (workspaces !== 'auto') return workspaces;
  // Until they are known: the check of the default one tells what is wrong, if something is.
  return question.workspacesOf(source, taken.folder.path)?.names ?? ['default'];
}

/** The state of each folder that no other folder of the repository names as well. */
function statesOf(folders: readonly Folder[]): ReadonlyMap<string, string> {
  const keys = folders.flatMap(({ path, state }) =>
    state === null || state.settings === '' || state.settings === '[]'
      ? []
      : [[path, JSON.stringify([state.kind, state.type, state.settings])] as const],
  );
  const counts = Map.groupBy(keys, ([, key]) => key);
  return new Map(keys.filter(([, key]) => counts.get(key)?.length === 1));
}

/** Adds what the rules find to the stacks of m0.yaml. */
export function survey(question: SurveyQuestion): Survey {
  const { rules, written, keyOf, shown } = question;
  const bySource = Map.groupBy(rules, (rule) => sourceOf(rule.source, keyOf));
  const candidates: Candidate[] = [];
  const left: LeftRoot[] = [];
  const problems: string[] = [];
  const covered = new Set(written.map((s) => placeOf(s, keyOf)));
  const coveredFolders = new Set(
    written.map((s) => JSON.stringify([sourceOf(s.source, keyOf), posix.normalize(s.source.path || '.')])),
  );
  for (const [source, same] of bySource) {
    const [{ source: at }] = same as [Rule, ...Rule[]];
    const place = { repository: shown(at.git), ref: at.ref };
    const trouble = question.unreadable.get(source);
    if (trouble !== undefined) problems.push(trouble);
    const snapshot = question.snapshots.get(source);
    if (snapshot === undefined) continue;
    const found = findRoots(same, snapshot.folders);
    problems.push(
      ...found.unused.map((glob) => `${glob} matches no root of ${place.repository} (${place.ref})`),
    );
    for (const { folder, status, why } of found.left) {
      if (coveredFolders.has(JSON.stringify([source, folder.path || '.']))) continue;
      left.push({ ...place, path: folder.path, workspace: null, status, why });
    }
    const states = statesOf(snapshot.folders);
    for (const taken of found.taken) {
      const { rule, folder, glob, parts } = taken;
      for (const workspace of workspacesOf(taken, source, question)) {
        if (covered.has(JSON.stringify([source, folder.path || '.', workspace]))) continue;
        const root = rootOf(rule, folder.path, parts, workspace);
        candidates.push({ source, root, state: states.get(folder.path) ?? null, rule, glob, folder });
      }
    }
  }
  const { named, unnamed } = nameRoots({
    ...question,
    found: candidates,
    taken: new Set(written.map((s) => s.name)),
  });
  const notWatched = ({ rule, root }: Candidate, why: string): void => {
    const place = { repository: shown(rule.source.git), ref: rule.source.ref };
    left.push({ ...place, path: root.path, workspace: root.workspace, status: 'unwatched', why });
  };
  for (const { placed, why } of unnamed) notWatched(placed, why);

  const stacks: Stack[] = [];
  const watched: WatchedStack[] = written.map((s) => ({
    ...{ stack: s.name, repository: shown(s.source.git), ref: s.source.ref, path: s.source.path },
    ...{ workspace: s.workspace, by: 'stacks', nameOfFolder: null, notes: [] },
  }));
  const known: KnownStack[] = [];
  const moved = new Map<string, string>();
  const auto = new Map<string, Survey['auto'][number]>();
  for (const { placed, name, movedFrom } of named) {
    const { rule, root, folder, source, state, glob } = placed;
    const built = rule.stackOf(root, name, folder.own);
    if (built.problems.length > 0) {
      notWatched(placed, built.problems.join('; '));
      continue;
    }
    const { path, workspace, templateName, environment } = root;
    stacks.push(built.stack);
    known.push({ name, source, path, workspace, templateName, environment, state });
    if (movedFrom !== null) moved.set(name, movedFrom);
    const listed = rule.workspaces === 'auto';
    if (listed) auto.set(JSON.stringify([source, path]), { source, path, stack: built.stack });
    const problem = listed ? (question.workspacesOf(source, path)?.problem ?? null) : null;
    watched.push({
      ...{ stack: name, repository: shown(rule.source.git), ref: rule.source.ref, path, workspace },
      by: `${rule.place}, glob "${glob}"`,
      nameOfFolder: name === templateName ? null : templateName,
      notes: [
        ...built.refused,
        ...(problem === null ? [] : [`its workspaces can't be listed: ${problem}`]),
        ...missingVarFiles(built.stack, question.snapshots.get(source)),
      ],
    });
  }
  const order = checkOrder([...written, ...stacks.sort(byName)]);
  return {
    stacks: order.stacks,
    watching: {
      stacks: watched.map((one) => ({
        ...one,
        notes: [...one.notes, ...(order.notes.get(one.stack) ?? [])],
      })),
      left,
      problems,
    },
    known: known.sort(byName),
    moved,
    auto: [...auto.values()],
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function missingVarFiles(stack: Stack, snapshot: Snapshot | undefined): readonly string[] {
  const there = new Set(snapshot?.varFiles ?? []);
  return stack.varFiles.flatMap((file) => {
    const path = posix.join(stack.source.path, file);
    return there.has(path) || !/\.tfvars(\.json)?$/.test(path)
      ? []
      : [`var file ${file}: there is no ${path}`];
  });
}
