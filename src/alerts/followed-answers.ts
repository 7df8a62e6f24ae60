/**
 * Keeps the answers of `drift` up to date until their checks have ended, also over a restart. What is followed is stored
 * before an answer says that it is checking, so none says so for ever. An index tells who waits for which run, so that
 * a step of a run reads nothing of the others.
 */
import { setImmediate as letOthersWork } from 'node:timers/promises';
import { z } from 'zod';
import { createKeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/log.ts';
import type { Card } from '../messages/card.ts';
import type { Clock } from '../model/directory.ts';
import type { FollowedAnswer, FollowedState } from '../model/followed-answer.ts';
import type { Run, RunState } from '../model/run.ts';
import { TELL_WORKING_AFTER_MS, type WorkingNow } from '../model/working.ts';
import type { ChatPort } from '../ports/chat.ts';
import type { OutboxMessage } from '../ports/outbox.ts';
import type { Change, Store } from '../ports/store.ts';
import { WaitingForRuns } from './waiting-for-runs.ts';

/** How long an answer is followed. Every check ends far earlier, unless m0 was down. */
const FOLLOW_MS = 24 * 60 * 60_000;
/** The most answers that are followed at a time. With more, the oldest are given up. */
const MOST_FOLLOWED = 200;
const MINUTE = 60_000;
/** How many runs are read between two pauses for other work. */
const BATCH = 20;
const NAME = 'followed-answers';

const stored = z.array(
  z.object({
    platform: z.enum(['slack', 'teams']),
    channel: z.string(),
    messageId: z.string(),
    target: z.string().nullable(),
    checks: z.array(z.object({ stack: z.string(), run: z.number() })),
    since: z.number(),
  }),
);

const UNDER_WAY: readonly RunState[] = [
  ...(['queued', 'planning', 'deciding', 'approved', 'applying', 'verifying'] as const),
];

export interface FollowedAnswersParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly working: WorkingNow;
  /** True if the run is approved and waits for the end of a pause, so that m0 has nothing to do on it. */
  readonly held: (run: Run) => Promise<boolean>;
  readonly log: Logger;
  /** Called after new messages were stored. */
  readonly onChange: () => void;
  /** The answer's card now. */
  readonly card: (answer: FollowedAnswer, state: FollowedState) => Promise<Card>;
}

/** The address of an answer, as the outbox has it. */
export type AnswerMessage = Extract<OutboxMessage, { readonly type: 'answer' }>;

export interface FollowedAnswers {
  /** Follows a posted answer from now on, and lets it say that it is checking. Rejects if the store fails. */
  follow(answer: FollowedAnswer): Promise<void>;
  /**
   * Tells the answers that wait for these runs of their step. Null: something else has changed, as a pause; then those
   * that wait for approved runs are told. Never rejects.
   */
  moved(runs: readonly Run[] | null): Promise<void>;
  /**
   * Looks for answers that have something new to say: reads every run that is waited for. Called at times, not with
   * each step. Never rejects.
   */
  look(): Promise<void>;
  /**
   * Brings the answer to its newest state, and stops following it if that was the last one. Rejects with a ChatError.
   * An answer that is not followed any more is left as it is.
   */
  deliver(message: AnswerMessage, chat: Pick<ChatPort, 'update'>): Promise<void>;
  /** Stops following an answer that its chat refuses to update. */
  forget(message: AnswerMessage): Promise<void>;
  /** Looks no more, and waits until the last look has ended. Never rejects. */
  drain(): Promise<void>;
}

const keyOf = ({ platform, channel, messageId }: Omit<AnswerMessage, 'type'>): string =>
  `answer:${platform}:${channel}:${messageId}`;

export function createFollowedAnswers(parts: FollowedAnswersParts): FollowedAnswers {
  const { store, clock, working, log } = parts;
  /** Serialises read-modify-write of the list. */
  const alone = createKeyedLock();
  /** The answers as they are stored, by key; null before they were read. */
  let known: ReadonlyMap<string, FollowedAnswer> | null = null;
  const waiting = new WaitingForRuns();
  /** Runs that are waited for and approved: a pause holds them, and then nothing is left to wait for. */
  const approved = new Set<number>();
  /** What was put into the outbox by this process, so that it is not tried again: keys by answer. */
  const queued = new Map<string, Set<string>>();
  let looking: Promise<void> | null = null;
  let isDraining = false;

  /** The followed answers. The first call reads them, and asks of each of their runs where it is. */
  async function followed(): Promise<ReadonlyMap<string, FollowedAnswer>> {
    if (known !== null) return known;
    return alone(NAME, async () => {
      if (known !== null) return known;
      const list = stored.parse(JSON.parse((await store.value(NAME)) ?? '[]'));
      const answers = new Map(list.map((answer) => [keyOf(answer), answer]));
      for (const [key, answer] of answers) {
        waiting.add(
          key,
          answer.checks.map(({ run }) => run),
        );
      }
      await readRuns(waiting.runs());
      known = answers;
      return known;
    });
  }

  /** Stores the answers as `make` makes them, with what goes with it. */
  async function change(
    make: (answers: ReadonlyMap<string, FollowedAnswer>) => ReadonlyMap<string, FollowedAnswer>,
    also: readonly Change[] = [],
  ): Promise<void> {
    await followed();
    await alone(NAME, async () => {
      const next = make(known ?? new Map());
      const value = JSON.stringify([...next.values()]);
      await store.commit([{ type: 'value.set', name: NAME, value }, ...also]);
      known = next;
    });
  }

  function update(answer: FollowedAnswer, what: string): Extract<Change, { type: 'outbox.add' }> {
    const { platform, channel, messageId, since } = answer;
    const delivery = { type: 'answer', platform, channel, messageId } as const;
    return { type: 'outbox.add', key: `${keyOf(answer)}:${since}:${what}`, delivery, at: clock() };
  }

  /** Takes over where the run is now, and follows it to the newer run that took over from it. */
  async function take(run: Run): Promise<void> {
    if (waiting.answersOf(run.id).size === 0) return;
    const newer = run.state === 'superseded' ? run.relatedRun : null;
    if (newer !== null && newer > run.id) {
      approved.delete(run.id);
      waiting.replace(run.id, newer);
      return readRun(newer);
    }
    if (!UNDER_WAY.includes(run.state)) {
      approved.delete(run.id);
      waiting.end(run.id);
    } else if (run.state === 'approved') approved.add(run.id);
    else approved.delete(run.id);
  }

  async function readRun(id: number): Promise<void> {
    const run = await store.run(id);
    if (run !== undefined) return take(run);
    approved.delete(id);
    waiting.end(id);
  }

  async function readRuns(ids: readonly number[]): Promise<void> {
    for (const [i, id] of ids.entries()) {
      await readRun(id);
      if (i % BATCH === BATCH - 1) await letOthersWork();
    }
  }

  /** True if all that is left is approved and waits for the end of a pause. */
  async function isHeld(runs: ReadonlySet<number>): Promise<boolean> {
    for (const id of runs) {
      // Asked first, because it costs nothing.
      if (!approved.has(id)) return false;
    }
    for (const id of runs) {
      const run = await store.run(id);
      if (run !== undefined && !(await parts.held(run))) return false;
    }
    return true;
  }

  async function stateOf(answer: FollowedAnswer): Promise<FollowedState> {
    if (await isHeld(waiting.runsOf(keyOf(answer)))) return 'ended';
    return clock() - answer.since > FOLLOW_MS ? 'given-up' : 'checking';
  }

  /** What the answer has to say that it may not have said; null while that is nothing. */
  async function newsOf(answer: FollowedAnswer): Promise<string | null> {
    const state = await stateOf(answer);
    if (state !== 'checking') return state;
    const minutes = answer.checks.flatMap(({ stack }) => {
      const tool = working(stack);
      const took = tool === null ? 0 : clock() - tool.since;
      return took < TELL_WORKING_AFTER_MS ? [] : [`${stack}.${tool?.since}.${Math.floor(took / MINUTE)}`];
    });
    return minutes.length === 0 ? null : minutes.join(' ');
  }

  /** Puts into the outbox what these answers have to say. */
  async function tell(
    news: readonly { readonly answer: FollowedAnswer; readonly what: string }[],
  ): Promise<void> {
    const changes = news.flatMap(({ answer, what }) => {
      const change = update(answer, what);
      const keys = queued.get(keyOf(answer)) ?? new Set();
      queued.set(keyOf(answer), keys);
      if (keys.has(change.key)) return [];
      keys.add(change.key);
      return [{ change, keys }];
    });
    if (changes.length === 0) return;
    try {
      await store.commit(changes.map(({ change }) => change));
    } catch (error) {
      for (const { change, keys } of changes) keys.delete(change.key);
      throw error;
    }
    parts.onChange();
  }

  async function lookAtAll(): Promise<void> {
    const answers = await followed();
    await readRuns(waiting.runs());
    const news: { answer: FollowedAnswer; what: string }[] = [];
    for (const answer of answers.values()) {
      const what = await newsOf(answer);
      if (what !== null) news.push({ answer, what });
    }
    await tell(news);
  }

  async function moved(runs: readonly Run[] | null): Promise<void> {
    const answers = await followed();
    const ids = runs === null ? [...approved] : runs.map(({ id }) => id);
    const concerned = new Set(ids.flatMap((id) => [...waiting.answersOf(id)]));
    if (concerned.size === 0) return;
    for (const run of runs ?? []) await take(run);
    const news: { answer: FollowedAnswer; what: string }[] = [];
    for (const key of concerned) {
      const answer = answers.get(key);
      if (answer !== undefined && (await stateOf(answer)) === 'ended') news.push({ answer, what: 'ended' });
    }
    await tell(news);
  }

  function logged(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      log.error({ err: error }, 'looking after the answers that are followed failed');
    });
  }

  return {
    async follow(answer) {
      const key = keyOf(answer);
      await followed();
      // Before it is asked where the runs are: a step that comes in between is not missed.
      waiting.remove(key);
      waiting.add(
        key,
        answer.checks.map(({ run }) => run),
      );
      await change(
        (answers) => {
          const all = [...[...answers].filter(([other]) => other !== key), [key, answer] as const];
          const oldest = Math.max(0, all.length - MOST_FOLLOWED);
          // These get a last update, which says that they are given up.
          return new Map(
            all.map(([other, one], i) =>
              i < oldest
                ? [other, { ...one, since: Math.min(one.since, clock() - 2 * FOLLOW_MS) }]
                : [other, one],
            ),
          );
        },
        [update(answer, 'checking')],
      );
      parts.onChange();
      await readRuns(answer.checks.map(({ run }) => run));
      if ((await stateOf(answer)) === 'ended') await tell([{ answer, what: 'ended' }]);
    },

    moved: (runs) => (isDraining ? Promise.resolve() : logged(moved(runs))),

    look() {
      if (isDraining) return Promise.resolve();
      looking ??= logged(lookAtAll()).finally(() => {
        looking = null;
      });
      return looking;
    },

    async deliver(message, chat) {
      const answer = (await followed()).get(keyOf(message));
      if (answer === undefined) return;
      const state = await stateOf(answer);
      await chat.update(message.channel, message.messageId, await parts.card(answer, state));
      // After the update: if m0 dies in between, the same update is made again.
      if (state !== 'checking') await this.forget(message);
    },

    async forget(message) {
      const key = keyOf(message);
      await change((answers) => new Map([...answers].filter(([other]) => other !== key)));
      waiting.remove(key);
      queued.delete(key);
    },

    async drain() {
      isDraining = true;
      await looking;
    },
  };
}
