/** Keeps the cards of a stack true while a tool works on it for long: they say for how long, and stop saying it. */
import type { Logger } from '../base/log.ts';
import type { Clock, Directory } from '../model/directory.ts';
import { TELL_WORKING_AFTER_MS, type Working, type WorkingNow } from '../model/working.ts';
import type { Change, Store } from '../ports/store.ts';

export interface WorkingWatchParts {
  readonly store: Store;
  readonly directory: Directory;
  readonly working: WorkingNow;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after new messages were stored. */
  readonly onChange: () => void;
}

/** The names of the stacks whose cards say that a tool is working, as JSON. A restart must correct these cards. */
const TOLD = 'cards-that-tell-of-work';
const MINUTE = 60_000;

/** Creates the watch. Call it every few seconds; it never rejects. One call at a time works, others do nothing. */
export function createWorkingWatch(parts: WorkingWatchParts): () => Promise<void> {
  const { store, directory, working, clock, log } = parts;
  /** The last minute that was told of each stack's work. */
  const minutes = new Map<string, string>();
  let told: ReadonlySet<string> | null = null;
  let isBusy = false;

  function minuteOf({ doing, since }: Working): string | null {
    const took = clock() - since;
    return took < TELL_WORKING_AFTER_MS ? null : `${doing}.${since}.${Math.floor(took / MINUTE)}`;
  }

  async function cardsOf(stack: string, key: string): Promise<readonly Change[]> {
    const open = await store.alerts({ subject: stack, state: 'open' });
    return open.map(({ id }): Change => {
      const delivery = { type: 'card', alertId: id } as const;
      return { type: 'outbox.add', key: `card:${id}:working:${key}`, delivery, at: clock() };
    });
  }

  async function look(): Promise<void> {
    told ??= new Set(JSON.parse((await store.value(TOLD)) ?? '[]') as readonly string[]);
    const next = new Map<string, string>();
    for (const { name } of directory.stacks) {
      const now = working(name);
      const minute = now === null ? null : minuteOf(now);
      if (minute !== null) next.set(name, minute);
    }
    const ended = [...told].filter((stack) => !next.has(stack));
    const moved = [...next].filter(([stack, minute]) => minutes.get(stack) !== minute);
    if (ended.length === 0 && moved.length === 0) return;
    const changes: Change[] = [];
    for (const [stack, minute] of moved) changes.push(...(await cardsOf(stack, minute)));
    for (const stack of ended) changes.push(...(await cardsOf(stack, `ended.${clock()}`)));
    const names = [...next.keys()].sort();
    await store.commit([...changes, { type: 'value.set', name: TOLD, value: JSON.stringify(names) }]);
    told = new Set(names);
    minutes.clear();
    for (const [stack, minute] of next) minutes.set(stack, minute);
    parts.onChange();
  }

  return async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      await look();
    } catch (error) {
      log.error({ err: error }, 'telling how long a tool has been working failed');
    } finally {
      isBusy = false;
    }
  };
}
