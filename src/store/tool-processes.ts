/** The table `tool_processes`: the tools that the processes of a database have started and not ended. */
import { and, asc, eq, ne, notInArray, or, sql } from 'drizzle-orm';
import { identityOf } from '../base/process-identity.ts';
import type { RunnerPhase } from '../ports/runner-error.ts';
import type { LeftTool, ToolProcesses } from '../ports/tool-processes.ts';
import type { Access, Queries } from './access.ts';
import type { TakenStacks } from './stack-fences.ts';

const APPLY: RunnerPhase = 'apply';

export interface ToolProcessesParts extends Access, Pick<TakenStacks, 'refuseLost'> {
  /** The number of this process; null if the database was opened without a lease. */
  readonly fence: number | null;
  /** Proves the lease. */
  readonly prove: () => Promise<void>;
}

/**
 * The access to the table for this process; null for a database that was opened without a lease. The methods reject with
 * a StoreError, or with LeaseLost.
 */
export function toolProcessesIn(parts: ToolProcessesParts): ToolProcesses | null {
  const { fence, prove, refuseLost, reading, writing } = parts;
  if (fence === null) return null;
  return {
    ...{ fence, prove },
    begin: ({ stack, phase, pid, endsBy }) =>
      writing(`recording that ${phase} of ${stack} begins`, async (tx) => {
        await refuseLost(tx, stack);
        const { toolProcesses } = tx.tables;
        const { host, process } = identityOf(pid);
        const row = { fence, stack, phase, host, pid, process, begunAt: Date.now(), endsBy };
        const [added] = await tx.insert(toolProcesses).values(row).returning({ id: toolProcesses.id });
        return added?.id ?? 0;
      }),
    end: (id) =>
      writing('recording that a tool has ended', async (tx) => {
        const { toolProcesses } = tx.tables;
        await tx.delete(toolProcesses).where(eq(toolProcesses.id, id));
      }),
    left: (stack) =>
      reading('reading which tools an earlier m0 left running', async (db) => {
        const { toolProcesses } = db.tables;
        const { id, phase, host, pid, process, begunAt, endsBy } = toolProcesses;
        const isLeft = notInArray(toolProcesses.fence, living(db));
        const rows = await db
          .select({ id, stack: toolProcesses.stack, phase, host, pid, process, begunAt, endsBy })
          .from(toolProcesses)
          .where(
            stack === undefined
              ? isLeft
              : and(
                  eq(toolProcesses.stack, stack),
                  // Who asks has taken the stack, so nobody else may go on applying, not even a process that was frozen.
                  or(isLeft, and(ne(toolProcesses.fence, fence), eq(toolProcesses.phase, APPLY))),
                ),
          )
          .orderBy(asc(toolProcesses.id));
        // The code that wrote it guarantees the phase.
        return rows as readonly LeftTool[];
      }),
  };
}

/** The numbers of the processes that hold a lease: what others have started was left. */
export function living(db: Queries) {
  const { owner, workers } = db.tables;
  // Numbers of workers are negative, so that they are no owner's.
  return db
    .select({ fence: owner.fence })
    .from(owner)
    .unionAll(db.select({ fence: sql<number>`-${workers.id}` }).from(workers));
}
