/** Walks findings into the code. All state is in the store, so a crash loses only time. */
import { createKeyedLock } from '../base/keyed-lock.ts';
import { type Codification, isActive } from '../model/codification.ts';
import type { CodifyParts } from './parts.ts';
import { editName } from './propose.ts';
import { advance } from './steps.ts';

export interface CodifyWorker {
  /** Looks at everything that is on its way, and does what is due. Never rejects; resolves when that is done. */
  look(): Promise<void>;
  /** Looks soon: something was stored. */
  wake(): void;
  /** Takes no new work and stops plans that are being made: they are made again after the next start. */
  drain(): Promise<void>;
}

/** The states in which a step may take minutes; one at a time, because each plans whole stacks. */
const LONG: readonly Codification['state'][] = ['asked', 'proving'];
const PROVING = 'proving';
/** The most steps that one look makes of one finding: each state leads to another one, and some back to themselves. */
const MOST_STEPS = 8;

/** Creates the worker. It does nothing before `look` or `wake`. */
export function createCodifyWorker(parts: CodifyParts): CodifyWorker {
  const { store, directory, clock, log } = parts;
  const stop = new AbortController();
  const alone = createKeyedLock();
  const busy = new Map<number, Promise<void>>();
  let waking: NodeJS.Immediate | null = null;

  /** Walks one as far as it goes now; `long`: also through steps that take minutes. */
  async function walk(id: number, long: boolean): Promise<void> {
    for (let steps = 0; steps < MOST_STEPS && !stop.signal.aborted; steps += 1) {
      const one = await store.codification(id);
      if (one === undefined || !isDue(one) || (LONG.includes(one.state) && !long)) return;
      await advance(parts, one, stop.signal);
      const after = await store.codification(id);
      if (after === undefined || after.version === one.version) return;
      if (!isActive(after)) return forget(after);
    }
  }

  /** The commit of what ended is needed no more: its patch is stored. After a crash here it stays, which costs little. */
  async function forget(one: Codification): Promise<void> {
    const git = one.pullRequest?.git ?? directory.stacks.find(({ name }) => name === one.stack)?.source.git;
    if (git === undefined || one.commit === null) return;
    try {
      await parts.code.forget(git, editName(one));
    } catch (error) {
      log.warn({ err: error, codification: one.id }, 'an old edit could not be deleted');
    }
  }

  /** An open one is looked at each time: a new plan of its stack may tell that the drift ended or moved. */
  function isDue({ state, dueAt, trouble }: Codification): boolean {
    return state === 'open' || (state === 'merged' && trouble === null) || dueAt <= clock();
  }

  function begin(one: Codification): Promise<void> {
    const long = LONG.includes(one.state);
    const work = (): Promise<void> => walk(one.id, long);
    const job = (long ? alone(PROVING, work, stop.signal) : work())
      .catch((error: unknown) => {
        if (!stop.signal.aborted)
          log.error(
            { err: error, codification: one.id, stack: one.stack },
            'a step into the code could not be stored',
          );
      })
      .finally(() => busy.delete(one.id));
    busy.set(one.id, job);
    return job;
  }

  async function look(): Promise<void> {
    if (stop.signal.aborted) return;
    try {
      const active = await store.codifications({ active: true });
      await Promise.all(active.map((one) => busy.get(one.id) ?? begin(one)));
    } catch (error) {
      log.error({ err: error }, 'looking at what goes into the code failed; it is tried again');
    }
  }

  return {
    look,
    wake() {
      if (stop.signal.aborted || waking !== null) return;
      waking = setImmediate(() => {
        waking = null;
        void look();
      });
    },
    async drain() {
      stop.abort();
      if (waking !== null) clearImmediate(waking);
      await Promise.all(busy.values());
    },
  };
}
