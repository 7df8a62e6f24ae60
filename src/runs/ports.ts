/**
 * The ports of the core: what runs need from the outside. Adapters implement them; only serve.ts wires them.
 */
import type {
  PolicyAnswer,
  PolicyMode,
  PolicyRule,
  RealignMode,
  RulePlace,
  StaleBundle,
} from '../decisions/decision.ts';
import type { Analysis } from '../drift/finding.ts';
import type { IgnoreRule } from '../drift/ignore.ts';
import type { Card, Form, Pages } from '../messages/card.ts';
import type {
  Alert,
  AlertKind,
  AlertOf,
  Delivery,
  NewAlert,
  OutboxEntry,
  Place,
  PostedMessage,
} from './alert.ts';
import type { EscalationStep } from './escalation.ts';
import type { Keep } from './keep.ts';
import type { Overview } from './overview.ts';
import type { Subscription } from './places.ts';
import type { AuditEntry } from './record.ts';
import type { Rota } from './rota.ts';
import type { Actor, CodeVersion, Run, RunState, SavedPlan } from './run.ts';
import type { QuietHours, SeverityRule } from './urgency.ts';

export type Platform = 'slack' | 'teams';

/** Now, in ms since epoch. */
export type Clock = () => number;

/** Who may approve on a stack: any person of these groups (`oncall:NAME` for a rota), `need` of them. */
export interface Approvers {
  readonly from: readonly string[];
  readonly need: number;
  readonly notTheAuthor: boolean;
}

export interface PolicySource {
  readonly name: string;
  readonly git: string;
  readonly ref: string;
  /** Sub-path of the repository, '' for its root. */
  readonly path: string;
  readonly mode: PolicyMode;
  /** What m0.yaml hands to this policy as `input.policyData`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** One stack as m0.yaml means it, defaults applied and secrets still unresolved. */
export interface Stack {
  readonly name: string;
  readonly environment: string;
  readonly source: { readonly git: string; readonly ref: string; readonly path: string };
  readonly tool: 'terraform' | 'tofu';
  readonly toolVersion: string | null;
  readonly workspace: string;
  readonly varFiles: readonly string[];
  /** Resolved environment for the stack's own processes; values may be secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Values that m0.yaml gives by reference: secret by that, whatever they look like. */
  readonly secrets?: readonly string[];
  readonly schedule: readonly string[];
  /** How often its code is looked at for pushes, in ms; null or left out: never. */
  readonly pollMs?: number | null;
  readonly timezone: string;
  readonly realign: RealignMode;
  readonly policies: readonly PolicySource[];
  readonly channels: readonly Place[];
  readonly approvers: Approvers;
  readonly ignore: readonly IgnoreRule[];
  readonly severity?: readonly SeverityRule[];
  readonly quietHours?: QuietHours | null;
  readonly escalation?: readonly EscalationStep[];
}

export interface Person {
  readonly key: string;
  readonly name: string;
  readonly slack: string | null;
  readonly teams: string | null;
  readonly email: string | null;
  /** User id at PagerDuty; without one the e-mail tells who is who there. */
  readonly pagerduty?: string | null;
}

/** The part of the configuration that the core reads. */
export interface Directory {
  readonly stacks: readonly Stack[];
  readonly people: readonly Person[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Groups whose members a Slack user group names: group -> its id there. */
  readonly usergroups?: Readonly<Record<string, string>>;
  readonly oncall: Readonly<Record<string, Rota>>;
  /** Groups that may snooze / accept besides the approvers; null: only the approvers. */
  readonly may: { readonly snooze: readonly string[] | null; readonly accept: readonly string[] | null };
  readonly timezone: string;
}

/** One write of an atomic commit. `run.update` holds only while the stored run has state and version as given. */
export type Change =
  | { readonly c: 'run.insert'; readonly run: Omit<Run, 'id'> }
  | {
      readonly c: 'run.update';
      readonly run: Run;
      readonly was: { readonly state: RunState; readonly version: number };
    }
  | {
      readonly c: 'alert.insert';
      readonly alert: NewAlert;
      readonly deliveries: readonly NewDelivery[];
    }
  | { readonly c: 'alert.update'; readonly alert: Alert }
  | { readonly c: 'keep.insert'; readonly keep: Omit<Keep, 'id'> }
  | { readonly c: 'keep.end'; readonly id: number; readonly by: Actor; readonly at: number }
  | { readonly c: 'outbox.add'; readonly key: string; readonly delivery: Delivery; readonly at: number }
  | { readonly c: 'value.set'; readonly name: string; readonly value: string }
  /** A channel that is subscribed to that target already stays so, by whom it was. */
  | { readonly c: 'subscription.add'; readonly subscription: Subscription }
  /** One that is not there is no error. */
  | { readonly c: 'subscription.end'; readonly where: Omit<Subscription, 'by' | 'at'> }
  | { readonly c: 'audit'; readonly entry: AuditEntry };

/** A delivery of an alert that is inserted in the same commit, so has no id yet. `key` is completed with it. */
export type NewDelivery =
  | { readonly d: 'card' }
  | { readonly d: 'thread'; readonly text: string }
  | { readonly d: 'dm'; readonly person: string; readonly why: string };

export type CommitResult =
  | {
      readonly ok: true;
      readonly insertedRuns: readonly number[];
      readonly insertedAlerts: readonly number[];
    }
  /** Somebody else moved the run first; nothing was written. */
  | { readonly ok: false; readonly stale: number };

export interface AlertQuery<K extends AlertKind = AlertKind> {
  readonly stack?: string;
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
  keeps(stack: string): Promise<readonly Keep[]>;
  /** Those that nobody ended, of all stacks, whose time is after `after` and not after `upTo` (ms since epoch). */
  keepsOver(after: number, upTo: number): Promise<readonly Keep[]>;
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
  wasAdded(key: string): Promise<boolean>;
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
  close(): Promise<void>;
}

export interface CodePort {
  /** Newest commit of the stack's ref, fetched now. Rejects with what was being done and git's own words. */
  head(stack: Stack): Promise<CodeVersion>;
}

/** The history of the stacks' code. Everything rejects with what was being done and git's own words. */
export interface CodeHistory {
  /** Newest commit of a ref, fetched now. */
  fetch(git: string, ref: string): Promise<CodeVersion>;
  /** Whether a stack may depend on what changed between two commits of its repository; in doubt true. */
  touches(
    from: string,
    to: string,
    code: { readonly git: string; readonly path: string; readonly varFiles: readonly string[] },
  ): Promise<boolean>;
}

export interface PlanResult {
  readonly code: CodeVersion;
  readonly plan: SavedPlan;
  readonly analysis: Analysis;
  /** Terraform's plan document, for policies only: it may hold secrets and never leaves the process. */
  readonly document: unknown;
}

export interface ApplyResult {
  /** Scrubbed tail of the tool's own output. */
  readonly log: string;
}

/** Terraform or OpenTofu for a stack. Errors are RunnerErrors whose message is scrubbed of secrets. */
export interface Runner {
  /**
   * Plans the stack with a fresh refresh and without a lock (`-lock=false`).
   * `only`: restrict the plan to these addresses; null: the whole stack. `except`: with `only`, what is known to
   * have to stay out; a tool that can plan all but these is asked for that. Neither proves what the plan touches.
   */
  plan(
    stack: Stack,
    options: {
      readonly only: readonly string[] | null;
      readonly except?: readonly string[];
      readonly signal: AbortSignal;
    },
  ): Promise<PlanResult>;
  /** Applies exactly that saved plan file, taking the lock. Never retried by anybody. */
  apply(stack: Stack, plan: SavedPlan, signal: AbortSignal): Promise<ApplyResult>;
  /** Deletes the saved plan file, if it is still there. */
  discard(plan: SavedPlan): Promise<void>;
  /** Deletes every saved plan file but these: a process that died may have stored no run that knows of one. */
  discardAllBut(artifacts: readonly string[]): Promise<void>;
}

export interface PolicyQuestion {
  readonly run: number;
  readonly stack: Stack;
  readonly trigger: string;
  readonly code: CodeVersion;
  readonly analysis: Analysis;
  readonly document: unknown;
  readonly requestedBy: Actor;
  readonly approvers: readonly Actor[];
  readonly now: number;
}

/** What a policy would be asked by now. */
export interface BundleStatus {
  readonly policy: string;
  readonly mode: PolicyMode;
  /** Full commit of the bundle in use; null where no commit was ever good. */
  readonly commit: string | null;
  readonly stale: StaleBundle | null;
  readonly readsApprovers: boolean;
  /** The rules it may speak by, in the order of their files; empty without a bundle. */
  readonly rules: readonly PolicyRuleStatus[];
}

export interface PolicyRuleStatus extends RulePlace {
  readonly rule: PolicyRule;
  /** Title of its metadata, else null. */
  readonly title: string | null;
}

export interface PolicyPort {
  /** One answer for each policy of the stack, in its order. Never rejects: an error is an answer. */
  ask(question: PolicyQuestion): Promise<readonly PolicyAnswer[]>;
  /** The state of each source, in their order, after looking for newer commits. Never rejects. */
  status(sources: readonly PolicySource[]): Promise<readonly BundleStatus[]>;
}

export interface ChatPort {
  readonly platform: Platform;
  /** Posts a card. `key` de-duplicates: a message with that key is posted at most once. */
  post(
    place: Place,
    card: Card,
    key: string,
  ): Promise<{ readonly channel: string; readonly messageId: string }>;
  update(channel: string, messageId: string, card: Card): Promise<void>;
  /**
   * A plain line in the thread of a message; `loud`: in the channel as well, where the platform can. `mention`: a
   * person of m0.yaml whom it calls, where the platform needs that to reach them.
   */
  reply(
    channel: string,
    messageId: string,
    text: string,
    key: string,
    loud?: boolean,
    mention?: string,
  ): Promise<void>;
  /** Members of a user group, as platform ids. */
  usergroup(id: string): Promise<readonly string[]>;
}

/** A chat refused or could not be reached; `retryAfterMs` where it said when to come back. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly retryAfterMs: number | null;
  /** True where trying again can't help (channel gone, message deleted). */
  readonly permanent: boolean;
  constructor(
    message: string,
    options: { retryAfterMs?: number; permanent?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.permanent = options.permanent ?? false;
  }
}

/** What a command answers. `private` is seen by its sender only. */
export type Reply =
  | { readonly r: 'private'; readonly card: Card }
  /** `updates` yields the card anew each time it should replace the posted one, until it ends. */
  | { readonly r: 'public'; readonly card: Card; readonly updates?: AsyncIterable<Card> }
  | { readonly r: 'form'; readonly form: Form }
  | { readonly r: 'pages'; readonly pages: Pages }
  /** Nothing to say beyond the cards that change by themselves. */
  | { readonly r: 'none' };

/** Where a command came from. `text` has no `/m0` or mention in front. */
export interface Incoming {
  readonly text: string;
  readonly actor: Actor;
  readonly place: Place;
  /** Answers of a submitted form by field name, which complete `text`; null where no form was involved. */
  readonly answers: Readonly<Record<string, string>> | null;
  /** Set where a button of a posted card sent it. */
  readonly from: { readonly channel: string; readonly messageId: string } | null;
}

/** What the chat adapters call. Never rejects: what goes wrong is a private card. */
export type CommandHandler = (incoming: Incoming) => Promise<Reply>;
