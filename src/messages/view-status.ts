/** What the cards of the asking commands are made from. Times in ms since epoch. */

import type { RealignMode } from '../decisions/decision.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Exemption } from '../model/exemption.ts';
import type { StackState } from '../model/overview.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { Named } from './view.ts';

export interface StackStatus {
  readonly stack: string;
  readonly environment: string;
  readonly state: StackState;
  /** Findings that are neither put back nor kept, and those of them that wait for a person. */
  readonly open: number;
  readonly waiting: number;
  /** Findings that are snoozed or accepted. */
  readonly kept: number;
  /** The run that tells of it; null where there is none. */
  readonly runId: number | null;
  readonly lastGoodAt: number | null;
  /** Why the last check failed; null where it did not. */
  readonly failure: string | null;
  /** True while a check or an apply is under way. */
  readonly busy: boolean;
  /** Why the last scheduled check was not made, since when, and how often in a row; null where it was made. */
  readonly skipped: { readonly why: string; readonly since: number; readonly times: number } | null;
}

export interface StatusView {
  /** As it was asked for; null: what the channel is about. */
  readonly target: string | null;
  readonly stacks: readonly StackStatus[];
  /** True where a fresh check was asked for and this message will be updated by it. */
  readonly checking: boolean;
  readonly now: number;
  readonly zone: string;
}

export interface HistoryView {
  readonly target: string | null;
  /** Newest first. */
  readonly entries: readonly AuditEntry[];
  /** True where the record has older ones that are not among them. */
  readonly more?: boolean;
  readonly now: number;
  readonly zone: string;
}

export interface BaselineView {
  readonly target: string;
  readonly exemptions: readonly Exemption[];
  readonly now: number;
  readonly zone: string;
}

/** Who is on call in one rota; `until`: when the turn ends, null where that is not known. */
interface RotaView {
  readonly rota: string;
  readonly people: readonly Named[];
  readonly until: number | null;
  /** Why it could not be asked; null where it could. */
  readonly problem: string | null;
}

export interface OnCallView {
  readonly rotas: readonly RotaView[];
  readonly now: number;
  readonly zone: string;
}

/** A policy of a stack as it is now. */
export interface PolicyStateView {
  readonly status: BundleStatus;
  /** Repository, ref and path as m0.yaml has them. */
  readonly source: string;
  /** True where it is stale, and somebody let m0 go on with its last good commit. */
  readonly seen: boolean;
}

export interface PolicyView {
  readonly stack: string;
  readonly realign: RealignMode;
  readonly policies: readonly PolicyStateView[];
  readonly approvers: { readonly need: number; readonly groups: readonly string[] };
  readonly now: number;
  readonly zone: string;
}
