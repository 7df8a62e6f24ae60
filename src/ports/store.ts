/** Store port: the durable memory of m0. */

import type { Alert, AlertKind, AlertOf, NewAlert, PostedMessage, Subscription } from '../model/alert.ts';
import type { AuditEntry, NewAuditEntry } from '../model/audit-entry.ts';
import type { Platform } from '../model/directory.ts';
import type { Exemption } from '../model/exemption.ts';
import type { Memory } from '../model/memory.ts';
import type { Overview } from '../model/overview.ts';
import type { Actor, Run, RunState, SeenState } from '../model/run.ts';
import type { SkippedCheck } from '../model/skipped-check.ts';
import type { BegunPosts } from './begun-posts.ts';
import type { CauseChange, CauseStore } from './cause-store.ts';
import type { ChatInbox, TeamsStore } from './chat-store.ts';
import type { CodifyChange, CodifyStore } from './codify-store.ts';
import type { OutboxEntry, OutboxMessage } from './outbox.ts';
import type { PastStore } from './past-store.ts';
import type { HoldChange, HoldRefusal, PauseStore } from './pause-store.ts';
import type { ReachStore } from './reach-store.ts';
import type { ScheduleStore } from './schedule-store.ts';
import type { FenceChange, StackFences } from './stack-fences.ts';

/**
 * One write of an atomic commit. A `run.update` succeeds only if the stored run still has the state and version of
 * `was`, an `alert.update` only if the stored alert still has the version of `alert`; it then gets the next version.
 */
export type Change =
  | { readonly type: 'run.insert'; readonly run: Omit<Run, 'id'> }
  | {
      readonly type: 'run.update';
      readonly run: Run;
      readonly was: { readonly state: RunState; readonly version: number };
    }
  /** Rewrites what a run told, without a step of it: after an upgrade. The state stays. */
  | {
      readonly type: 'run.upgrade';
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
  /** Binds an exemption to the fingerprint that a newer version gives the same drift. */
  | { readonly type: 'exemption.upgrade'; readonly id: number; readonly fingerprint: string }
  | { readonly type: 'exemption.end'; readonly id: number; readonly by: Actor; readonly at: number }
  | {
      readonly type: 'outbox.add';
      readonly key: string;
      readonly delivery: OutboxMessage;
      readonly at: number;
    }
  | { readonly type: 'value.set'; readonly name: string; readonly value: string }
  /** A missing value is no error. */
  | { readonly type: 'value.remove'; readonly name: string }
  | { readonly type: 'tick.set'; readonly name: string; readonly at: number }
  | { readonly type: 'digest.set'; readonly name: string; readonly at: number; readonly open: number }
  | { readonly type: 'state.seen'; readonly stack: string; readonly seen: SeenState }
  | { readonly type: 'skipped.set'; readonly stack: string; readonly skipped: SkippedCheck }
  /** If the channel already has a subscription to the target, that one stays, with the person who made it. */
  | { readonly type: 'subscription.add'; readonly subscription: Subscription }
  /** A missing subscription is no error. */
  | { readonly type: 'subscription.end'; readonly where: Omit<Subscription, 'by' | 'at'> }
  | HoldChange
  | FenceChange
  | CauseChange
  | CodifyChange
  | { readonly type: 'audit'; readonly entry: NewAuditEntry };

/**
 * A message about an alert that is inserted in the same commit and has no id yet. The store adds the id to its
 * `key`.
 */
export type NewAlertMessage =
  | { readonly type: 'card' }
  | { readonly type: 'thread'; readonly text: string }
  | { readonly type: 'dm'; readonly person: string; readonly why: string };

/** What a commit did: the ids it gave out, or why it wrote nothing. */
export type CommitResult =
  | {
      readonly ok: true;
      readonly insertedRuns: readonly number[];
      readonly insertedAlerts: readonly number[];
    }
  /** The run with id `stale` changed since it was read; nothing was written. */
  | { readonly ok: false; readonly stale: number }
  /** The alert with id `staleAlert` changed since it was read, or is the stack's open drift alert; nothing was written. */
  | { readonly ok: false; readonly staleAlert: number }
  /** A pause or the brake holds the apply back; nothing was written. */
  | { readonly ok: false; readonly refused: HoldRefusal }
  /** Another process has taken that stack; nothing was written. */
  | { readonly ok: false; readonly taken: string }
  /** A run of that stack is being applied, which this commit must wait for; nothing was written. */
  | { readonly ok: false; readonly applying: string }
  /** The exemptions of that stack are others, or a run of it waits: see `FenceChange`; nothing was written. */
  | { readonly ok: false; readonly moved: string }
  /** The codification with that id changed since it was read, or the finding has one already; nothing was written. */
  | { readonly ok: false; readonly staleCodification: number };

/** Which alerts to return. A field that is left out does not filter. */
export interface AlertQuery<K extends AlertKind = AlertKind> {
  readonly subject?: string;
  readonly state?: Alert['state'];
  readonly kind?: K;
  readonly runId?: number;
}

/** A run that waits for its turn, as far as the order of work needs it. */
export interface QueuedRun extends Pick<Run, 'id' | 'stack' | 'trigger'> {
  readonly state: 'queued';
}

/** A stack's newest run, as short as lists of many stacks need it. */
export interface NewestRun extends Pick<Run, 'id' | 'createdAt'> {
  readonly tellOnly: string | null;
}

/** The durable memory. Every method may reject with a StoreError that says what was being done. */
export interface Store
  extends ScheduleStore,
    ReachStore,
    PauseStore,
    CauseStore,
    CodifyStore,
    StackFences,
    ChatInbox,
    TeamsStore,
    PastStore,
    BegunPosts {
  /** Writes all changes in order, or none of them. */
  commit(changes: readonly Change[]): Promise<CommitResult>;
  run(id: number): Promise<Run | undefined>;
  /** Newest first. `states` filters, `limit` is the most runs to return. */
  runs(query: {
    readonly stack?: string;
    readonly states?: readonly RunState[];
    readonly limit?: number;
  }): Promise<readonly Run[]>;
  /** The queued runs, oldest first, without what they found: cheap, however many wait. */
  queued(): Promise<readonly QueuedRun[]>;
  alert(id: number): Promise<Alert | undefined>;
  /** Newest first. */
  alerts<K extends AlertKind = AlertKind>(query: AlertQuery<K>): Promise<readonly AlertOf<K>[]>;
  /** What m0 last saw in the stack's state; undefined before the first plan that told it. */
  seenState(stack: string): Promise<SeenState | undefined>;
  /** Exemptions of a stack that nobody ended. Expired ones are included, because the caller knows the time. */
  exemptions(stack: string): Promise<readonly Exemption[]>;
  /**
   * Exemptions of all stacks that nobody ended and that expire after `after` and not after `upTo` (ms since epoch).
   */
  exemptionsEnded(after: number, upTo: number): Promise<readonly Exemption[]>;
  /**
   * Newest first. `without` leaves out the entries with that action or, if `ending` is given, those whose detail
   * also ends with it.
   */
  audit(query: {
    readonly stack?: string;
    readonly runId?: number;
    readonly without?: readonly { readonly action: string; readonly ending?: string }[];
    readonly limit?: number;
  }): Promise<readonly AuditEntry[]>;
  /**
   * Undelivered entries that are due at `now`, oldest first. A thread line is not due before the earlier lines of
   * its alert. An entry delayed by more than an hour is due, because the clock must have been set back.
   */
  dueOutbox(now: number, limit: number): Promise<readonly OutboxEntry[]>;
  /** True if a message with that key was ever added, delivered or not. */
  hasOutboxKey(key: string): Promise<boolean>;
  /**
   * True if a card message of the alert, added after the entry `after` (0: any), still waits for delivery. `found`:
   * only those of a check that found the problem again count.
   */
  hasNewerCard(alertId: number, after: number, found?: boolean): Promise<boolean>;
  outboxDone(id: number, at: number): Promise<void>;
  outboxFailed(id: number, error: string, nextAttemptAt: number): Promise<void>;
  messages(alertId: number): Promise<readonly PostedMessage[]>;
  /** The copy of an alert's card with that message id, if there is one. */
  messageAt(platform: Platform, channel: string, messageId: string): Promise<PostedMessage | undefined>;
  /**
   * Ids of the alerts of that kind whose own message was posted at `since` (ms since epoch) or later: as a root in
   * the channel, or as a copy to the person. Oldest first.
   */
  postedSince(
    where: { readonly platform: Platform } & ({ readonly channel: string } | { readonly person: string }),
    kind: AlertKind,
    since: number,
  ): Promise<readonly number[]>;
  addMessage(message: Omit<PostedMessage, 'id'>): Promise<void>;
  /** The copy with that id is another message of the chat from now on, because the earlier one was deleted. */
  replaceMessage(id: number, by: Pick<PostedMessage, 'channel' | 'messageId' | 'postedAt'>): Promise<void>;
  /** All subscriptions, oldest first. */
  subscriptions(): Promise<readonly Subscription[]>;
  /** Single values by name, as the key of the fingerprints. What there is many of has methods of its own. */
  value(name: string): Promise<string | undefined>;
  /** The single values whose names begin with `prefix`, by name. */
  values(prefix: string): Promise<ReadonlyMap<string, string>>;
  setValue(name: string, value: string): Promise<void>;
  /** The id of this memory, and the back-ups it was restored from. */
  memory(): Promise<Memory>;
  /** The runs with these ids, in any order. Those that are not there are left out. */
  runsById(ids: readonly number[]): Promise<readonly Run[]>;
  /** What `status` tells of the newest run of each of these stacks, by stack. Those without a run are left out. */
  newestRuns(stacks: readonly string[]): Promise<ReadonlyMap<string, NewestRun>>;
  /** Counts and status at `now` (ms since epoch). What concerns stacks is limited to `stacks`. */
  overview(stacks: readonly string[], now: number): Promise<Overview>;
  /** Proves that the store is writable now. Waits only briefly for other processes. */
  probe(now: number): Promise<void>;
  /**
   * Proves that this process still owns the memory, right before it does something that can't be stored in the same
   * transaction. Rejects with LeaseLost where another process took over; so does every write.
   */
  proveOwner(): Promise<void>;
  close(): Promise<void>;
}
