/** Builds m0's core from its parts. `serve.ts` and the tests use this one function, so they run the same core. */
import { createHandler } from './actions/handler.ts';
import type { ActionParts } from './actions/parts.ts';
import { answerCard } from './actions/stacks.ts';
import { takeOverAnswers } from './alerts/answer-follower.ts';
import { createCauseWatch } from './alerts/cause-watch.ts';
import { escalate } from './alerts/escalation.ts';
import { createFirstChecks, type FirstChecks } from './alerts/first-checks.ts';
import { createFollowedAnswers } from './alerts/followed-answers.ts';
import type { HomeParts } from './alerts/home.ts';
import { createOutboxDispatcher, type OutboxDispatcher } from './alerts/outbox-dispatcher.ts';
import { createPolicyWatch, type PolicyWatch } from './alerts/policy-watch.ts';
import { announceEndedSnoozes } from './alerts/snooze-watch.ts';
import { keepTrend } from './alerts/trend.ts';
import { createWorkingWatch } from './alerts/working-watch.ts';
import type { Logger } from './base/log.ts';
import { type CodifyWorker, createCodifyWorker } from './codify/codify-worker.ts';
import type { CodifyParts } from './codify/parts.ts';
import type { Clock, Directory, Platform } from './model/directory.ts';
import type { ScheduleOnCall } from './model/rota.ts';
import type { Run } from './model/run.ts';
import { peopleToAsk } from './people/asking.ts';
import { createOnCall, type OnCall, type UsergroupMembers } from './people/on-call.ts';
import type { CauseSource } from './ports/cause.ts';
import type { ChatPort, CommandHandler } from './ports/chat.ts';
import type { MetricsPort } from './ports/meter.ts';
import type { PolicyPort } from './ports/policy.ts';
import type { CodePort, Runner } from './ports/runner.ts';
import type { SharedWork } from './ports/shared-work.ts';
import type { Store } from './ports/store.ts';
import { withPolicyMetrics } from './runs/meter.ts';
import { watchedRunner } from './runs/watched-runner.ts';
import { isHeld, pausableStackOf } from './runs/work-order.ts';
import { countReports, workingEverywhere } from './runs/work-reports.ts';
import { createWorker } from './runs/worker.ts';
import type { Worker } from './runs/worker-parts.ts';
import { lastTicks } from './schedule/last-ticks.ts';

/** The adapters and settings from which the core is built. */
export interface CoreParts {
  readonly store: Store;
  readonly runner: Runner & CodePort;
  readonly policies: PolicyPort;
  readonly directory: Directory;
  readonly chats: ReadonlyMap<Platform, ChatPort>;
  /** Members of a Slack user group, as Slack ids. */
  readonly usergroup: UsergroupMembers;
  /** Left out: m0.yaml names no PagerDuty schedule. */
  readonly pagerduty?: ScheduleOnCall | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** The logs of clouds that tell who changed them. Left out: none. */
  /** Key of hashes that only m0 can make: of what m0.yaml says, and in the marks of applies. */
  readonly key: string;
  readonly causeSources?: readonly CauseSource[];
  /** Work that other processes share. Left out: this process works alone. */
  readonly shared?: SharedWork | null;
  /** The labels of the shared work that this process does; left out: none. */
  readonly labels?: readonly string[];
  /** How many stacks are worked on at the same time. */
  readonly concurrency: number;
  /** How long a stack is paused after the store failed, in ms, as in WorkerParts. */
  readonly stackPauseMs?: number;
  /** Puts drift into the code; left out: m0 edits no code. */
  readonly codify?: Pick<CodifyParts, 'code' | 'forge' | 'edit'>;
  readonly meter?: MetricsPort | undefined;
  /** Called with the reason if m0 can't find out who is on call in a rotation, and with null once it can again. */
  readonly onRotationProblem?: (rotation: string, problem: string | null) => void;
  /** Called after every stored change. */
  readonly onChange?: () => void;
}

export interface Core {
  readonly onCall: OnCall;
  readonly worker: Worker;
  readonly policyWatch: PolicyWatch;
  /** Answers commands and clicks. */
  readonly handler: CommandHandler;
  readonly dispatcher: OutboxDispatcher;
  /** The data sources for the views of cards. */
  readonly view: HomeParts;
  /** Walks findings into the code; null: m0 edits no code. */
  readonly codify: CodifyWorker | null;
  /** Checks what was never checked. */
  readonly firstChecks: FirstChecks;
  /** Stores the numbers of the days that are over, for trends. Never rejects. */
  keepTrend(): Promise<void>;
  /** Asks the clouds' logs who made what was found. Never rejects. */
  askCauses(): Promise<void>;
  /** Announces snoozes that ended and asks about findings that wait for a decision. Never rejects. */
  checkWaiting(): Promise<void>;
}

/** Builds the core. Nothing runs and nothing is sent before `worker.start()` and `dispatcher.start()`. */
export function createCore(parts: CoreParts): Core {
  const { store, directory, chats, clock, log, key } = parts;
  const { shared = null } = parts;
  const watched = watchedRunner(parts.runner, clock);
  const { runner } = watched;
  const working = workingEverywhere(watched.working, shared, clock);
  if (shared !== null && parts.meter !== undefined) countReports(shared, parts.meter);
  const meter = parts.meter === undefined ? {} : { meter: parts.meter };
  const onCall = createOnCall(
    directory,
    parts.usergroup,
    clock,
    parts.onRotationProblem ?? (() => {}),
    parts.pagerduty,
  );
  const answers = createFollowedAnswers({
    ...{ store, clock, working, log },
    held: async (run) => isHeld(run, pausableStackOf(directory, run), await store.pauses(), clock()),
    onChange: () => deliveries.wake(),
    card: (answer, state) => answerCard(actions, answer, state),
  });
  const deliveries = createOutboxDispatcher({
    ...{ store, directory, onCall, clock, working, chats, log, answers, ...meter },
  });
  const dispatcher: OutboxDispatcher = {
    ...deliveries,
    async drain() {
      await answers.drain();
      await deliveries.drain();
    },
  };
  const onChange = (moved: readonly Run[] | null = null): void => {
    void answers.moved(moved);
    // Another change than a step of a run: a replica of the bot may have posted an answer.
    if (shared !== null && moved === null) void takeOver();
    dispatcher.wake();
    codify?.wake();
    parts.onChange?.();
  };
  const { policies, causeSources: sources = [] } = parts;
  const worker = createWorker({
    ...{ store, runner, directory, onCall, clock, log, onChange, ...meter },
    policies: parts.meter === undefined ? policies : withPolicyMetrics(policies, parts.meter, clock),
    peopleToAsk: async (stack) => peopleToAsk(stack, await onCall.rotasNow()),
    concurrency: parts.concurrency,
    shared,
    ...(parts.labels === undefined ? {} : { labels: parts.labels }),
    asksCauses: (stack) => sources.some((source) => source.asks(stack)),
    ...(parts.stackPauseMs === undefined ? {} : { stackPauseMs: parts.stackPauseMs }),
  });
  const codify: CodifyWorker | null =
    parts.codify === undefined
      ? null
      : createCodifyWorker({
          ...parts.codify,
          // Not the watched runner: the proof is no work of the stack's own runs.
          ...{ store, worker, runner: parts.runner, directory, chats, clock, log, key },
          onCall: () => onCall(),
        });
  const policyWatch = createPolicyWatch({ store, policies, directory, clock, log, onChange });
  const tellWorking = createWorkingWatch({ store, directory, working, clock, log, onChange });
  const askCauses = createCauseWatch({
    ...{ store, worker, directory, sources, clock, log, key },
    onCall: () => onCall(),
  });
  const actions: ActionParts = {
    ...{ store, worker, policies, policyWatch, directory, chats, onCall, clock, lastTicks, working, log },
    answers,
    canCodify: codify !== null,
  };
  const handler = createHandler(actions);
  /** Follows answers that replicas of the bot have posted. Never rejects. */
  const takeOver = (): Promise<void> =>
    takeOverAnswers(store, answers).catch((error: unknown) => {
      log.error({ err: error }, 'answers of other processes can not be followed; it is tried again');
    });
  const { concurrency } = parts;
  const firstChecks = createFirstChecks({ store, worker, directory, clock, log, concurrency, onChange });
  return {
    ...{ onCall, worker, policyWatch, handler, dispatcher, firstChecks, askCauses, codify },
    view: { store, directory, onCall, clock, working, lastTicks },
    async keepTrend() {
      try {
        await keepTrend({ store, clock });
      } catch (error) {
        log.error({ err: error }, 'the numbers of the last days could not be stored; it is tried again');
      }
    },
    async checkWaiting() {
      await tellWorking();
      if (shared !== null) await takeOver();
      await answers.look();
      await announceEndedSnoozes({ store, worker, directory, clock, log });
      await escalate({ store, worker, directory, rotas: onCall.rotasNow, clock, log });
    },
  };
}
