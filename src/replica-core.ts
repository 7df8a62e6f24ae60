/** Builds what a replica of the bot needs of m0's core: it takes commands and answers them; the owner does all else. */
import { createHandler } from './actions/handler.ts';
import { handOverAnswers } from './alerts/answer-follower.ts';
import type { HomeParts } from './alerts/home.ts';
import { createPolicyWatch } from './alerts/policy-watch.ts';
import type { CoreParts } from './core.ts';
import { peopleToAsk } from './people/asking.ts';
import { createOnCall } from './people/on-call.ts';
import type { CommandHandler } from './ports/chat.ts';
import type { SharedWork } from './ports/shared-work.ts';
import { workingEverywhere } from './runs/work-reports.ts';
import { createRequester } from './runs/worker.ts';
import type { WorkerParts } from './runs/worker-parts.ts';
import { lastTicks } from './schedule/last-ticks.ts';

export interface ReplicaParts
  extends Pick<
    CoreParts,
    'store' | 'policies' | 'directory' | 'chats' | 'usergroup' | 'pagerduty' | 'clock' | 'log'
  > {
  readonly shared: SharedWork;
  /** Deletes plan files that a command makes useless. */
  readonly runner: Pick<WorkerParts['runner'], 'discard' | 'discardAllBut' | 'discardOfIdle'>;
}

export interface ReplicaCore {
  /** Answers commands and clicks. */
  readonly handler: CommandHandler;
  /** The data sources for the views of cards. */
  readonly view: HomeParts;
  /** Call before the first command. Rejects if the store fails. */
  start(): Promise<void>;
}

export function createReplicaCore(parts: ReplicaParts): ReplicaCore {
  const { store, policies, directory, chats, clock, log, shared, runner } = parts;
  const onCall = createOnCall(
    directory,
    parts.usergroup,
    clock,
    (rotation, problem) => {
      if (problem !== null) log.warn({ rotation, problem }, 'an on-call rotation has a problem');
    },
    parts.pagerduty,
  );
  const working = workingEverywhere(() => null, shared, clock);
  // The owner hears of each change from the database.
  const onChange = (): void => {};
  const worker = createRequester({
    ...{ store, shared, runner, directory, clock, log, onChange },
    onCall: () => onCall(),
    peopleToAsk: async (stack) => peopleToAsk(stack, await onCall.rotasNow()),
  });
  const policyWatch = createPolicyWatch({ store, policies, directory, clock, log, onChange });
  return {
    handler: createHandler({
      ...{ store, worker, policies, policyWatch, directory, chats, onCall, clock, lastTicks, working, log },
      answers: handOverAnswers(store),
      // The owner edits the code.
      canCodify: true,
    }),
    view: { store, directory, onCall, clock, working, lastTicks },
    start: () => worker.start(),
  };
}
