/** The data of a compliance report. Times in ms since epoch. */
import type { Reason, Verdict } from '../decisions/decision.ts';
import type { Finding } from '../drift/finding.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Exemption } from '../model/exemption.ts';
import type { PersonName } from './view.ts';

/** One finding that was open at some time of the period. */
export interface ReportFinding {
  readonly stack: string;
  readonly environment: string;
  readonly finding: Finding;
  /** When it was first seen; `until`: when it ended, null if it stands at the end of the report. */
  readonly since: number;
  readonly until: number | null;
  /** The newest run that was about it. */
  readonly runId: number;
  readonly commit: string | null;
  readonly verdict: Verdict | null;
  readonly reasons: readonly Reason[];
  /** Policy name -> commit of the bundle that decided. */
  readonly bundles: Readonly<Record<string, string | null>>;
  /** Set if m0 put it back; `by` empty: the policies decided. */
  readonly applied: {
    readonly at: number;
    readonly verifiedAt: number | null;
    readonly by: readonly PersonName[];
  } | null;
  /** The snooze or accept that covered it last in the period. */
  readonly exemption: Exemption | null;
  /** How its alert ended, in one sentence; null while it stands. */
  readonly outcome: string | null;
}

/** A place in the audit record's chain of hashes. */
export interface ReportLink {
  readonly line: number;
  readonly at: number;
  readonly prevHash: string;
  readonly hash: string;
}

export interface ReportView {
  /** As it was typed; null: the stacks of the channel, or all. */
  readonly target: string | null;
  /** As `2026-11`. */
  readonly month: string;
  readonly from: number;
  /** The end of the month, or `now` if the month is not over. */
  readonly until: number;
  readonly stacks: readonly string[];
  /** By stack and then by when it was first seen. */
  readonly findings: readonly ReportFinding[];
  readonly exemptions: readonly Exemption[];
  /** Decisions, applies and failures, oldest first, each with its line in the record. */
  readonly record: readonly { readonly line: number; readonly entry: AuditEntry }[];
  /** The first and the last line of the whole record in the period; null if there is none. */
  readonly chain: { readonly first: ReportLink; readonly last: ReportLink } | null;
  /** When the oldest run that is still stored was requested; null if there is none. */
  readonly runsSince: number | null;
  readonly now: number;
  readonly zone: string;
}
