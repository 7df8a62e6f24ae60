import type { Place } from './directory.ts';
import type { Actor, ScopeEntry } from './run.ts';

/** One append-only line of the record: who did what to which run. */
export interface AuditEntry {
  /** Ms since epoch. */
  readonly at: number;
  readonly actor: Actor;
  /** The chat it was said in; none for what m0 does by itself. */
  readonly place?: Place | null;
  readonly action: string;
  readonly stack: string;
  readonly runId: number | null;
  readonly fingerprint: string | null;
  readonly commit: string | null;
  /** Policy name -> commit of the bundle that had decided; none where nothing was decided yet. */
  readonly bundles?: Readonly<Record<string, string | null>> | null;
  /** The findings it was about, where it was about some of them. */
  readonly scope?: readonly ScopeEntry[] | null;
  readonly detail: string | null;
}
