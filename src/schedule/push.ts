import { createHash } from 'node:crypto';
import type { Logger } from '../base/log.ts';
import type { Stack } from '../model/directory.ts';
import type { CodeHistory } from '../ports/runner.ts';
import type { Store } from '../ports/store.ts';

/** What is watched of a stack. */
export type WatchedStack = Pick<Stack, 'name' | 'source' | 'varFiles' | 'pollMs'>;

export interface PushWatchOptions {
  readonly stacks: readonly WatchedStack[];
  readonly code: CodeHistory;
  readonly store: Pick<Store, 'pushedHead' | 'setPushedHead' | 'runs'>;
  /** Called once for a push that may concern the stack. A push whose call rejects comes again. */
  readonly onPush: (stack: string) => Promise<unknown>;
  /** Equal for two ways to write the address of one repository. */
  readonly keyOf: (address: string) => string;
  readonly log: Logger;
}

export interface PushWatch {
  /** Looks at the watched repositories among these addresses now; answers how many refs that are. */
  lookNow(addresses: readonly string[]): number;
  /** No look begins after it and nothing is stored or queued any more; a fetch under way is left alone. */
  stop(): Promise<void>;
}

interface Watched {
  readonly git: string;
  readonly ref: string;
  readonly stacks: readonly WatchedStack[];
  readonly everyMs: number;
}

/** Between the first looks at two repositories, so that a start does not fetch all of them at once. */
const APART_MS = 250;
const FULL_COMMIT = /^[0-9a-f]{40,64}$/;

/**
 * Looks at the ref of each stack's code, once for all stacks of a ref, and tells of a head that moved and that
 * the stack may depend on. What was seen last is stored, so that a push made while nothing ran is found at the
 * next start and none is told twice. A stack seen for the first time is only remembered. A repository that
 * can't be fetched is logged once for as long as that lasts; the stack's own checks tell people.
 */
export function watchPushes(options: PushWatchOptions): PushWatch {
  const watches = watchedRefs(options.stacks).map((watched, i) => watchRef(watched, i * APART_MS, options));
  return {
    lookNow(addresses) {
      const keys = new Set(addresses.map(options.keyOf));
      const meant = watches.filter((watch) => keys.has(options.keyOf(watch.git)));
      for (const watch of meant) watch.lookNow();
      return meant.length;
    },
    async stop() {
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}

/** The stacks by repository and ref. A full commit never moves, so nobody looks at it. */
function watchedRefs(stacks: readonly WatchedStack[]): readonly Watched[] {
  const byRef = new Map<string, Watched>();
  for (const stack of stacks) {
    const { git, ref } = stack.source;
    if (stack.pollMs == null || FULL_COMMIT.test(ref)) continue;
    const key = JSON.stringify([git, ref]);
    const known = byRef.get(key) ?? { git, ref, stacks: [], everyMs: stack.pollMs };
    const everyMs = Math.min(known.everyMs, stack.pollMs);
    byRef.set(key, { ...known, everyMs, stacks: [...known.stacks, stack] });
  }
  return [...byRef.values()];
}

function watchRef(watched: Watched, firstMs: number, options: PushWatchOptions) {
  const { code, store, log } = options;
  const { git, ref } = watched;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let again = false;
  let stopped = false;
  let away = false;
  let storing: Promise<void> = Promise.resolve();

  async function fetchHead(): Promise<string | null> {
    try {
      const { commit } = await code.fetch(git, ref);
      if (away && !stopped) log.info({ stacks: names(), ref }, 'code can be looked at for pushes again');
      away = false;
      return commit;
    } catch (error) {
      if (!away && !stopped)
        log.warn({ err: error, stacks: names(), ref }, 'code can’t be looked at for pushes');
      away = true;
      return null;
    }
  }

  async function mayConcern(stack: WatchedStack, from: string, to: string): Promise<boolean> {
    try {
      const { path } = stack.source;
      return await code.touches(from, to, { git, path, varFiles: stack.varFiles });
    } catch (error) {
      log.warn({ err: error, stack: stack.name }, 'what a push touches can’t be told: the stack is checked');
      return true;
    }
  }

  /** True where the newest finished plan of the stack was made from that commit already. */
  async function isChecked(stack: WatchedStack, commit: string): Promise<boolean> {
    const [newest] = await store.runs({ stack: stack.name, limit: 1 });
    return newest !== undefined && newest.decision !== null && newest.code?.commit === commit;
  }

  async function tell(stack: WatchedStack, head: string): Promise<void> {
    const source = sourceId(stack);
    const seen = await store.pushedHead(stack.name);
    if (seen?.head === head && seen.source === source) return;
    if (seen !== undefined) {
      const from = seen.head;
      const concerns = seen.source !== source || (await mayConcern(stack, from, head));
      if (stopped) return;
      if (concerns && !(await isChecked(stack, head))) {
        log.info({ stack: stack.name, from, to: head }, 'a push may concern the stack: it is checked');
        await options.onPush(stack.name);
      }
    }
    // After, not before: what a crash cut short comes again, and joins the check that is queued by then.
    await store.setPushedHead(stack.name, { head, source });
  }

  async function look(): Promise<void> {
    const head = await fetchHead();
    for (const stack of head === null ? [] : watched.stacks) {
      if (stopped) return;
      storing = tell(stack, head ?? '').catch((error: unknown) => {
        log.error({ err: error, stack: stack.name }, 'a push could not be followed up; it comes again');
      });
      await storing;
    }
  }

  function begin(): void {
    clearTimeout(timer);
    if (stopped) return;
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    void look().finally(() => {
      looking = false;
      if (stopped) return;
      const delay = again ? 0 : watched.everyMs;
      again = false;
      timer = setTimeout(begin, delay);
    });
  }

  const names = (): readonly string[] => watched.stacks.map((stack) => stack.name);
  timer = setTimeout(begin, firstMs);
  return {
    git,
    lookNow: begin,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await storing;
    },
  };
}

/** Which code a commit was seen of; hashed, as an address may hold a user's name. */
function sourceId({ source }: WatchedStack): string {
  const { git, ref, path } = source;
  return createHash('sha256')
    .update(JSON.stringify([git, ref, path]))
    .digest('hex')
    .slice(0, 16);
}
