/** Bugs that a simulation must find. Each one takes the place of a port of every process; nothing in src knows of them. */
import { RUN_STATES, type RunState } from '../../../src/model/run.ts';
import type { Runner } from '../../../src/ports/runner.ts';
import { RunnerError } from '../../../src/ports/runner-error.ts';
import type { Change, CommitResult } from '../../../src/ports/store.ts';
import type { SharedDatabase } from './database.ts';

type Commit = (changes: readonly Change[]) => Promise<CommitResult>;

export interface PlantedBug {
  /** Changes what reaches the store, in one call. */
  readonly changes?: (changes: readonly Change[], db: SharedDatabase) => readonly Change[];
  /** Takes the place of the process's own calls. */
  readonly commit?: (commit: Commit) => Commit;
  readonly apply?: (apply: Runner['apply']) => Runner['apply'];
  /** True: a tool begins without the proof that the stack is still the process's own. */
  readonly isUnproven?: true;
  /** True: a lease never ends by itself. */
  readonly isLeaseEndless?: true;
  /** True: jobs are lost, and nobody looks for what no job stands for. */
  readonly isJobLost?: true;
}

function withoutMessages(changes: readonly Change[]): readonly Change[] {
  return changes.flatMap((change): readonly Change[] => {
    if (change.type === 'outbox.add') return [];
    return change.type === 'alert.insert' ? [{ ...change, deliveries: [] }] : [change];
  });
}

/** The messages of the changes, to be stored afterwards. */
function messagesOf(changes: readonly Change[], alerts: readonly number[]): readonly Change[] {
  let next = 0;
  return changes.flatMap((change): readonly Change[] => {
    if (change.type === 'outbox.add') return [change];
    if (change.type !== 'alert.insert') return [];
    const alertId = alerts[next] ?? 0;
    next += 1;
    const at = change.alert.lastSeenAt;
    return change.deliveries.map((delivery): Change => {
      const to = delivery.type === 'dm' ? `:${delivery.person}` : '';
      const key = `alert:${alertId}:${delivery.type}${to}`;
      return { type: 'outbox.add', key, delivery: { ...delivery, alertId }, at };
    });
  });
}

export const PLANTED_BUGS = {
  'no fence': {
    changes: (changes) => changes.filter(({ type }) => type !== 'unless.taken'),
    isUnproven: true,
  },
  'no compare-and-set': {
    changes: (changes, db) =>
      changes.map((change) => {
        if (change.type !== 'run.update') return change;
        const stored = db.row<{ state: RunState; version: number }>(
          'SELECT state, version FROM runs WHERE id = ?',
          change.run.id,
        );
        if (stored === undefined) return change;
        const isLegal = (RUN_STATES[stored.state] as readonly RunState[]).includes(change.run.state);
        if (!isLegal) return change;
        return { ...change, was: stored, run: { ...change.run, version: stored.version + 1 } };
      }),
  },
  'messages outside of the transaction': {
    commit: (commit) => async (changes) => {
      const result = await commit(withoutMessages(changes));
      const messages = result.ok ? messagesOf(changes, result.insertedAlerts) : [];
      if (messages.length > 0) await commit(messages);
      return result;
    },
  },
  'an apply tried again': {
    apply:
      (apply) =>
      async (...of) => {
        try {
          return await apply(...of);
        } catch (error) {
          if (error instanceof RunnerError && error.mayHaveApplied) return apply(...of);
          throw error;
        }
      },
  },
  'a lease that never ends': { isLeaseEndless: true },
  'a lost wake-up': { isJobLost: true },
} as const satisfies Readonly<Record<string, PlantedBug>>;

export type PlantedBugName = keyof typeof PLANTED_BUGS;

export function plantedBug(name: PlantedBugName | null): PlantedBug {
  return name === null ? {} : PLANTED_BUGS[name];
}
