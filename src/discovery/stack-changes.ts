/** Which stacks appear, move and vanish, compared with those that were watched until now. Pure. */
import type { Stack } from '../model/directory.ts';
import { codeName } from '../text/words.ts';
import type { Snapshot } from './folder.ts';
import type { KnownStack } from './names.ts';
import type { GoneStack } from './state.ts';
import { placeOf, type Survey, type SurveyQuestion, sourceOf } from './survey.ts';

export interface StackChanges {
  readonly found: readonly Stack[];
  /** Names, each with the path where it was before. */
  readonly moved: readonly (readonly [string, string])[];
  readonly gone: readonly GoneStack[];
  /** `source`: the repository that it is about. */
  readonly problems: readonly { readonly where: string; readonly why: string; readonly source: string }[];
}

/** The stacks that were watched until now. `known`: those of them that were found in repositories. */
interface WatchedBefore {
  readonly stacks: readonly Stack[];
  readonly known: readonly KnownStack[];
}

/** The repositories under `discover`, as m0.yaml names them and as they were read now. */
interface ReadSources extends Pick<SurveyQuestion, 'keyOf' | 'shown'> {
  readonly sources: readonly { readonly key: string; readonly git: string; readonly ref: string }[];
  /** By the keys of the sources. */
  readonly snapshots: Readonly<Record<string, Snapshot>>;
}

/** Why a stack that was known is not among the stacks any more. */
function whyGone(one: KnownStack, next: Survey, { sources, snapshots, shown }: ReadSources): string {
  const source = sources.find(({ key }) => key === one.source);
  if (source === undefined) return 'its repository is not under discover in m0.yaml any more';
  const snapshot = snapshots[one.source];
  const code = codeName({ repository: shown(source.git), commit: snapshot?.commit ?? '' });
  if (snapshot?.folders.every(({ path }) => path !== one.path)) {
    return `${one.path === '' ? 'its code' : `its folder ${one.path}`} is gone from ${code}`;
  }
  const left = next.watching.left.find(
    (root) =>
      root.path === one.path &&
      root.ref === source.ref &&
      root.repository === shown(source.git) &&
      (root.workspace === null || root.workspace === one.workspace),
  );
  if (left !== undefined) return `${one.path}: ${left.why}`;
  const named = next.known.find(
    (k) => k.source === one.source && k.path === one.path && k.workspace === one.workspace,
  );
  return named === undefined
    ? `m0.yaml or ${code} has no workspace ${one.workspace} for it any more`
    : `by m0.yaml it is ${named.name} now`;
}

/** The stacks that m0.yaml wrote out until now, and that are not watched any more. */
function goneFromFile(
  before: WatchedBefore,
  { stacks }: Survey,
  keyOf: ReadSources['keyOf'],
): readonly GoneStack[] {
  const names = new Set([...stacks, ...before.known].map((s) => s.name));
  return before.stacks
    .filter((stack) => !names.has(stack.name))
    .map((stack) => {
      const { name, environment, workspace } = stack;
      const same = stacks.find((other) => placeOf(other, keyOf) === placeOf(stack, keyOf));
      const why =
        same === undefined ? 'm0.yaml does not name it any more' : `by m0.yaml it is ${same.name} now`;
      const source = sourceOf(stack.source, keyOf);
      return {
        ...{ name, source, path: stack.source.path, workspace, templateName: name, environment },
        ...{ state: null, why },
      };
    });
}

/** Compares what is watched now, `next`, with what was watched before. */
export function stackChanges(before: WatchedBefore, next: Survey, read: ReadSources): StackChanges {
  const names = new Set(next.stacks.map((s) => s.name));
  const namesBefore = new Set([...before.known, ...before.stacks].map((s) => s.name));
  const gone = [
    ...before.known
      .filter((one) => !names.has(one.name))
      .map((one) => ({ ...one, why: whyGone(one, next, read) })),
    ...goneFromFile(before, next, read.keyOf),
  ];
  const sourceAt = (repository: string, ref: string): string =>
    read.sources.find((s) => read.shown(s.git) === repository && s.ref === ref)?.key ?? '';
  const problems = [
    ...next.watching.left.flatMap((root) =>
      root.status === 'unwatched' && root.workspace !== null
        ? [{ where: root.path, why: root.why, source: sourceAt(root.repository, root.ref) }]
        : [],
    ),
    ...next.watching.stacks.flatMap((one) =>
      one.notes.map((why) => ({
        where: one.stack,
        why,
        source: sourceAt(one.repository, one.ref),
      })),
    ),
  ];
  return {
    found: next.stacks.filter((s) => !namesBefore.has(s.name)),
    moved: [...next.moved].filter(([name]) => namesBefore.has(name)),
    gone,
    problems,
  };
}
