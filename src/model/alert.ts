import type { Place, Platform } from './directory.ts';
import type { Actor } from './run.ts';

interface AlertBase {
  readonly id: number;
  /** Counts what was stored of it: an update holds only while it is the version that was read. */
  readonly version: number;
  readonly state: 'open' | 'resolved' | 'superseded';
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly seenCount: number;
  /** How it ended, one plain sentence; null while open. */
  readonly outcome: string | null;
}

/**
 * What people see of one stack's drift (or of a check that fails): one root message a channel, its copies in
 * DMs, and the thread under it. The same fingerprint updates it, a changed one supersedes it.
 */
export interface RunAlert extends AlertBase {
  readonly kind: 'drift' | 'failure';
  readonly subject: string;
  /** The drift's fingerprint, or `failure` for a failing check. */
  readonly fingerprint: string;
  /** The run whose findings and state the card shows. */
  readonly runId: number;
  readonly details: null;
  /** How often each step of the stack's escalation was taken, in their order; left out: none was. */
  readonly escalated?: readonly number[];
}

/** A policy whose newest commit can't be used, told once in every channel whose stacks it decides for. */
export interface PolicyAlert extends AlertBase {
  readonly kind: 'policy';
  /** The policy's name in m0.yaml. */
  readonly subject: string;
  /** Names this very trouble: see StaleBundle. */
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: PolicyTrouble;
}

/**
 * Many stacks that drifted (or can't be checked) at about the same time, told in one message of one place
 * instead of one message each. `subject` names the place, see fleet.ts.
 */
export interface FleetAlert extends AlertBase {
  readonly kind: 'fleet';
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: Fleet;
}

/** What a fleet's message tells of. */
export interface Fleet {
  readonly of: RunAlert['kind'];
  readonly place: Place;
  /** Whose direct messages the place is, and why that person; null for a channel. */
  readonly person: string | null;
  readonly why: string | null;
  /** Alerts told there, in the order they came. */
  readonly members: readonly number[];
}

/**
 * People can't be reached: something waits and nobody who should be asked can be, or a channel takes nothing any
 * more. Told in the channels of the stacks concerned, or in others.
 */
export interface ReachAlert extends AlertBase {
  readonly kind: 'reach';
  /** The rotas whose people should have been asked, as `oncall:primary`, or the channel, as `slack:C0OPS`. */
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: { readonly problems: readonly string[]; readonly stacks: readonly string[] };
}

export type Alert = RunAlert | PolicyAlert | FleetAlert | ReachAlert;
export type AlertKind = Alert['kind'];
/** Those that are about one run of one stack. */
export type RunAlertKind = RunAlert['kind'];
export type AlertOf<K extends AlertKind> = K extends RunAlertKind
  ? RunAlert
  : Extract<Alert, { readonly kind: K }>;
/** An alert that has no number yet, and no version. */
export type NewAlert =
  | Omit<RunAlert, 'id' | 'version'>
  | Omit<PolicyAlert, 'id' | 'version'>
  | Omit<FleetAlert, 'id' | 'version'>
  | Omit<ReachAlert, 'id' | 'version'>;

/** True where the alert is about one run of one stack. */
export function isOfRun(alert: Alert): alert is RunAlert {
  return alert.kind === 'drift' || alert.kind === 'failure';
}

/** What a policy alert tells. */
export interface PolicyTrouble {
  /** The compiler's message with file and line, or git's own words. */
  readonly error: string;
  /** The last good commit, which goes on being asked; null: there is none. */
  readonly inUse: string | null;
  /** Who let m0 go on with the last good commit; null: nothing is applied by itself on this policy's word. */
  readonly seen: { readonly by: Actor; readonly at: number } | null;
}

/** One posted copy of an alert's card. */
export interface PostedMessage {
  readonly id: number;
  readonly alertId: number;
  readonly platform: Platform;
  readonly channel: string;
  /** The platform's id of the message in that channel (Slack: `ts`). */
  readonly messageId: string;
  readonly role: 'root' | 'dm';
  /** Person a DM copy went to; null for a root. */
  readonly person: string | null;
  /** Why that person was asked, shown on the DM's card; null for a root. */
  readonly why: string | null;
  /** ms since epoch. */
  readonly postedAt: number;
}

/** A channel that somebody made hear of a target from chat, besides the channels of m0.yaml. */
export interface Subscription {
  readonly platform: Platform;
  readonly channel: string;
  /** As it was typed: what it means is looked up when it is used. */
  readonly target: string;
  readonly by: Actor;
  readonly at: number;
}
