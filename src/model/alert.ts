/**
 * Alerts: what people see of a problem in chat, from the first message to the outcome. Also the channels that
 * subscribed to them.
 */
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
  /** How it ended, in one plain sentence; null while open. */
  readonly outcome: string | null;
}

/**
 * What people see of one stack's drift, of a check that can't be made, of a state that is empty although it recorded
 * resources before, or of failing conditions of its code: one root message per channel, copies in DMs, and a thread
 * under each. A run with the same fingerprint updates it, a run with another one supersedes it.
 */
export interface RunAlert extends AlertBase {
  readonly kind: 'drift' | 'failure' | 'empty-state' | 'conditions';
  readonly subject: string;
  /** The fingerprint of the drift or of the failing conditions; the kind itself for the others. */
  readonly fingerprint: string;
  /** The run whose findings and state the card shows. */
  readonly runId: number;
  readonly details: null;
  /** How often each step of the stack's escalation was taken, in the order of the steps; left out if none was. */
  readonly escalated?: readonly number[];
}

/**
 * A policy whose newest commit can't be used. It is reported once in every channel of the stacks that it decides
 * for.
 */
export interface PolicyAlert extends AlertBase {
  readonly kind: 'policy';
  /** The policy's name in m0.yaml. */
  readonly subject: string;
  /** Identifies this problem: `StaleBundle.id`. */
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: PolicyTrouble;
}

/**
 * Many stacks that drifted, or failed to be checked, at about the same time: one message in one place instead of
 * one message each. `subject` is that place, see src/alerts/fleet.ts.
 */
export interface FleetAlert extends AlertBase {
  readonly kind: 'fleet';
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: Fleet;
}

/** What a fleet alert covers. */
export interface Fleet {
  readonly of: RunAlertKind;
  readonly place: Place;
  /** The person whose DM the place is, and why that person; null for a channel. */
  readonly person: string | null;
  readonly why: string | null;
  /** Ids of the alerts that it covers, oldest first. */
  readonly members: readonly number[];
  /** When it began to cover them (ms since epoch). Left out in fleets of older versions. */
  readonly began?: number | undefined;
}

/**
 * People can't be reached: something waits and none of the people to ask can be asked, or a channel accepts no
 * messages. Reported in the channels of the stacks concerned, or in other channels.
 */
export interface ReachAlert extends AlertBase {
  readonly kind: 'reach';
  /** The rotas whose people m0 should have asked, as `oncall:primary`, or the channel, as `slack:C0OPS`. */
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: { readonly problems: readonly string[]; readonly stacks: readonly string[] };
}

/** A pause, in one message in each channel of the stacks that it covers. `subject` is its target as it was typed. */
export interface PauseAlert extends AlertBase {
  readonly kind: 'pause';
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: { readonly by: Actor; readonly reason: string };
}

/**
 * m0.yaml as it is written now is refused, or has changes that count only after a restart. Told once in the channels
 * that the m0.yaml in use names.
 */
export interface ConfigAlert extends AlertBase {
  readonly kind: 'config';
  /** The file, or its address in Git. */
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: ConfigTrouble;
}

export interface ConfigTrouble {
  readonly what: 'refused' | 'restart';
  readonly problems: readonly string[];
  /** When the m0.yaml in use was taken into use (ms since epoch), and its commit; null for a file. */
  readonly inUse: { readonly since: number; readonly commit: string | null };
  readonly places: readonly Place[];
}

/**
 * Stacks that were never checked and that m0 checks after a start, in one message in a channel. `subject` is the
 * channel, as `slack:C0OPS`. It ends when all of them have been checked.
 */
export interface FirstChecksAlert extends AlertBase {
  readonly kind: 'first-checks';
  readonly subject: string;
  readonly fingerprint: string;
  readonly runId: null;
  readonly details: {
    readonly place: Place;
    readonly stacks: readonly string[];
    /** When this process began to check them (ms since epoch), and how many were checked before. */
    readonly since: number;
    readonly before: number;
  };
}

export type Alert =
  | RunAlert
  | PolicyAlert
  | FleetAlert
  | ReachAlert
  | PauseAlert
  | FirstChecksAlert
  | ConfigAlert;
export type AlertKind = Alert['kind'];
/** The kinds that are about one run of one stack. */
export type RunAlertKind = RunAlert['kind'];
export type AlertOf<K extends AlertKind> = K extends RunAlertKind
  ? RunAlert
  : Extract<Alert, { readonly kind: K }>;
/** An alert that has no id and no version yet. */
export type NewAlert =
  | Omit<RunAlert, 'id' | 'version'>
  | Omit<PolicyAlert, 'id' | 'version'>
  | Omit<FleetAlert, 'id' | 'version'>
  | Omit<ReachAlert, 'id' | 'version'>
  | Omit<PauseAlert, 'id' | 'version'>
  | Omit<FirstChecksAlert, 'id' | 'version'>
  | Omit<ConfigAlert, 'id' | 'version'>;

const RUN_ALERT_KINDS: readonly RunAlertKind[] = ['drift', 'failure', 'empty-state', 'conditions'];

/** What is said of a stack that is not watched any more. `why`: left out if it is not in m0.yaml. */
export function removedWords(why?: string): string {
  return why === undefined ? 'is no longer in m0.yaml' : `is no longer watched: ${why}`;
}

/** How the alerts of such a stack end. */
export function removedOutcome(stack: string, why?: string): string {
  return `${stack} ${removedWords(why)}`;
}

/** True if the alert ended because its stack is not watched any more. */
export function endedAsRemoved({ subject, outcome }: Pick<Alert, 'subject' | 'outcome'>): boolean {
  return outcome?.startsWith(`${subject} is no longer `) === true;
}

/** True if the alert is about one run of one stack. */
export function isOfRun(alert: Alert): alert is RunAlert {
  return RUN_ALERT_KINDS.some((kind) => kind === alert.kind);
}

/** Why a policy can't be used, and who knows about it. */
export interface PolicyTrouble {
  /** The compiler's message with file and line, or git's message. */
  readonly error: string;
  /** The last good commit, which m0 still asks; null if there is none. */
  readonly inUse: string | null;
  /** Who allowed m0 to continue with the last good commit. Null: m0 applies nothing on this policy's `allow`. */
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
  /** The person who got a DM copy; null for a root. */
  readonly person: string | null;
  /** Why that person was asked, as the DM's card shows it; null for a root. */
  readonly why: string | null;
  /** ms since epoch. */
  readonly postedAt: number;
}

/** A channel that a person subscribed to a target from chat, in addition to the channels of m0.yaml. */
export interface Subscription {
  readonly platform: Platform;
  readonly channel: string;
  /** As it was typed. It is resolved to stacks each time it is used. */
  readonly target: string;
  readonly by: Actor;
  readonly at: number;
}
