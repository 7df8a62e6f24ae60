/** Port for the identities of stacks' tools in their clouds. */
import type { CloudRoles, ToolUse } from '../model/cloud-roles.ts';
import type { Stack } from '../model/directory.ts';

/** What one process of the tool gets besides the stack's own environment. */
export interface OpenAccess {
  readonly env: Readonly<Record<string, string>>;
  /** Files that the process may read, by the variable that names them. It gets copies, as long as it runs. */
  readonly files: Readonly<Record<string, string>>;
  /** Texts that must never appear in a log, an error or a card. */
  readonly secrets: readonly string[];
  /** When the credentials in `env` end, in ms since epoch; null: never. */
  readonly endsAt: number | null;
}

export interface CloudAccess {
  /**
   * The stack's identity for a plan or an apply of that run (null: of no run). Credentials that end earlier than in
   * `lastsMs` are made anew. Rejects with an Error that names the role, who m0 is, and what to do; without secrets.
   */
  open(
    stack: Pick<Stack, 'name' | 'env'> & CloudRoles,
    use: ToolUse,
    run: number | null,
    lastsMs: number,
  ): Promise<OpenAccess>;
}
