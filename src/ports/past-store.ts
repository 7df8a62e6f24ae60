/** Reads of what happened, in pieces: each call takes bounded time, however long the memory goes back. */

import type { RunAlert } from '../model/alert.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Exemption } from '../model/exemption.ts';
import type { PastFinding } from '../model/trend.ts';

/** A drift alert with the time at which it ended (ms since epoch): put back, gone or replaced; null: it is open. */
export interface PastAlert {
  readonly alert: RunAlert;
  readonly endedAt: number | null;
}

/** What an apply of a run put back for good. */
export interface PastApply {
  readonly runId: number;
  readonly stack: string;
  readonly at: number;
  readonly byPeople: boolean;
  readonly findings: number;
}

/** A line of the audit record with its place in the chain of hashes. */
export interface RecordedLine {
  readonly line: number;
  readonly entry: AuditEntry;
}

/** The place of a line in the chain. `prevHash`: the hash of the line before it. */
export interface ChainLink {
  readonly line: number;
  readonly at: number;
  readonly prevHash: string;
  readonly hash: string;
}

/** Checks of a stack that found nothing new, of which only this is kept. Times in ms since epoch. */
export interface FoldedChecks {
  readonly stack: string;
  readonly checks: number;
  /** When the first of them was asked for, and when the last of them ended. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Times in ms since epoch. */
export interface PastStore {
  /** The folded checks of each of these stacks that has some, over all days. */
  foldedChecks(stacks: readonly string[]): Promise<readonly FoldedChecks[]>;
  /** The folded checks of the day and stack of the run with this number; null if it was not folded. */
  foldedRun(id: number): Promise<FoldedChecks | null>;
  /**
   * Drift alerts that were open at some time from `since` on and were first seen before `until`; the oldest `limit` of
   * those with a number above `after`.
   */
  pastAlerts(query: {
    readonly since: number;
    readonly until: number;
    readonly after: number;
    readonly limit: number;
  }): Promise<readonly PastAlert[]>;
  /** The actionable findings of these alerts' runs, also those that the run has put back. */
  pastFindings(alerts: readonly PastAlert[]): Promise<readonly PastFinding[]>;
  /** What these runs put back for good. */
  pastApplies(runs: readonly number[]): Promise<readonly PastApply[]>;
  /** Exemptions that were in force at some time from `since` on and were made before `until`, oldest first. */
  pastExemptions(since: number, until: number): Promise<readonly Exemption[]>;
  /**
   * The lines from `since` to before `until`, oldest first, in pieces: those with one of these actions, if `actions` is
   * given, and without those of `without` (with `ending`: only if their detail ends with it). `after`: the `next` of
   * the piece before; null begins. `next` is null after the last piece; a piece may be empty.
   */
  pastRecord(query: {
    readonly since: number;
    readonly until: number;
    readonly actions?: readonly string[];
    readonly without?: readonly { readonly action: string; readonly ending?: string }[];
    readonly after: number | null;
  }): Promise<{ readonly lines: readonly RecordedLine[]; readonly next: number | null }>;
  /** The first and the last line of the record from `since` to before `until`; null if there is none. */
  recordEdges(
    since: number,
    until: number,
  ): Promise<{ readonly first: ChainLink; readonly last: ChainLink } | null>;
  /** When the oldest stored run was requested; null if there is none. */
  oldestRunAt(): Promise<number | null>;
  /** When the first line of the record was written; null if there is none. */
  recordBegan(): Promise<number | null>;
}
