/** Builds m0's core from its parts. `serve.ts` and the tests use this one function, so they run the same core. */
import { createHandler } from './actions/handler.ts';
import { escalate } from './alerts/escalation.ts';
import type { HomeParts } from './alerts/home.ts';
import { createOutboxDispatcher, type OutboxDispatcher } from './alerts/outbox-dispatcher.ts';
import { createPolicyWatch, type PolicyWatch } from './alerts/policy-watch.ts';
import { announceEndedSnoozes } from './alerts/snooze-watch.ts';
import type { Logger } from './base/log.ts';
import type { Clock, Directory, Platform } from './model/directory.ts';
import type { ScheduleOnCall } from './model/rota.ts';
import { peopleToAsk } from './people/asking.ts';
import { createOnCall, type OnCall, type UsergroupMembers } from './people/on-call.ts';
import type { ChatPort, CommandHandler } from './ports/chat.ts';
import type { MetricsPort } from './ports/meter.ts';
import type { PolicyPort } from './ports/policy.ts';
import type { CodePort, Runner } from './ports/runner.ts';
import type { Store } from './ports/store.ts';
import { withPolicyMetrics } from './runs/meter.ts';
import { createWorker } from './runs/worker.ts';
import type { Worker } from './runs/worker-parts.ts';

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
  /** How many stacks are worked on at the same time. */
  readonly concurrency: number;
  /** How long a stack is paused after the store failed, in ms, as in WorkerParts. */
  readonly stackPauseMs?: number;
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
  /** Announces snoozes that ended and asks about findings that wait for a decision. Never rejects. */
  checkWaiting(): Promise<void>;
}

/** Builds the core. Nothing runs and nothing is sent before `worker.start()` and `dispatcher.start()`. */
export function createCore(parts: CoreParts): Core {
  const { store, runner, directory, chats, clock, log } = parts;
  const meter = parts.meter === undefined ? {} : { meter: parts.meter };
  const onCall = createOnCall(
    directory,
    parts.usergroup,
    clock,
    parts.onRotationProblem ?? (() => {}),
    parts.pagerduty,
  );
  const dispatcher = createOutboxDispatcher({ store, directory, onCall, clock, chats, log, ...meter });
  const onChange = (): void => {
    dispatcher.wake();
    parts.onChange?.();
  };
  const { policies } = parts;
  const worker = createWorker({
    ...{ store, runner, directory, onCall, clock, log, onChange, ...meter },
    policies: parts.meter === undefined ? policies : withPolicyMetrics(policies, parts.meter, clock),
    peopleToAsk: async (stack) => peopleToAsk(stack, await onCall.rotasNow(), clock()),
    concurrency: parts.concurrency,
    ...(parts.stackPauseMs === undefined ? {} : { stackPauseMs: parts.stackPauseMs }),
  });
  const policyWatch = createPolicyWatch({ store, policies, directory, clock, log, onChange });
  const handler = createHandler({ store, worker, policies, policyWatch, directory, onCall, clock, log });
  return {
    ...{ onCall, worker, policyWatch, handler, dispatcher },
    view: { store, directory, onCall, clock },
    async checkWaiting() {
      await announceEndedSnoozes({ store, worker, directory, clock, log });
      await escalate({ store, worker, directory, rotas: onCall.rotasNow, clock, log });
    },
  };
}
