/** Polls the Git repositories of stacks and reports pushes. */
import { createHash } from 'node:crypto';
import type { Logger } from '../base/log.ts';
import { isFullCommit } from '../model/code-version.ts';
import type { Stack } from '../model/directory.ts';
import type { CodeHistory } from '../ports/runner.ts';
import type { Store } from '../ports/store.ts';

/** The fields of a stack that the watch reads. */
export type WatchedStack = Pick<Stack, 'name' | 'source' | 'varFiles' | 'pollMs'>;

/** A repository that is watched for more than the stacks in it. */
export interface WatchedSource {
  readonly git: string;
  readonly ref: string;
  readonly pollMs: number;
}

export interface PushWatchOptions {
  readonly stacks: readonly WatchedStack[];
  /** Repositories in which m0 looks for stacks; left out: none. */
  readonly sources?: readonly WatchedSource[];
  /**
   * Called with the head of each of `sources` at each poll, before the stacks there are looked at. Where it rejects,
   * that is logged, and it is called again at the next poll.
   */
  readonly onHead?: (source: WatchedSource, commit: string) => Promise<void>;
  /** The order in which the stacks of one repository are looked at, asked at each poll; left out: as they come. */
  readonly inOrder?: (stacks: readonly WatchedStack[]) => readonly WatchedStack[];
  readonly code: CodeHistory;
  readonly store: Pick<Store, 'pushedHead' | 'setPushedHead' | 'runs'>;
  /**
   * Called once for each push that may concern the stack. Where it rejects, the push is reported again at the
   * next poll.
   */
  readonly onPush: (stack: string) => Promise<unknown>;
  /** Returns the same key for all ways to write one repository's address. */
  readonly keyOf: (address: string) => string;
  readonly log: Logger;
}

export interface PushWatch {
  /** Polls the watched repositories among these addresses now. Returns the number of refs. */
  pollNow(addresses: readonly string[]): number;
  /** Goes on with these stacks; and with these repositories in which m0 looks for stacks, if given. */
  follow(stacks: readonly WatchedStack[], sources?: readonly WatchedSource[]): void;
  /** Starts no more polls, stores nothing and reports nothing. A running fetch is not interrupted. */
  stop(): Promise<void>;
}

interface Watched {
  readonly git: string;
  readonly ref: string;
  readonly stacks: readonly WatchedStack[];
  /** Set if m0 also looks for stacks there. */
  readonly source: WatchedSource | null;
  readonly everyMs: number;
}

/** Delay between the first polls of two repositories, so that a start does not fetch all at once. */
const START_SPACING_MS = 250;

/**
 * Polls the ref of each stack's code, once for all stacks that share it, and reports a new head that the
 * stack may depend on. The last head is stored, so that a push made while m0 was down is found at the next
 * start, and no push is reported twice. The first head of a stack is only stored. A repository that cannot be
 * fetched is logged once until it works again; the stack's own checks report it in chat.
 */
export function watchPushes(options: PushWatchOptions): PushWatch {
  let sources = options.sources ?? [];
  const watches = new Map<string, ReturnType<typeof watchRef>>();
  const ending = new Set<Promise<void>>();

  function follow(stacks: readonly WatchedStack[], nextSources = sources): void {
    sources = nextSources;
    const wanted = watchedRefs(stacks, sources);
    for (const [key, watch] of watches) {
      if (wanted.has(key)) continue;
      watches.delete(key);
      const ended = watch.stop().finally(() => ending.delete(ended));
      ending.add(ended);
    }
    let added = 0;
    for (const [key, watched] of wanted) {
      const known = watches.get(key);
      if (known !== undefined) known.follow(watched);
      else watches.set(key, watchRef(watched, added++ * START_SPACING_MS, options));
    }
  }

  follow(options.stacks);
  return {
    pollNow(addresses) {
      const keys = new Set(addresses.map(options.keyOf));
      const matching = [...watches.values()].filter((watch) => keys.has(options.keyOf(watch.git)));
      for (const watch of matching) watch.lookNow();
      return matching.length;
    },
    follow,
    async stop() {
      await Promise.all([...ending, ...[...watches.values()].map((watch) => watch.stop())]);
    },
  };
}

/** The stacks by repository and ref. A full commit never changes, so it is not polled. */
function watchedRefs(
  stacks: readonly WatchedStack[],
  sources: readonly WatchedSource[],
): ReadonlyMap<string, Watched> {
  const byRef = new Map<string, Watched>();
  for (const source of sources) {
    const { git, ref, pollMs } = source;
    if (!isFullCommit(ref))
      byRef.set(JSON.stringify([git, ref]), { git, ref, stacks: [], source, everyMs: pollMs });
  }
  for (const stack of stacks) {
    const { git, ref } = stack.source;
    if (stack.pollMs == null || isFullCommit(ref)) continue;
    const key = JSON.stringify([git, ref]);
    const known = byRef.get(key) ?? { git, ref, stacks: [], source: null, everyMs: stack.pollMs };
    const everyMs = Math.min(known.everyMs, stack.pollMs);
    byRef.set(key, { ...known, everyMs, stacks: [...known.stacks, stack] });
  }
  return byRef;
}

function watchRef(first: Watched, firstMs: number, options: PushWatchOptions) {
  const { code, store, log } = options;
  const { git, ref } = first;
  let watched = first;
  let timer: NodeJS.Timeout | undefined;
  let polling = false;
  let pollAgain = false;
  let stopped = false;
  let unreachable = false;
  let handling: Promise<void> = Promise.resolve();

  async function fetchHead(): Promise<string | null> {
    try {
      const { commit } = await code.fetch(git, ref);
      if (unreachable && !stopped)
        log.info({ stacks: names(), ref }, 'code can be looked at for pushes again');
      unreachable = false;
      return commit;
    } catch (error) {
      if (!unreachable && !stopped)
        log.warn({ err: error, stacks: names(), ref }, 'code can’t be looked at for pushes');
      unreachable = true;
      return null;
    }
  }

  async function mayConcern(stack: WatchedStack, from: string, to: string): Promise<boolean> {
    try {
      const { path } = stack.source;
      return await code.touches(from, to, { git, path, varFiles: stack.varFiles });
    } catch (error) {
      log.warn(
        { err: error, stack: stack.name },
        'the files that a push changed are not known, so the stack is checked',
      );
      return true;
    }
  }

  /** True where the stack's newest run has a decision and was planned from that commit. */
  async function isChecked(stack: WatchedStack, commit: string): Promise<boolean> {
    const [newest] = await store.runs({ stack: stack.name, limit: 1 });
    return newest !== undefined && newest.decision !== null && newest.code?.commit === commit;
  }

  async function handleHead(stack: WatchedStack, head: string): Promise<void> {
    const source = sourceId(stack);
    const stored = await store.pushedHead(stack.name);
    if (stored?.head === head && stored.source === source) return;
    if (stored !== undefined) {
      const from = stored.head;
      const mayConcernStack = stored.source !== source || (await mayConcern(stack, from, head));
      if (stopped) return;
      if (mayConcernStack && !(await isChecked(stack, head))) {
        log.info({ stack: stack.name, from, to: head }, 'a push may concern the stack, so it is checked');
        await options.onPush(stack.name);
      }
    }
    // Stored afterwards: a push whose handling a crash interrupted is reported again, and joins the check
    // that is queued by then.
    await store.setPushedHead(stack.name, { head, source });
  }

  async function lookForStacks(source: WatchedSource, head: string): Promise<void> {
    try {
      await options.onHead?.(source, head);
    } catch (error) {
      log.error({ err: error, ref }, 'the stacks in a repository could not be read anew; it is tried again');
    }
  }

  async function poll(): Promise<void> {
    const head = await fetchHead();
    if (head !== null && watched.source !== null && !stopped) {
      handling = lookForStacks(watched.source, head);
      await handling;
    }
    const inOrder = options.inOrder ?? ((stacks) => stacks);
    for (const stack of head === null ? [] : inOrder(watched.stacks)) {
      if (stopped) return;
      handling = handleHead(stack, head ?? '').catch((error: unknown) => {
        log.error({ err: error, stack: stack.name }, 'a push could not be handled; it is tried again');
      });
      await handling;
    }
  }

  function begin(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (polling) {
      pollAgain = true;
      return;
    }
    polling = true;
    void poll().finally(() => {
      polling = false;
      if (stopped) return;
      const delay = pollAgain ? 0 : watched.everyMs;
      pollAgain = false;
      timer = setTimeout(begin, delay);
    });
  }

  const names = (): readonly string[] => watched.stacks.map((stack) => stack.name);
  timer = setTimeout(begin, firstMs);
  return {
    git,
    lookNow: begin,
    follow(next: Watched) {
      watched = next;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await handling;
    },
  };
}

/** Identifies the code that a commit belongs to. Hashed, because an address may hold a user's name. */
function sourceId({ source }: WatchedStack): string {
  const { git, ref, path } = source;
  return createHash('sha256')
    .update(JSON.stringify([git, ref, path]))
    .digest('hex')
    .slice(0, 16);
}
