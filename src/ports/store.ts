import type { Alert, AlertKind, AlertOf, NewAlert, PostedMessage, Subscription } from '../model/alert.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import type { Platform } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import type { Overview } from '../model/overview.ts';
import type { Actor, Run, RunState } from '../model/run.ts';
import type { OutboxEntry, OutboxMessage } from './outbox.ts';

/** One write of an atomic commit. `run.update` holds only while the stored run has state and version as given. */
export type Change =
  | { readonly type: 'run.insert'; readonly run: Omit<Run, 'id'> }
  | {
      readonly type: 'run.update';
      readonly run: Run;
      readonly was: { readonly state: RunState; readonly version: number };
    }
  | {
      readonly type: 'alert.insert';
      readonly alert: NewAlert;
      readonly deliveries: readonly NewAlertMessage[];
    }
  | { readonly type: 'alert.update'; readonly alert: Alert }
  | { readonly type: 'exemption.insert'; readonly exemption: Omit<Exemption, 'id'> }
  | { readonly type: 'exemption.end'; readonly id: number; readonly by: Actor; readonly at: number }
  | {
      readonly type: 'outbox.add';
      readonly key: string;
      readonly delivery: OutboxMessage;
      readonly at: number;
    }
  | { readonly type: 'value.set'; readonly name: string; readonly value: string }
  /** A channel that is subscribed to that target already stays so, by whom it was. */
  | { readonly type: 'subscription.add'; readonly subscription: Subscription }
  /** One that is not there is no error. */
  | { readonly type: 'subscription.end'; readonly where: Omit<Subscription, 'by' | 'at'> }
  | { readonly type: 'audit'; readonly entry: AuditEntry };

/** A delivery of an alert that is inserted in the same commit, so has no id yet. `key` is completed with it. */
export type NewAlertMessage =
  | { readonly type: 'card' }
  | { readonly type: 'thread'; readonly text: string }
  | { readonly type: 'dm'; readonly person: string; readonly why: string };

export type CommitResult =
  | {
      readonly ok: true;
      readonly insertedRuns: readonly number[];
      readonly insertedAlerts: readonly number[];
    }
  /** Somebody else moved the run first; nothing was written. */
  | { readonly ok: false; readonly stale: number };

export interface AlertQuery<K extends AlertKind = AlertKind> {
  readonly subject?: string;
  readonly state?: Alert['state'];
  readonly kind?: K;
  readonly runId?: number;
}

/** Durable memory. Every method may reject with a StoreError that says what was being done. */
export interface Store {
  /** Writes all or nothing, in order. */
  commit(changes: readonly Change[]): Promise<CommitResult>;
  run(id: number): Promise<Run | undefined>;
  /** Newest first. `states` filters; `limit` bounds. */
  runs(query: {
    readonly stack?: string;
    readonly states?: readonly RunState[];
    readonly limit?: number;
  }): Promise<readonly Run[]>;
  alert(id: number): Promise<Alert | undefined>;
  /** Newest first. */
  alerts<K extends AlertKind = AlertKind>(query: AlertQuery<K>): Promise<readonly AlertOf<K>[]>;
  /** Keeps of a stack that nobody ended (expired ones included: the caller knows the time). */
  exemptions(stack: string): Promise<readonly Exemption[]>;
  /** Those that nobody ended, of all stacks, whose time is after `after` and not after `upTo` (ms since epoch). */
  exemptionsEnded(after: number, upTo: number): Promise<readonly Exemption[]>;
  /** Newest first. `without` leaves out lines of an action, or those of them whose detail ends so. */
  audit(query: {
    readonly stack?: string;
    readonly runId?: number;
    readonly without?: readonly { readonly action: string; readonly ending?: string }[];
    readonly limit?: number;
  }): Promise<readonly AuditEntry[]>;
  /**
   * Undelivered entries due at `now`, oldest first. A line of an alert's history is not due before those in front
   * of it; what is put off by more than an hour is, because then the clock was set back.
   */
  dueOutbox(now: number, limit: number): Promise<readonly OutboxEntry[]>;
  /** True where a delivery of that key was ever added, delivered or not. */
  hasOutboxKey(key: string): Promise<boolean>;
  /** True where another card of the alert, added after the entry, is still to be delivered. */
  hasNewerCard(alertId: number, entry: number): Promise<boolean>;
  outboxDone(id: number, at: number): Promise<void>;
  outboxFailed(id: number, error: string, nextAttemptAt: number): Promise<void>;
  messages(alertId: number): Promise<readonly PostedMessage[]>;
  /** The alert whose copy this message is. */
  messageAt(platform: Platform, channel: string, messageId: string): Promise<PostedMessage | undefined>;
  /**
   * Alerts of the kind whose own message was posted at `since` (ms since epoch) or later: as a root in the channel,
   * or as a copy for the person. Oldest first.
   */
  postedSince(
    where: { readonly platform: Platform } & ({ readonly channel: string } | { readonly person: string }),
    kind: AlertKind,
    since: number,
  ): Promise<readonly number[]>;
  addMessage(message: Omit<PostedMessage, 'id'>): Promise<void>;
  /** All of them, in the order they were made. */
  subscriptions(): Promise<readonly Subscription[]>;
  /** Small named values (last tick of a schedule, the fingerprint key …). */
  value(name: string): Promise<string | undefined>;
  setValue(name: string, value: string): Promise<void>;
  /** How everything stands at `now`, of these stacks as far as it is about stacks. */
  overview(stacks: readonly string[], now: number): Promise<Overview>;
  /** Proves that it can be written to at this moment; waits for other processes only a moment. */
  probe(now: number): Promise<void>;
  /**
   * Proves that this process still owns the memory, right before it does something that can't be stored in the same
   * transaction. Rejects with LeaseLost where another process took over; so does every write.
   */
  proveOwner(): Promise<void>;
  close(): Promise<void>;
}
