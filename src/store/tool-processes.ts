/** The table `tool_processes`: the tools that the owners of a database have started and not ended. */
import type Sqlite from 'better-sqlite3';
import { identityOf } from '../base/process-identity.ts';
import type { LeftTool, ToolProcesses } from '../ports/tool-processes.ts';
import type { Lease } from './owned-database.ts';
import { attempt, type Writing } from './writing.ts';

const BEGIN = `
  INSERT INTO tool_processes (fence, stack, phase, host, pid, process, begun_at, ends_by)
  VALUES (:fence, :stack, :phase, :host, :pid, :process, :begunAt, :endsBy)`;
const LEFT = `
  SELECT id, stack, phase, host, pid, process, begun_at AS begunAt, ends_by AS endsBy FROM tool_processes
  WHERE fence < :fence AND (:stack IS NULL OR stack = :stack) ORDER BY id`;

/**
 * The access to the table for the owner of the lease; null for a database that was opened without a lease. Its methods
 * reject with a StoreError, or with LeaseLost.
 */
export function toolProcessesIn(
  client: Sqlite.Database,
  { fence, prove }: Pick<Lease, 'fence' | 'prove'>,
  writing: Writing,
): ToolProcesses | null {
  if (fence === null) return null;
  return {
    fence,
    prove: () => attempt('proving the lease', prove),
    begin: ({ stack, phase, pid, endsBy }) =>
      writing(`recording that ${phase} of ${stack} begins`, () => {
        const { host, process } = identityOf(pid);
        const row = { fence, stack, phase, host, pid, process, begunAt: Date.now(), endsBy };
        return Number(client.prepare(BEGIN).run(row).lastInsertRowid);
      }),
    end: (id) =>
      writing('recording that a tool has ended', () => {
        client.prepare('DELETE FROM tool_processes WHERE id = ?').run(id);
      }),
    left: (stack) =>
      attempt('reading which tools an earlier m0 left running', () =>
        client.prepare<[object], LeftTool>(LEFT).all({ fence, stack: stack ?? null }),
      ),
  };
}
