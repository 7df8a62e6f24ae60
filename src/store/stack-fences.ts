/** The table `stack_fences`: which process took a stack last; and the other conditions of a commit about a stack. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { type RunState, TAKES_EXEMPTIONS } from '../model/run.ts';
import type { StackFences } from '../ports/stack-fences.ts';
import type { Access, Queries } from './access.ts';

/** Rolls the transaction back: another process has taken the stack. */
export class StackTaken extends Error {
  readonly stackName: string;
  constructor(stack: string) {
    super(`stack ${stack} was taken by another worker, so this one stores and starts nothing more of it`);
    this.stackName = stack;
  }
}

/** Throws StackTaken unless that is the stack's newest fence number. */
export async function refuseTaken(tx: Queries, stack: string, fence: number): Promise<void> {
  const { stackFences } = tx.tables;
  const [newest] = await tx
    .select({ fence: stackFences.fence })
    .from(stackFences)
    .where(eq(stackFences.stack, stack));
  if (newest?.fence !== fence) throw new StackTaken(stack);
}

/** Rolls the transaction back: a stack is being applied that must be done before. */
export class StillApplying extends Error {
  readonly stackName: string;
  constructor(stack: string) {
    super(`the apply waits for the one of ${stack}`);
    this.stackName = stack;
  }
}

/** Throws StillApplying while a run of one of these stacks is being applied. */
export async function refuseApplying(tx: Queries, stacks: readonly string[]): Promise<void> {
  const { runs } = tx.tables;
  const [one] = await tx
    .select({ stack: runs.stack })
    .from(runs)
    .where(and(eq(runs.state, 'applying' satisfies RunState), inArray(runs.stack, [...stacks])))
    .limit(1);
  if (one !== undefined) throw new StillApplying(one.stack);
}

/** Rolls the transaction back: what the commit was made from does not hold any more. */
export class StackMoved extends Error {
  readonly stackName: string;
  constructor(stack: string) {
    super(`the runs or the exemptions of stack ${stack} were changed by somebody else`);
    this.stackName = stack;
  }
}

/** Throws StackMoved while a run of the stack waits for people, or is approved. */
export async function refuseWaiting(tx: Queries, stack: string): Promise<void> {
  const { runs } = tx.tables;
  const [one] = await tx
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.stack, stack), inArray(runs.state, [...TAKES_EXEMPTIONS])))
    .limit(1);
  if (one !== undefined) throw new StackMoved(stack);
}

/** Throws StackMoved unless these are the stack's exemptions that nobody ended. */
export async function refuseOtherExemptions(
  tx: Queries,
  stack: string,
  ids: readonly number[],
): Promise<void> {
  const { exemptions } = tx.tables;
  const stored = await tx
    .select({ id: exemptions.id })
    .from(exemptions)
    .where(and(eq(exemptions.stack, stack), isNull(exemptions.endedAt)));
  const known = new Set(ids);
  if (stored.length !== known.size || stored.some(({ id }) => !known.has(id))) throw new StackMoved(stack);
}

/** The stacks that a process has taken through one store. */
export interface TakenStacks extends StackFences {
  /** Throws StackTaken if this process has taken the stack, and another one has since. */
  refuseLost(tx: Queries, stack: string): Promise<void>;
}

/** The access to the table. `takeStack` rejects with a StoreError, or with LeaseLost. */
export function takenStacks({ writing }: Pick<Access, 'writing'>): TakenStacks {
  const taken = new Map<string, number>();
  return {
    takeStack: (stack) =>
      writing(`taking stack ${stack}`, async (tx) => {
        const { stackFences } = tx.tables;
        const [row] = await tx
          .insert(stackFences)
          .values({ stack, fence: 1 })
          .onConflictDoUpdate({ target: stackFences.stack, set: { fence: sql`${stackFences.fence} + 1` } })
          .returning({ fence: stackFences.fence });
        const fence = row?.fence ?? 0;
        taken.set(stack, fence);
        return fence;
      }),
    async refuseLost(tx, stack) {
      const fence = taken.get(stack);
      if (fence !== undefined) await refuseTaken(tx, stack, fence);
    },
  };
}
