/** Which stacks come after which: a stack follows those whose state it reads, and those that m0.yaml names. Pure. */
import type { Stack } from './directory.ts';

/** What a stack's newest plan showed of its place among others. States are hashes of where they are stored. */
export interface StackLinks {
  /** Where its own state is; null if only this machine knows. */
  readonly state: string | null;
  /** The states that its code reads (`terraform_remote_state`). */
  readonly reads: readonly string[];
  /** Folders of the same repository that it depends on, as Terragrunt tells them. */
  readonly folders?: readonly string[];
}

/** An order that the code shows and that would make a ring with the others: it does not count. */
export interface IgnoredOrder {
  readonly stack: string;
  readonly upstream: string;
  /** The ring, from the stack back to itself: `app`, `network`, `app`. */
  readonly ring: readonly string[];
}

export interface StackOrder {
  /** The stacks that the stack follows directly, sorted. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly ignored: readonly IgnoredOrder[];
}

type Ordered = Pick<Stack, 'name' | 'after' | 'source'>;

/** The order of the stacks: what m0.yaml says (`after`), and what the links show as far as it makes no ring. */
export function orderOf(stacks: readonly Ordered[], links: ReadonlyMap<string, StackLinks>): StackOrder {
  const names = new Set(stacks.map(({ name }) => name));
  const upstream = new Map(
    stacks.map(({ name, after = [] }) => [
      name,
      new Set(after.filter((each) => names.has(each) && each !== name)),
    ]),
  );
  const ignored: IgnoredOrder[] = [];
  for (const [stack, other] of shownBy(stacks, links)) {
    if (upstream.get(stack)?.has(other)) continue;
    const way = wayTo(other, stack, upstream);
    if (way === null) upstream.get(stack)?.add(other);
    else ignored.push({ stack, upstream: other, ring: [stack, ...way] });
  }
  return {
    upstream: new Map([...upstream].map(([stack, of]) => [stack, [...of].sort()])),
    ignored,
  };
}

/** Pairs of a stack and one that it follows, as the links show them, in a fixed order. */
function shownBy(
  stacks: readonly Ordered[],
  links: ReadonlyMap<string, StackLinks>,
): readonly (readonly [string, string])[] {
  const sorted = [...stacks].sort((a, b) => (a.name < b.name ? -1 : 1));
  const byState = Map.groupBy(sorted, ({ name }) => links.get(name)?.state ?? null);
  return sorted.flatMap(({ name, source }) => {
    const { reads = [], folders = [] } = links.get(name) ?? {};
    const read = reads.flatMap((state) => byState.get(state) ?? []);
    const below = sorted.filter(
      (each) => each.source.git === source.git && folders.includes(each.source.path),
    );
    const others = new Set([...read, ...below].map((each) => each.name));
    return [...others].filter((other) => other !== name).map((other) => [name, other] as const);
  });
}

/** The way from one stack along those that it follows to another, both included; null if there is none. */
function wayTo(
  from: string,
  to: string,
  upstream: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] | null {
  const seen = new Set<string>();
  const go = (at: string): readonly string[] | null => {
    if (at === to) return [at];
    if (seen.has(at)) return null;
    seen.add(at);
    for (const next of upstream.get(at) ?? []) {
      const rest = go(next);
      if (rest !== null) return [at, ...rest];
    }
    return null;
  };
  return go(from);
}

/** A ring in what m0.yaml says, from a stack back to itself; null if there is none. */
export function ringIn(stacks: readonly Pick<Stack, 'name' | 'after'>[]): readonly string[] | null {
  const upstream = new Map(stacks.map(({ name, after = [] }) => [name, new Set(after)]));
  for (const { name, after = [] } of stacks) {
    for (const other of after) {
      const way = wayTo(other, name, upstream);
      if (way !== null) return [name, ...way];
    }
  }
  return null;
}

/** The stacks of one round, each after those of them that it follows; otherwise in the given order. */
export function inRoundOrder<T extends { readonly name: string }>(
  stacks: readonly T[],
  upstreamOf: (stack: string) => ReadonlySet<string>,
): readonly T[] {
  // Whoever follows another stack has more stacks upstream than that one.
  const place = new Map(stacks.map(({ name }) => [name, upstreamOf(name).size]));
  return [...stacks].sort((a, b) => (place.get(a.name) ?? 0) - (place.get(b.name) ?? 0));
}

/** All stacks that come before the stack. */
export function allUpstream(order: StackOrder, stack: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (of: string): void => {
    for (const each of order.upstream.get(of) ?? []) {
      if (found.has(each)) continue;
      found.add(each);
      add(each);
    }
  };
  add(stack);
  return found;
}
