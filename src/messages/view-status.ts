/** The data of the cards that answer a command. Times in ms since epoch. */

import type { RealignMode } from '../decisions/decision.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Exemption } from '../model/exemption.ts';
import type { StackState } from '../model/overview.ts';
import type { BundleStatus } from '../model/policy-status.ts';
import type { LeftCounts } from '../model/watching.ts';
import type { Working } from '../model/working.ts';
import type { PersonName } from './view.ts';
import type { PauseView } from './view-pause.ts';
import type { StackTrouble } from './view-plan-alerts.ts';

export interface StackStatusView {
  readonly stack: string;
  readonly environment: string;
  readonly state: StackState;
  /** `open`: findings that are neither put back nor exempt. `waiting`: those of them that wait for a person. */
  readonly open: number;
  readonly waiting: number;
  /** The number of findings that are snoozed or accepted. */
  readonly exempt: number;
  /** The run with these findings; null if there is none. */
  readonly runId: number | null;
  /** When its newest good check read the cloud; null if there was none. */
  readonly lastGoodAt: number | null;
  /** True if that is too long ago for its schedule. */
  readonly stale: boolean;
  /** Why the last check failed; null if it succeeded. */
  readonly failure: string | null;
  /** Why nothing of its newest plan may ever be applied; null or left out: it may. */
  readonly tellOnly?: string | null;
  /** What is wrong besides drift. */
  readonly troubles?: readonly StackTrouble[];
  /** True while a check or an apply is running. */
  readonly busy: boolean;
  /** What a tool does for the stack now; null or left out if none works on it. */
  readonly working?: Working | null;
  /** Why the last scheduled check was skipped, since when, and how many times in a row; null if it was made. */
  readonly skipped: { readonly why: string; readonly since: number; readonly times: number } | null;
}

export interface StatusView {
  /** As it was typed; null: the stacks of the channel. */
  readonly target: string | null;
  readonly stacks: readonly StackStatusView[];
  /** The pauses that cover some of them. Left out if none is paused. */
  readonly pauses?: readonly PauseView[];
  /** Roots that are not watched. Left out if m0.yaml has no rules by which m0 finds stacks, or a target was named. */
  readonly left?: LeftCounts;
  /** True if a new check was requested, which will update this message. */
  readonly checking: boolean;
  /** When a new check was asked for, if the message does not follow it; left out otherwise. */
  readonly asked?: number;
  /** True if the checks took so long that the message is not updated any more. */
  readonly givenUp?: boolean;
  readonly now: number;
  readonly zone: string;
}

export interface HistoryView {
  readonly target: string | null;
  /** Newest first. */
  readonly entries: readonly AuditEntry[];
  /** True if the record has older entries than these. */
  readonly more?: boolean;
  /** Checks that found nothing new and of which no details are kept. Times in ms since epoch. */
  readonly folded?: { readonly checks: number; readonly since: number; readonly last: number };
  readonly now: number;
  readonly zone: string;
}

export interface BaselineView {
  readonly target: string;
  readonly exemptions: readonly Exemption[];
  readonly now: number;
  readonly zone: string;
}

/** Who is on call in one rota. `until`: when the turn ends; null if that is not known. */
interface RotaView {
  readonly rota: string;
  readonly people: readonly PersonName[];
  readonly until: number | null;
  /** Why the rota could not be resolved; null if it could. */
  readonly problem: string | null;
}

export interface OnCallView {
  readonly rotas: readonly RotaView[];
  readonly now: number;
  readonly zone: string;
}

/** The current state of a policy of a stack. */
export interface PolicyStateView {
  readonly status: BundleStatus;
  /** Repository, ref and path, as in m0.yaml. */
  readonly source: string;
  /** True if it is stale and a person let m0 continue with its last good commit. */
  readonly seen: boolean;
}

export interface PolicyView {
  readonly stack: string;
  readonly realign: RealignMode;
  /** Why nothing of the newest plan may ever be applied; null or left out: it may. */
  readonly tellOnly?: string | null;
  readonly policies: readonly PolicyStateView[];
  readonly approvers: { readonly need: number; readonly groups: readonly string[] };
  readonly now: number;
  readonly zone: string;
}
