/** Writes the changes of a commit, each inside the caller's transaction. */
import { and, desc, eq, isNull } from 'drizzle-orm';
import { assertNever } from '../base/assert-never.ts';
import type { Alert, NewAlert } from '../model/alert.ts';
import type { AuditEntry } from '../model/audit-entry.ts';
import { isTerminal, RUN_STATES, type Run, type RunState } from '../model/run.ts';
import type { OutboxMessage } from '../ports/outbox.ts';
import type { Change, NewAlertMessage } from '../ports/store.ts';
import { CHAIN_START, chainHash } from './audit-chain.ts';
import { alertColumns, exemptionColumns, runColumns } from './rows.ts';
import { setLastDigest, setLastTick, setSkippedCheck } from './schedule-tables.ts';
import { alerts, audit, exemptions, kv, outbox, runs, subscriptions } from './schema.ts';
import { setSeenState } from './state-tables.ts';
import { StoreError } from './store-error.ts';
import type { Writer } from './writing.ts';

/** Rolls the transaction back: another writer changed the alert first, or opened a second one for the stack. */
export class StaleAlert extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`alert ${id} was changed by somebody else`);
    this.id = id;
  }
}

/** Rolls the transaction back: another writer changed the run first. */
export class StaleRun extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`run #${id} was moved by somebody else`);
    this.id = id;
  }
}

/** The ids of the rows that a commit has inserted, in the order of its changes. */
export interface Inserted {
  readonly runs: number[];
  readonly alerts: number[];
}

/** Throws a StoreError if RUN_STATES forbids the step: a second check after the state machine's own. */
function refuseIllegalStep(run: Run, was: { readonly state: RunState; readonly version: number }): void {
  const move = `run #${run.id} may not go from ${was.state} to ${run.state}`;
  if (isTerminal(was.state)) throw new StoreError(`${move}: ${was.state} is an end`);
  if (!(RUN_STATES[was.state] as readonly RunState[]).includes(run.state)) throw new StoreError(move);
  if (run.version !== was.version + 1) {
    throw new StoreError(
      `${move} with version ${run.version}: after version ${was.version} comes ${was.version + 1}`,
    );
  }
}

function updateRun(tx: Writer, run: Run, was: { readonly state: RunState; readonly version: number }): void {
  refuseIllegalStep(run, was);
  replaceRun(tx, run, was);
}

/** Stores the run if the stored one still has that state and version. */
function replaceRun(tx: Writer, run: Run, was: { readonly state: RunState; readonly version: number }): void {
  const { state, version, updatedAt, data } = runColumns(run);
  const result = tx
    .update(runs)
    .set({ state, version, updatedAt, data })
    .where(and(eq(runs.id, run.id), eq(runs.state, was.state), eq(runs.version, was.version)))
    .run();
  if (result.changes === 0) throw new StaleRun(run.id);
}

/** Throws StaleAlert if the stack already has an open drift alert. A unique index enforces the same. */
function refuseSecondDrift(tx: Writer, { kind, state, subject }: NewAlert): void {
  if (kind !== 'drift' || state !== 'open') return;
  const open = and(eq(alerts.kind, kind), eq(alerts.state, state), eq(alerts.subject, subject));
  const other = tx.select({ id: alerts.id }).from(alerts).where(open).get();
  if (other !== undefined) throw new StaleAlert(other.id);
}

function updateAlert(tx: Writer, alert: Alert): void {
  const { id, version } = alert;
  const { fingerprint, state, lastSeenAt, seenCount, runId, outcome, details } = alertColumns(alert);
  const result = tx
    .update(alerts)
    .set({ version: version + 1, fingerprint, state, lastSeenAt, seenCount, runId, outcome, details })
    .where(and(eq(alerts.id, id), eq(alerts.version, version)))
    .run();
  if (result.changes > 0) return;
  if (tx.select({ id: alerts.id }).from(alerts).where(eq(alerts.id, id)).get() !== undefined) {
    throw new StaleAlert(id);
  }
  throw new StoreError(`there is no alert ${id}`);
}

function addMessage(tx: Writer, key: string, message: OutboxMessage, at: number): void {
  tx.insert(outbox)
    .values({
      key,
      message: JSON.stringify(message),
      kind: message.type,
      alertId: 'alertId' in message ? message.alertId : null,
      createdAt: at,
      nextAttemptAt: at,
    })
    .onConflictDoNothing({ target: outbox.key })
    .run();
}

/** Adds the messages of a new alert, with its id in their keys. Each thread line gets its own key. */
function addNewMessages(
  tx: Writer,
  alertId: number,
  deliveries: readonly NewAlertMessage[],
  at: number,
): void {
  let threads = 0;
  for (const delivery of deliveries) {
    switch (delivery.type) {
      case 'card':
        addMessage(tx, `alert:${alertId}:card`, { type: 'card', alertId }, at);
        break;
      case 'thread': {
        threads += 1;
        const key = threads === 1 ? `alert:${alertId}:thread` : `alert:${alertId}:thread:${threads}`;
        addMessage(tx, key, { type: 'thread', alertId, text: delivery.text }, at);
        break;
      }
      case 'dm': {
        const { person, why } = delivery;
        addMessage(tx, `alert:${alertId}:dm:${person}`, { type: 'dm', alertId, person, why }, at);
        break;
      }
      default:
        assertNever(delivery);
    }
  }
}

function appendAudit(tx: Writer, entry: AuditEntry): void {
  const last = tx.select({ hash: audit.hash }).from(audit).orderBy(desc(audit.id)).limit(1).get();
  const prevHash = last?.hash ?? CHAIN_START;
  const { at, action, stack, runId, fingerprint, commit, detail, place, bundles, scope } = entry;
  const { person, platform, userId, name } = entry.actor;
  tx.insert(audit)
    .values({
      ...{ at, action, stack, runId, fingerprint, commit, detail, prevHash },
      actor: JSON.stringify({ person, platform, userId, name }),
      place: place && JSON.stringify(place),
      bundles: bundles && JSON.stringify(bundles),
      scope:
        scope &&
        JSON.stringify(
          scope.map(({ address, fingerprint: f, change }) => ({ address, fingerprint: f, change })),
        ),
      hash: chainHash(prevHash, entry),
    })
    .run();
}

/** Stores a named value, inside the caller's transaction. */
export function setValue(tx: Writer, name: string, value: string): void {
  tx.insert(kv).values({ name, value }).onConflictDoUpdate({ target: kv.name, set: { value } }).run();
}

/**
 * Writes one change inside the caller's transaction, and adds new ids to `inserted`. Throws StaleRun or StaleAlert if
 * another writer changed the row first, and a StoreError if the change is not allowed. The caller must roll back.
 */
export function write(tx: Writer, change: Change, inserted: Inserted): void {
  switch (change.type) {
    case 'run.insert':
      inserted.runs.push(tx.insert(runs).values(runColumns(change.run)).returning({ id: runs.id }).get().id);
      return;
    case 'run.update':
      updateRun(tx, change.run, change.was);
      return;
    case 'run.upgrade':
      if (change.run.state !== change.was.state) {
        throw new StoreError(`run #${change.run.id} may not change its state with an upgrade`);
      }
      replaceRun(tx, change.run, change.was);
      return;
    case 'alert.insert': {
      refuseSecondDrift(tx, change.alert);
      const { id } = tx.insert(alerts).values(alertColumns(change.alert)).returning({ id: alerts.id }).get();
      inserted.alerts.push(id);
      addNewMessages(tx, id, change.deliveries, change.alert.lastSeenAt);
      return;
    }
    case 'alert.update':
      updateAlert(tx, change.alert);
      return;
    case 'exemption.insert':
      tx.insert(exemptions).values(exemptionColumns(change.exemption)).run();
      return;
    case 'exemption.upgrade':
      tx.update(exemptions)
        .set({ fingerprint: change.fingerprint })
        .where(eq(exemptions.id, change.id))
        .run();
      return;
    case 'exemption.end': {
      const result = tx
        .update(exemptions)
        .set({ endedBy: JSON.stringify(change.by), endedAt: change.at })
        .where(and(eq(exemptions.id, change.id), isNull(exemptions.endedAt)))
        .run();
      // If the exemption has ended already, its first end stays. Only an unknown id is an error.
      if (
        result.changes === 0 &&
        tx.select().from(exemptions).where(eq(exemptions.id, change.id)).get() === undefined
      ) {
        throw new StoreError(`there is no exemption ${change.id}`);
      }
      return;
    }
    case 'outbox.add':
      addMessage(tx, change.key, change.delivery, change.at);
      return;
    case 'value.set':
      setValue(tx, change.name, change.value);
      return;
    case 'tick.set':
      setLastTick(tx, change.name, change.at);
      return;
    case 'digest.set':
      setLastDigest(tx, change);
      return;
    case 'state.seen':
      setSeenState(tx, change.stack, change.seen);
      return;
    case 'skipped.set':
      setSkippedCheck(tx, change.stack, change.skipped);
      return;
    case 'subscription.add': {
      const { platform, channel, target, by, at } = change.subscription;
      tx.insert(subscriptions)
        .values({ platform, channel, target, by: JSON.stringify(by), at })
        .onConflictDoNothing()
        .run();
      return;
    }
    case 'subscription.end': {
      const { platform, channel, target } = change.where;
      tx.delete(subscriptions)
        .where(
          and(
            eq(subscriptions.platform, platform),
            eq(subscriptions.channel, channel),
            eq(subscriptions.target, target),
          ),
        )
        .run();
      return;
    }
    case 'audit':
      appendAudit(tx, change.entry);
      return;
    default:
      assertNever(change);
  }
}
