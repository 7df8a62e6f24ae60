/** The audit record: who did what to which run. */
import type { AuditAction } from './audit-actions.ts';
import type { Place } from './directory.ts';
import type { Actor, ScopeEntry } from './run.ts';

/** One line of the append-only audit record. */
export interface AuditEntry {
  /** ms since epoch. */
  readonly at: number;
  readonly actor: Actor;
  /** Where in the chat it was said; none for what m0 does without a person. */
  readonly place?: Place | null;
  /** An `AuditAction`, or a word of an earlier version. */
  readonly action: string;
  readonly stack: string;
  readonly runId: number | null;
  readonly fingerprint: string | null;
  readonly commit: string | null;
  /** Policy name -> commit of the bundle that decided; none if nothing was decided yet. */
  readonly bundles?: Readonly<Record<string, string | null>> | null;
  /** The findings that the action was limited to, if it was limited. */
  readonly scope?: readonly ScopeEntry[] | null;
  readonly detail: string | null;
}

/** An entry that is written now. */
export type NewAuditEntry = AuditEntry & { readonly action: AuditAction };
