/** Holds runs back until those of the stacks that they follow are done. */
import type { Logger } from '../base/log.ts';
import type { Directory } from '../model/directory.ts';
import { allUpstream, type IgnoredOrder, orderOf, type StackLinks, type StackOrder } from '../model/order.ts';
import type { RunState } from '../model/run.ts';
import type { Store } from '../ports/store.ts';
import { URGENCY, type Waiting } from './work-order.ts';

export interface WorkingOrder {
  /** Reads what other processes have learnt since. Rejects if the store fails. */
  refresh(): Promise<void>;
  /** Stores what the stack's newest plan showed. Rejects if the store fails. */
  learn(stack: string, links: StackLinks): Promise<void>;
  /** The stacks that the stack follows, and what its code shows and does not count. */
  of(
    stack: string,
  ): Promise<{ readonly follows: readonly string[]; readonly ignored: readonly IgnoredOrder[] }>;
  /** All stacks that come before the stack, as far as it is known by now. */
  upstreamOf(stack: string): ReadonlySet<string>;
  /** The ids of those of the waiting runs that others hold back now. `all`: all runs that wait, if `waiting` are not. */
  heldBack(waiting: readonly Waiting[], all?: readonly Waiting[]): Promise<ReadonlySet<number>>;
  /** The stacks whose applies an apply of this stack must wait for. */
  allBefore(stack: string): Promise<readonly string[]>;
}

/** States in which a check is not made yet. What waits for a person, a lock or a pause holds nobody back. */
const CHECKING: readonly RunState[] = ['queued', 'planning', 'deciding'];
const ACTIVE: readonly RunState[] = ['planning', 'deciding', 'applying'];
const LINKS = 'links ';
const key = (stack: string): string => `${LINKS}${stack}`;

/** Links are stored as single values, and read once, or anew by `refresh`. */
export function createWorkingOrder({
  store,
  directory,
  log,
}: {
  readonly store: Store;
  readonly directory: Directory;
  readonly log: Logger;
}): WorkingOrder {
  const links = new Map<string, StackLinks>();
  /** The links of each stack as they were last read by `refresh`. */
  const texts = new Map<string, string>();
  /** Stacks whose links were read from the store. Others appear when m0 finds stacks. */
  const read = new Set<string>();
  let known: { readonly stacks: Directory['stacks']; readonly order: StackOrder } | null = null;

  async function readLinks(): Promise<void> {
    if (directory.stacks.every(({ name }) => read.has(name))) return;
    // All in one query: there may be thousands of stacks.
    const stored = await store.values(LINKS);
    for (const { name } of directory.stacks) {
      // Learnt in the meantime, which is newer.
      if (read.has(name)) continue;
      read.add(name);
      const text = stored.get(key(name));
      if (text !== undefined) links.set(name, JSON.parse(text) as StackLinks);
      known = null;
    }
  }

  async function order(): Promise<StackOrder> {
    await readLinks();
    return orderNow();
  }

  /** The order of the newest stacks, by the links that were read. */
  function orderNow(): StackOrder {
    if (known?.stacks === directory.stacks) return known.order;
    const found = orderOf(directory.stacks, links);
    for (const { stack, upstream, ring } of found.ignored) {
      log.warn(
        { stack, upstream, ring: ring.join(' → ') },
        'stacks read each other’s states: one order is ignored',
      );
    }
    known = { stacks: directory.stacks, order: found };
    return found;
  }

  return {
    async refresh() {
      const stored = await store.values(LINKS);
      for (const { name } of directory.stacks) {
        const text = stored.get(key(name));
        read.add(name);
        if (text === undefined || text === texts.get(name)) continue;
        texts.set(name, text);
        links.set(name, JSON.parse(text) as StackLinks);
        known = null;
      }
    },
    async learn(stack, learnt) {
      await readLinks();
      const text = JSON.stringify(learnt);
      if (JSON.stringify(links.get(stack)) === text) return;
      await store.setValue(key(stack), text);
      read.add(stack);
      texts.set(stack, text);
      links.set(stack, learnt);
      known = null;
    },
    async of(stack) {
      const { upstream, ignored } = await order();
      return { follows: upstream.get(stack) ?? [], ignored: ignored.filter((each) => each.stack === stack) };
    },
    upstreamOf: (stack) => (read.size === 0 ? new Set() : allUpstream(orderNow(), stack)),
    async heldBack(waiting, all = waiting) {
      const now = await order();
      if ([...now.upstream.values()].every((of) => of.length === 0)) return new Set();
      const active = Map.groupBy<string, Waiting>(
        [...all, ...(await store.runs({ states: ACTIVE }))],
        ({ stack }) => stack,
      );
      return new Set(
        waiting.flatMap((run) => {
          if (run.state !== 'queued' && run.state !== 'approved') return [];
          const before = [...allUpstream(now, run.stack)].flatMap((stack) => active.get(stack) ?? []);
          return before.some((other) => holds(other, run)) ? [run.id] : [];
        }),
      );
    },
    allBefore: async (stack) => [...allUpstream(await order(), stack)],
  };
}

/** A check waits for checks upstream that are at least as urgent, an apply for applies there. */
function holds(upstream: Waiting, run: Waiting): boolean {
  if (run.state === 'approved') return upstream.state === 'applying';
  return CHECKING.includes(upstream.state) && URGENCY[upstream.trigger] <= URGENCY[run.trigger];
}
