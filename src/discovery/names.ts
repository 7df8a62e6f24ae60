/**
 * Gives each root the name of its stack. History, exemptions and alerts are stored by name, so a root keeps its name
 * when its folder moves. Pure.
 */
import type { Root } from './rule.ts';

/** A root in its repository. */
export interface PlacedRoot {
  /** Identifies the repository and the ref. */
  readonly source: string;
  readonly root: Root;
  /** Identifies where its state is; null: its code does not tell it, or another root's is the same. */
  readonly state: string | null;
}

/** A stack as it was watched before. */
export interface KnownStack {
  readonly name: string;
  readonly source: string;
  readonly path: string;
  readonly workspace: string;
  readonly templateName: string;
  readonly environment: string;
  readonly state: string | null;
}

export interface NamedRoot<R extends PlacedRoot = PlacedRoot> {
  readonly placed: R;
  readonly name: string;
  /** The path where it was before; null if it did not move. */
  readonly movedFrom: string | null;
}

export interface Naming<R extends PlacedRoot = PlacedRoot> {
  readonly named: readonly NamedRoot<R>[];
  /** Roots that get no name, each with the reason. */
  readonly unnamed: readonly { readonly placed: R; readonly why: string }[];
}

export interface NamingQuestion<R extends PlacedRoot = PlacedRoot> {
  readonly found: readonly R[];
  /** What was watched before. */
  readonly known: readonly KnownStack[];
  /** What was watched once and is gone. It gets its name back where its state appears again. */
  readonly gone: readonly KnownStack[];
  /** Names of stacks that m0.yaml writes out, each with what it is. */
  readonly taken: ReadonlySet<string>;
  /** The folder where a folder's code moved to, in the repository `source`. */
  readonly movedTo: (source: string, path: string) => string | undefined;
}

const placeOf = (one: Pick<KnownStack, 'source' | 'path' | 'workspace'>): string =>
  JSON.stringify([one.source, one.path, one.workspace]);

const rootPlace = ({ source, root }: PlacedRoot): string => placeOf({ source, ...root });

/** How sure it is that the name is this root's. The surest one gets it. */
type Claim = 'known' | 'moved' | 'template';
const CLAIMS: readonly Claim[] = ['known', 'moved', 'template'];

interface Claimed<R extends PlacedRoot> extends NamedRoot<R> {
  readonly claim: Claim;
}

/** Finds the stack that the root was before its folder moved. */
function movedStack(
  placed: PlacedRoot,
  candidates: readonly KnownStack[],
  movedTo: NamingQuestion['movedTo'],
): KnownStack | undefined {
  const { root } = placed;
  const possible = candidates.filter(
    (one) =>
      one.source === placed.source &&
      one.workspace === root.workspace &&
      // In another environment other people decide, so it is another stack there.
      one.environment === root.environment,
  );
  const renamed = possible.filter((one) => movedTo(one.source, one.path) === root.path);
  const sameState = placed.state === null ? [] : possible.filter((one) => one.state === placed.state);
  const [only, ...more] = sameState.length > 0 ? sameState : renamed;
  return more.length === 0 ? only : undefined;
}

/** Names each root: as before, else as before its move, else by the template of its rule. */
export function nameRoots<R extends PlacedRoot>(question: NamingQuestion<R>): Naming<R> {
  const { found, known, gone, taken, movedTo } = question;
  const knownAt = new Map([...gone, ...known].map((one) => [placeOf(one), one]));
  const foundAt = new Set(found.map(rootPlace));
  const vanishedOf = (stacks: readonly KnownStack[]): readonly KnownStack[] =>
    stacks.filter((one) => !foundAt.has(placeOf(one)));
  const [justGone, longGone] = [vanishedOf(known), vanishedOf(gone)];
  const claims = found.map((placed): Claimed<R> => {
    const before = knownAt.get(rootPlace(placed));
    const { templateName } = placed.root;
    if (before !== undefined && before.templateName === templateName) {
      return { placed, name: before.name, movedFrom: null, claim: 'known' };
    }
    const moved =
      before === undefined
        ? (movedStack(placed, justGone, movedTo) ?? movedStack(placed, longGone, () => undefined))
        : undefined;
    return moved === undefined
      ? { placed, name: templateName, movedFrom: null, claim: 'template' }
      : { placed, name: moved.name, movedFrom: moved.path, claim: 'moved' };
  });
  const named: NamedRoot<R>[] = [];
  const unnamed: { placed: R; why: string }[] = [];
  for (const [name, same] of Map.groupBy(claims, (claim) => claim.name)) {
    const surest = CLAIMS.find((claim) => same.some((one) => one.claim === claim));
    const [first, ...equal] = same.filter((one) => one.claim === surest);
    const holder = taken.has(name) || equal.length > 0 ? undefined : first;
    for (const one of same) {
      if (one === holder) named.push({ placed: one.placed, name, movedFrom: one.movedFrom });
      else unnamed.push({ placed: one.placed, why: sameName(name, one, same, taken) });
    }
  }
  return { named, unnamed };
}

function sameName(
  name: string,
  one: NamedRoot,
  same: readonly NamedRoot[],
  taken: ReadonlySet<string>,
): string {
  const where = ({ placed: { root } }: NamedRoot): string =>
    root.workspace === 'default' ? root.path : `${root.path} in workspace ${root.workspace}`;
  const others = same.filter((other) => other !== one).map(where);
  const also = [...(taken.has(name) ? ['a stack that m0.yaml writes out'] : []), ...others];
  return `its name "${name}" is also that of ${also.join(' and of ')}: names must differ`;
}
